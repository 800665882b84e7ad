/*
 * signers - which keys sign a message
 */
#ifndef SESAME_GATE_SIGNERS_H
#define SESAME_GATE_SIGNERS_H

#include "policy/verdict.h"
#include "sign.h"

/*
 * The keys of the domain that the verdict names, in cx->arena: the RSA key
 * first, without which there is no signature, then the Ed25519 key if it is
 * in use, then the service's own if the site says so.  *n = 0 when the
 * message is not to be signed.
 */
SES_CHECK ses_rc_t signers_find(ses_cx_t *cx, ses_txn_t *t,
                                const ses_conf_t *conf, const ses_verdict_t *v,
                                sign_key_t keys[SIGN_MAX], unsigned *n);

#endif
