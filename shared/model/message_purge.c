/*
 * message_purge - entries older than they are kept, and what hangs on them
 */
#include "model/message.h"

/* The keys of a table's first rows, copied: a walk must not write. */
struct oldest {
    ses_db_t db;
    int64_t before;
    unsigned max;
    unsigned n;
    ses_str_t *keys;
};

static ses_rc_t
oldest_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct oldest *o = arg;
    ses_msgid_t id;

    (void) val;
    if (!ses_msgid_from_key(key, &id))
        return ses_fail(cx, SES_FAULT, "message: damaged key");
    if (o->n == o->max || id.ms >= o->before)
        return SES_NOT_FOUND;
    o->keys[o->n++] = ses_str_dup(cx->arena, key);
    return SES_OK;
}

static ses_rc_t
oldest(ses_cx_t *cx, ses_txn_t *t, struct oldest *o)
{
    o->n = 0;
    o->keys = ses_alloc(cx->arena, o->max * sizeof(*o->keys));
    return ses_store_walk(cx, t, o->db, SES_STR(""), SES_STR(""), oldest_one,
                          o);
}

struct facts {
    ses_str_t *keys;
    size_t n, cap;
};

static ses_rc_t
fact_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct facts *f = arg;
    size_t cap = f->cap == 0 ? 16 : f->cap * 2;

    (void) val;
    if (f->n == f->cap) {
        f->keys = ses_regrow(cx->arena, f->keys, f->n * sizeof(*f->keys),
                             cap * sizeof(*f->keys));
        f->cap = cap;
    }
    f->keys[f->n++] = ses_str_dup(cx->arena, key);
    return SES_OK;
}

/* An entry, its place among the PREPARED, its facts. */
static ses_rc_t
drop_entry(ses_cx_t *cx, ses_txn_t *t, ses_str_t key)
{
    struct facts f = {NULL, 0, 0};
    ses_rc_t rc;
    size_t i;

    rc = ses_store_walk(cx, t, SES_DB_FACT, key, SES_STR(""), fact_one, &f);
    for (i = 0; i < f.n && rc == SES_OK; i++)
        rc = ses_store_del(cx, t, SES_DB_FACT, f.keys[i]);
    if (rc == SES_OK)
        rc = ses_store_del(cx, t, SES_DB_PREPARED, key);
    if (rc == SES_OK || rc == SES_NOT_FOUND)
        rc = ses_store_del(cx, t, SES_DB_OPEN, key);
    if (rc == SES_OK || rc == SES_NOT_FOUND)
        rc = ses_store_del(cx, t, SES_DB_MESSAGE, key);
    return rc;
}

/* Aliases go by their own age: they are younger than what they name. */
ses_rc_t
ses_message_purge(ses_cx_t *cx, ses_txn_t *t, int64_t when, unsigned max,
                  unsigned *n)
{
    struct oldest entries = {SES_DB_MESSAGE, when, max, 0, NULL};
    struct oldest aliases = {SES_DB_ALIAS, when, max, 0, NULL};
    ses_rc_t rc;
    unsigned i;

    if ((rc = oldest(cx, t, &entries)) != SES_OK)
        return rc;
    for (i = 0; i < entries.n && rc == SES_OK; i++)
        rc = drop_entry(cx, t, entries.keys[i]);
    if (rc == SES_OK)
        rc = oldest(cx, t, &aliases);
    for (i = 0; i < aliases.n && rc == SES_OK; i++)
        rc = ses_store_del(cx, t, SES_DB_ALIAS, aliases.keys[i]);
    if (rc == SES_OK)
        *n = entries.n;
    return rc;
}
