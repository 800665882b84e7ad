/*
 * op_verify_template - custom verification emails, for both APIs
 *
 * Their members have the same names; each is an operation's handler.
 */
#ifndef SES_API_OP_VERIFY_TEMPLATE_H
#define SES_API_OP_VERIFY_TEMPLATE_H

#include "api/op.h"

SES_CHECK ses_rc_t op_verify_create(op_t *op);
/* What is not given stays as it is (v2 asks for all members). */
SES_CHECK ses_rc_t op_verify_update(op_t *op);
/* What is not there is an error for v2 alone. */
SES_CHECK ses_rc_t op_verify_delete(op_t *op);
SES_CHECK ses_rc_t op_verify_get(op_t *op);
SES_CHECK ses_rc_t op_verify_list(op_t *op);
SES_CHECK ses_rc_t op_verify_send(op_t *op);

#endif
