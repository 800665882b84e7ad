/*
 * sigv4_key - derived signing keys and their cache
 *
 * A key is kept inside a MAC context that only has to be started again.  The
 * cache is direct-mapped: a collision costs one derivation.  The version of
 * the credential is part of what is compared, so that a key that was changed
 * is never found again.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "api/sigv4_canonical.h"
#include "base/assert.h"

#define SLOTS 256 /* a power of two */

struct sigv4_key_s {
    EVP_MAC_CTX *mac;
};

struct slot {
    char *name; /* everything the key depends on */
    size_t n;
    uint64_t version;
    sigv4_key_t *key;
};

struct sigv4_cache_s {
    struct slot slot[SLOTS];
};

static EVP_MAC_CTX *
keyed(const uint8_t *key, size_t n)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[2] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

    EVP_MAC_free(mac);
    ses_assert(ctx != NULL && EVP_MAC_init(ctx, key, n, params) == 1);
    return ctx;
}

sigv4_key_t *
sigv4_key_new(const sigv4_t *s, ses_str_t secret)
{
    const ses_str_t steps[] = {s->date, s->region, s->service, s->terminator};
    uint8_t key[SES_SHA256], first[4 + 256];
    sigv4_key_t *k = ses_xcalloc(sizeof(*k));
    size_t i;

    secret = ses_str_head(secret, 256);
    memcpy(first, "AWS4", 4);
    memcpy(first + 4, secret.p, secret.n);
    ses_hmac_sha256(ses_str_n(first, 4 + secret.n), steps[0], key);
    for (i = 1; i < 4; i++)
        ses_hmac_sha256(ses_str_n(key, sizeof(key)), steps[i], key);

    k->mac = keyed(key, sizeof(key));
    OPENSSL_cleanse(first, sizeof(first));
    OPENSSL_cleanse(key, sizeof(key));
    return k;
}

void
sigv4_key_free(sigv4_key_t *k)
{
    if (k == NULL)
        return;
    EVP_MAC_CTX_free(k->mac);
    ses_xfree(k);
}

bool
sigv4_key_sign(sigv4_key_t *k, ses_str_t text, uint8_t mac[SES_SHA256])
{
    size_t n;

    return EVP_MAC_init(k->mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(k->mac, (const unsigned char *) text.p, text.n) ==
               1 &&
           EVP_MAC_final(k->mac, mac, &n, SES_SHA256) == 1 && n == SES_SHA256;
}

/* --- cache ------------------------------------------------------------- */

sigv4_cache_t *
sigv4_cache_new(void)
{
    return ses_xcalloc(sizeof(sigv4_cache_t));
}

static void
clear(struct slot *slot)
{
    ses_xfree(slot->name);
    sigv4_key_free(slot->key);
    memset(slot, 0, sizeof(*slot));
}

void
sigv4_cache_free(sigv4_cache_t *c)
{
    size_t i;

    if (c == NULL)
        return;
    for (i = 0; i < SLOTS; i++)
        clear(&c->slot[i]);
    ses_xfree(c);
}

/* The scope with the key id as one text: they are neighbours in the header. */
static ses_str_t
scope(const sigv4_t *s)
{
    const char *end = s->terminator.p + s->terminator.n;

    return ses_str_n(s->access_key.p, (size_t) (end - s->access_key.p));
}

static struct slot *
slot_of(sigv4_cache_t *c, ses_str_t name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    size_t i;

    for (i = 0; i < name.n; i++)
        hash = (hash ^ (unsigned char) name.p[i]) * 16777619u;
    return &c->slot[hash & (SLOTS - 1)];
}

sigv4_key_t *
sigv4_cache_find(sigv4_cache_t *c, const sigv4_t *s, uint64_t version)
{
    ses_str_t name = scope(s);
    struct slot *slot = slot_of(c, name);

    if (slot->key == NULL || slot->version != version ||
        !ses_str_eq(ses_str_n(slot->name, slot->n), name))
        return NULL;
    return slot->key;
}

void
sigv4_cache_put(sigv4_cache_t *c, const sigv4_t *s, uint64_t version,
                sigv4_key_t *k)
{
    ses_str_t name = scope(s);
    struct slot *slot = slot_of(c, name);

    clear(slot);
    slot->name = ses_xmalloc(name.n + 1);
    memcpy(slot->name, name.p, name.n);
    slot->n = name.n;
    slot->version = version;
    slot->key = k;
}
