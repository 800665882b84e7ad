/*
 * cursor - how far each subscriber of each destination has read, and what
 * it will never read
 *
 * Stored, by account, set, destination, subscription:
 *   SES_DB_CURSOR  sequence, 8 bytes big endian
 *   SES_DB_DEAD    and NUL, sequence -> struct dead, why
 */
#include "model/event.h"

#include "store/record.h"

#define DEAD_VERSION 1
#define WHY_MAX 1024

/* The stored form.  Host byte order: a store never leaves its machine. */
struct dead {
    uint8_t version;
    uint8_t unused[7];
    int64_t when;
};

_Static_assert(sizeof(struct dead) == 16, "stored form must not change");

static ses_str_t
cursor_key(ses_arena_t *a, const ses_cursor_key_t *k)
{
    return ses_str_cat(a, ses_key_prefix2(a, k->account, k->set),
                       ses_key2(a, k->destination, k->subscription));
}

static ses_str_t
dead_prefix(ses_arena_t *a, const ses_cursor_key_t *k)
{
    return ses_key_prefix1(a, cursor_key(a, k));
}

ses_rc_t
ses_cursor_get(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k,
               uint64_t *seq)
{
    ses_str_t val;
    ses_rc_t rc;

    rc = ses_store_get(cx, t, SES_DB_CURSOR, cursor_key(cx->arena, k), &val);
    if (rc != SES_OK)
        return rc;
    if (val.n != 8)
        return ses_fail(cx, SES_FAULT, "cursor: damaged row");
    *seq = ses_key_u64(val);
    return SES_OK;
}

ses_rc_t
ses_cursor_put(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k,
               uint64_t seq)
{
    uint8_t val[8];

    ses_put_u64(val, seq);
    return ses_store_put(cx, t, SES_DB_CURSOR, cursor_key(cx->arena, k),
                         ses_str_n(val, sizeof(val)));
}

ses_rc_t
ses_cursor_del(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k)
{
    ses_rc_t rc;

    rc = ses_store_del(cx, t, SES_DB_CURSOR, cursor_key(cx->arena, k));
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

struct cursors {
    ses_cursor_fn_t fn;
    void *arg;
};

static ses_rc_t
cursor_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct cursors *c = arg;
    ses_cursor_key_t k;

    if (val.n != 8 || !ses_str_cut(&key, '\0', &k.account) ||
        !ses_str_cut(&key, '\0', &k.set) ||
        !ses_str_cut(&key, '\0', &k.destination))
        return ses_fail(cx, SES_FAULT, "cursor: damaged row");
    k.subscription = key;
    return c->fn(cx, &k, ses_key_u64(val), c->arg);
}

ses_rc_t
ses_cursor_list(ses_cx_t *cx, ses_txn_t *t, ses_cursor_fn_t fn, void *arg)
{
    struct cursors c = {fn, arg};

    return ses_store_walk(cx, t, SES_DB_CURSOR, SES_STR(""), SES_STR(""),
                          cursor_one, &c);
}

ses_rc_t
ses_dead_put(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k,
             uint64_t seq, int64_t when, ses_str_t why)
{
    struct dead d = {.version = DEAD_VERSION, .when = when};
    ses_str_t key = ses_key_seq(cx->arena, dead_prefix(cx->arena, k), seq);

    return ses_store_put(cx, t, SES_DB_DEAD, key,
                         ses_str_cat(cx->arena, ses_str_n(&d, sizeof(d)),
                                     ses_str_head(why, WHY_MAX)));
}

struct list {
    ses_dead_fn_t fn;
    void *arg;
};

static ses_rc_t
list_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct list *l = arg;
    struct dead d;

    if (key.n < 8 || val.n < sizeof(d) || (uint8_t) val.p[0] != DEAD_VERSION)
        return ses_fail(cx, SES_FAULT, "cursor: damaged dead letter");
    memcpy(&d, val.p, sizeof(d));
    return l->fn(cx, ses_key_u64(ses_str_from(key, key.n - 8)), d.when,
                 ses_str_from(val, sizeof(d)), l->arg);
}

ses_rc_t
ses_dead_list(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k,
              ses_dead_fn_t fn, void *arg)
{
    struct list l = {fn, arg};

    return ses_store_walk(cx, t, SES_DB_DEAD, dead_prefix(cx->arena, k),
                          SES_STR(""), list_one, &l);
}

ses_rc_t
ses_dead_del(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k,
             uint64_t seq)
{
    return ses_store_del(
        cx, t, SES_DB_DEAD,
        ses_key_seq(cx->arena, dead_prefix(cx->arena, k), seq));
}
