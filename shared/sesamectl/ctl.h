/*
 * ctl - what a command of sesamectl is, and what it is given
 *
 * One file for each group of commands, one table in each.  A command's
 * function returns the exit status: 0, 1 (failed, explained on standard
 * error by whoever knew), 2 (usage).
 */
#ifndef SESAMECTL_CTL_H
#define SESAMECTL_CTL_H

#include "base/conf.h"
#include "emit.h"
#include "model/account.h"
#include "store/commit.h"
#include "store/keyring.h"

#define CTL_ARGS 4
#define CTL_OPTIONS 6

/* What main.c has ready before the function is called. */
typedef enum {
    CTL_BARE,  /* nothing */
    CTL_CONF,  /* sesame.conf */
    CTL_STORE, /* and the store, read and written */
} ctl_needs_t;

typedef struct {
    const char *name;  /* without the two hyphens */
    const char *value; /* what its value is called; NULL = a flag */
    const char *help;
} ctl_option_t;

typedef struct ctl_s ctl_t;

typedef struct {
    const char *verb; /* "" = the group itself is the command */
    const char *args; /* for people: "ACCOUNT NAME", "[ACCOUNT]" */
    unsigned min, max;
    const char *help;
    ctl_needs_t needs;
    int (*run)(ctl_t *c);
    const ctl_option_t options[CTL_OPTIONS];
} ctl_command_t;

typedef struct {
    const char *name;
    const char *help;
    const ctl_command_t *commands; /* ends with {0} */
} ctl_group_t;

struct ctl_s {
    ses_arena_t *arena;
    ses_cx_t cx; /* caller is "operator" */
    const char *config;
    ses_conf_t conf;
    ses_store_t *store;
    ses_committer_t *committer;
    emit_t out;
    bool json;
    const ctl_command_t *command;
    const char *args[CTL_ARGS];
    unsigned nargs;
    const char *options[CTL_OPTIONS]; /* as the command's table */
};

/* The n-th argument, "" when it was not given. */
ses_str_t ctl_arg(const ctl_t *c, unsigned n);
/* An option's value, NULL when it was not given ("" for a flag). */
const char *ctl_option(const ctl_t *c, const char *name);

/* Say on standard error what went wrong; returns 1. */
int ctl_error(const ctl_t *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with the reason in c->cx (or rc's name); returns 1. */
int ctl_failed(const ctl_t *c, ses_rc_t rc);

/*
 * Fill a change in a write transaction, to be applied by the journal as op.
 * May be run again: it starts from the arguments alone.
 */
typedef ses_rc_t (*ctl_change_fn_t)(ses_cx_t *cx, ses_txn_t *t,
                                    ses_change_t *change, void *arg);
SES_CHECK ses_rc_t ctl_change(ctl_t *c, ses_str_t account, const char *op,
                              ctl_change_fn_t fn, void *arg);

/* Call fn with a read transaction. */
typedef ses_rc_t (*ctl_read_fn_t)(ctl_t *c, ses_txn_t *t, void *arg);
SES_CHECK ses_rc_t ctl_read(ctl_t *c, ctl_read_fn_t fn, void *arg);
/* The answer is one list, whose elements fn emits; the exit status. */
int ctl_list(ctl_t *c, ctl_read_fn_t fn, void *arg);

/* The account called id, or with "" the only one there is. */
SES_CHECK ses_rc_t ctl_account(ctl_t *c, ses_txn_t *t, ses_str_t id,
                               ses_account_t *out);
/* The same, in a transaction of its own. */
SES_CHECK ses_rc_t ctl_find_account(ctl_t *c, ses_str_t id, ses_account_t *out);
/* Key file site.key. */
SES_CHECK ses_rc_t ctl_site_key(ctl_t *c, ses_keyring_t *out);

extern const ctl_command_t ctl_init[];
extern const ctl_command_t ctl_accounts[];
extern const ctl_command_t ctl_keys[];
extern const ctl_command_t ctl_iam[];
extern const ctl_command_t ctl_identities[];
extern const ctl_command_t ctl_dns[];
extern const ctl_command_t ctl_gate_keys[];
extern const ctl_command_t ctl_production[];
extern const ctl_command_t ctl_quota[];
extern const ctl_command_t ctl_addresses[];
extern const ctl_command_t ctl_suppression[];
extern const ctl_command_t ctl_events[];
extern const ctl_command_t ctl_message[];
extern const ctl_command_t ctl_id[];
extern const ctl_command_t ctl_audit[];
extern const ctl_command_t ctl_status[];
extern const ctl_command_t ctl_postfix[];
extern const ctl_command_t ctl_check[];
extern const ctl_command_t ctl_backup[];
extern const ctl_command_t ctl_coverage[];
extern const ctl_command_t ctl_config[];

#endif
