/*
 * seal - X25519 + HKDF-SHA256 + AES-256-GCM, all OpenSSL's
 *
 * Sealed: version | hint | ephemeral public key | nonce | ciphertext | tag,
 * the key derived from the shared secret with both public keys as salt.  The
 * hint, the first bytes of the recipient's public key, says without any
 * secret which key opens it.  Version 1 had none.
 * Boxed: version | nonce | ciphertext | tag.
 */
#include "store/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "base/assert.h"
#include "base/encode.h"

#define VERSION 1 /* of a box, and of seals without a hint */
#define VERSION_SEAL 2
#define HINT 4
#define NONCE 12
#define TAG 16
#define PUB 32

static ses_rc_t
fault(ses_cx_t *cx, const char *what)
{
    return ses_fail(cx, SES_FAULT, "seal: %s failed", what);
}

static ses_rc_t
closed(ses_cx_t *cx)
{
    return ses_fail(cx, SES_DENIED, "sealed value does not open");
}

/* out: nonce | ciphertext | tag */
static bool
encrypt(const uint8_t key[32], ses_str_t aad, ses_str_t plain, uint8_t *out)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    uint8_t *ct = out + NONCE;
    int n = 0;
    bool ok;

    ses_random(out, NONCE);
    ok = c != NULL &&
         EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
         EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *) aad.p, (int) aad.n) ==
             1 &&
         EVP_EncryptUpdate(c, ct, &n, (const uint8_t *) plain.p,
                           (int) plain.n) == 1 &&
         EVP_EncryptFinal_ex(c, ct + n, &n) == 1 &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, ct + plain.n) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok;
}

/* in: nonce | ciphertext | tag; out has room for the plain text */
static bool
decrypt(const uint8_t key[32], ses_str_t aad, ses_str_t in, uint8_t *out)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    const uint8_t *p = (const uint8_t *) in.p;
    int len = (int) (in.n - NONCE - TAG), n = 0;
    bool ok;

    ok = c != NULL &&
         EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, p) == 1 &&
         EVP_DecryptUpdate(c, NULL, &n, (const uint8_t *) aad.p, (int) aad.n) ==
             1 &&
         EVP_DecryptUpdate(c, out, &n, p + NONCE, len) == 1 &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG,
                             (void *) (uintptr_t) (p + NONCE + len)) == 1 &&
         EVP_DecryptFinal_ex(c, out + n, &n) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok;
}

ses_rc_t
ses_box(ses_cx_t *cx, const uint8_t key[32], ses_str_t aad, ses_str_t plain,
        ses_str_t *out)
{
    size_t n = 1 + NONCE + plain.n + TAG;
    uint8_t *p = ses_alloc(cx->arena, n);

    p[0] = VERSION;
    if (!encrypt(key, aad, plain, p + 1))
        return fault(cx, "encryption");
    *out = ses_str_n(p, n);
    return SES_OK;
}

ses_rc_t
ses_unbox(ses_cx_t *cx, const uint8_t key[32], ses_str_t aad, ses_str_t boxed,
          ses_str_t *out)
{
    uint8_t *p;
    size_t n;

    if (boxed.n < 1 + NONCE + TAG || boxed.p[0] != VERSION)
        return closed(cx);
    n = boxed.n - 1 - NONCE - TAG;
    p = ses_alloc(cx->arena, n + 1);
    if (!decrypt(key, aad, ses_str_from(boxed, 1), p))
        return closed(cx);
    p[n] = '\0';
    *out = ses_str_n(p, n);
    return SES_OK;
}

/* --- to the gate ------------------------------------------------------- */

static EVP_PKEY *
private_key(const uint8_t priv[32])
{
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, priv, 32);
}

ses_rc_t
ses_seal_public(ses_cx_t *cx, const uint8_t priv[32], uint8_t pub[32])
{
    EVP_PKEY *k = private_key(priv);
    size_t n = 32;
    bool ok =
        k != NULL && EVP_PKEY_get_raw_public_key(k, pub, &n) == 1 && n == 32;

    EVP_PKEY_free(k);
    return ok ? SES_OK : fault(cx, "public key");
}

static bool
hkdf(const uint8_t secret[32], const uint8_t salt[2 * PUB], uint8_t key[32])
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
    size_t n = 32;
    bool ok;

    ok = c != NULL && EVP_PKEY_derive_init(c) == 1 &&
         EVP_PKEY_CTX_set_hkdf_md(c, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set1_hkdf_salt(c, salt, 2 * PUB) == 1 &&
         EVP_PKEY_CTX_set1_hkdf_key(c, secret, 32) == 1 &&
         EVP_PKEY_CTX_add1_hkdf_info(c, (const unsigned char *) "sesame seal 1",
                                     13) == 1 &&
         EVP_PKEY_derive(c, key, &n) == 1;
    EVP_PKEY_CTX_free(c);
    return ok;
}

/* The AES key between mine and theirs; salt is ephemeral then recipient. */
static bool
agree(EVP_PKEY *mine, const uint8_t theirs[32], const uint8_t salt[2 * PUB],
      uint8_t key[32])
{
    EVP_PKEY *peer =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, theirs, 32);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(mine, NULL);
    uint8_t secret[32];
    size_t n = sizeof(secret);
    bool ok;

    ok = peer != NULL && c != NULL && EVP_PKEY_derive_init(c) == 1 &&
         EVP_PKEY_derive_set_peer(c, peer) == 1 &&
         EVP_PKEY_derive(c, secret, &n) == 1 && n == 32 &&
         hkdf(secret, salt, key);
    OPENSSL_cleanse(secret, sizeof(secret));
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(peer);
    return ok;
}

ses_rc_t
ses_seal(ses_cx_t *cx, const uint8_t pub[32], ses_str_t aad, ses_str_t plain,
         ses_str_t *out)
{
    size_t n = 1 + HINT + PUB + NONCE + plain.n + TAG, plen = PUB;
    uint8_t *all = ses_alloc(cx->arena, n), *p = all + 1 + HINT;
    uint8_t eph[32], salt[2 * PUB], key[32];
    EVP_PKEY *mine;
    bool ok;

    ses_random(eph, sizeof(eph));
    mine = private_key(eph);
    OPENSSL_cleanse(eph, sizeof(eph));
    all[0] = VERSION_SEAL;
    memcpy(all + 1, pub, HINT);
    ok = mine != NULL && EVP_PKEY_get_raw_public_key(mine, p, &plen) == 1;
    if (ok) {
        memcpy(salt, p, PUB);
        memcpy(salt + PUB, pub, PUB);
        ok = agree(mine, pub, salt, key) && encrypt(key, aad, plain, p + PUB);
    }
    EVP_PKEY_free(mine);
    OPENSSL_cleanse(key, sizeof(key));
    if (!ok)
        return fault(cx, "sealing");
    *out = ses_str_n(all, n);
    return SES_OK;
}

bool
ses_sealed_to(ses_str_t sealed, const uint8_t pub[32])
{
    return sealed.n > 1 + HINT && sealed.p[0] == VERSION_SEAL &&
           memcmp(sealed.p + 1, pub, HINT) == 0;
}

ses_rc_t
ses_unseal(ses_cx_t *cx, const uint8_t priv[32], ses_str_t aad,
           ses_str_t sealed, ses_str_t *out)
{
    uint8_t salt[2 * PUB], key[32], *p;
    EVP_PKEY *mine;
    ses_rc_t rc;
    size_t n;
    bool ok;

    if ((rc = ses_seal_public(cx, priv, salt + PUB)) != SES_OK)
        return rc;
    if (ses_sealed_to(sealed, salt + PUB))
        sealed = ses_str_from(sealed, 1 + HINT);
    else if (sealed.n > 0 && sealed.p[0] == VERSION)
        sealed = ses_str_from(sealed, 1);
    else
        return closed(cx);
    if (sealed.n < PUB + NONCE + TAG)
        return closed(cx);
    memcpy(salt, sealed.p, PUB);
    mine = private_key(priv);
    n = sealed.n - PUB - NONCE - TAG;
    p = ses_alloc(cx->arena, n + 1);
    ok = mine != NULL && agree(mine, (const uint8_t *) sealed.p, salt, key) &&
         decrypt(key, aad, ses_str_from(sealed, PUB), p);
    EVP_PKEY_free(mine);
    OPENSSL_cleanse(key, sizeof(key));
    if (!ok)
        return closed(cx);
    p[n] = '\0';
    *out = ses_str_n(p, n);
    return SES_OK;
}
