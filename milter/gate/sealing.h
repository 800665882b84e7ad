/*
 * sealing - gate.key: the one place that can open DKIM private keys
 *
 * The file's first key is in use: keys are sealed to it, and its public half
 * stands in the store for nginx, which seals what customers bring.  The
 * file's other keys open what was sealed before.  A changed file is read
 * again without a stop, and what is sealed to a retired key is sealed anew.
 */
#ifndef SESAME_GATE_SEALING_H
#define SESAME_GATE_SEALING_H

#include "store/commit.h"

/* Read path, which is remembered.  After a failure the old keys stay. */
SES_CHECK ses_rc_t sealing_load(ses_cx_t *cx, const char *path);

/* Seal to the key in use. */
SES_CHECK ses_rc_t sealing_seal(ses_cx_t *cx, ses_str_t aad, ses_str_t plain,
                                ses_str_t *out);
/* SES_DENIED when no key of the file opens it.  Cleanse *out after use. */
SES_CHECK ses_rc_t sealing_open(ses_cx_t *cx, ses_str_t aad, ses_str_t sealed,
                                ses_str_t *out);

/*
 * To be called now and then, from one thread: read the file again when it
 * has changed, keep the public key in the store right, and seal a slice of
 * what is sealed to another key anew.  True = there may be more to seal.
 */
bool sealing_tend(ses_arena_t *a, ses_store_t *store, ses_committer_t *c);

#endif
