/*
 * sign - DKIM signatures by libopendkim; the only reader of private keys
 */
#ifndef SESAME_GATE_SIGN_H
#define SESAME_GATE_SIGN_H

#include "model/dkim.h"
#include "policy/headers.h"

/* The domain's RSA and Ed25519, the service's own. */
#define SIGN_MAX 3

typedef struct sign_s sign_t; /* the signatures of one message */

/* Who signs, and with what; points into the message's arena. */
typedef struct {
    ses_str_t domain, selector;
    ses_dkim_kind_t kind;
    ses_str_t sealed; /* the private key, and what it is sealed to */
    ses_str_t aad;
} sign_key_t;

/* Once: the library, and the test that its keys come from our cache. */
SES_CHECK ses_rc_t sign_init(ses_cx_t *cx);
void sign_exit(void);

/*
 * Start a signature with each of n keys (1 to SIGN_MAX): header as it will
 * leave.  When the first fails it is a SES_FAULT: mail that should be signed
 * waits.  A further one that fails, here or later, is left out.
 */
SES_CHECK ses_rc_t sign_begin(ses_cx_t *cx, const sign_key_t *keys, unsigned n,
                              ses_str_t id, const ses_headers_t *header,
                              sign_t **out);
SES_CHECK ses_rc_t sign_body(ses_cx_t *cx, sign_t *s, const void *p, size_t n);
/* Values of DKIM-Signature fields, lines separated by LF, in cx->arena, in
 * the order of the keys. */
SES_CHECK ses_rc_t sign_end(ses_cx_t *cx, sign_t *s, ses_str_t values[SIGN_MAX],
                            unsigned *n);
void sign_free(sign_t *s); /* NULL is fine */

#endif
