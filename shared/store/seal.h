/*
 * seal - private keys and secrets at rest
 *
 * Sealed to the gate: X25519 (ephemeral) + HKDF-SHA256 + AES-256-GCM; only
 * the holder of gate.key opens it, and only with the same associated data.
 * Boxed under the site key: AES-256-GCM with a random nonce (access-key
 * secrets, which nginx and the gate must read).
 */
#ifndef SES_STORE_SEAL_H
#define SES_STORE_SEAL_H

#include "base/rc.h"

#define SES_SEAL_KEY 32

/* The X25519 public key of a private one. */
SES_CHECK ses_rc_t ses_seal_public(ses_cx_t *cx, const uint8_t priv[32],
                                   uint8_t pub[32]);
SES_CHECK ses_rc_t ses_seal(ses_cx_t *cx, const uint8_t pub[32], ses_str_t aad,
                            ses_str_t plain, ses_str_t *out);
/* SES_DENIED when it does not open (other key, other associated data). */
SES_CHECK ses_rc_t ses_unseal(ses_cx_t *cx, const uint8_t priv[32],
                              ses_str_t aad, ses_str_t sealed, ses_str_t *out);
/* Is it for the holder of this public key?  Tells by a hint in the clear: it
 * may still not open.  False for seals of before there were hints. */
bool ses_sealed_to(ses_str_t sealed, const uint8_t pub[32]);

SES_CHECK ses_rc_t ses_box(ses_cx_t *cx, const uint8_t key[32], ses_str_t aad,
                           ses_str_t plain, ses_str_t *out);
SES_CHECK ses_rc_t ses_unbox(ses_cx_t *cx, const uint8_t key[32], ses_str_t aad,
                             ses_str_t boxed, ses_str_t *out);

#endif
