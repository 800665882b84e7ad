/*
 * review - what an account says it sends, and its request for production
 *
 * A request waits until the operator grants or denies it; whether the
 * account is in production stands in the account itself.
 */
#ifndef SES_MODEL_REVIEW_H
#define SES_MODEL_REVIEW_H

#include "store/journal.h"

#define SES_REVIEW_CONTACTS 4

typedef enum {
    SES_REVIEW_NONE, /* never asked for production */
    SES_REVIEW_PENDING,
    SES_REVIEW_GRANTED,
    SES_REVIEW_DENIED,
    SES_REVIEW_MAX
} ses_review_status_t;

typedef struct {
    ses_str_t account;
    ses_str_t mail_type; /* MARKETING, TRANSACTIONAL */
    ses_str_t website;
    ses_str_t language; /* EN, JA, "" = not given */
    ses_str_t use_case;
    ses_str_t contacts[SES_REVIEW_CONTACTS];
    unsigned ncontacts;
    ses_review_status_t status;
    ses_str_t case_id; /* "" while nothing was asked */
    int64_t asked;
    uint64_t version;
} ses_review_t;

/* "PENDING"...; "" for NONE */
const char *ses_review_name(ses_review_status_t s);
SES_CHECK ses_rc_t ses_review_find(ses_cx_t *cx, ses_txn_t *t,
                                   ses_str_t account, ses_review_t *out);
void ses_review_put(ses_cx_t *cx, ses_change_t *c, const ses_review_t *r);
typedef ses_rc_t (*ses_review_fn_t)(ses_cx_t *cx, const ses_review_t *r,
                                    void *arg);
SES_CHECK ses_rc_t ses_review_list(ses_cx_t *cx, ses_txn_t *t,
                                   ses_review_fn_t fn, void *arg);

#endif
