/*
 * certificate - the pair that signs webhooks: sns.key and sns.pem
 *
 * Subscribers fetch the certificate from nginx to check signatures, as they
 * fetch Amazon's.  Nobody vouches for it but the URL it comes from.
 */
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/encode.h"
#include "keyfile.h"

#define BITS 2048
#define SECONDS (10L * 365 * 86400)

static ses_rc_t
failed(ses_cx_t *cx, const char *what)
{
    return ses_fail(cx, SES_FAULT, "OpenSSL: %s failed", what);
}

static ses_str_t
drain(ses_arena_t *a, BIO *bio)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);

    return ses_str_dup(a, ses_str_n(p, n > 0 ? (size_t) n : 0));
}

ses_rc_t
keyfile_rsa(ses_cx_t *cx, const ses_conf_t *conf, ses_str_t *pem)
{
    EVP_PKEY *key = EVP_RSA_gen(BITS);
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok;

    (void) conf;
    ok = key != NULL && bio != NULL &&
         PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
    if (ok)
        *pem = drain(cx->arena, bio);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return ok ? SES_OK : failed(cx, "making an RSA key");
}

static bool
set_name(X509 *cert, ses_str_t name)
{
    X509_NAME *subject = X509_get_subject_name(cert);

    /* a common name has at most 64 characters; the SAN has it all */
    return X509_NAME_add_entry_by_txt(
               subject, "CN", MBSTRING_UTF8, (const unsigned char *) name.p,
               (int) ses_str_head(name, 64).n, -1, 0) == 1 &&
           X509_set_issuer_name(cert, subject) == 1;
}

static bool
add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;

    X509_EXTENSION_free(ext);
    return ok;
}

static bool
fill(ses_arena_t *a, X509 *cert, EVP_PKEY *key, ses_str_t domain)
{
    uint64_t serial;

    ses_random(&serial, sizeof(serial));
    return X509_set_version(cert, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
                                   serial >> 1 | 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(cert), SECONDS) != NULL &&
           X509_set_pubkey(cert, key) == 1 && set_name(cert, domain) &&
           add_extension(cert, NID_subject_alt_name,
                         ses_str_printf(a, "DNS:%.*s", SES_FMT(domain)).p) &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

ses_rc_t
keyfile_certificate(ses_cx_t *cx, const ses_conf_t *conf, ses_str_t *pem)
{
    const char *path = ses_conf_key(cx, conf, "sns.key");
    BIO *in = BIO_new_file(path, "r"), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key = NULL;
    X509 *cert = X509_new();
    bool ok;

    if (in != NULL)
        key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    if (key == NULL) {
        ses_fail(cx, SES_FAULT, "%s: cannot be read", path);
        ok = false;
    } else {
        ok = out != NULL && cert != NULL &&
             fill(cx->arena, cert, key, conf->service_domain) &&
             PEM_write_bio_X509(out, cert) == 1;
    }
    if (ok)
        *pem = drain(cx->arena, out);
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(in);
    BIO_free(out);
    return ok ? SES_OK : failed(cx, "making a certificate");
}
