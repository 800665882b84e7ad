/*
 * rsa - one signature as the gate makes it, beside OpenSSL alone
 *
 *   rsa DIRECTORY COUNT
 *
 * A line "GATE OPENSSL", microseconds: a DKIM signature (rsa2048, relaxed/
 * simple, a body of 5 KB) by the gate's own code with the key in its cache;
 * and EVP_PKEY_sign of the SHA-256 of the same body.  DIRECTORY gets the
 * gate's key file.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../milter/gate/sealing.h"
#include "../../milter/gate/sign.h"
#include "base/clock.h"
#include "base/encode.h"
#include "store/keyring.h"

#define BODY 5120

static char body[BODY];

static void
must(ses_cx_t *cx, ses_rc_t rc)
{
    if (rc == SES_OK)
        return;
    fprintf(stderr, "rsa: %s: %.*s\n", ses_rc_name(rc), SES_FMT(cx->why));
    exit(1);
}

/* A key file for the gate, and a key sealed to it. */
static void
prepare(ses_cx_t *cx, const char *dir, EVP_PKEY *key, sign_key_t *out)
{
    const char *path = ses_str_printf(cx->arena, "%s/gate.key", dir).p;
    ses_str_t ring = ses_keyring_new(cx->arena), pem;
    BIO *bio = BIO_new(BIO_s_mem());
    FILE *file = fopen(path, "w");
    char *p = NULL;
    long n;

    if (file == NULL || fwrite(ring.p, 1, ring.n, file) != ring.n ||
        fclose(file) != 0 ||
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        exit(1);
    n = BIO_get_mem_data(bio, &p);
    pem = ses_str_n(p, (size_t) n);
    *out = (sign_key_t){.domain = SES_STR("bench.example"),
                        .selector = SES_STR("bench"),
                        .kind = SES_DKIM_RSA,
                        .aad = SES_STR("bench")};
    must(cx, sealing_load(cx, path));
    must(cx, sealing_seal(cx, out->aad, pem, &out->sealed));
}

static void
header(ses_cx_t *cx, ses_headers_t *h)
{
    static const char *const fields[][2] = {
        {"From", " Ann <ann@bench.example>"},
        {"To", " bob@rcpt.example"},
        {"Subject", " What it costs"},
        {"Date", " Tue, 24 Nov 2026 12:00:00 +0000"},
        {"Message-ID", " <1@bench.example>"},
        {"MIME-Version", " 1.0"},
        {"Content-Type", " text/plain"},
    };

    ses_headers_init(h, cx->arena);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        must(cx, ses_headers_add(cx, h, ses_str(fields[i][0]),
                                 ses_str(fields[i][1])));
}

static double
by_gate(ses_arena_t *arena, const sign_key_t *key, unsigned count)
{
    int64_t began = ses_clock_mono_us();

    for (unsigned i = 0; i < count; i++) {
        ses_str_t values[SIGN_MAX];
        ses_headers_t h;
        unsigned n;
        sign_t *s;
        ses_cx_t cx;

        ses_arena_reset(arena);
        cx = ses_cx(arena, ses_clock_ms());
        header(&cx, &h);
        must(&cx, sign_begin(&cx, key, 1, SES_STR("bench"), &h, &s));
        must(&cx, sign_body(&cx, s, body, sizeof(body)));
        must(&cx, sign_end(&cx, s, values, &n));
        sign_free(s);
    }
    return (double) (ses_clock_mono_us() - began) / count;
}

static double
by_openssl(EVP_PKEY *key, unsigned count)
{
    int64_t began = ses_clock_mono_us();
    uint8_t digest[SES_SHA256], sig[256];

    for (unsigned i = 0; i < count; i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
        size_t n = sizeof(sig);

        ses_sha256(ses_str_n(body, sizeof(body)), digest);
        if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
            EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
            EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
            EVP_PKEY_sign(ctx, sig, &n, digest, sizeof(digest)) != 1)
            exit(1);
        EVP_PKEY_CTX_free(ctx);
    }
    return (double) (ses_clock_mono_us() - began) / count;
}

int
main(int argc, char **argv)
{
    ses_arena_t *lasting = ses_arena_new(), *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(lasting, ses_clock_ms());
    EVP_PKEY *key = EVP_RSA_gen(2048);
    unsigned count = argc == 3 ? (unsigned) atoi(argv[2]) : 0;
    sign_key_t sign_key;
    double gate, openssl;

    if (count == 0 || key == NULL) {
        fprintf(stderr, "usage: rsa DIRECTORY COUNT\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = i % 72 == 70 ? '\r' : i % 72 == 71 ? '\n' : 'x';
    body[BODY - 2] = '\r';
    body[BODY - 1] = '\n';
    prepare(&cx, argv[1], key, &sign_key);
    must(&cx, sign_init(&cx));
    (void) by_gate(arena, &sign_key, 20);
    (void) by_openssl(key, 20);
    gate = by_gate(arena, &sign_key, count);
    openssl = by_openssl(key, count);
    printf("%.1f %.1f\n", gate, openssl);
    return 0;
}
