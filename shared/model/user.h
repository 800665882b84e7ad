/*
 * user - IAM users and groups: whose access keys, with which policies
 *
 * A group is a user without keys and groups of its own: one struct, two
 * tables.  What a user may do is the sum of its own policies and of those of
 * its groups, inline and attached.
 */
#ifndef SES_MODEL_USER_H
#define SES_MODEL_USER_H

#include "model/policy.h"

#define SES_USER_NAME_MAX 64
#define SES_GROUP_NAME_MAX 128
#define SES_USER_GROUPS_MAX 10
#define SES_USER_POLICIES_MAX 10 /* inline, and as many attached */
#define SES_USER_KEYS_MAX 2

typedef struct {
    ses_str_t account;
    ses_str_t name;
    ses_str_t *groups; /* of a user */
    unsigned ngroups;
    ses_str_t *attached; /* managed policies */
    unsigned nattached;
    ses_named_policy_t *inlines;
    unsigned ninlines;
    int64_t created;
    uint64_t version;
} ses_user_t;

/* 1 to max letters, digits and +=,.@_- */
bool ses_user_name(ses_str_t s, size_t max);

/* db: SES_DB_USER or SES_DB_GROUP */
ses_str_t ses_user_key(ses_arena_t *a, ses_str_t account, ses_str_t name);
SES_CHECK ses_rc_t ses_user_find(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                 ses_str_t account, ses_str_t name,
                                 ses_user_t *out);
void ses_user_put(ses_cx_t *cx, ses_change_t *c, ses_db_t db,
                  const ses_user_t *u);
void ses_user_del(ses_cx_t *cx, ses_change_t *c, ses_db_t db,
                  const ses_user_t *u);
typedef ses_rc_t (*ses_user_fn_t)(ses_cx_t *cx, const ses_user_t *u, void *arg);
SES_CHECK ses_rc_t ses_user_list(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                 ses_str_t account, ses_user_fn_t fn,
                                 void *arg);

#endif
