/*
 * bind - sessions that sesame.conf gives to an account
 */
#ifndef SESAME_GATE_BIND_H
#define SESAME_GATE_BIND_H

#include "session.h"

/* Do the accounts that conf binds sessions to exist?  The text of
 * SES_INVALID names file and line.  Users that do not are warned of. */
SES_CHECK ses_rc_t bind_check(ses_cx_t *cx, ses_txn_t *t,
                              const ses_conf_t *conf);
/* The binding of the message under way, with strings in its arena; false
 * when there is none.  type and login are the {auth_...} macros. */
bool bind_find(const session_t *s, ses_str_t type, ses_str_t login,
               bound_t *out);
/* Account and caller of a bound message.  SES_FAULT when the account has
 * gone: its mail waits until somebody decides.  SES_DENIED when the line's
 * IAM user has: nobody acts for the account in its place. */
SES_CHECK ses_rc_t bind_caller(session_t *s, ses_txn_t *t);

#endif
