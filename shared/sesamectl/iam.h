/*
 * iam - sesamectl iam: its commands, in five files
 */
#ifndef SESAMECTL_IAM_H
#define SESAMECTL_IAM_H

#include "ctl.h"
#include "model/user.h"

/* Users and groups (iam.c) */
SES_CHECK ses_rc_t iam_find(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                            ses_str_t account, ses_str_t name, ses_user_t *out);
/* The account of the command's first argument exists. */
SES_CHECK ses_rc_t iam_account(ses_cx_t *cx, ses_txn_t *t, ses_str_t id);

/* iam_policy.c */
int iam_policy_put(ctl_t *c);
int iam_policy_delete(ctl_t *c);
int iam_policy_list(ctl_t *c);
int iam_policy_show(ctl_t *c);
int iam_policy_attach(ctl_t *c);
int iam_policy_detach(ctl_t *c);

/* iam_key.c */
int iam_key_add(ctl_t *c);
int iam_key_delete(ctl_t *c);
int iam_key_list(ctl_t *c);
/* How many keys the user has. */
SES_CHECK ses_rc_t iam_key_count(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                 ses_str_t user, unsigned *n);

/* iam_session.c */
int iam_session_add(ctl_t *c);
int iam_session_list(ctl_t *c);
int iam_session_delete(ctl_t *c);

/* iam_simulate.c */
int iam_simulate(ctl_t *c);

/* A file's text ("-" = standard input), at most max bytes; false: said. */
bool iam_read_file(ctl_t *c, const char *path, size_t max, ses_str_t *out);

#endif
