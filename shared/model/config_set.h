/*
 * config_set - a named bundle of per-message settings
 */
#ifndef SES_MODEL_CONFIG_SET_H
#define SES_MODEL_CONFIG_SET_H

#include "model/tag.h"
#include "store/journal.h"

typedef struct {
    ses_str_t account;
    ses_str_t name; /* 1-64 of A-Za-z0-9_- */
    bool sending;
    bool reputation;      /* ReputationMetricsEnabled */
    int64_t fresh_start;  /* 0 = never */
    bool has_suppression; /* SuppressionOptions given */
    unsigned reasons;
    bool tls_required;
    ses_str_t pool;        /* of source addresses; "" = none named */
    uint32_t max_delivery; /* s until Postfix gives up; 0 = as it does */
    ses_tag_t *tags;
    unsigned ntags;
    int64_t created;
    uint64_t version;
} ses_config_set_t;

SES_CHECK ses_rc_t ses_config_set_find(ses_cx_t *cx, ses_txn_t *t,
                                       ses_str_t account, ses_str_t name,
                                       ses_config_set_t *out);
void ses_config_set_put(ses_cx_t *cx, ses_change_t *c,
                        const ses_config_set_t *s);
/* The set only; its destinations are the caller's (ses_destination_list). */
void ses_config_set_del(ses_cx_t *cx, ses_change_t *c,
                        const ses_config_set_t *s);
typedef ses_rc_t (*ses_config_set_fn_t)(ses_cx_t *cx, const ses_config_set_t *s,
                                        void *arg);
SES_CHECK ses_rc_t ses_config_set_list(ses_cx_t *cx, ses_txn_t *t,
                                       ses_str_t account, ses_str_t after,
                                       ses_config_set_fn_t fn, void *arg);

#endif
