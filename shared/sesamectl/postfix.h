/*
 * postfix - what the files of `sesamectl postfix` share
 *
 * postfix_conf.c reads the configuration as postconf tells it; the checks
 * (postfix_main.c, _log.c, _milter.c, _inject.c, _login.c, _bind.c,
 * _transport.c, _rewrite.c, _pools.c, _mail_from.c, _files.c) look at it and
 * report through postfix_found; postfix_feature.c says which lines belong
 * in it, and postfix_apply.c shows and makes them.  Everything lives in the
 * arena of ctl_t.
 */
#ifndef SESAMECTL_POSTFIX_H
#define SESAMECTL_POSTFIX_H

#include "ctl.h"

/* A parameter as main.cf has it (a default or an -o option: expanded), and
 * expanded. */
typedef struct {
    ses_str_t name, raw, value;
} postfix_param_t;

/* A line of master.cf. */
typedef struct {
    ses_str_t key;     /* "submission/inet" */
    ses_str_t name;    /* "submission" */
    ses_str_t type;    /* inet, unix, pass, ... */
    ses_str_t command; /* the program alone */
    ses_str_t limit;   /* process limit, "-" = the default */
    bool chroot;
    postfix_param_t *own; /* what -o says */
    size_t nown, cap;
} postfix_service_t;

typedef enum { POSTFIX_ERROR, POSTFIX_WARNING } postfix_severity_t;

/* A line to write, and the command that writes it ("" = an editor does). */
typedef struct {
    const char *file; /* main.cf, master.cf, sesame.conf; "" = none */
    ses_str_t line, command;
} postfix_fix_t;

typedef struct {
    const char *check;
    postfix_severity_t severity;
    ses_str_t text;
    postfix_fix_t fix;
} postfix_finding_t;

typedef struct postfix_s postfix_t;
typedef void (*postfix_report_t)(const postfix_finding_t *f, void *arg);

/*
 * A check: what it is called, how bad a finding is, and the function that
 * looks.  The other members are the function's to read.
 */
typedef struct postfix_check_s {
    const char *name;
    postfix_severity_t severity;
    void (*find)(postfix_t *p, const struct postfix_check_s *k);
    const char *param, *want, *why;
} postfix_check_t;

/* What accounts use. */
typedef struct {
    ses_str_t mail_from; /* a custom MAIL FROM domain, "" = there is none */
    bool sources;        /* source addresses */
    bool tls;            /* configuration sets that require TLS */
} postfix_uses_t;

struct postfix_s {
    ctl_t *c;
    ses_arena_t *a;
    const ses_conf_t *conf;
    ses_str_t queue; /* queue_directory */
    postfix_param_t *main;
    size_t nmain, cap_main;
    postfix_service_t *services;
    size_t nservices, cap_services;
    bool asked; /* the store, about uses */
    postfix_uses_t uses;
    /* while checks run */
    postfix_finding_t *found;
    size_t nfound, cap_found;
};

/* --- postfix_run.c: programs of Postfix, run without a shell ------------- */

typedef struct {
    int status; /* exit status; -1 = it could not be run, or did not end */
    ses_str_t out, err;
} postfix_ran_t;

/* Run argv (ends with NULL) for at most a minute; its output, at most 1 MB
 * of each kind, in the arena. */
postfix_ran_t postfix_run(ses_arena_t *a, const char *const argv[]);

/* --- postfix_conf.c: the configuration ----------------------------------- */

/* Read everything; failures are explained in c->cx. */
SES_CHECK ses_rc_t postfix_load(ctl_t *c, postfix_t *out);
/* What a parameter says to service s (NULL: in main.cf), expanded, or as it
 * is written; "" when there is none. */
ses_str_t postfix_value(const postfix_t *p, const postfix_service_t *s,
                        const char *name);
ses_str_t postfix_raw(const postfix_t *p, const postfix_service_t *s,
                      const char *name);
/* The -o option of the service itself, or NULL. */
const postfix_param_t *postfix_own(const postfix_service_t *s,
                                   const char *name);
/* The service with this key, or NULL. */
const postfix_service_t *postfix_service(const postfix_t *p, const char *key);
/* "name type", as it stands in master.cf. */
const char *postfix_label(const postfix_t *p, const postfix_service_t *s);
bool postfix_yes(const postfix_t *p, const postfix_service_t *s,
                 const char *name);
/* What main.cf will have for it, for later features of this run. */
void postfix_set_raw(postfix_t *p, ses_str_t name, ses_str_t value);
/* The first value of key in a list of tables (postmap -q); "" = none. */
ses_str_t postfix_lookup(const postfix_t *p, ses_str_t tables, ses_str_t key);

/* --- postfix_value.c: how values are spelled ------------------------------ */

/* Cut the next item of a list, {braces} kept together; false at its end. */
bool postfix_item(ses_str_t *rest, ses_str_t *item);
/* Is word an item of the list?  Without regard to case. */
bool postfix_has(ses_str_t list, const char *word);
/* The list without this item. */
ses_str_t postfix_without(ses_arena_t *a, ses_str_t list, const char *word);
/* "300s", "5m": milliseconds; -1 = not understood. */
int64_t postfix_time(ses_str_t value);
/* Everything in one word, which -o and postconf -P want. */
ses_str_t postfix_word(ses_arena_t *a, ses_str_t value);
/* 'quoted' for a shell. */
ses_str_t postfix_quote(ses_arena_t *a, ses_str_t s);
/* Does a service of this name listen on loopback addresses only? */
bool postfix_loopback(const postfix_t *p, const postfix_service_t *s);
/* The port of a service or of IP:PORT, 0 = none. */
unsigned postfix_port(ses_arena_t *a, ses_str_t name);

/* --- postfix_gate.c: sockets, and the gate in lists of milters ----------- */

/* Path of a socket of sesame.conf as Postfix should be told it: relative to
 * queue_directory where possible.  fallback is its name below that when the
 * socket is a descriptor. */
ses_str_t postfix_socket(const postfix_t *p, ses_str_t socket,
                         const char *fallback);
/* queue_directory/path */
ses_str_t postfix_below(const postfix_t *p, ses_str_t path);
/* Does Postfix's spelling mean that socket, in a chroot or without? */
bool postfix_same_socket(const postfix_t *p, ses_str_t spelled,
                         ses_str_t socket, const char *fallback);
/* Does this service reach it so?  True for "" and relative paths. */
bool postfix_reaches(const postfix_t *p, const postfix_service_t *s,
                     ses_str_t spelled, ses_str_t socket, const char *fallback);

typedef struct {
    unsigned items, gates, last; /* last: where the gate stands, from 1 */
    ses_str_t gate;              /* the item */
} postfix_place_t;

/* The gate's place in an (expanded) list; is it there at all? */
postfix_place_t postfix_place(const postfix_t *p, ses_str_t list);
bool postfix_has_gate(const postfix_t *p, ses_str_t list);
/* Of an item: its path ("": no unix socket), what its braces say of name
 * ("": nothing), and what happens to mail of s while that milter is down. */
ses_str_t postfix_milter_path(ses_str_t item);
ses_str_t postfix_milter_option(ses_str_t item, const char *name);
ses_str_t postfix_milter_action(const postfix_t *p, const postfix_service_t *s,
                                ses_str_t item);
/* How the gate is spelled in a list of service s (NULL: main.cf), so that
 * mail waits while it is down. */
ses_str_t postfix_gate_item(const postfix_t *p, const postfix_service_t *s);
/* The list of service s (NULL: main.cf) as it should be: the gate once, at
 * the end. */
ses_str_t postfix_with_gate(const postfix_t *p, const postfix_service_t *s,
                            const char *param);
/* Does non_smtpd_milters take over what smtpd_milters says? */
bool postfix_sendmail_follows(const postfix_t *p);

/* --- postfix_service.c: who is who among the services --------------------- */

bool postfix_is_smtpd(const postfix_service_t *s);
/* Listens where nginx injects? */
bool postfix_is_inject(const postfix_t *p, const postfix_service_t *s);
/* Is its milter_macro_daemon_name that of the API, or of SMTP logins? */
bool postfix_is_named(const postfix_t *p, const postfix_service_t *s,
                      ses_str_t name);
/* One of the two of ours? */
bool postfix_is_ours(const postfix_t *p, const postfix_service_t *s);
/* Does it relay mail for its network, or for its logins, so that the gate
 * should see it? */
bool postfix_relays(const postfix_t *p, const postfix_service_t *s);

/* --- postfix_uses.c: the store -------------------------------------------- */

/* Open it, if it is not open yet; explained in c->cx. */
SES_CHECK ses_rc_t postfix_store(postfix_t *p);
/* Of a store that is not there or cannot be read: nothing is used. */
const postfix_uses_t *postfix_uses(postfix_t *p);

/* --- envelope senders that we made ---------------------------------------- */

/* Label and token, as a pattern for regexp: and pcre: (policy/token.c). */
#define POSTFIX_TOKEN "[a-z0-9-]+\\.[a-z2-7]{29}[a-z0-9][a-z2-7]{13}@"
/* One of that form. */
ses_str_t postfix_token(const postfix_t *p, ses_str_t domain);
/* The agent's LMTP service as a transport, and whether transport means it. */
ses_str_t postfix_to_agent(const postfix_t *p);
bool postfix_leads_to_agent(const postfix_t *p, ses_str_t transport);

/* --- postfix_log.c -------------------------------------------------------- */

/* Does maillog_file_prefixes allow this log?  The list that does. */
bool postfix_may_log(const postfix_t *p, ses_str_t log);
ses_str_t postfix_log_prefixes(const postfix_t *p, ses_str_t log);

/* --- postfix_check.c: findings -------------------------------------------- */

extern const postfix_check_t postfix_checks_milter[];
extern const postfix_check_t postfix_checks_inject[];
extern const postfix_check_t postfix_checks_login[];
extern const postfix_check_t postfix_checks_bind[];
extern const postfix_check_t postfix_checks_transport[];
extern const postfix_check_t postfix_checks_rewrite[];
extern const postfix_check_t postfix_checks_pools[];
extern const postfix_check_t postfix_checks_mail_from[];
extern const postfix_check_t postfix_checks_log[];
extern const postfix_check_t postfix_checks_main[];
extern const postfix_check_t postfix_checks_files[];

/* Run all checks; findings that name the same line are one. */
void postfix_check(postfix_t *p);
void postfix_found(postfix_t *p, const postfix_check_t *k, postfix_fix_t fix,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* name = value in main.cf; -o name=value of s (NULL: main.cf); the same,
 * there where the value in force stands; a line of sesame.conf; a command. */
postfix_fix_t postfix_fix_main(const postfix_t *p, const char *name,
                               ses_str_t value);
postfix_fix_t postfix_fix_service(const postfix_t *p,
                                  const postfix_service_t *s, const char *name,
                                  ses_str_t value);
postfix_fix_t postfix_fix_where(const postfix_t *p, const postfix_service_t *s,
                                const char *name, ses_str_t value);
postfix_fix_t postfix_fix_conf(const postfix_t *p, const char *option,
                               ses_str_t value);
postfix_fix_t postfix_fix_command(const postfix_t *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* --- postfix_feature.c: what belongs into the configuration --------------- */

typedef enum {
    POSTFIX_MAIN,    /* name = value in main.cf */
    POSTFIX_SERVICE, /* a new line of master.cf, with its options */
    POSTFIX_OPTION,  /* -o name=value of a service that is there */
} postfix_kind_t;

typedef struct {
    postfix_kind_t kind;
    ses_str_t service; /* key in master.cf */
    ses_str_t name, value;
} postfix_edit_t;

typedef struct {
    postfix_edit_t *edit;
    size_t n, cap;
} postfix_edits_t;

typedef struct {
    const char *name, *what;
    bool (*used)(postfix_t *p); /* belongs to it unasked; NULL = never */
    /* Adds what is missing; SES_INVALID, explained, when it cannot be. */
    ses_rc_t (*lines)(postfix_t *p, postfix_edits_t *out);
} postfix_feature_t;

extern const postfix_feature_t postfix_features[]; /* ends with {0} */

/* One more edit, unless the parameter says so already. */
void postfix_want_main(const postfix_t *p, postfix_edits_t *e, const char *name,
                       ses_str_t value);
void postfix_want_option(const postfix_t *p, postfix_edits_t *e,
                         const postfix_service_t *s, const char *name,
                         ses_str_t value);
/* Service key with fields "n - n - 0 smtpd" and options, ended by {0}: all of
 * it, or what the service that is there lacks. */
typedef struct {
    const char *name;
    ses_str_t value;
    bool rare; /* only where main.cf says otherwise */
} postfix_option_t;
void postfix_want_service(const postfix_t *p, postfix_edits_t *e,
                          const postfix_service_t *there, ses_str_t key,
                          const char *fields, const postfix_option_t *options);

/* --- postfix_pools.c, postfix_mail_from.c, as features ------------------- */

bool postfix_uses_pools(postfix_t *p);
bool postfix_uses_mail_from(postfix_t *p);
SES_CHECK ses_rc_t postfix_want_pools(postfix_t *p, postfix_edits_t *e);
SES_CHECK ses_rc_t postfix_want_mail_from(postfix_t *p, postfix_edits_t *e);

/* --- postfix_listen.c: the two services of ours, as features ------------- */

SES_CHECK ses_rc_t postfix_want_inject(postfix_t *p, postfix_edits_t *e);
SES_CHECK ses_rc_t postfix_want_smtp(postfix_t *p, postfix_edits_t *e);

/* --- postfix_show.c, postfix_apply.c -------------------------------------- */

/* Is every name of the list one of a feature?  Complains if not. */
bool postfix_features_known(postfix_t *p, const char *names);
/* As a file has it. */
ses_str_t postfix_edit_line(const postfix_t *p, const postfix_edit_t *e);
/* Print what each chosen feature lacks, and gather it in *all. */
SES_CHECK ses_rc_t postfix_print(postfix_t *p, const char *names,
                                 postfix_edits_t *all);

/* The lines of the features that --feature names (all that are used: NULL);
 * exit statuses of sesamectl. */
int postfix_show(postfix_t *p, const char *features);
int postfix_apply(postfix_t *p, const char *features, bool yes);

#endif
