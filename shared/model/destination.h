/*
 * destination - where events of a configuration set go: an SNS topic
 */
#ifndef SES_MODEL_DESTINATION_H
#define SES_MODEL_DESTINATION_H

#include "store/journal.h"

typedef struct {
    ses_str_t account;
    ses_str_t set;
    ses_str_t name; /* 1-64 of A-Za-z0-9_- */
    bool enabled;
    unsigned types;      /* bits 1 << ses_event_type_t */
    ses_str_t topic_arn; /* SnsDestination */
    uint64_t start;      /* events with a sequence > start are owed: the end
                            of the log when it was last enabled or made */
    int64_t created;
    uint64_t version;
} ses_destination_t;

SES_CHECK ses_rc_t ses_destination_find(ses_cx_t *cx, ses_txn_t *t,
                                        ses_str_t account, ses_str_t set,
                                        ses_str_t name, ses_destination_t *out);
void ses_destination_put(ses_cx_t *cx, ses_change_t *c,
                         const ses_destination_t *d);
void ses_destination_del(ses_cx_t *cx, ses_change_t *c,
                         const ses_destination_t *d);
typedef ses_rc_t (*ses_destination_fn_t)(ses_cx_t *cx,
                                         const ses_destination_t *d, void *arg);
/* account "" = all of all accounts; set "" = all sets of the account */
SES_CHECK ses_rc_t ses_destination_list(ses_cx_t *cx, ses_txn_t *t,
                                        ses_str_t account, ses_str_t set,
                                        ses_destination_fn_t fn, void *arg);

#endif
