/*
 * test_counter - counts in the store and in memory
 */
#include "model_store.h"

#include <pthread.h>

#include "../../shared/model/counter.c"

#include "base/buf.h"

static ses_rc_t
print(ses_cx_t *cx, ses_str_t name, uint64_t n, void *arg)
{
    (void) cx;
    ses_buf_printf(arg, "%.*s=%llu ", SES_FMT(name), (unsigned long long) n);
    return SES_OK;
}

static ses_str_t
listed(fixture_t *f, ses_str_t prefix)
{
    ses_buf_t b;

    ses_buf_init(&b, f->arena, 1000);
    assert_int_equal(ses_counter_list(&f->cx, f->t, prefix, print, &b), SES_OK);
    return ses_buf_get(&b);
}

static void
test_store(void **state)
{
    fixture_t *f = *state;
    uint64_t n = 99;

    assert_int_equal(ses_counter_get(&f->cx, f->t, SES_STR("a.x"), &n), SES_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ses_counter_add(&f->cx, f->t, SES_STR("a.x"), 2), SES_OK);
    assert_int_equal(ses_counter_add(&f->cx, f->t, SES_STR("a.x"), 300),
                     SES_OK);
    assert_int_equal(ses_counter_add(&f->cx, f->t, SES_STR("a.y"), 1), SES_OK);
    assert_int_equal(ses_counter_add(&f->cx, f->t, SES_STR("b"), 1), SES_OK);
    assert_int_equal(ses_counter_get(&f->cx, f->t, SES_STR("a.x"), &n), SES_OK);
    assert_int_equal(n, 302);
    assert_true(same(listed(f, SES_STR("a.")), "a.x=302 a.y=1 "));
    assert_true(same(listed(f, SES_STR("")), "a.x=302 a.y=1 b=1 "));
}

static void *
tally_many(void *unused)
{
    int i;

    for (i = 0; i < 10000; i++)
        ses_tally(SES_TICKET_FORGED);
    return unused;
}

static void
test_tally(void **state)
{
    fixture_t *f = *state;
    pthread_t threads[4];
    uint64_t n = 0;
    int i;

    assert_false(ses_tally_dirty());
    for (i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, tally_many, NULL);
    for (i = 0; i < 50; i++) /* while they count */
        assert_int_equal(ses_tally_flush(&f->cx, f->t, NULL), SES_OK);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ses_tally(SES_SIGN_FAILED);
    assert_true(ses_tally_dirty());
    assert_int_equal(ses_tally_flush(&f->cx, f->t, NULL), SES_OK);
    assert_false(ses_tally_dirty());
    assert_int_equal(
        ses_counter_get(&f->cx, f->t, SES_STR("ticket.forged"), &n), SES_OK);
    assert_int_equal(n, 40000);
    assert_true(same(listed(f, SES_STR("sign")), "sign.failed=1 "));
}

/* What cannot be written is counted again later. */
static void
test_tally_kept(void **state)
{
    fixture_t *f = *state;
    uint64_t n = 0;

    assert_int_equal(ses_store_put(&f->cx, f->t, SES_DB_COUNTER,
                                   SES_STR("ticket.stale"), SES_STR("bad")),
                     SES_OK);
    ses_tally(SES_TICKET_STALE);
    ses_tally(SES_TOKEN_FORGED);
    assert_int_equal(ses_tally_flush(&f->cx, f->t, NULL), SES_FAULT);
    assert_true(ses_tally_dirty());
    assert_int_equal(
        ses_store_del(&f->cx, f->t, SES_DB_COUNTER, SES_STR("ticket.stale")),
        SES_OK);
    assert_int_equal(ses_tally_flush(&f->cx, f->t, NULL), SES_OK);
    assert_int_equal(ses_counter_get(&f->cx, f->t, SES_STR("ticket.stale"), &n),
                     SES_OK);
    assert_int_equal(n, 1);
}

static void
test_names(void **state)
{
    int i, k;

    (void) state;
    for (i = 0; i < SES_TALLY_MAX; i++)
        for (k = 0; k <= i; k++)
            assert_true((strcmp(ses_tally_name((ses_tally_t) i),
                                ses_tally_name((ses_tally_t) k)) == 0) ==
                        (i == k));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_store),
        TEST(test_tally),
        TEST(test_tally_kept),
        TEST(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
