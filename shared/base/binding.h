/*
 * binding - which sessions of a Postfix belong to which account
 *
 * A line of sesame.conf,
 *
 *     bind = ACCOUNT [user=NAME] [daemon=...] [login=...] [client=...]
 *
 * says: a session for which all of these hold is the account's.  A condition
 * is a list, of which one must hold.  The first line that matches decides;
 * account "none" makes an exception.  sesame.conf(5) describes it.
 */
#ifndef SES_BASE_BINDING_H
#define SES_BASE_BINDING_H

#include "base/network.h"

#define SES_BINDING_WORDS 256 /* in one list */

typedef struct {
    ses_str_t account;  /* 12 digits; "" = none: nobody's, and it passes */
    ses_str_t user;     /* IAM user; "" = the account itself */
    ses_str_t *daemons; /* {daemon_name}, as it stands */
    ses_str_t *logins;  /* patterns with * and ?, in any case */
    ses_network_t *clients;
    unsigned ndaemons, nlogins, nclients;
    bool local; /* client=local: what the sendmail command brought */
} ses_binding_t;

/* Who a session is; texts may be empty. */
typedef struct {
    ses_str_t daemon; /* {daemon_name} */
    ses_str_t login;  /* at a SASL server that is not the gate */
    ses_str_t client; /* IP address, as Postfix tells it */
    bool local;       /* no client: not brought by SMTP */
} ses_binding_peer_t;

/* Everything behind "bind =".  NULL, or what is wrong; out is then
 * untouched.  What out points at is in the arena. */
const char *ses_binding_parse(ses_arena_t *a, ses_str_t s, ses_binding_t *out);
/* As parse reads it; NUL-terminated, in the arena. */
ses_str_t ses_binding_format(ses_arena_t *a, const ses_binding_t *b);
/* The first of n that matches, or NULL. */
const ses_binding_t *ses_binding_find(const ses_binding_t *v, unsigned n,
                                      const ses_binding_peer_t *peer);
/* The most telling condition that matched a session, for the log: login,
 * client, local or daemon. */
const char *ses_binding_kind(const ses_binding_t *b, bool local);
/* Is this one of its daemons? */
bool ses_binding_names(const ses_binding_t *b, ses_str_t daemon);

#endif
