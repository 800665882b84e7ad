/*
 * sign - DKIM signatures by libopendkim; the only reader of private keys
 */
#ifndef SESAME_GATE_SIGN_H
#define SESAME_GATE_SIGN_H

#include "gate.h"
#include "model/identity.h"
#include "policy/headers.h"

typedef struct sign_s sign_t; /* one signature in the making */

/* Once: the library, and the test that its keys come from our cache. */
SES_CHECK ses_rc_t sign_init(ses_cx_t *cx);
void sign_exit(void);

/*
 * Start a signature for domain i with the key sealed: header as it will
 * leave.  Whatever fails is a SES_FAULT: mail that should be signed waits.
 */
SES_CHECK ses_rc_t sign_begin(ses_cx_t *cx, const gate_t *gate,
                              const ses_identity_t *i, ses_str_t sealed,
                              ses_str_t id, const ses_headers_t *header,
                              sign_t **out);
SES_CHECK ses_rc_t sign_body(ses_cx_t *cx, sign_t *s, const void *p, size_t n);
/* The value of DKIM-Signature, lines separated by LF, in cx->arena. */
SES_CHECK ses_rc_t sign_end(ses_cx_t *cx, sign_t *s, ses_str_t *value);
void sign_free(sign_t *s); /* NULL is fine */

#endif
