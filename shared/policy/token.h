/*
 * token - the envelope sender: which message a report is about
 *
 * LABEL.TOKEN@BOUNCEDOMAIN, TOKEN = base32 of the message id's 18-byte key,
 * one character naming the key, base32 of 64 bits of HMAC-SHA256 over
 * version, key character and message id (DESIGN section 5).  Lower case;
 * compared in any case; the local part stays under 64 characters.
 */
#ifndef SES_POLICY_TOKEN_H
#define SES_POLICY_TOKEN_H

#include "base/id.h"
#include "base/rc.h"
#include "store/keyring.h"

/* "label.token" in the arena. */
ses_str_t ses_token_format(ses_arena_t *a, const ses_keyring_t *ring,
                           ses_str_t label, ses_msgid_t id);
/* A local part: SES_OK, or SES_NOT_FOUND when it is no token of ours (shape,
 * key or HMAC). */
SES_CHECK ses_rc_t ses_token_parse(ses_cx_t *cx, const ses_keyring_t *ring,
                                   ses_str_t local, ses_msgid_t *id);

#endif
