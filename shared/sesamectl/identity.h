/*
 * identity - what the commands about identities share
 */
#ifndef SESAMECTL_IDENTITY_H
#define SESAMECTL_IDENTITY_H

#include "ctl.h"
#include "model/identity.h"

/* The identity that a user called `given`, of account; SES_NOT_FOUND and
 * SES_INVALID are explained. */
SES_CHECK ses_rc_t ctl_identity_find(ses_cx_t *cx, ses_txn_t *t,
                                     ses_str_t account, ses_str_t given,
                                     ses_identity_t *out);

/* The same with the account that --account names, or else the only account
 * that has such an identity. */
SES_CHECK ses_rc_t ctl_identity_choose(ctl_t *c, ses_txn_t *t, ses_str_t given,
                                       ses_identity_t *out);

int ctl_identity_records(ctl_t *c);
int ctl_identity_rotate(ctl_t *c);
int ctl_identity_ed25519(ctl_t *c);
int ctl_identity_verify(ctl_t *c);
int ctl_identity_check(ctl_t *c);

#endif
