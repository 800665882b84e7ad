/*
 * op_identity - what both APIs do to identities
 */
#ifndef SES_API_OP_IDENTITY_H
#define SES_API_OP_IDENTITY_H

#include "api/op.h"
#include "model/identity.h"

/* The caller's identity of this name, however it is spelled.  SES_NOT_FOUND
 * without a text, which is each API's own; what is no name names nothing. */
SES_CHECK ses_rc_t op_identity_find(op_t *op, ses_str_t given,
                                    ses_identity_t *i);
/* May there be one more?  SES_LIMIT. */
SES_CHECK ses_rc_t op_identity_room(op_t *op);
/* The address or domain of this name: a new one, not yet put, unless it is
 * there.  SES_INVALID for what is no address, or no domain. */
SES_CHECK ses_rc_t op_identity_address(op_t *op, ses_str_t given,
                                       ses_identity_t *i);
SES_CHECK ses_rc_t op_identity_domain(op_t *op, ses_str_t given,
                                      ses_identity_t *i);
/* The domain identity whose DKIM i shows: itself, or an address's exact
 * domain; SES_NOT_FOUND when that is no identity. */
SES_CHECK ses_rc_t op_identity_signer(op_t *op, const ses_identity_t *i,
                                      ses_identity_t *out);
/* Give it a MAIL FROM domain and put it: "" clears the setting, the same
 * again starts its check anew. */
SES_CHECK ses_rc_t op_identity_mail_from(op_t *op, ses_identity_t *i,
                                         ses_str_t given, bool reject);

#endif
