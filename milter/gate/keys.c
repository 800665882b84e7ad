/*
 * keys - a key pair for every slot that wants one
 *
 * The API, sesamectl and the agent say that a slot of an identity wants a
 * key; the key belongs to the gate alone, so the gate makes it: from the
 * stock, the private half sealed to gate.key as PEM (PKCS #8), the public
 * half into the identity, whose records are then looked for at once.
 * Nothing is generated while a transaction is open; what many identities
 * want is written in one commit.
 */
#include "keys.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "model/counter.h"
#include "model/identity.h"
#include "sealing.h"
#include "snapshot.h"
#include "stock.h"

#define LOOK_MS 200
#define TEND_MS 1000
#define FLUSH_MS 1000
#define BATCH 32
#define WORK_MS 500 /* a batch is written after that time */

typedef struct {
    ses_str_t account, name;
    unsigned slot;
    ses_str_t selector; /* the seal is bound to it */
    ses_dkim_kind_t kind;
    unsigned bits;
    bool cancel; /* the site makes no keys of this kind */
    ses_str_t sealed;
    ses_str_t public_key; /* as in p= */
    bool made;
} pair_t;

typedef struct {
    pair_t pairs[BATCH];
    unsigned n;
} batch_t;

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

/* As in p=: base64 of SubjectPublicKeyInfo, or of the key alone (RFC 8463
 * section 4). */
static ses_rc_t
public_half(ses_cx_t *cx, EVP_PKEY *key, ses_str_t *out)
{
    uint8_t raw[32];
    size_t n = sizeof(raw);
    ses_rc_t rc = SES_FAULT;
    ses_str_t der;
    BIO *bio;

    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) {
        if (EVP_PKEY_get_raw_public_key(key, raw, &n) != 1)
            return SES_FAULT;
        *out = ses_base64(cx->arena, ses_str_n(raw, n));
        return SES_OK;
    }
    bio = BIO_new(BIO_s_mem());
    if (bio != NULL && i2d_PUBKEY_bio(bio, key) == 1 &&
        (rc = bio_text(cx, bio, &der)) == SES_OK)
        *out = ses_base64(cx->arena, der);
    BIO_free(bio);
    return rc;
}

static ses_rc_t
private_half(ses_cx_t *cx, EVP_PKEY *key, ses_str_t *pem)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    ses_rc_t rc = SES_FAULT;

    if (bio != NULL &&
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
        rc = bio_text(cx, bio, pem);
    BIO_free(bio);
    return rc;
}

static ses_rc_t
make(ses_cx_t *cx, pair_t *p, ses_str_t aad)
{
    EVP_PKEY *key = stock_take(p->kind, p->bits);
    ses_str_t pem;
    ses_rc_t rc;

    if (key == NULL)
        return ses_fail(cx, SES_FAULT, "dkim: no key was made");
    rc = public_half(cx, key, &p->public_key);
    if (rc == SES_OK && (rc = private_half(cx, key, &pem)) == SES_OK) {
        rc = sealing_seal(cx, aad, pem, &p->sealed);
        OPENSSL_cleanse((char *) (uintptr_t) pem.p, pem.n);
    }
    EVP_PKEY_free(key);
    return rc == SES_OK ? rc : ses_fail(cx, SES_FAULT, "dkim: no key was made");
}

/* --- the commit -------------------------------------------------------- */

static ses_rc_t
store_one(ses_cx_t *cx, ses_txn_t *t, pair_t *p)
{
    ses_change_t change = {.n = 0};
    ses_dkim_key_t *k;
    ses_identity_t i;
    ses_rc_t rc;

    p->made = false;
    rc = ses_identity_find(cx, t, p->account, p->name, &i);
    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    k = &i.dkim.keys[p->slot];
    if (k->state != SES_DKIM_WANTED || k->kind != p->kind ||
        k->bits != p->bits || !ses_str_eq(k->selector, p->selector))
        return SES_OK;
    if (p->cancel) {
        k->state = SES_DKIM_EMPTY;
    } else {
        ses_dkim_fill(&i.dkim, p->slot, p->public_key, cx->now);
        ses_dkim_put(cx, &change, &i, p->slot, SES_VERSION_ANY, p->sealed);
        if (i.next_check == 0 || !ses_identity_verified(&i))
            i.next_check = cx->now;
    }
    ses_identity_put(cx, &change, &i);
    rc = ses_journal_apply(cx, t, &change,
                           p->cancel ? "DKIM key not made" : "DKIM key made");
    p->made = rc == SES_OK && !p->cancel;
    return rc;
}

static ses_rc_t
store(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    batch_t *b = arg;
    ses_rc_t rc = SES_OK;
    unsigned k;

    for (k = 0; k < b->n && rc == SES_OK; k++)
        rc = store_one(cx, t, &b->pairs[k]);
    return rc;
}

/* --- what is wanted ---------------------------------------------------- */

static struct {
    const gate_t *gate;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running, stop;
} worker = {.lock = PTHREAD_MUTEX_INITIALIZER,
            .wake = PTHREAD_COND_INITIALIZER};

static ses_rc_t
note(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    batch_t *b = arg;
    const ses_dkim_key_t *k;
    unsigned slot;

    for (slot = 0; slot < SES_DKIM_SLOTS; slot++) {
        k = &i->dkim.keys[slot];
        if (k->state != SES_DKIM_WANTED)
            continue;
        if (b->n == BATCH)
            return SES_NOT_FOUND; /* enough for now */
        b->pairs[b->n++] = (pair_t){
            .account = ses_str_dup(cx->arena, i->account),
            .name = ses_str_dup(cx->arena, i->name),
            .slot = slot,
            .selector = ses_str_dup(cx->arena, k->selector),
            .kind = k->kind,
            .bits = k->bits,
            .cancel =
                k->kind == SES_DKIM_ED25519 && !worker.gate->conf.dkim_ed25519,
        };
    }
    return SES_OK;
}

static ses_rc_t
make_all(ses_cx_t *cx, batch_t *b)
{
    int64_t began = ses_clock_mono_us();
    ses_rc_t rc = SES_OK;
    pair_t *p;
    unsigned k;

    for (k = 0; k < b->n && rc == SES_OK; k++) {
        if (ses_clock_mono_us() - began > WORK_MS * 1000)
            b->n = k; /* write these; the rest comes next */
        p = &b->pairs[k];
        if (k < b->n && !p->cancel)
            rc = make(
                cx, p,
                ses_dkim_aad_of(cx->arena, p->account, p->name, p->selector));
    }
    return rc;
}

/* The oldest wishes: how many, 0 when there are none, -1 on failure. */
static int
serve(ses_cx_t *cx)
{
    batch_t b = {.n = 0};
    ses_txn_t *t;
    ses_rc_t rc;
    unsigned k;

    if (ses_txn_read(cx, worker.gate->store, &t) != SES_OK)
        return -1;
    rc = ses_identity_keyless(cx, t, note, &b);
    ses_txn_end(t);
    if (rc == SES_OK && b.n > 0 && (rc = make_all(cx, &b)) == SES_OK)
        rc = ses_commit(worker.gate->committer, cx, store, &b);
    if (rc != SES_OK) {
        ses_log(SES_LOG_WARN, "dkim: keys were not made: %.*s",
                SES_FMT(cx->why));
        return -1;
    }
    for (k = 0; k < b.n; k++)
        if (b.pairs[k].made)
            ses_log(SES_LOG_INFO,
                    "dkim: account=%.*s identity=%.*s %s key made",
                    SES_FMT(b.pairs[k].account), SES_FMT(b.pairs[k].name),
                    ses_dkim_kind_name(b.pairs[k].kind));
    return (int) b.n;
}

/* --- the thread -------------------------------------------------------- */

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
    int64_t now, flushed = ses_clock_ms(), tended = 0, wait = 0;
    ses_cx_t cx;

    (void) unused;
    while (!stopped(wait)) {
        snapshot_renew(&worker.gate);
        ses_arena_reset(a);
        now = ses_clock_ms();
        cx = ses_cx(a, now);
        wait = LOOK_MS;
        if (now - tended >= TEND_MS || now < tended) {
            tended = now;
            if (sealing_tend(a, worker.gate->store, worker.gate->committer))
                wait = tended = 0;
        }
        if (serve(&cx) > 0)
            wait = 0; /* maybe there are more */
        if (now - flushed >= FLUSH_MS || now < flushed) {
            flush(a);
            flushed = now;
        }
    }
    flush(a);
    ses_arena_free(a);
    return NULL;
}

ses_rc_t
keys_start(ses_cx_t *cx)
{
    worker.gate = snapshot_hold();
    if (stock_start(cx, (unsigned) worker.gate->conf.dkim_stock) != SES_OK)
        return SES_FAULT;
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
    stock_stop();
    worker.running = false;
}
