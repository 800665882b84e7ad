/*
 * op_account - what both APIs show and change of the account
 */
#ifndef SES_API_OP_ACCOUNT_H
#define SES_API_OP_ACCOUNT_H

#include "api/op.h"
#include "model/account.h"

/* The caller's account; it was there when the key was checked. */
SES_CHECK ses_rc_t op_account_find(op_t *op, ses_account_t *a);
/* Its own sending switch. */
SES_CHECK ses_rc_t op_account_switch(op_t *op, bool on);
/* Write what it may send, and what it has sent. */
SES_CHECK ses_rc_t op_account_quota(op_t *op, const ses_account_t *a);

#endif
