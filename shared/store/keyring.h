/*
 * keyring - the key files: gate.key, ticket.key, token.key, site.key
 *
 * Text: one key a line, "ID HEX64", ID one character of a-z2-7, the first
 * line is the one in use, later lines are retired keys that still verify.
 * '#' starts a comment.
 */
#ifndef SES_STORE_KEYRING_H
#define SES_STORE_KEYRING_H

#include "base/rc.h"

#define SES_KEYRING_MAX 8

typedef struct {
    char id;
    uint8_t key[32];
} ses_key_t;

typedef struct {
    unsigned n; /* keys[0] is the one in use */
    ses_key_t keys[SES_KEYRING_MAX];
} ses_keyring_t;

/* SES_NOT_FOUND without the file, SES_INVALID when malformed, SES_DENIED
 * when it may not be read: each explained in cx->why. */
SES_CHECK ses_rc_t ses_keyring_load(ses_cx_t *cx, const char *path,
                                    ses_keyring_t *out);
/* NULL when there is none of this id. */
const ses_key_t *ses_keyring_find(const ses_keyring_t *r, char id);
static inline ses_str_t
ses_key_str(const ses_key_t *k)
{
    return ses_str_n(k->key, sizeof(k->key));
}
/* The text of a new ring with one random key. */
ses_str_t ses_keyring_new(ses_arena_t *a);
void ses_keyring_wipe(ses_keyring_t *r);

#endif
