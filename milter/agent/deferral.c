/*
 * deferral - why a recipient was last deferred
 *
 * One slot a hash; a newer deferral takes the slot of an older one.
 */

#include "deferral.h"

#include "hash.h"

#define SLOTS 8192
#define TEXT_MAX 240

struct slot {
    uint64_t hash;
    uint8_t n;
    char text[TEXT_MAX];
};

struct deferral_s {
    struct slot slots[SLOTS];
};

deferral_t *
deferral_new(void)
{
    return ses_xcalloc(sizeof(deferral_t));
}

void
deferral_free(deferral_t *d)
{
    ses_xfree(d);
}

static uint64_t
hash_of(ses_msgid_t id, ses_str_t rcpt)
{
    uint8_t key[SES_MSGID_KEY];

    ses_msgid_key(id, key);
    return hash_str(hash_str(HASH_START, ses_str_n(key, sizeof(key))), rcpt);
}

void
deferral_put(deferral_t *d, ses_msgid_t id, ses_str_t rcpt, ses_str_t text)
{
    uint64_t hash = hash_of(id, rcpt);
    struct slot *s = &d->slots[hash % SLOTS];

    s->hash = hash;
    s->n = (uint8_t) (text.n < TEXT_MAX ? text.n : TEXT_MAX);
    memcpy(s->text, text.p, s->n);
}

ses_str_t
deferral_find(const deferral_t *d, ses_msgid_t id, ses_str_t rcpt)
{
    uint64_t hash = hash_of(id, rcpt);
    const struct slot *s = &d->slots[hash % SLOTS];

    return s->hash == hash ? ses_str_n(s->text, s->n) : SES_STR("");
}
