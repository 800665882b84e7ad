/*
 * account - the owner of everything: switches, limits, suppression reasons
 */
#ifndef SES_MODEL_ACCOUNT_H
#define SES_MODEL_ACCOUNT_H

#include "store/journal.h"

#define SES_ACCOUNT_LEN 12

/* Bits of suppressed reasons */
#define SES_REASON_BOUNCE 1u
#define SES_REASON_COMPLAINT 2u
#define SES_REASON_ANY (SES_REASON_BOUNCE | SES_REASON_COMPLAINT)

typedef struct {
    ses_str_t id; /* 12 digits */
    bool sending; /* the account's own switch */
    bool suspended;
    bool production; /* false = sandbox */
    double max24;    /* recipients in 24 h; -1 = unlimited */
    double rate;     /* recipients a second; -1 = unlimited */
    unsigned reasons;
    int64_t created;
    uint64_t version;
} ses_account_t;

bool ses_account_valid(ses_str_t id); /* 12 digits */
SES_CHECK ses_rc_t ses_account_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t id,
                                    ses_account_t *out);
/* Adds the row to the change; a->version is what was read (NONE = new). */
void ses_account_put(ses_cx_t *cx, ses_change_t *c, const ses_account_t *a);
typedef ses_rc_t (*ses_account_fn_t)(ses_cx_t *cx, const ses_account_t *a,
                                     void *arg);
SES_CHECK ses_rc_t ses_account_list(ses_cx_t *cx, ses_txn_t *t,
                                    ses_account_fn_t fn, void *arg);
/* A new account: sandbox, 200 a day, 1 a second, both reasons. */
void ses_account_init(ses_account_t *a, ses_str_t id, int64_t now);

#endif
