/*
 * fill - many verified domains for the bench, each with a sealed key
 *
 *   fill STORE GATE_KEY ACCOUNT COUNT
 *
 * Domains are dN.bench.example.  64 key pairs serve all of them, sealed anew
 * for each: opening and parsing them costs what it would with pairs of their
 * own.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/encode.h"
#include "model/identity.h"
#include "model/model.h"
#include "store/keyring.h"
#include "store/seal.h"

#define PAIRS 64
#define BATCH 500

static ses_str_t pems[PAIRS], publics[PAIRS];

static void
must(ses_cx_t *cx, ses_rc_t rc)
{
    if (rc == SES_OK)
        return;
    fprintf(stderr, "fill: %s: %.*s\n", ses_rc_name(rc), SES_FMT(cx->why));
    exit(1);
}

static ses_str_t
text(ses_arena_t *a, BIO *bio)
{
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);
    ses_str_t out = ses_str_dup(a, ses_str_n(p, (size_t) n));

    BIO_free(bio);
    return out;
}

static void
make_pairs(ses_arena_t *a)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        EVP_PKEY *key = EVP_RSA_gen(2048);
        BIO *private = BIO_new(BIO_s_mem()), *public = BIO_new(BIO_s_mem());

        if (key == NULL ||
            PEM_write_bio_PKCS8PrivateKey(private, key, NULL, NULL, 0, NULL,
                                          NULL) != 1 ||
            i2d_PUBKEY_bio(public, key) != 1)
            exit(1);
        pems[i] = text(a, private);
        publics[i] = ses_base64(a, text(a, public));
        EVP_PKEY_free(key);
    }
}

static void
add(ses_cx_t *cx, ses_txn_t *t, const uint8_t gate[32], ses_str_t account,
    unsigned n)
{
    ses_str_t name = ses_str_printf(cx->arena, "d%u.bench.example", n), sealed;
    ses_change_t change = {.n = 0};
    ses_identity_t i;

    ses_identity_init(cx, &i, account, name, true);
    i.dkim.ed25519 = false;
    for (unsigned slot = 1; slot < SES_DKIM_TOKENS; slot++)
        i.dkim.keys[slot].state = SES_DKIM_EMPTY;
    i.dkim.keys[0].state = SES_DKIM_WANTED;
    i.dkim.keys[0].kind = SES_DKIM_RSA;
    i.dkim.keys[0].bits = 2048;
    ses_dkim_fill(&i.dkim, 0, publics[n % PAIRS], cx->now);
    i.status = i.dkim_status = SES_VERIFY_SUCCESS;
    i.next_check = 0;
    i.last_success = cx->now;
    must(cx, ses_seal(cx, gate, ses_dkim_aad(cx->arena, &i, 0), pems[n % PAIRS],
                      &sealed));
    ses_dkim_put(cx, &change, &i, 0, 0, sealed);
    ses_identity_put(cx, &change, &i);
    must(cx, ses_journal_apply(cx, t, &change, "bench"));
}

int
main(int argc, char **argv)
{
    ses_arena_t *lasting = ses_arena_new(), *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(lasting, ses_clock_ms());
    ses_keyring_t ring;
    uint8_t gate[32];
    ses_store_t *store;
    unsigned n, count;

    if (argc != 5) {
        fprintf(stderr, "usage: fill STORE GATE_KEY ACCOUNT COUNT\n");
        return 2;
    }
    count = (unsigned) atoi(argv[4]);
    ses_model_init();
    must(&cx, ses_store_open(&cx, argv[1], UINT64_C(4) << 30, 0, &store));
    must(&cx, ses_keyring_load(&cx, argv[2], &ring));
    must(&cx, ses_seal_public(&cx, ring.keys[0].key, gate));
    make_pairs(lasting);
    for (n = 0; n < count;) {
        ses_txn_t *t;

        ses_arena_reset(arena);
        cx = ses_cx(arena, ses_clock_ms());
        must(&cx, ses_txn_write(&cx, store, &t));
        do
            add(&cx, t, gate, ses_str(argv[3]), n);
        while (++n < count && n % BATCH != 0);
        must(&cx, ses_txn_commit(&cx, t));
        if (n % 10000 == 0)
            fprintf(stderr, "fill: %u of %u domains\n", n, count);
    }
    ses_store_close(store);
    return 0;
}
