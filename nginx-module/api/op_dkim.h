/*
 * op_dkim - what the operations on identities share about DKIM
 */
#ifndef SES_API_OP_DKIM_H
#define SES_API_OP_DKIM_H

#include "api/op.h"
#include "model/identity.h"

/* Members of DkimAttributes of a domain. */
void op_dkim_show(op_t *op, const ses_identity_t *d);
/* Of these: the tokens, as a list of that name, and the status. */
void op_dkim_tokens(op_t *op, const char *name, const ses_identity_t *d);
ses_verify_t op_dkim_status(const ses_identity_t *d);
/* Turn signing on or off for the domain `given`; nothing for an address
 * whose domain is there.  SES_INVALID when it is not. */
SES_CHECK ses_rc_t op_dkim_switch(op_t *op, ses_str_t given, bool on);
/* Easy DKIM from now on, with a key of this length ("" = any); what failed is
 * looked for again.  The caller puts i and calls ses_dkim_drop. */
SES_CHECK ses_rc_t op_dkim_easy(op_t *op, ses_identity_t *i, ses_str_t length);
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
