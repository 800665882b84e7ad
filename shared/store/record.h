/*
 * record - spelling of keys, and opaque page tokens
 *
 * Keys are parts joined by NUL bytes (no part contains one); numbers are big
 * endian so that they sort.  A page token is the key to go on from, sealed
 * with what list it belongs to: it survives restarts and new rows, and is
 * refused for another list, filter or account.
 */
#ifndef SES_STORE_RECORD_H
#define SES_STORE_RECORD_H

#include "base/rc.h"

/* Parts joined by NUL. Ends with NUL when open (a prefix for walking). */
ses_str_t ses_key2(ses_arena_t *a, ses_str_t x, ses_str_t y);
ses_str_t ses_key3(ses_arena_t *a, ses_str_t x, ses_str_t y, ses_str_t z);
ses_str_t ses_key_prefix1(ses_arena_t *a, ses_str_t x);
ses_str_t ses_key_prefix2(ses_arena_t *a, ses_str_t x, ses_str_t y);
/* Where a walk goes on that ended with the key prefix + after: at the least
 * key that is greater.  "" when after is "". */
ses_str_t ses_key_after(ses_arena_t *a, ses_str_t prefix, ses_str_t after);
/* key + 8 bytes big endian */
ses_str_t ses_key_seq(ses_arena_t *a, ses_str_t prefix, uint64_t seq);
uint64_t ses_key_u64(ses_str_t eight_bytes);
void ses_put_u64(uint8_t out[8], uint64_t v);
/* 16 bytes of SHA-256 over length-prefixed parts. */
ses_str_t ses_key_hash(ses_arena_t *a, ses_str_t x, ses_str_t y, ses_str_t z);

/*
 * Token for "go on after key"; list names operation and filter (any text).
 * The account of cx is bound in.  MAC'd under a key derived from site_key.
 */
ses_str_t ses_page_token(ses_cx_t *cx, ses_str_t site_key, ses_str_t list,
                         ses_str_t key);
/* SES_BAD_TOKEN "The specified NextToken is invalid." unless ours. */
SES_CHECK ses_rc_t ses_page_parse(ses_cx_t *cx, ses_str_t site_key,
                                  ses_str_t list, ses_str_t token,
                                  ses_str_t *key);

#endif
