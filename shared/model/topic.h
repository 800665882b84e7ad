/*
 * topic - an SNS topic of an account, and its HTTP(S) subscriptions
 */
#ifndef SES_MODEL_TOPIC_H
#define SES_MODEL_TOPIC_H

#include "store/journal.h"

typedef struct {
    ses_str_t account;
    ses_str_t name; /* 1-256 of A-Za-z0-9_- */
    int64_t created;
    uint64_t version;
} ses_topic_t;

typedef struct {
    ses_str_t account;
    ses_str_t topic;    /* name */
    ses_str_t id;       /* UUID */
    ses_str_t protocol; /* http or https */
    ses_str_t endpoint; /* URL */
    bool raw;           /* RawMessageDelivery */
    bool confirmed;
    ses_str_t token; /* of the confirmation, until confirmed */
    int64_t token_expires;
    bool asked;     /* the endpoint answered 2xx to the confirmation POST */
    int64_t ask_at; /* when the confirmation is (re)sent */
    unsigned ask_tries;
    uint64_t start; /* events with a sequence > start are owed */
    int64_t created;
    uint64_t version;
} ses_subscription_t;

/* arn:aws:sns:REGION:ACCOUNT:NAME, and for a subscription ...:NAME:ID */
ses_str_t ses_topic_arn(ses_arena_t *a, ses_str_t region, ses_str_t account,
                        ses_str_t name);
ses_str_t ses_subscription_arn(ses_arena_t *a, ses_str_t region,
                               const ses_subscription_t *s);
/* Parts of an ARN; id is "" for a topic's.  False when it is neither. */
bool ses_topic_arn_parse(ses_str_t arn, ses_str_t *region, ses_str_t *account,
                         ses_str_t *name, ses_str_t *id);
bool ses_topic_name_valid(ses_str_t name);

SES_CHECK ses_rc_t ses_topic_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                  ses_str_t name, ses_topic_t *out);
void ses_topic_put(ses_cx_t *cx, ses_change_t *c, const ses_topic_t *x);
void ses_topic_del(ses_cx_t *cx, ses_change_t *c, const ses_topic_t *x);
typedef ses_rc_t (*ses_topic_fn_t)(ses_cx_t *cx, const ses_topic_t *x,
                                   void *arg);
SES_CHECK ses_rc_t ses_topic_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                  ses_str_t after, ses_topic_fn_t fn,
                                  void *arg);

SES_CHECK ses_rc_t ses_subscription_find(ses_cx_t *cx, ses_txn_t *t,
                                         ses_str_t account, ses_str_t topic,
                                         ses_str_t id, ses_subscription_t *out);
void ses_subscription_put(ses_cx_t *cx, ses_change_t *c,
                          const ses_subscription_t *s);
void ses_subscription_del(ses_cx_t *cx, ses_change_t *c,
                          const ses_subscription_t *s);
typedef ses_rc_t (*ses_subscription_fn_t)(ses_cx_t *cx,
                                          const ses_subscription_t *s,
                                          void *arg);
/* topic "" = all of the account; account "" = all */
SES_CHECK ses_rc_t ses_subscription_list(ses_cx_t *cx, ses_txn_t *t,
                                         ses_str_t account, ses_str_t topic,
                                         ses_str_t after,
                                         ses_subscription_fn_t fn, void *arg);
/* Unconfirmed, not yet asked, ask_at <= now: from the index. */
SES_CHECK ses_rc_t ses_subscription_due(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                                        ses_subscription_fn_t fn, void *arg);

#endif
