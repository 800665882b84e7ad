/*
 * verify_template - a custom verification email template of an account
 *
 * The HTML is a row of its own, so that a list of templates does not read
 * megabytes of it.
 */
#ifndef SES_MODEL_VERIFY_TEMPLATE_H
#define SES_MODEL_VERIFY_TEMPLATE_H

#include "model/tag.h"
#include "store/journal.h"

#define SES_VERIFY_CONTENT_MAX (10U << 20) /* contract 5.2 */

typedef struct {
    ses_str_t account;
    ses_str_t name;
    ses_str_t from; /* FromEmailAddress as it was given */
    ses_str_t subject;
    ses_str_t success_url, failure_url;
    ses_tag_t *tags;
    unsigned ntags;
    int64_t created;
    uint64_t version;
} ses_verify_template_t;

SES_CHECK ses_rc_t ses_verify_template_find(ses_cx_t *cx, ses_txn_t *t,
                                            ses_str_t account, ses_str_t name,
                                            ses_verify_template_t *out);
/* Its HTML, in the map. */
SES_CHECK ses_rc_t ses_verify_template_content(ses_cx_t *cx, ses_txn_t *t,
                                               const ses_verify_template_t *v,
                                               ses_str_t *html);
void ses_verify_template_put(ses_cx_t *cx, ses_change_t *c,
                             const ses_verify_template_t *v, ses_str_t html);
void ses_verify_template_del(ses_cx_t *cx, ses_change_t *c,
                             const ses_verify_template_t *v);
typedef ses_rc_t (*ses_verify_template_fn_t)(ses_cx_t *cx,
                                             const ses_verify_template_t *v,
                                             void *arg);
SES_CHECK ses_rc_t ses_verify_template_list(ses_cx_t *cx, ses_txn_t *t,
                                            ses_str_t account, ses_str_t after,
                                            ses_verify_template_fn_t fn,
                                            void *arg);

#endif
