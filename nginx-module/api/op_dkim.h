/*
 * op_dkim - what the operations on identities share about DKIM
 */
#ifndef SES_API_OP_DKIM_H
#define SES_API_OP_DKIM_H

#include "api/op.h"
#include "model/identity.h"

/* Members of DkimAttributes of a domain. */
void op_dkim_show(op_t *op, const ses_identity_t *d);
/* DkimSigningAttributes of a new domain. */
SES_CHECK ses_rc_t op_dkim_create(op_t *op, ses_identity_t *i);

/*
 * The customer's private key: PEM (PKCS #8) and what p= says of it, from the
 * base64 body of a PKCS #1 or PKCS #8 file.  SES_INVALID with the reason.
 * The caller cleanses *pem.
 */
SES_CHECK ses_rc_t byodkim_read(ses_cx_t *cx, ses_str_t base64, ses_str_t *pem,
                                ses_str_t *public_key, unsigned *bits);

#endif
