/*
 * store - LMDB, with its quirks kept in here
 *
 * Stale reader slots are freed when the table is full; a map grown by
 * another process is adopted when no transaction is open here; a full map is
 * SES_BUSY for the caller and an error line for the operator.
 */
#include "store/store.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "store/record.h"
#include "store/rest.h"

#define READERS 1024
#define MODE 0660

static const char *const db_names[SES_DB_MAX] = {
    [SES_DB_META] = "meta",
    [SES_DB_JOURNAL] = "journal",
    [SES_DB_ACCOUNT] = "account",
    [SES_DB_CREDENTIAL] = "credential",
    [SES_DB_IDENTITY] = "identity",
    [SES_DB_DKIM] = "dkim",
    [SES_DB_CONFIG_SET] = "config-set",
    [SES_DB_DESTINATION] = "destination",
    [SES_DB_TOPIC] = "topic",
    [SES_DB_SUBSCRIPTION] = "subscription",
    [SES_DB_SUPPRESSION] = "suppression",
    [SES_DB_SUPPRESSION_LIST] = "suppression-list",
    [SES_DB_WORK] = "work",
    [SES_DB_MESSAGE] = "message",
    [SES_DB_PREPARED] = "prepared",
    [SES_DB_SEND_KEY] = "send-key",
    [SES_DB_SEND_DUE] = "send-due",
    [SES_DB_ALIAS] = "alias",
    [SES_DB_QUOTA] = "quota",
    [SES_DB_EVENT] = "event",
    [SES_DB_EVENT_SET] = "event-set",
    [SES_DB_FACT] = "fact",
    [SES_DB_CURSOR] = "cursor",
    [SES_DB_DEAD] = "dead",
    [SES_DB_COUNTER] = "counter",
    [SES_DB_POSITION] = "position",
};

struct ses_store_s {
    MDB_env *env;
    MDB_dbi dbi[SES_DB_MAX];
    char *path;
    pthread_mutex_t mutex; /* guards active and a change of the map's size */
    unsigned active;       /* transactions begun and not ended or reset */
    _Atomic int64_t rest_until; /* see rest.h */
};

struct ses_txn_s {
    ses_store_t *store;
    ses_txn_t *parent;
    MDB_txn *mdb;
    bool write;
    bool active;
};

struct ses_cur_s {
    MDB_cursor *mdb;
    const ses_txn_t *txn;
    ses_db_t db;
};

const char *
ses_store_db_name(ses_db_t db)
{
    return db_names[db];
}

/* What LMDB said, in our words. */
static ses_rc_t
failed(ses_cx_t *cx, const char *what, int err)
{
    if (err == MDB_NOTFOUND)
        return SES_NOT_FOUND;
    if (err == MDB_MAP_FULL || err == ENOSPC) {
        ses_log(SES_LOG_ERROR,
                "store is full (%s): raise map_size in sesame.conf, or free "
                "disk space, and restart",
                what);
        return ses_fail(cx, SES_BUSY, "Service is out of space.");
    }
    return ses_fail(cx, SES_FAULT, "store: %s: %s", what, mdb_strerror(err));
}

/* --- environment ------------------------------------------------------- */

/* Open every table; create says whether missing ones are made. */
static int
open_tables(ses_store_t *s, bool create)
{
    MDB_txn *txn;
    int err, i;

    err = mdb_txn_begin(s->env, NULL, create ? 0 : MDB_RDONLY, &txn);
    if (err != 0)
        return err;
    for (i = 0; i < SES_DB_MAX; i++) {
        err =
            mdb_dbi_open(txn, db_names[i], create ? MDB_CREATE : 0, &s->dbi[i]);
        if (err != 0) {
            mdb_txn_abort(txn);
            return err;
        }
    }
    return mdb_txn_commit(txn);
}

static int
open_env(ses_store_t *s, uint64_t map_size, int flags)
{
    int err;

    if ((err = mdb_env_create(&s->env)) != 0)
        return err;
    if ((err = mdb_env_set_maxreaders(s->env, READERS)) != 0 ||
        (err = mdb_env_set_maxdbs(s->env, 64)) != 0 ||
        (err = mdb_env_set_mapsize(s->env, map_size)) != 0)
        return err;
    err = mdb_env_open(s->env, s->path,
                       MDB_NOTLS | (flags & SES_STORE_RDONLY ? MDB_RDONLY : 0),
                       MODE);
    if (err != 0)
        return err;
    mdb_reader_check(s->env, NULL);

    /* Tables are there in all but the first open (and after an upgrade):
     * then no writer lock and no fsync is needed. */
    err = open_tables(s, false);
    if (err == MDB_NOTFOUND && (flags & SES_STORE_RDONLY) == 0)
        err = open_tables(s, true);
    return err;
}

ses_rc_t
ses_store_open(ses_cx_t *cx, const char *path, uint64_t map_size, int flags,
               ses_store_t **out)
{
    struct stat st;
    ses_store_t *s;
    ses_rc_t rc;
    int err;

    umask(007);
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return ses_fail(cx, SES_FAULT, "store %s: %s; run sesamectl init", path,
                        errno == 0 ? "not a directory" : strerror(errno));
    if ((flags & SES_STORE_CREATE) == 0) {
        char data[4096];

        snprintf(data, sizeof(data), "%s/data.mdb", path);
        if (access(data, F_OK) != 0)
            return ses_fail(cx, SES_FAULT,
                            "store %s: there is none; run sesamectl init",
                            path);
    }

    s = ses_xcalloc(sizeof(*s));
    s->path = ses_xmalloc(strlen(path) + 1);
    memcpy(s->path, path, strlen(path) + 1);
    pthread_mutex_init(&s->mutex, NULL);

    err = open_env(s, map_size, flags);
    if (err != 0) {
        rc = ses_fail(cx, SES_FAULT, "store %s: %s", path, mdb_strerror(err));
        ses_store_close(s);
        return rc;
    }
    *out = s;
    return SES_OK;
}

void
ses_store_close(ses_store_t *s)
{
    if (s == NULL)
        return;
    if (s->env != NULL)
        mdb_env_close(s->env);
    pthread_mutex_destroy(&s->mutex);
    ses_xfree(s->path);
    ses_xfree(s);
}

const char *
ses_store_path(const ses_store_t *s)
{
    return s->path;
}

ses_rc_t
ses_store_usage(ses_cx_t *cx, ses_store_t *s, uint64_t *used, uint64_t *size)
{
    MDB_envinfo info;
    MDB_stat st;
    int err;

    if ((err = mdb_env_info(s->env, &info)) != 0 ||
        (err = mdb_env_stat(s->env, &st)) != 0)
        return failed(cx, "usage", err);
    *used = (uint64_t) (info.me_last_pgno + 1) * st.ms_psize;
    *size = info.me_mapsize;
    return SES_OK;
}

int
ses_store_reader_check(ses_store_t *s)
{
    int dead = 0;

    return mdb_reader_check(s->env, &dead) == 0 ? dead : 0;
}

ses_rc_t
ses_store_backup(ses_cx_t *cx, ses_store_t *s, const char *dir)
{
    int err = mdb_env_copy2(s->env, dir, MDB_CP_COMPACT);

    if (err != 0)
        return ses_fail(cx, SES_FAULT, "backup to %s: %s", dir,
                        mdb_strerror(err));
    return SES_OK;
}

_Atomic int64_t *
ses_store_rest(ses_store_t *s)
{
    return &s->rest_until;
}

/* --- transactions ------------------------------------------------------ */

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
    return failed(cx, "begin", err);
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
    return err == 0 ? SES_OK : failed(cx, "commit", err);
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

/* --- rows -------------------------------------------------------------- */

static MDB_val
to_val(ses_str_t s)
{
    return (MDB_val){.mv_size = s.n, .mv_data = (void *) (uintptr_t) s.p};
}

static ses_str_t
from_val(MDB_val v)
{
    return ses_str_n(v.mv_data, v.mv_size);
}

ses_rc_t
ses_store_get(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t key,
              ses_str_t *val)
{
    MDB_val k = to_val(key), v;
    int err;

    if (key.n == 0 || key.n > SES_KEY_MAX)
        return SES_NOT_FOUND;
    err = mdb_get(t->mdb, t->store->dbi[db], &k, &v);
    if (err != 0)
        return failed(cx, db_names[db], err);
    *val = from_val(v);
    return SES_OK;
}

ses_rc_t
ses_store_put(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t key,
              ses_str_t val)
{
    MDB_val k = to_val(key), v = to_val(val);
    int err;

    if (key.n == 0 || key.n > SES_KEY_MAX)
        return ses_fail(cx, SES_FAULT, "store: %s: key of %zu bytes",
                        db_names[db], key.n);
    err = mdb_put(t->mdb, t->store->dbi[db], &k, &v, 0);
    return err == 0 ? SES_OK : failed(cx, db_names[db], err);
}

ses_rc_t
ses_store_del(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t key)
{
    MDB_val k = to_val(key);
    int err;

    if (key.n == 0 || key.n > SES_KEY_MAX)
        return SES_NOT_FOUND;
    err = mdb_del(t->mdb, t->store->dbi[db], &k, NULL);
    return err == 0 ? SES_OK : failed(cx, db_names[db], err);
}

ses_rc_t
ses_store_count(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, uint64_t *out)
{
    MDB_stat st;
    int err = mdb_stat(t->mdb, t->store->dbi[db], &st);

    if (err != 0)
        return failed(cx, db_names[db], err);
    *out = st.ms_entries;
    return SES_OK;
}

/* --- cursors ----------------------------------------------------------- */

ses_rc_t
ses_cur_open(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_cur_t **out)
{
    MDB_cursor *mdb;
    ses_cur_t *c;
    int err = mdb_cursor_open(t->mdb, t->store->dbi[db], &mdb);

    if (err != 0)
        return failed(cx, db_names[db], err);
    c = ses_alloc(cx->arena, sizeof(*c));
    *c = (ses_cur_t){mdb, t, db};
    *out = c;
    return SES_OK;
}

void
ses_cur_close(ses_cur_t *c)
{
    mdb_cursor_close(c->mdb);
}

static ses_rc_t
step(ses_cx_t *cx, ses_cur_t *c, MDB_cursor_op op, ses_str_t at, ses_str_t *key,
     ses_str_t *val)
{
    MDB_val k = to_val(at), v;
    int err = mdb_cursor_get(c->mdb, &k, &v, op);

    if (err != 0)
        return failed(cx, db_names[c->db], err);
    *key = from_val(k);
    *val = from_val(v);
    return SES_OK;
}

ses_rc_t
ses_cur_seek(ses_cx_t *cx, ses_cur_t *c, ses_str_t at, ses_str_t *key,
             ses_str_t *val)
{
    return step(cx, c, at.n == 0 ? MDB_FIRST : MDB_SET_RANGE, at, key, val);
}

ses_rc_t
ses_cur_next(ses_cx_t *cx, ses_cur_t *c, ses_str_t *key, ses_str_t *val)
{
    return step(cx, c, MDB_NEXT, SES_STR(""), key, val);
}

ses_rc_t
ses_cur_last(ses_cx_t *cx, ses_cur_t *c, ses_str_t *key, ses_str_t *val)
{
    return step(cx, c, MDB_LAST, SES_STR(""), key, val);
}

ses_rc_t
ses_cur_prev(ses_cx_t *cx, ses_cur_t *c, ses_str_t *key, ses_str_t *val)
{
    return step(cx, c, MDB_PREV, SES_STR(""), key, val);
}

ses_rc_t
ses_store_walk(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t prefix,
               ses_str_t from, ses_walk_fn_t fn, void *arg)
{
    ses_str_t key, val;
    ses_cur_t *c;
    ses_rc_t rc;

    if ((rc = ses_cur_open(cx, t, db, &c)) != SES_OK)
        return rc;
    rc = ses_cur_seek(cx, c, from.n == 0 ? prefix : from, &key, &val);
    while (rc == SES_OK && ses_str_starts(key, prefix)) {
        if ((rc = fn(cx, key, val, arg)) != SES_OK)
            break;
        rc = ses_cur_next(cx, c, &key, &val);
    }
    ses_cur_close(c);
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

/* --- sequences --------------------------------------------------------- */

ses_rc_t
ses_store_last(ses_cx_t *cx, ses_txn_t *t, const char *name, uint64_t *out)
{
    ses_str_t val;
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_META, ses_str(name), &val);

    if (rc == SES_NOT_FOUND) {
        *out = 0;
        return SES_OK;
    }
    if (rc != SES_OK)
        return rc;
    if (val.n != 8)
        return ses_fail(cx, SES_FAULT, "store: sequence %s is damaged", name);
    *out = ses_key_u64(val);
    return SES_OK;
}

ses_rc_t
ses_store_next(ses_cx_t *cx, ses_txn_t *t, const char *name, uint64_t *out)
{
    uint8_t val[8];
    uint64_t seq;
    ses_rc_t rc = ses_store_last(cx, t, name, &seq);

    if (rc != SES_OK)
        return rc;
    ses_put_u64(val, seq + 1);
    rc = ses_store_put(cx, t, SES_DB_META, ses_str(name), ses_str_n(val, 8));
    if (rc == SES_OK)
        *out = seq + 1;
    return rc;
}
