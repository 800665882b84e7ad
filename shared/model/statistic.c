/*
 * statistic - rows of four numbers
 *
 * Stored in SES_DB_STATISTIC as  account NUL quarter (8 bytes, big endian)
 * -> struct row.  Whoever begins a quarter removes some of the account's
 * oldest rows, so nobody has to purge them.
 */
#include "model/statistic.h"

#include <string.h>

#include "store/record.h"

#define ROW_VERSION 1
#define QUARTER INT64_C(900000) /* ms */
#define KEPT (14 * 96)          /* quarters in two weeks */
#define OLDEST_MAX 8            /* rows removed at once */

/* The stored form.  Host byte order: a store never leaves its machine. */
struct row {
    uint8_t version;
    uint8_t unused[7];
    uint64_t n[SES_STAT_MAX];
};

_Static_assert(sizeof(struct row) == 40, "stored form must not change");

static ses_str_t
key_of(ses_cx_t *cx, ses_str_t account, int64_t quarter)
{
    return ses_key_seq(cx->arena, ses_key_prefix1(cx->arena, account),
                       (uint64_t) quarter);
}

/* The first quarter that is kept. */
static int64_t
first(int64_t now)
{
    int64_t quarter = now / QUARTER - KEPT;

    return quarter > 0 ? quarter : 0;
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t val, struct row *out)
{
    struct row r;

    if (val.n != sizeof(r) || (uint8_t) val.p[0] != ROW_VERSION)
        return ses_fail(cx, SES_FAULT, "statistic: a damaged row");
    memcpy(&r, val.p, sizeof(r));
    *out = r;
    return SES_OK;
}

/* --- removing ---------------------------------------------------------- */

struct oldest {
    uint64_t before;
    ses_str_t keys[OLDEST_MAX];
    unsigned n;
};

static ses_rc_t
oldest_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct oldest *o = arg;

    (void) val;
    if (key.n < 8)
        return ses_fail(cx, SES_FAULT, "statistic: a damaged key");
    if (o->n == OLDEST_MAX ||
        ses_key_u64(ses_str_from(key, key.n - 8)) >= o->before)
        return SES_NOT_FOUND;
    o->keys[o->n++] = ses_str_dup(cx->arena, key);
    return SES_OK;
}

static ses_rc_t
drop_oldest(ses_cx_t *cx, ses_txn_t *t, ses_str_t account)
{
    struct oldest o = {.before = (uint64_t) first(cx->now)};
    unsigned i;
    ses_rc_t rc;

    rc = ses_store_walk(cx, t, SES_DB_STATISTIC,
                        ses_key_prefix1(cx->arena, account), SES_STR(""),
                        oldest_one, &o);
    for (i = 0; i < o.n && rc == SES_OK; i++)
        rc = ses_store_del(cx, t, SES_DB_STATISTIC, o.keys[i]);
    return rc;
}

/* --- counting ---------------------------------------------------------- */

ses_rc_t
ses_statistic_add(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                  ses_stat_t what, int64_t when, uint64_t n)
{
    ses_str_t key = key_of(cx, account, when / QUARTER), val;
    struct row r = {.version = ROW_VERSION};
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_STATISTIC, key, &val);

    if (rc == SES_OK)
        rc = decode(cx, val, &r);
    else if (rc == SES_NOT_FOUND)
        rc = drop_oldest(cx, t, account);
    if (rc != SES_OK)
        return rc;
    r.n[what] += n;
    return ses_store_put(cx, t, SES_DB_STATISTIC, key,
                         ses_str_n(&r, sizeof(r)));
}

struct list {
    ses_statistic_fn_t fn;
    void *arg;
};

static ses_rc_t
list_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct list *l = arg;
    ses_statistic_t s;
    struct row r;
    ses_rc_t rc;

    if (key.n < 8)
        return ses_fail(cx, SES_FAULT, "statistic: a damaged key");
    if ((rc = decode(cx, val, &r)) != SES_OK)
        return rc;
    s.when = (int64_t) ses_key_u64(ses_str_from(key, key.n - 8)) * QUARTER;
    memcpy(s.n, r.n, sizeof(s.n));
    return l->fn(cx, &s, l->arg);
}

ses_rc_t
ses_statistic_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                   ses_statistic_fn_t fn, void *arg)
{
    struct list l = {fn, arg};

    return ses_store_walk(cx, t, SES_DB_STATISTIC,
                          ses_key_prefix1(cx->arena, account),
                          key_of(cx, account, first(cx->now)), list_one, &l);
}
