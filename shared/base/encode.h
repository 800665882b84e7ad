/*
 * encode - bytes to text and back, and the digests everybody needs
 *
 * Decoders refuse anything but the canonical form they name; on false the
 * output is untouched.  Results live in the arena.
 */
#ifndef SES_BASE_ENCODE_H
#define SES_BASE_ENCODE_H

#include "base/arena.h"
#include "base/str.h"

#define SES_SHA256 32

/* Standard base64 with padding (RFC 4648 section 4), no line breaks. */
ses_str_t ses_base64(ses_arena_t *a, ses_str_t s);
/* Strict: canonical alphabet and padding, no blanks. */
bool ses_base64_parse(ses_arena_t *a, ses_str_t s, ses_str_t *out);

/* 0 to 15, either case; -1: no hexadecimal digit. */
int ses_hex_digit(char c);
/* Lower-case hex. */
ses_str_t ses_hex(ses_arena_t *a, ses_str_t s);
/* Either case. */
bool ses_hex_parse(ses_arena_t *a, ses_str_t s, ses_str_t *out);

/* Base32 (RFC 4648 section 6) in lower case, without padding. */
ses_str_t ses_base32(ses_arena_t *a, ses_str_t s);
/* Either case; spare bits must be zero. */
bool ses_base32_parse(ses_arena_t *a, ses_str_t s, ses_str_t *out);

/* Everything outside A-Za-z0-9-_.~ becomes %XX (SigV4). */
ses_str_t ses_percent(ses_arena_t *a, ses_str_t s);
/* Decode %XX once; plus also turns '+' into a space (forms).  False on a
 * broken escape. */
bool ses_percent_parse(ses_arena_t *a, ses_str_t s, bool plus, ses_str_t *out);

/* Valid UTF-8 (no surrogates, no overlong forms)? */
bool ses_utf8_valid(ses_str_t s);
/* Number of UTF-16 units, as the service counts characters. */
size_t ses_utf8_length(ses_str_t s);
bool ses_ascii(ses_str_t s);
/* Nothing but A-Za-z0-9_-, of which the service makes names? */
bool ses_name_chars(ses_str_t s);

void ses_sha256(ses_str_t s, uint8_t out[SES_SHA256]);
void ses_hmac_sha256(ses_str_t key, ses_str_t s, uint8_t out[SES_SHA256]);
/* Random bytes from the kernel's generator; ends the process without. */
void ses_random(void *p, size_t n);

#endif
