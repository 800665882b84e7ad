/*
 * suppression - a look-up among many, beside a bare mdb_get of the same key
 *
 *   suppression STORE TOTAL LOOKUPS ROUNDS
 *
 * Fills the account's list of the store up to TOTAL entries (in an order as
 * random as their keys), then prints a line "OURS BARE" a round, nanoseconds:
 * a look-up as the gate does it, a hash, a get and a decoded entry, and
 * mdb_get alone with keys that were made before.  Half of the looked-up
 * addresses are in the list.
 */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "model/model.h"
#include "model/suppression.h"
#include "store/record.h"

#define ACCOUNT SES_STR("123456789012")
#define MAP (UINT64_C(32) << 30)

static void
must(ses_cx_t *cx, ses_rc_t rc)
{
    if (rc == SES_OK)
        return;
    fprintf(stderr, "suppression: %s: %.*s\n", ses_rc_name(rc),
            SES_FMT(cx->why));
    exit(1);
}

/* The n-th address of the world. */
static ses_str_t
address(ses_arena_t *a, uint64_t n)
{
    uint64_t mixed = n * UINT64_C(0x9e3779b97f4a7c15);

    return ses_str_printf(a, "user.%08llx@d%llu.example",
                          (unsigned long long) (mixed >> 20),
                          (unsigned long long) (mixed % 5000));
}

static void
fill(ses_store_t *store, ses_arena_t *arena, uint64_t from, uint64_t to)
{
    while (from < to) {
        ses_cx_t cx;
        ses_txn_t *t;
        unsigned i, k;

        ses_arena_reset(arena);
        cx = ses_cx(arena, ses_clock_ms());
        must(&cx, ses_txn_write(&cx, store, &t));
        for (i = 0; i < 2000 && from < to; i++) {
            ses_change_t change = {.n = 0};

            for (k = 0; k < SES_CHANGE_ROWS && from < to; k++, from++) {
                ses_suppression_t s = {.account = ACCOUNT,
                                       .address = address(arena, from),
                                       .reason = SES_REASON_BOUNCE,
                                       .since = cx.now};

                ses_suppression_put(&cx, &change, &s);
            }
            must(&cx, ses_journal_apply(&cx, t, &change, "bench"));
        }
        must(&cx, ses_txn_commit(&cx, t));
        fprintf(stderr, "\rsuppression: %llu of %llu entries",
                (unsigned long long) from, (unsigned long long) to);
    }
    fprintf(stderr, "\n");
}

/* --- look-ups ---------------------------------------------------------- */

/* Which address the i-th look-up asks for: every other one is a stranger. */
static uint64_t
asked(uint64_t i, uint64_t total, unsigned round)
{
    uint64_t n = (i * UINT64_C(2654435761) + round * UINT64_C(40503)) % total;

    return i % 2 == 0 ? n : n + total;
}

static double
ours(ses_store_t *store, ses_arena_t *arena, ses_str_t *addresses, size_t n)
{
    ses_cx_t cx = ses_cx(arena, ses_clock_ms());
    ses_suppression_t s;
    int64_t began;
    ses_txn_t *t;
    size_t i;

    must(&cx, ses_txn_read(&cx, store, &t));
    began = ses_clock_mono_us();
    for (i = 0; i < n; i++) {
        ses_rc_t rc = ses_suppression_find(&cx, t, ACCOUNT, addresses[i],
                                           SES_REASON_BOUNCE, &s);

        if ((rc == SES_OK) != (i % 2 == 0))
            must(&cx, SES_FAULT);
        if (i % 1024 == 0)
            ses_arena_reset(arena);
    }
    began = ses_clock_mono_us() - began;
    ses_txn_end(t);
    return (double) began * 1000 / (double) n;
}

static double
bare(const char *path, ses_str_t *keys, size_t n)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    int64_t began;
    size_t i;

    if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, 64) != 0 ||
        mdb_env_set_mapsize(env, MAP) != 0 ||
        mdb_env_open(env, path, MDB_RDONLY | MDB_NOTLS, 0) != 0 ||
        mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0 ||
        mdb_dbi_open(txn, ses_store_db_name(SES_DB_SUPPRESSION), 0, &dbi) != 0)
        exit(1);
    began = ses_clock_mono_us();
    for (i = 0; i < n; i++) {
        MDB_val key = {keys[i].n, (void *) (uintptr_t) keys[i].p}, val;

        if ((mdb_get(txn, dbi, &key, &val) == 0) != (i % 2 == 0))
            exit(1);
    }
    began = ses_clock_mono_us() - began;
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return (double) began * 1000 / (double) n;
}

static ses_store_t *
opened(const char *path)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, ses_clock_ms());
    ses_store_t *store;

    must(&cx, ses_store_open(&cx, path, MAP, SES_STORE_CREATE, &store));
    ses_arena_free(a);
    return store;
}

int
main(int argc, char **argv)
{
    ses_arena_t *lasting = ses_arena_new(), *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(lasting, ses_clock_ms());
    uint64_t total, have = 0;
    ses_str_t *addresses, *keys;
    ses_store_t *store;
    unsigned round, rounds;
    size_t i, n;
    ses_txn_t *t;

    if (argc != 5) {
        fprintf(stderr, "usage: suppression STORE TOTAL LOOKUPS ROUNDS\n");
        return 2;
    }
    total = strtoull(argv[2], NULL, 10);
    n = strtoull(argv[3], NULL, 10);
    rounds = (unsigned) atoi(argv[4]);
    ses_model_init();
    store = opened(argv[1]);
    must(&cx, ses_txn_read(&cx, store, &t));
    must(&cx, ses_store_count(&cx, t, SES_DB_SUPPRESSION, &have));
    ses_txn_end(t);
    fill(store, arena, have, total);

    addresses = ses_alloc(lasting, n * sizeof(*addresses));
    keys = ses_alloc(lasting, n * sizeof(*keys));
    for (round = 0; round <= rounds; round++) {
        double a, b;

        for (i = 0; i < n; i++) {
            addresses[i] = address(lasting, asked(i, total, round));
            keys[i] = ses_key_hash(lasting, ACCOUNT, SES_STR(""), addresses[i]);
        }
        /* Each warms the pages for the other, in turns. */
        ses_store_close(store);
        b = bare(argv[1], keys, n);
        store = opened(argv[1]);
        a = ours(store, arena, addresses, n);
        ses_store_close(store);
        b = bare(argv[1], keys, n);
        store = opened(argv[1]);
        if (round > 0)
            printf("%.1f %.1f\n", a, b);
    }
    ses_store_close(store);
    return 0;
}
