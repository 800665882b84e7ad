/*
 * conf - sesame.conf, one file for all parts
 *
 * "name = value" lines, '#' comments.  An unknown option, a bad value, and a
 * repeated option of which there can be only one are errors that name file
 * and line.  The table in conf.c is the list of options; sesame.conf(5)
 * follows it.
 */
#ifndef SES_BASE_CONF_H
#define SES_BASE_CONF_H

#include "base/binding.h"
#include "base/conf_value.h"
#include "base/dns_update.h"
#include "base/rc.h"

/* Durations are milliseconds, sizes bytes.  Strings live in the arena that
 * ses_conf_load was given and are NUL-terminated. */
typedef struct {
    const char *file; /* where it was read */
    ses_str_t region;
    uint16_t node; /* 0-32767, one for each Postfix queue directory */
    ses_str_t store;
    uint64_t map_size;
    ses_str_t key_directory;
    ses_str_t service_domain; /* lower case, no final dot */
    ses_str_t bounce_domain;
    ses_str_t feedback_host;  /* "" = feedback-smtp.REGION.SERVICE_DOMAIN */
    ses_str_t public_address; /* IPs between blanks; "" = not said */
    ses_str_t public_url;     /* no final slash */
    ses_str_t service_from;   /* local part of our own mail's sender */
    ses_str_t resolver;       /* "IP:PORT ..." or "" = the system's */
    ses_str_t dns_trust_anchor;
    ses_str_t gate_user, agent_user, store_group, postfix_group;
    ses_str_t milter_socket, auth_socket, lmtp_socket; /* unix:PATH or fd:N */
    ses_str_t postfix_config;
    ses_str_t maillog;
    ses_str_t inject; /* IP:PORT */
    ses_str_t api_daemon_name, smtp_daemon_name;
    ses_str_t pool_label;
    ses_str_t pool_map, pool_address; /* "" = none */
    uint64_t max_message_size;
    uint64_t max_recipients;
    ses_str_t simulator_domain;   /* beside the service's own; "" = none */
    bool site_suppression_always; /* site_suppression = always */
    bool unbound_reject;          /* unbound = reject */
    ses_conf_list_t bind;         /* see ses_conf_bindings */
    int64_t eom_timeout, drain_timeout, reconcile_grace;
    int64_t event_retention, ledger_retention, journal_retention;
    int64_t publish_retry_min, publish_retry_max, publish_timeout;
    int64_t publish_max_age;
    uint64_t publish_window, publish_max_tries;
    int64_t verify_retry_min, verify_retry_max;
    int64_t verify_link_lifetime;
    bool dkim_ed25519;
    bool dkim_service;         /* a signature of service_domain too */
    uint64_t dkim_stock;       /* RSA key pairs */
    int64_t dkim_rotate_after; /* 0 = never */
    int64_t dkim_settle, dkim_keep;
    uint16_t dns_port;
    ses_conf_list_t dns_update; /* of ses_dns_update_t; one for each zone */
    bool allow_private_destinations;
} ses_conf_t;

/* Load file; the text of a failure is "FILE:LINE: what is wrong". */
SES_CHECK ses_rc_t ses_conf_load(ses_cx_t *cx, const char *file,
                                 ses_conf_t *out);
/* The c->bind.n bindings, in the file's order; c->bind.lines says where. */
const ses_binding_t *ses_conf_bindings(const ses_conf_t *c);
/* The same of dns_update. */
const ses_dns_update_t *ses_conf_dns_updates(const ses_conf_t *c);
/* Can anything of ours be in this zone (lower case, no final dot)? */
bool ses_conf_has_zone(const ses_conf_t *c, ses_str_t zone);
/*
 * What a running daemon cannot change, the NULL-terminated names in fixed
 * (single options of the table), becomes again what it is in now; told hears
 * the name of each that would have changed.  Copies are in the arena.
 */
void ses_conf_keep(ses_arena_t *arena, const ses_conf_t *now, ses_conf_t *next,
                   const char *const *fixed, void (*told)(const char *name));
/* Path of a key file: key_directory/name, NUL-terminated, in cx->arena. */
const char *ses_conf_key(ses_cx_t *cx, const ses_conf_t *c, const char *name);
/*
 * One "name = value" line per option, defaults too (sesamectl config).  An
 * option that may be given again (list) has a line for each of its values,
 * and one without a value when there is none.
 */
void ses_conf_print(const ses_conf_t *c,
                    void (*line)(const char *text, bool list, void *arg),
                    void *arg);

#endif
