/*
 * suppression - addresses this account no longer sends to
 *
 * Found by a 16-byte hash of account, list and canonical address; listed in
 * order of addresses through an index.  Which reasons count is the caller's
 * to say (contract section 9).
 */
#ifndef SES_MODEL_SUPPRESSION_H
#define SES_MODEL_SUPPRESSION_H

#include "model/account.h"
#include "store/journal.h"

/* In place of an account: the list of the whole site (12 bytes, as ids). */
#define SES_SITE SES_STR("all accounts")

typedef struct {
    ses_str_t account;
    ses_str_t address;    /* trimmed, domain lower-cased, local part kept */
    unsigned reason;      /* one SES_REASON_ bit */
    int64_t since;        /* LastUpdateTime */
    ses_str_t message_id; /* of automatic entries, else "" */
    ses_str_t feedback_id;
    uint64_t version;
} ses_suppression_t;

/* "BOUNCE", "COMPLAINT" */
const char *ses_reason_name(unsigned reason);
unsigned ses_reason_parse(ses_str_t s); /* 0 = neither */

/* SES_NOT_FOUND = not suppressed for any of these reasons. */
SES_CHECK ses_rc_t ses_suppression_find(ses_cx_t *cx, ses_txn_t *t,
                                        ses_str_t account, ses_str_t address,
                                        unsigned reasons,
                                        ses_suppression_t *out);
void ses_suppression_put(ses_cx_t *cx, ses_change_t *c,
                         const ses_suppression_t *s);
void ses_suppression_del(ses_cx_t *cx, ses_change_t *c,
                         const ses_suppression_t *s);
typedef ses_rc_t (*ses_suppression_fn_t)(ses_cx_t *cx,
                                         const ses_suppression_t *s, void *arg);
SES_CHECK ses_rc_t ses_suppression_list(ses_cx_t *cx, ses_txn_t *t,
                                        ses_str_t account, ses_str_t after,
                                        ses_suppression_fn_t fn, void *arg);

#endif
