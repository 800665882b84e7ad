/*
 * byodkim - the private key a customer brings
 *
 * Whether it is a whole RSA key is told by arithmetic on its numbers: no
 * signature and no prime test, which would take long, in a transaction.
 */
#include "api/op_dkim.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/encode.h"

#define WHAT "The value of DomainSigningPrivateKey "

enum { N, E, D, P, Q, DP, DQ, QINV, NUMBERS };

static const char *const numbers[NUMBERS] = {
    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
    OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* x * y = 1 (mod m)? */
static bool
inverse(const BIGNUM *x, const BIGNUM *y, const BIGNUM *m, BN_CTX *c)
{
    BIGNUM *r = BN_CTX_get(c);

    return r != NULL && BN_mod_mul(r, x, y, m, c) == 1 && BN_is_one(r);
}

static bool
consistent(BIGNUM *const v[NUMBERS], BN_CTX *c)
{
    BIGNUM *p1 = BN_CTX_get(c), *q1 = BN_CTX_get(c), *r = BN_CTX_get(c);

    return r != NULL && BN_is_odd(v[E]) && !BN_is_one(v[E]) &&
           BN_num_bits(v[E]) <= 32 && BN_mul(r, v[P], v[Q], c) == 1 &&
           BN_cmp(r, v[N]) == 0 && BN_sub(p1, v[P], BN_value_one()) == 1 &&
           BN_sub(q1, v[Q], BN_value_one()) == 1 && !BN_is_zero(p1) &&
           !BN_is_zero(q1) && inverse(v[D], v[E], p1, c) &&
           inverse(v[D], v[E], q1, c) && inverse(v[DP], v[E], p1, c) &&
           inverse(v[DQ], v[E], q1, c) && inverse(v[QINV], v[Q], v[P], c);
}

static bool
whole(const EVP_PKEY *key)
{
    BIGNUM *v[NUMBERS] = {NULL};
    BN_CTX *c = BN_CTX_secure_new();
    bool good = c != NULL;
    unsigned k;

    for (k = 0; k < NUMBERS && good; k++)
        good = EVP_PKEY_get_bn_param(key, numbers[k], &v[k]) == 1;
    if (good) {
        BN_CTX_start(c);
        good = consistent(v, c);
        BN_CTX_end(c);
    }
    for (k = 0; k < NUMBERS; k++)
        BN_clear_free(v[k]);
    BN_CTX_free(c);
    return good;
}

static ses_rc_t
judge(ses_cx_t *cx, const EVP_PKEY *key, unsigned *bits)
{
    if (key == NULL)
        return ses_fail(cx, SES_INVALID,
                        WHAT "is not a private key: it must be the base64 "
                             "text of a PKCS #1 or PKCS #8 PEM file, without "
                             "its first and last line and without breaks.");
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return ses_fail(cx, SES_INVALID, WHAT "must be an RSA key.");
    *bits = (unsigned) EVP_PKEY_get_bits(key);
    if (*bits < SES_DKIM_BITS_MIN || *bits > SES_DKIM_BITS_MAX)
        return ses_fail(cx, SES_INVALID,
                        WHAT "must have %d to %d bits, but has %u.",
                        SES_DKIM_BITS_MIN, SES_DKIM_BITS_MAX, *bits);
    if (!whole(key))
        return ses_fail(cx, SES_INVALID,
                        WHAT "is damaged: its numbers do not belong "
                             "together.");
    return SES_OK;
}

/* What a function of OpenSSL wrote, in the arena. */
static bool
taken(ses_cx_t *cx, BIO *bio, bool written, ses_str_t *out)
{
    char *p = NULL;
    long n = written ? BIO_get_mem_data(bio, &p) : 0;

    if (n > 0)
        *out = ses_str_dup(cx->arena, ses_str_n(p, (size_t) n));
    BIO_free(bio);
    return n > 0;
}

static ses_rc_t
write_down(ses_cx_t *cx, const EVP_PKEY *key, ses_str_t *pem,
           ses_str_t *public_key)
{
    BIO *priv = BIO_new(BIO_s_secmem()), *pub = BIO_new(BIO_s_mem());
    ses_str_t der;
    bool good;

    good = taken(cx, pub, pub != NULL && i2d_PUBKEY_bio(pub, key) == 1, &der);
    good = taken(cx, priv,
                 priv != NULL && PEM_write_bio_PKCS8PrivateKey(
                                     priv, key, NULL, NULL, 0, NULL, NULL) == 1,
                 pem) &&
           good;
    if (!good)
        return ses_fail(cx, SES_FAULT, "byodkim: a key has no text");
    *public_key = ses_base64(cx->arena, der);
    return SES_OK;
}

ses_rc_t
byodkim_read(ses_cx_t *cx, ses_str_t base64, ses_str_t *pem,
             ses_str_t *public_key, unsigned *bits)
{
    EVP_PKEY *key = NULL;
    const uint8_t *at;
    ses_str_t der;
    ses_rc_t rc;

    if (ses_base64_parse(cx->arena, base64, &der) && der.n > 0) {
        at = (const uint8_t *) der.p;
        key = d2i_AutoPrivateKey(NULL, &at, (long) der.n);
        if (at != (const uint8_t *) der.p + der.n) { /* more than a key */
            EVP_PKEY_free(key);
            key = NULL;
        }
        OPENSSL_cleanse((char *) (uintptr_t) der.p, der.n);
    }
    if ((rc = judge(cx, key, bits)) == SES_OK)
        rc = write_down(cx, key, pem, public_key);
    EVP_PKEY_free(key);
    return rc;
}
