/*
 * sealing - gate.key: the one place that can open DKIM private keys
 *
 * Sealing anew works in slices: rows that do not carry the hint of the key
 * in use are opened and sealed outside of any transaction, and written when
 * they are still the same.  What does not open is left alone and told once.
 */
#include "sealing.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/gate_key.h"
#include "model/identity.h"
#include "store/keyring.h"
#include "store/seal.h"

#define SLICE 64

static struct {
    pthread_rwlock_t lock; /* of ring and pub */
    ses_keyring_t ring;
    uint8_t pub[SES_SEAL_KEY]; /* of the first key */
    char *path;
    struct stat file; /* as it was read last */
    bool settled;     /* the store names pub */
    /* sealing anew */
    bool all;               /* nothing is left */
    char from[SES_KEY_MAX]; /* row looked at last */
    size_t nfrom;
    unsigned done, closed;
} self = {.lock = PTHREAD_RWLOCK_INITIALIZER};

ses_rc_t
sealing_load(ses_cx_t *cx, const char *path)
{
    uint8_t pub[SES_SEAL_KEY];
    ses_keyring_t ring;
    struct stat st;
    ses_rc_t rc;

    if (stat(path, &st) != 0)
        memset(&st, 0, sizeof(st));
    if ((rc = ses_keyring_load(cx, path, &ring)) != SES_OK)
        return rc;
    rc = ses_seal_public(cx, ring.keys[0].key, pub);
    if (rc == SES_OK) {
        pthread_rwlock_wrlock(&self.lock);
        self.ring = ring;
        memcpy(self.pub, pub, sizeof(pub));
        pthread_rwlock_unlock(&self.lock);
        if (self.path == NULL) {
            self.path = ses_xmalloc(strlen(path) + 1);
            memcpy(self.path, path, strlen(path) + 1);
        }
        self.file = st;
        self.settled = false;
    }
    ses_keyring_wipe(&ring);
    return rc;
}

ses_rc_t
sealing_seal(ses_cx_t *cx, ses_str_t aad, ses_str_t plain, ses_str_t *out)
{
    uint8_t pub[SES_SEAL_KEY];

    pthread_rwlock_rdlock(&self.lock);
    memcpy(pub, self.pub, sizeof(pub));
    pthread_rwlock_unlock(&self.lock);
    return ses_seal(cx, pub, aad, plain, out);
}

ses_rc_t
sealing_open(ses_cx_t *cx, ses_str_t aad, ses_str_t sealed, ses_str_t *out)
{
    ses_keyring_t ring;
    ses_cx_t mine = *cx;
    ses_rc_t rc = SES_DENIED;
    unsigned k;

    pthread_rwlock_rdlock(&self.lock);
    ring = self.ring;
    pthread_rwlock_unlock(&self.lock);
    for (k = 0; k < ring.n && rc == SES_DENIED; k++) {
        ses_cx_clear(&mine);
        rc = ses_unseal(&mine, ring.keys[k].key, aad, sealed, out);
    }
    ses_keyring_wipe(&ring);
    return rc;
}

/* --- the file ---------------------------------------------------------- */

static void
reread(ses_cx_t *cx)
{
    struct stat st;

    if (self.path == NULL || stat(self.path, &st) != 0 ||
        (st.st_ino == self.file.st_ino && st.st_size == self.file.st_size &&
         st.st_mtim.tv_sec == self.file.st_mtim.tv_sec &&
         st.st_mtim.tv_nsec == self.file.st_mtim.tv_nsec))
        return;
    self.file = st; /* a bad file is told of once */
    if (sealing_load(cx, self.path) == SES_OK)
        ses_log(SES_LOG_INFO, "gate.key: read again");
    else
        ses_log(SES_LOG_ERROR, "gate.key: the old keys stay: %.*s",
                SES_FMT(cx->why));
    ses_cx_clear(cx);
}

static ses_rc_t
put_public(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    return ses_gate_key_put(cx, t, arg);
}

static bool
announce(ses_cx_t *cx, ses_committer_t *c, bool all)
{
    ses_gate_key_t k = {.all = all};

    memcpy(k.pub, self.pub, sizeof(k.pub));
    return ses_commit(c, cx, put_public, &k) == SES_OK;
}

/* The store says what others seal to: that is the key in use. */
static bool
settle(ses_cx_t *cx, ses_store_t *store, ses_committer_t *c)
{
    ses_gate_key_t there;
    ses_txn_t *t;
    ses_rc_t rc;

    if (ses_txn_read(cx, store, &t) != SES_OK)
        return false;
    rc = ses_gate_key_get(cx, t, &there);
    ses_txn_end(t);
    self.all = rc == SES_OK &&
               memcmp(there.pub, self.pub, sizeof(there.pub)) == 0 && there.all;
    if (rc == SES_OK && memcmp(there.pub, self.pub, sizeof(there.pub)) == 0)
        return true;
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return false;
    ses_cx_clear(cx);
    return announce(cx, c, false);
}

/* --- sealing anew ------------------------------------------------------ */

typedef struct {
    ses_sealed_t rows[SLICE];
    unsigned n;
    ses_str_t last; /* key looked at last */
    bool more;
} slice_t;

static ses_rc_t
take(ses_cx_t *cx, const ses_sealed_t *row, void *arg)
{
    slice_t *s = arg;
    ses_str_t aad, plain, anew;
    ses_rc_t rc;

    if (s->n == SLICE) {
        s->more = true;
        return SES_NOT_FOUND;
    }
    s->last = row->key;
    if (ses_sealed_to(row->sealed, self.pub))
        return SES_OK;
    if ((rc = ses_dkim_row_aad(cx, row, &aad)) == SES_OK)
        rc = sealing_open(cx, aad, row->sealed, &plain);
    if (rc == SES_DENIED || rc == SES_NOT_FOUND) {
        self.closed++;
        return SES_OK;
    }
    if (rc != SES_OK)
        return rc;
    rc = sealing_seal(cx, aad, plain, &anew);
    OPENSSL_cleanse((char *) (uintptr_t) plain.p, plain.n);
    if (rc != SES_OK)
        return rc;
    s->rows[s->n] = *row;
    s->rows[s->n].key = ses_str_dup(cx->arena, row->key);
    s->rows[s->n++].sealed = anew;
    return SES_OK;
}

static ses_rc_t
store_slice(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    const slice_t *s = arg;
    ses_change_t change;
    unsigned k;
    ses_rc_t rc;

    for (k = 0; k < s->n; k++) {
        change.n = 0;
        ses_change_put(&change, SES_DB_DKIM, s->rows[k].key, s->rows[k].version,
                       s->rows[k].sealed);
        rc = ses_journal_apply(cx, t, &change, "DKIM key sealed anew");
        if (rc == SES_MODIFIED) /* another key meanwhile */
            ses_cx_clear(cx);
        else if (rc != SES_OK)
            return rc;
    }
    return SES_OK;
}

/* The next slice; true = there is more. */
static bool
seal_anew(ses_cx_t *cx, ses_store_t *store, ses_committer_t *c)
{
    slice_t s = {.last = ses_str_n(self.from, self.nfrom)};
    ses_txn_t *t;
    ses_rc_t rc;

    if (ses_txn_read(cx, store, &t) != SES_OK)
        return false;
    rc = ses_dkim_each(cx, t, s.last, take, &s);
    if (rc == SES_OK) {
        self.nfrom = s.last.n;
        memmove(self.from, s.last.p, s.last.n);
    }
    ses_txn_end(t);
    if (rc == SES_OK && s.n > 0)
        rc = ses_commit(c, cx, store_slice, &s);
    if (rc != SES_OK) {
        ses_log(SES_LOG_WARN, "gate.key: keys were not sealed anew: %.*s",
                SES_FMT(cx->why));
        self.nfrom = 0;
        return false;
    }
    self.done += s.n;
    if (s.more)
        return true;
    self.all = announce(cx, c, true);
    ses_log(SES_LOG_INFO, "gate.key: %u DKIM keys sealed anew, %u do not open",
            self.done, self.closed);
    return false;
}

bool
sealing_tend(ses_arena_t *a, ses_store_t *store, ses_committer_t *c)
{
    ses_cx_t cx = ses_cx(a, ses_clock_ms());

    reread(&cx);
    if (!self.settled) {
        self.nfrom = 0;
        self.done = self.closed = 0;
        self.settled = settle(&cx, store, c);
    }
    return self.settled && !self.all && seal_anew(&cx, store, c);
}
