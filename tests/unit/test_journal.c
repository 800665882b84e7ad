/*
 * test_journal - versions compared, rows and indexes written, replay exact
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../shared/store/journal.c"
#include "temp_store.h"

static char *dir, *dir2;
static ses_arena_t *arena;
static ses_cx_t cx;
static ses_store_t *store;

/* Index rows of a test table: 'V' and the value, when there is one. */
static ses_rc_t
index_value(ses_cx_t *c, ses_str_t key, ses_str_t value, ses_index_emit_t emit,
            void *ctx)
{
    if (value.n == 0)
        return SES_OK;
    return emit(ctx, SES_DB_WORK, ses_key3(c->arena, SES_STR("V"), value, key),
                SES_STR(""));
}

static int
setup(void **state)
{
    (void) state;
    dir = temp_dir();
    dir2 = temp_dir();
    arena = ses_arena_new();
    cx = ses_cx(arena, 1000);
    cx.account = SES_STR("111122223333");
    cx.request_id = SES_STR("r-1");
    store = temp_store(&cx, dir);
    ses_journal_indexer(SES_DB_TOPIC, index_value);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_store_close(store);
    temp_remove(dir);
    temp_remove(dir2);
    free(dir);
    free(dir2);
    ses_arena_free(arena);
    return 0;
}

static ses_rc_t
apply(const ses_change_t *c)
{
    ses_txn_t *t;
    ses_rc_t rc;

    ses_cx_clear(&cx);
    assert_int_equal(ses_txn_write(&cx, store, &t), SES_OK);
    rc = ses_journal_apply(&cx, t, c, "Test");
    if (rc == SES_OK)
        return ses_txn_commit(&cx, t);
    ses_txn_end(t);
    return rc;
}

static ses_rc_t
put1(const char *key, uint64_t expect, const char *value)
{
    ses_change_t c = {0};

    ses_change_put(&c, SES_DB_TOPIC, ses_str(key), expect, ses_str(value));
    return apply(&c);
}

static uint64_t
version_of(const char *key)
{
    uint64_t version = 0;
    ses_str_t value;
    ses_txn_t *t;

    assert_int_equal(ses_txn_read(&cx, store, &t), SES_OK);
    if (ses_control_get(&cx, t, SES_DB_TOPIC, ses_str(key), &value, &version) !=
        SES_OK)
        version = 0;
    ses_txn_end(t);
    return version;
}

static uint64_t
rows_in(ses_db_t db)
{
    ses_txn_t *t;
    uint64_t n;

    assert_int_equal(ses_txn_read(&cx, store, &t), SES_OK);
    assert_int_equal(ses_store_count(&cx, t, db, &n), SES_OK);
    ses_txn_end(t);
    return n;
}

static void
test_versions(void **state)
{
    ses_change_t c = {0};

    (void) state;
    assert_int_equal(put1("a", SES_VERSION_NONE, "1"), SES_OK);
    assert_int_equal(put1("a", SES_VERSION_NONE, "2"), SES_MODIFIED);
    assert_int_equal(version_of("a"), 1);
    assert_int_equal(put1("a", 7, "2"), SES_MODIFIED);
    assert_int_equal(put1("a", 1, "2"), SES_OK);
    assert_int_equal(put1("a", SES_VERSION_ANY, "3"), SES_OK);
    assert_int_equal(version_of("a"), 3);

    /* a failed precondition stops everything */
    ses_change_put(&c, SES_DB_TOPIC, SES_STR("b"), SES_VERSION_NONE,
                   SES_STR("x"));
    ses_change_check(&c, SES_DB_TOPIC, SES_STR("a"), 2);
    assert_int_equal(apply(&c), SES_MODIFIED);
    assert_int_equal(version_of("b"), 0);

    /* nothing but preconditions leaves no record */
    c = (ses_change_t){0};
    ses_change_check(&c, SES_DB_TOPIC, SES_STR("a"), 3);
    assert_int_equal(apply(&c), SES_OK);
    assert_int_equal(rows_in(SES_DB_JOURNAL), 3);
}

static void
test_indexes(void **state)
{
    ses_change_t c = {0};

    (void) state;
    assert_int_equal(put1("a", SES_VERSION_NONE, "1"), SES_OK);
    assert_int_equal(put1("b", SES_VERSION_NONE, ""), SES_OK);
    assert_int_equal(rows_in(SES_DB_WORK), 1);
    assert_int_equal(put1("a", SES_VERSION_ANY, "2"), SES_OK);
    assert_int_equal(rows_in(SES_DB_WORK), 1);
    ses_change_del(&c, SES_DB_TOPIC, SES_STR("a"), SES_VERSION_ANY);
    assert_int_equal(apply(&c), SES_OK);
    assert_int_equal(rows_in(SES_DB_WORK), 0);
    assert_int_equal(rows_in(SES_DB_TOPIC), 1);
}

static void
same_table(ses_store_t *a, ses_store_t *b, ses_db_t db)
{
    ses_txn_t *ta, *tb;
    ses_cur_t *ca, *cb;
    ses_str_t ka, va, kb, vb;
    ses_rc_t ra, rb;

    assert_int_equal(ses_txn_read(&cx, a, &ta), SES_OK);
    assert_int_equal(ses_txn_read(&cx, b, &tb), SES_OK);
    assert_int_equal(ses_cur_open(&cx, ta, db, &ca), SES_OK);
    assert_int_equal(ses_cur_open(&cx, tb, db, &cb), SES_OK);
    ra = ses_cur_seek(&cx, ca, SES_STR(""), &ka, &va);
    rb = ses_cur_seek(&cx, cb, SES_STR(""), &kb, &vb);
    while (ra == SES_OK && rb == SES_OK) {
        assert_true(ses_str_eq(ka, kb) && ses_str_eq(va, vb));
        ra = ses_cur_next(&cx, ca, &ka, &va);
        rb = ses_cur_next(&cx, cb, &kb, &vb);
    }
    assert_int_equal(ra, rb);
    ses_cur_close(ca);
    ses_cur_close(cb);
    ses_txn_end(ta);
    ses_txn_end(tb);
}

/* Random changes, then the journal into an empty store. */
static void
test_replay(void **state)
{
    unsigned seed = 20261124, i, j, n;
    ses_store_t *other;
    ses_journal_rec_t rec;
    ses_txn_t *from, *to;
    uint64_t seq = 0;
    ses_rc_t rc;

    (void) state;
    print_message("seed %u\n", seed);
    for (i = 0; i < 300; i++) {
        ses_change_t c = {0};

        n = (unsigned) rand_r(&seed) % 5 + 1;
        for (j = 0; j < n; j++) {
            ses_str_t key = ses_str_printf(arena, "k%d", rand_r(&seed) % 40);

            cx.now += 1;
            if (rand_r(&seed) % 4 == 0)
                ses_change_del(&c, SES_DB_TOPIC, key, SES_VERSION_ANY);
            else
                ses_change_put(&c, SES_DB_TOPIC, key, SES_VERSION_ANY,
                               ses_str_printf(arena, "%d", rand_r(&seed)));
        }
        assert_int_equal(apply(&c), SES_OK);
    }

    other = temp_store(&cx, dir2);
    assert_int_equal(ses_txn_read(&cx, store, &from), SES_OK);
    assert_int_equal(ses_txn_write(&cx, other, &to), SES_OK);
    while ((rc = ses_journal_read(&cx, from, seq + 1, &rec)) == SES_OK) {
        assert_int_equal(ses_journal_replay(&cx, to, &rec), SES_OK);
        seq = rec.seq;
    }
    assert_int_equal(rc, SES_NOT_FOUND);
    assert_int_equal(seq, 300);
    assert_int_equal(ses_txn_commit(&cx, to), SES_OK);
    ses_txn_end(from);

    for (i = 0; i < SES_DB_MAX; i++)
        same_table(store, other, (ses_db_t) i);
    ses_store_close(other);
}

static void
test_read_and_purge(void **state)
{
    ses_journal_rec_t rec;
    ses_txn_t *t;
    unsigned n;

    (void) state;
    cx.now = 1000;
    assert_int_equal(put1("a", SES_VERSION_NONE, "1"), SES_OK);
    cx.now = 2000;
    assert_int_equal(put1("b", SES_VERSION_NONE, "2"), SES_OK);

    assert_int_equal(ses_txn_write(&cx, store, &t), SES_OK);
    assert_int_equal(ses_journal_read(&cx, t, 1, &rec), SES_OK);
    assert_int_equal(rec.when, 1000);
    assert_true(ses_str_eqc(rec.account, "111122223333"));
    assert_true(ses_str_eqc(rec.request_id, "r-1"));
    assert_true(ses_str_eqc(rec.op, "Test"));
    assert_int_equal(rec.change.n, 1);
    assert_true(ses_str_eqc(rec.change.rows[0].key, "a"));
    assert_int_equal(ses_journal_purge(&cx, t, 1500, 10, &n), SES_OK);
    assert_int_equal(n, 1);
    assert_int_equal(ses_journal_read(&cx, t, 1, &rec), SES_OK);
    assert_int_equal(rec.seq, 2);
    ses_txn_end(t);
}

static void
test_damaged(void **state)
{
    static const char *const bytes[] = {"", "\1", "\2aaaaaaaaaaaaaaaa",
                                        "\1aaaaaaaa\xff\xff\xff\xff"};
    ses_journal_rec_t rec;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
        assert_int_equal(decode(&cx, ses_str(bytes[i]), 1, &rec), SES_FAULT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_indexes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_and_purge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
