/*
 * op_identity_policy - what both APIs do to the policies of an identity
 */
#ifndef SES_API_OP_IDENTITY_POLICY_H
#define SES_API_OP_IDENTITY_POLICY_H

#include "api/op.h"
#include "model/policy.h"

/* All of an identity; SES_NOT_FOUND as op_identity_find. */
SES_CHECK ses_rc_t op_policies_find(op_t *op, ses_str_t given,
                                    ses_identity_policies_t *out);
/* May one have this name? */
SES_CHECK ses_rc_t op_policy_name(op_t *op, ses_str_t name);
/* Is this a document for that identity? */
SES_CHECK ses_rc_t op_policy_check(op_t *op, const ses_identity_policies_t *p,
                                   ses_str_t text);
/* Set the text of one, new or not, and put them; SES_LIMIT. */
SES_CHECK ses_rc_t op_policy_put(op_t *op, ses_identity_policies_t *p,
                                 ses_str_t name, ses_str_t text);
/* Take one out, if it is there, and put them. */
void op_policy_del(op_t *op, ses_identity_policies_t *p, ses_str_t name);

#endif
