/*
 * policy - named policy documents: managed ones, and those of an identity
 *
 * A managed policy belongs to an account and is attached to users and groups
 * by name.  All policies of an identity are one row, so that one look-up
 * says whether any of them has changed.
 */
#ifndef SES_MODEL_POLICY_H
#define SES_MODEL_POLICY_H

#include "base/json.h"
#include "store/journal.h"

typedef struct {
    ses_str_t name;
    ses_str_t text; /* the document, as it was given */
} ses_named_policy_t;

/* Lists of policies and of words in a row. */
void ses_policies_write(ses_jsonw_t *w, const char *member,
                        const ses_named_policy_t *v, unsigned n);
void ses_policies_read(ses_arena_t *a, const cJSON *j, const char *member,
                       ses_named_policy_t **v, unsigned *n);
void ses_words_write(ses_jsonw_t *w, const char *member, const ses_str_t *v,
                     unsigned n);
void ses_words_read(ses_arena_t *a, const cJSON *j, const char *member,
                    ses_str_t **v, unsigned *n);
/* Index of name, or n. */
unsigned ses_policies_find(const ses_named_policy_t *v, unsigned n,
                           ses_str_t name);
unsigned ses_words_find(const ses_str_t *v, unsigned n, ses_str_t word);

/* --- managed ----------------------------------------------------------- */

#define SES_MANAGED_NAME_MAX 128

typedef struct {
    ses_str_t account;
    ses_str_t name;
    ses_str_t text;
    int64_t created;
    uint64_t version;
} ses_managed_policy_t;

ses_str_t ses_managed_policy_key(ses_arena_t *a, ses_str_t account,
                                 ses_str_t name);
SES_CHECK ses_rc_t ses_managed_policy_find(ses_cx_t *cx, ses_txn_t *t,
                                           ses_str_t account, ses_str_t name,
                                           ses_managed_policy_t *out);
void ses_managed_policy_put(ses_cx_t *cx, ses_change_t *c,
                            const ses_managed_policy_t *p);
void ses_managed_policy_del(ses_cx_t *cx, ses_change_t *c,
                            const ses_managed_policy_t *p);
typedef ses_rc_t (*ses_managed_policy_fn_t)(ses_cx_t *cx,
                                            const ses_managed_policy_t *p,
                                            void *arg);
SES_CHECK ses_rc_t ses_managed_policy_list(ses_cx_t *cx, ses_txn_t *t,
                                           ses_str_t account,
                                           ses_managed_policy_fn_t fn,
                                           void *arg);

/* --- of an identity ---------------------------------------------------- */

#define SES_IDENTITY_POLICIES_MAX 20

typedef struct {
    ses_str_t account;
    ses_str_t identity; /* canonical name */
    ses_named_policy_t *v;
    unsigned n;
    uint64_t version;
} ses_identity_policies_t;

ses_str_t ses_identity_policies_key(ses_arena_t *a, ses_str_t account,
                                    ses_str_t identity);
/* SES_OK and n = 0 when there are none. */
SES_CHECK ses_rc_t ses_identity_policies_find(ses_cx_t *cx, ses_txn_t *t,
                                              ses_str_t account,
                                              ses_str_t identity,
                                              ses_identity_policies_t *out);
/* The row, or no row when n = 0. */
void ses_identity_policies_put(ses_cx_t *cx, ses_change_t *c,
                               const ses_identity_policies_t *p);

#endif
