/* statistic: quarters of an hour, two weeks of them, each account its own */
#include "model_store.h"

#include "../../shared/model/statistic.c"

#define WEEK (7 * INT64_C(86400000))

struct seen {
    unsigned n;
    ses_statistic_t last;
};

static ses_rc_t
see(ses_cx_t *cx, const ses_statistic_t *s, void *arg)
{
    struct seen *seen = arg;

    (void) cx;
    seen->n++;
    seen->last = *s;
    return SES_OK;
}

static struct seen
list(fixture_t *f, ses_str_t account)
{
    struct seen seen = {0};

    assert_int_equal(ses_statistic_list(&f->cx, f->t, account, see, &seen),
                     SES_OK);
    return seen;
}

static void
add(fixture_t *f, ses_stat_t what, int64_t when, uint64_t n)
{
    assert_int_equal(ses_statistic_add(&f->cx, f->t, ACCOUNT, what, when, n),
                     SES_OK);
}

static void
test_quarters(void **state)
{
    const int64_t begin = NOW / QUARTER * QUARTER;
    fixture_t *f = *state;
    struct seen s;

    assert_int_equal(list(f, ACCOUNT).n, 0);
    add(f, SES_STAT_ATTEMPTS, begin, 3);
    add(f, SES_STAT_ATTEMPTS, begin + QUARTER - 1, 2);
    add(f, SES_STAT_BOUNCES, begin + 1, 1);
    s = list(f, ACCOUNT);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.last.when, begin);
    assert_int_equal(s.last.n[SES_STAT_ATTEMPTS], 5);
    assert_int_equal(s.last.n[SES_STAT_BOUNCES], 1);
    assert_int_equal(s.last.n[SES_STAT_COMPLAINTS], 0);
    add(f, SES_STAT_REJECTS, begin + QUARTER, 1);
    assert_int_equal(list(f, ACCOUNT).n, 2);
    assert_int_equal(list(f, OTHER).n, 0);
}

static void
test_two_weeks(void **state)
{
    fixture_t *f = *state;
    uint64_t rows;
    unsigned i;

    for (i = 0; i < 20; i++)
        add(f, SES_STAT_ATTEMPTS, NOW + i * QUARTER, 1);
    f->cx.now = NOW + 2 * WEEK + 10 * QUARTER;
    assert_int_equal(list(f, ACCOUNT).n, 10);
    for (i = 0; i < 3; i++) /* whoever begins a quarter clears up */
        add(f, SES_STAT_ATTEMPTS, f->cx.now + i * QUARTER, 1);
    assert_int_equal(ses_store_count(&f->cx, f->t, SES_DB_STATISTIC, &rows),
                     SES_OK);
    assert_int_equal(rows, 13);
    f->cx.now = NOW;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_quarters),
        TEST(test_two_weeks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
