/*
 * table - rows of a table, walking it, and sequence numbers
 */
#include "store/lmdb_env.h"
#include "store/record.h"

struct ses_cur_s {
    MDB_cursor *mdb;
    const ses_txn_t *txn;
    ses_db_t db;
};

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
        return ses_store_failed(cx, ses_store_db_name(db), err);
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
                        ses_store_db_name(db), key.n);
    err = mdb_put(t->mdb, t->store->dbi[db], &k, &v, 0);
    return err == 0 ? SES_OK : ses_store_failed(cx, ses_store_db_name(db), err);
}

ses_rc_t
ses_store_del(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t key)
{
    MDB_val k = to_val(key);
    int err;

    if (key.n == 0 || key.n > SES_KEY_MAX)
        return SES_NOT_FOUND;
    err = mdb_del(t->mdb, t->store->dbi[db], &k, NULL);
    return err == 0 ? SES_OK : ses_store_failed(cx, ses_store_db_name(db), err);
}

ses_rc_t
ses_store_count(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, uint64_t *out)
{
    MDB_stat st;
    int err = mdb_stat(t->mdb, t->store->dbi[db], &st);

    if (err != 0)
        return ses_store_failed(cx, ses_store_db_name(db), err);
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
        return ses_store_failed(cx, ses_store_db_name(db), err);
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
        return ses_store_failed(cx, ses_store_db_name(c->db), err);
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
