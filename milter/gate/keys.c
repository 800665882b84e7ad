/*
 * keys - a DKIM key pair for every domain that has none yet
 *
 * The API and sesamectl draw an identity's tokens; the key belongs to the
 * gate alone, so the gate makes it: RSA-2048 by OpenSSL, the private half
 * sealed to gate.key as PEM (PKCS #8), the public half into the identity,
 * whose verification is then due at once.  Nothing is generated while a
 * transaction is open.
 */
#include "keys.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "model/counter.h"
#include "model/identity.h"
#include "store/seal.h"

#define LOOK_MS 200
#define FLUSH_MS 1000
#define RSA_BITS 2048

typedef struct {
    ses_str_t account, name;
} keyless_t;

typedef struct {
    ses_str_t account, name;
    ses_str_t selector; /* the seal is bound to it */
    ses_str_t sealed;
    ses_str_t public_key; /* base64 of SPKI DER */
    bool made;
} pair_t;

/* --- one pair ---------------------------------------------------------- */

static ses_rc_t
bio_text(ses_cx_t *cx, BIO *bio, ses_str_t *out)
{
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);

    if (n <= 0)
        return ses_fail(cx, SES_FAULT, "dkim: a new key has no text");
    *out = ses_str_dup(cx->arena, ses_str_n(p, (size_t) n));
    return SES_OK;
}

/* A new key: PEM of the private half, base64 of the public one. */
static ses_rc_t
generate(ses_cx_t *cx, ses_str_t *pem, ses_str_t *public_key)
{
    EVP_PKEY *key = EVP_RSA_gen(RSA_BITS);
    BIO *priv = BIO_new(BIO_s_secmem()), *pub = BIO_new(BIO_s_mem());
    ses_str_t der;
    ses_rc_t rc = SES_FAULT;

    if (key != NULL && priv != NULL && pub != NULL &&
        PEM_write_bio_PKCS8PrivateKey(priv, key, NULL, NULL, 0, NULL, NULL) ==
            1 &&
        i2d_PUBKEY_bio(pub, key) == 1 &&
        (rc = bio_text(cx, priv, pem)) == SES_OK &&
        (rc = bio_text(cx, pub, &der)) == SES_OK)
        *public_key = ses_base64(cx->arena, der);
    EVP_PKEY_free(key);
    BIO_free(priv);
    BIO_free(pub);
    return rc == SES_OK ? rc : ses_fail(cx, SES_FAULT, "dkim: no key was made");
}

static ses_rc_t
seal(ses_cx_t *cx, const gate_t *gate, const ses_identity_t *i, pair_t *p)
{
    uint8_t pub[SES_SEAL_KEY];
    ses_str_t pem;
    ses_rc_t rc;

    if ((rc = generate(cx, &pem, &p->public_key)) != SES_OK)
        return rc;
    rc = ses_seal_public(cx, gate->seal.keys[0].key, pub);
    if (rc == SES_OK)
        rc = ses_seal(cx, pub, ses_dkim_aad(cx->arena, i, i->slot), pem,
                      &p->sealed);
    OPENSSL_cleanse((char *) (uintptr_t) pem.p, pem.n);
    return rc;
}

/* --- the commit -------------------------------------------------------- */

static ses_rc_t
store(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    pair_t *p = arg;
    ses_change_t change = {.n = 0};
    uint64_t version = SES_VERSION_NONE;
    ses_identity_t i;
    ses_str_t old;
    ses_rc_t rc;

    p->made = false;
    rc = ses_identity_find(cx, t, p->account, p->name, &i);
    if (rc == SES_NOT_FOUND)
        return SES_OK;
    if (rc != SES_OK)
        return rc;
    if (!i.domain || i.dkim_public.n > 0 ||
        !ses_str_eq(i.tokens[i.slot], p->selector))
        return SES_OK;
    rc = ses_dkim_find(cx, t, &i, i.slot, &old, &version);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    if (rc == SES_NOT_FOUND)
        version = SES_VERSION_NONE;

    i.dkim_public = p->public_key;
    i.dkim_generated = cx->now;
    i.next_check = cx->now;
    ses_dkim_put(cx, &change, &i, i.slot, version, p->sealed);
    ses_identity_put(cx, &change, &i);
    rc = ses_journal_apply(cx, t, &change, "DKIM key made");
    p->made = rc == SES_OK;
    return rc;
}

ses_rc_t
keys_make(ses_cx_t *cx, const gate_t *gate, ses_str_t account, ses_str_t name)
{
    pair_t p = {.account = account, .name = name};
    ses_identity_t i;
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(cx, gate->store, &t)) != SES_OK)
        return rc;
    rc = ses_identity_find(cx, t, account, name, &i);
    ses_txn_end(t);
    if (rc == SES_NOT_FOUND || (rc == SES_OK && !i.domain))
        return SES_OK;
    if (rc != SES_OK)
        return rc;

    p.selector = i.tokens[i.slot];
    if ((rc = seal(cx, gate, &i, &p)) != SES_OK)
        return rc;
    rc = ses_commit(gate->committer, cx, store, &p);
    if (rc == SES_OK && p.made)
        ses_log(SES_LOG_INFO, "dkim: account=%.*s identity=%.*s key made",
                SES_FMT(account), SES_FMT(name));
    return rc;
}

/* --- the thread -------------------------------------------------------- */

static struct {
    const gate_t *gate;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running, stop;
} worker = {.lock = PTHREAD_MUTEX_INITIALIZER,
            .wake = PTHREAD_COND_INITIALIZER};

static ses_rc_t
remember(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    keyless_t *k = arg;

    k->account = ses_str_dup(cx->arena, i->account);
    k->name = ses_str_dup(cx->arena, i->name);
    return SES_NOT_FOUND; /* one is enough for now */
}

/* The oldest domain without a key; false when there is none. */
static bool
next_keyless(ses_cx_t *cx, keyless_t *k)
{
    ses_txn_t *t;
    ses_rc_t rc;

    *k = (keyless_t){SES_STR(""), SES_STR("")};
    if (ses_txn_read(cx, worker.gate->store, &t) != SES_OK)
        return false;
    rc = ses_identity_keyless(cx, t, remember, k);
    ses_txn_end(t);
    return (rc == SES_OK || rc == SES_NOT_FOUND) && k->name.n > 0;
}

static bool
stopped(int64_t wait_ms)
{
    struct timespec until;
    int64_t at = ses_clock_ms() + wait_ms;
    bool stop;

    until.tv_sec = at / 1000;
    until.tv_nsec = at % 1000 * 1000000;
    pthread_mutex_lock(&worker.lock);
    if (!worker.stop && wait_ms > 0)
        pthread_cond_timedwait(&worker.wake, &worker.lock, &until);
    stop = worker.stop;
    pthread_mutex_unlock(&worker.lock);
    return stop;
}

static void
flush(ses_arena_t *a)
{
    ses_cx_t cx = ses_cx(a, ses_clock_ms());

    if (ses_tally_dirty() && ses_commit(worker.gate->committer, &cx,
                                        ses_tally_flush, NULL) != SES_OK)
        ses_log(SES_LOG_WARN, "counters were not written");
}

static void *
run(void *unused)
{
    ses_arena_t *a = ses_arena_new();
    int64_t flushed = ses_clock_ms(), wait = LOOK_MS;
    keyless_t k;
    ses_cx_t cx;

    (void) unused;
    while (!stopped(wait)) {
        wait = LOOK_MS;
        ses_arena_reset(a);
        cx = ses_cx(a, ses_clock_ms());
        if (next_keyless(&cx, &k)) {
            if (keys_make(&cx, worker.gate, k.account, k.name) == SES_OK)
                wait = 0; /* maybe there are more */
            else
                ses_log(SES_LOG_WARN, "dkim: no key for %.*s: %.*s",
                        SES_FMT(k.name), SES_FMT(cx.why));
        }
        if (ses_clock_ms() - flushed >= FLUSH_MS) {
            flush(a);
            flushed = ses_clock_ms();
        }
    }
    flush(a);
    ses_arena_free(a);
    return NULL;
}

ses_rc_t
keys_start(ses_cx_t *cx, const gate_t *gate)
{
    worker.gate = gate;
    if (pthread_create(&worker.thread, NULL, run, NULL) != 0)
        return ses_fail(cx, SES_FAULT, "the key thread does not start");
    worker.running = true;
    return SES_OK;
}

void
keys_stop(void)
{
    if (!worker.running)
        return;
    pthread_mutex_lock(&worker.lock);
    worker.stop = true;
    pthread_cond_signal(&worker.wake);
    pthread_mutex_unlock(&worker.lock);
    pthread_join(worker.thread, NULL);
    worker.running = false;
}
