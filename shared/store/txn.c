/*
 * txn - snapshots, the one writer, and transactions inside it
 */
#include "base/assert.h"
#include "store/lmdb_env.h"

static void
count(ses_store_t *s, int by)
{
    pthread_mutex_lock(&s->mutex);
    s->active = (unsigned) ((int) s->active + by);
    pthread_mutex_unlock(&s->mutex);
}

/* Take over the size another process gave the map, when we are alone. */
static int
adopt_size(ses_store_t *s)
{
    int err = MDB_MAP_RESIZED;

    pthread_mutex_lock(&s->mutex);
    if (s->active == 1) /* the caller's own */
        err = mdb_env_set_mapsize(s->env, 0);
    pthread_mutex_unlock(&s->mutex);
    return err;
}

static int
begin_once(ses_txn_t *t, bool renew)
{
    if (renew)
        return mdb_txn_renew(t->mdb);
    return mdb_txn_begin(t->store->env,
                         t->parent == NULL ? NULL : t->parent->mdb,
                         t->write ? 0 : MDB_RDONLY, &t->mdb);
}

static ses_rc_t
begin(ses_cx_t *cx, ses_txn_t *t, bool renew)
{
    int err;

    if (t->parent == NULL)
        count(t->store, 1);
    err = begin_once(t, renew);
    if (err == MDB_READERS_FULL) {
        mdb_reader_check(t->store->env, NULL);
        err = begin_once(t, renew);
    } else if (err == MDB_MAP_RESIZED && adopt_size(t->store) == 0) {
        err = begin_once(t, renew);
    }
    if (err == 0) {
        t->active = true;
        return SES_OK;
    }
    if (t->parent == NULL)
        count(t->store, -1);
    if (err == MDB_MAP_RESIZED)
        return ses_fail(cx, SES_BUSY, "Store is being resized.");
    return ses_store_failed(cx, "begin", err);
}

static ses_rc_t
txn_new(ses_cx_t *cx, ses_store_t *s, ses_txn_t *parent, bool write,
        ses_txn_t **out)
{
    ses_txn_t *t = ses_xcalloc(sizeof(*t));
    ses_rc_t rc;

    t->store = s;
    t->parent = parent;
    t->write = write;
    rc = begin(cx, t, false);
    if (rc != SES_OK) {
        ses_xfree(t);
        return rc;
    }
    *out = t;
    return SES_OK;
}

ses_rc_t
ses_txn_read(ses_cx_t *cx, ses_store_t *s, ses_txn_t **out)
{
    return txn_new(cx, s, NULL, false, out);
}

ses_rc_t
ses_txn_write(ses_cx_t *cx, ses_store_t *s, ses_txn_t **out)
{
    return txn_new(cx, s, NULL, true, out);
}

ses_rc_t
ses_txn_nested(ses_cx_t *cx, ses_txn_t *parent, ses_txn_t **out)
{
    return txn_new(cx, parent->store, parent, true, out);
}

void
ses_txn_reset(ses_txn_t *t)
{
    if (!t->active)
        return;
    mdb_txn_reset(t->mdb);
    t->active = false;
    count(t->store, -1);
}

ses_rc_t
ses_txn_renew(ses_cx_t *cx, ses_txn_t *t)
{
    ses_assert(!t->active && !t->write);
    return begin(cx, t, true);
}

ses_rc_t
ses_txn_commit(ses_cx_t *cx, ses_txn_t *t)
{
    int err = mdb_txn_commit(t->mdb);

    if (t->parent == NULL)
        count(t->store, -1);
    ses_xfree(t);
    return err == 0 ? SES_OK : ses_store_failed(cx, "commit", err);
}

void
ses_txn_end(ses_txn_t *t)
{
    if (t == NULL)
        return;
    mdb_txn_abort(t->mdb);
    if (t->active && t->parent == NULL)
        count(t->store, -1);
    ses_xfree(t);
}

ses_store_t *
ses_txn_store(const ses_txn_t *t)
{
    return t->store;
}
