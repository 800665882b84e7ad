/*
 * keyrecord - a DKIM key record in DNS (RFC 6376 section 3.6.1)
 */
#ifndef SES_POLICY_KEYRECORD_H
#define SES_POLICY_KEYRECORD_H

#include "base/str.h"

/* The strings of one TXT record, joined: rdata is length-prefixed strings.
 * False when malformed. */
bool ses_keyrecord_txt(ses_arena_t *a, ses_str_t rdata, ses_str_t *out);

/*
 * Does this record, as a verifier reads it, carry the key `want` (as in
 * p=) of this kind (as in k=), for mail, for SHA-256?
 */
bool ses_keyrecord_has(ses_arena_t *a, ses_str_t txt, const char *kind,
                       ses_str_t want);

#endif
