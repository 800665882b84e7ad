/*
 * test_quota - never above the limit, whatever the order and the clock
 */
#include "quota_clock.h"

#define HOUR INT64_C(3600000)

static ses_account_t
account(double max24, double rate)
{
    ses_account_t a = {.id = ACCOUNT, .max24 = max24, .rate = rate};

    return a;
}

/* Take in a transaction of its own, as a commit does. */
static ses_rc_t
take(fixture_t *f, const ses_account_t *a, uint32_t n, int64_t now,
     int64_t *minute)
{
    ses_txn_t *t;
    ses_rc_t rc;

    ses_cx_clear(&f->cx);
    f->cx.now = steady.ms = now;
    assert_int_equal(ses_txn_nested(&f->cx, f->t, &t), SES_OK);
    rc = ses_quota_take(&f->cx, t, a, n, n, minute);
    if (rc == SES_OK)
        assert_int_equal(ses_txn_commit(&f->cx, t), SES_OK);
    else
        ses_txn_end(t);
    return rc;
}

static uint64_t
used(fixture_t *f, int64_t now)
{
    uint64_t n = 99;

    f->cx.now = steady.ms = now;
    assert_int_equal(ses_quota_used(&f->cx, f->t, ACCOUNT, &n), SES_OK);
    return n;
}

static void
test_daily(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(10, -1);
    int64_t minute;

    assert_int_equal(used(f, NOW), 0);
    assert_int_equal(take(f, &a, 7, NOW, &minute), SES_OK);
    assert_int_equal(minute, NOW / MINUTE);
    assert_int_equal(take(f, &a, 4, NOW, &minute), SES_QUOTA);
    assert_true(same(f->cx.why, "Daily message quota exceeded."));
    assert_int_equal(used(f, NOW), 7);
    assert_int_equal(take(f, &a, 3, NOW + 1, &minute), SES_OK);
    assert_int_equal(take(f, &a, 1, NOW + 2, &minute), SES_QUOTA);
    assert_int_equal(take(f, &a, 11, NOW + 2 * DAY, &minute), SES_QUOTA);

    /* the bucket leaves when all of its minute is older than a day */
    assert_int_equal(take(f, &a, 1, NOW + DAY, &minute), SES_QUOTA);
    assert_int_equal(used(f, NOW + DAY), 10);
    assert_int_equal(used(f, NOW / MINUTE * MINUTE + DAY + MINUTE - 1), 10);
    assert_int_equal(used(f, NOW / MINUTE * MINUTE + DAY + MINUTE), 0);
    assert_int_equal(
        take(f, &a, 10, NOW / MINUTE * MINUTE + DAY + MINUTE, &minute), SES_OK);
    assert_int_equal(count(f, SES_DB_QUOTA), 2); /* the old bucket is gone */
}

/* The simulator's recipients: of the rate, not of the 24 hours. */
static void
test_uncounted(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(2, 4);
    int64_t minute;

    f->cx.now = steady.ms = NOW;
    assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 2, 2, &minute), SES_OK);
    assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 2, 0, &minute), SES_OK);
    assert_int_equal(used(f, NOW), 2);
    assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 1, 0, &minute),
                     SES_THROTTLED);
    ses_cx_clear(&f->cx);
    f->cx.now = steady.ms = NOW + 1000;
    assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 2, 1, &minute),
                     SES_QUOTA);
    ses_cx_clear(&f->cx);
    assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 4, 0, &minute), SES_OK);
    assert_int_equal(used(f, NOW + 1000), 2);
}

static void
test_limits(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(0, -1);
    int64_t minute;

    assert_int_equal(take(f, &a, 1, NOW, &minute), SES_QUOTA);
    a = account(-1, -1);
    assert_int_equal(take(f, &a, 1000000, NOW, &minute), SES_OK);
    assert_int_equal(used(f, NOW), 1000000); /* counted all the same */
    a = account(1000000, -1);
    assert_int_equal(take(f, &a, 1, NOW, &minute), SES_QUOTA);
    a = account(1000001, 0);
    assert_int_equal(take(f, &a, 1, NOW, &minute), SES_THROTTLED);
    a = account(1000001, -1);
    assert_int_equal(take(f, &a, 1, NOW, &minute), SES_OK);
}

static void
test_accounts_apart(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(5, -1), b = account(5, -1);
    int64_t minute;
    uint64_t n;

    b.id = OTHER;
    assert_int_equal(take(f, &a, 5, NOW, &minute), SES_OK);
    assert_int_equal(take(f, &b, 4, NOW, &minute), SES_OK);
    assert_int_equal(take(f, &b, 2, NOW, &minute), SES_QUOTA);
    assert_int_equal(used(f, NOW), 5);
    assert_int_equal(ses_quota_used(&f->cx, f->t, OTHER, &n), SES_OK);
    assert_int_equal(n, 4);
}

static void
test_rate(void **state)
{
    /* rate 10: each step takes n at a time and expects a result */
    static const struct {
        int64_t at;
        uint32_t n;
        ses_rc_t want;
    } steps[] = {
        {0, 6, SES_OK},
        {0, 4, SES_OK},
        {0, 1, SES_THROTTLED},
        {99, 1, SES_THROTTLED},
        {100, 1, SES_OK},
        {100, 1, SES_THROTTLED},
        {600, 6, SES_THROTTLED},
        {600, 5, SES_OK},
        {9000, 10, SES_OK}, /* no more than a second's worth is kept */
        {9000, 1, SES_THROTTLED},
        {9999, 25, SES_THROTTLED}, /* a large one needs all of it */
        {10000, 25, SES_OK},       /* and goes into debt */
        {11000, 1, SES_THROTTLED},
        {11500, 1, SES_THROTTLED},
        {11600, 1, SES_OK},
        {11600, 1, SES_THROTTLED},
    };
    fixture_t *f = *state;
    ses_account_t a = account(-1, 10);
    int64_t minute;
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = take(f, &a, steps[i].n, NOW + steps[i].at, &minute);
        if (rc != steps[i].want)
            fail_msg("step %zu: %s", i, ses_rc_name(rc));
        if (rc == SES_THROTTLED)
            assert_true(same(f->cx.why, "Maximum sending rate exceeded."));
    }
}

static void
test_slow_rate(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(-1, 0.5);
    int64_t minute;

    assert_int_equal(take(f, &a, 1, NOW, &minute), SES_OK);
    assert_int_equal(take(f, &a, 1, NOW + 1999, &minute), SES_THROTTLED);
    assert_int_equal(take(f, &a, 1, NOW + 2000, &minute), SES_OK);
}

/* Whoever is refused for the day has not used up the second, and back. */
static void
test_nothing_taken(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(12, 10);
    int64_t minute;

    assert_int_equal(take(f, &a, 10, NOW, &minute), SES_OK);
    assert_int_equal(take(f, &a, 5, NOW + 1000, &minute), SES_QUOTA);
    assert_int_equal(take(f, &a, 2, NOW + 1000, &minute), SES_OK);
    assert_int_equal(used(f, NOW + 1000), 12);
}

static void
test_return(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(10, -1);
    int64_t first, second, minute;

    assert_int_equal(take(f, &a, 4, NOW, &first), SES_OK);
    assert_int_equal(take(f, &a, 6, NOW + HOUR, &second), SES_OK);
    assert_int_equal(ses_quota_return(&f->cx, f->t, ACCOUNT, first, 4), SES_OK);
    assert_int_equal(used(f, NOW + HOUR), 6);
    assert_int_equal(take(f, &a, 4, NOW + HOUR, &minute), SES_OK);
    /* one that left the window is not given back again */
    assert_int_equal(take(f, &a, 5, NOW + HOUR + DAY + 2 * MINUTE, &minute),
                     SES_OK);
    assert_int_equal(ses_quota_return(&f->cx, f->t, ACCOUNT, second, 6),
                     SES_OK);
    assert_int_equal(ses_quota_return(&f->cx, f->t, ACCOUNT, first, 4), SES_OK);
    assert_int_equal(ses_quota_return(&f->cx, f->t, OTHER, first, 4), SES_OK);
    assert_int_equal(used(f, NOW + HOUR + DAY + 2 * MINUTE), 5);
    assert_int_equal(ses_quota_return(&f->cx, f->t, ACCOUNT, minute, 99),
                     SES_OK);
    assert_int_equal(used(f, NOW + HOUR + DAY + 2 * MINUTE), 0);
}

static void
test_abort(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(10, -1);
    ses_message_t m = {.id = {NOW, 1, 2, 3},
                       .state = SES_MESSAGE_PREPARED,
                       .account = ACCOUNT,
                       .charged = 4};
    bool changed = false;

    assert_int_equal(take(f, &a, 4, NOW, &m.minute), SES_OK);
    assert_int_equal(ses_message_insert(&f->cx, f->t, &m, SES_STR("")), SES_OK);
    assert_int_equal(ses_quota_abort(&f->cx, f->t, m.id, &changed), SES_OK);
    assert_true(changed);
    assert_int_equal(used(f, NOW), 0);
    assert_int_equal(take(f, &a, 4, NOW, &m.minute), SES_OK);
    assert_int_equal(ses_quota_abort(&f->cx, f->t, m.id, &changed), SES_OK);
    assert_false(changed);
    assert_int_equal(used(f, NOW), 4); /* once only */
    m.id.inode++;
    assert_int_equal(ses_quota_abort(&f->cx, f->t, m.id, &changed),
                     SES_NOT_FOUND);
}

/* The machine's clock may be set: only what passed counts. */
static void
test_clock_is_set(void **state)
{
    static const int64_t steps[] = {-365 * DAY,       -HOUR,    -1000, 1000,
                                    DAY + 2 * MINUTE, 365 * DAY};
    fixture_t *f = *state;
    ses_account_t a = account(10, 10);
    int64_t minute, first;
    uint64_t n;
    size_t i;

    assert_int_equal(take(f, &a, 6, NOW, &first), SES_OK);
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        f->cx.now = NOW + steps[i]; /* no time has passed */
        ses_cx_clear(&f->cx);
        assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 5, 5, &minute),
                         SES_THROTTLED);
        ses_cx_clear(&f->cx);
        assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 1, 11, &minute),
                         SES_QUOTA);
        assert_int_equal(ses_quota_used(&f->cx, f->t, ACCOUNT, &n), SES_OK);
        assert_int_equal(n, 6);
    }
    /* set for good, a year back: a day later is a day later */
    f->cx.now = NOW - 365 * DAY;
    steady.ms = NOW + 1000;
    assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 4, 4, &minute), SES_OK);
    assert_int_equal(minute, (NOW + 1000) / MINUTE);
    f->cx.now += DAY + 2 * MINUTE;
    steady.ms += DAY + 2 * MINUTE;
    assert_int_equal(ses_quota_used(&f->cx, f->t, ACCOUNT, &n), SES_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ses_quota_return(&f->cx, f->t, ACCOUNT, first, 6), SES_OK);
}

/* Across a start of the machine the clock is believed, but not backwards. */
static void
test_machine_starts(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(10, -1);
    int64_t minute;
    uint64_t n;

    assert_int_equal(take(f, &a, 6, NOW, &minute), SES_OK);
    steady = (ses_steady_t){5000, 2};
    f->cx.now = NOW + HOUR;
    assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 4, 4, &minute), SES_OK);
    assert_int_equal(minute, (NOW + HOUR) / MINUTE);
    steady = (ses_steady_t){1000, 3};
    f->cx.now = NOW - 365 * DAY;
    assert_int_equal(ses_quota_take(&f->cx, f->t, &a, 1, 1, &minute),
                     SES_QUOTA);
    steady = (ses_steady_t){1000, 4};
    f->cx.now = NOW + DAY + 2 * MINUTE;
    assert_int_equal(ses_quota_used(&f->cx, f->t, ACCOUNT, &n), SES_OK);
    assert_int_equal(n, 4);
}

/* A record of a build that counted by the clock. */
static void
test_old_record(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(10, -1);
    struct quota_v1 old = {.version = 1, .total = 7, .last = NOW, .tokens = 1};
    int64_t minute;

    assert_int_equal(ses_store_put(&f->cx, f->t, SES_DB_QUOTA, ACCOUNT,
                                   ses_str_n(&old, sizeof(old))),
                     SES_OK);
    assert_int_equal(bucket_put(&f->cx, f->t, ACCOUNT, NOW / MINUTE, 7),
                     SES_OK);
    assert_int_equal(take(f, &a, 4, NOW + HOUR, &minute), SES_QUOTA);
    assert_int_equal(take(f, &a, 3, NOW + HOUR, &minute), SES_OK);
    assert_int_equal(used(f, NOW + HOUR), 10);
    assert_int_equal(used(f, NOW + DAY + 2 * MINUTE), 3);
}

/* The rate: in no second more than twice its worth (a full bucket, then the
 * refill), and over a long time no more than the rate. */
static void
test_rate_never_above(void **state)
{
    fixture_t *f = *state;
    seeded_t s = seeded();
    const double rate = 1 + seeded_below(&s, 50);
    ses_account_t a = account(-1, rate);
    int64_t now = NOW, minute;
    uint64_t sent = 0;
    uint32_t want;
    int i;

    for (i = 0; i < 20000; i++) {
        now += seeded_below(&s, 200);
        want = 1 + seeded_below(&s, 3);
        if (take_at(f, &a, want, now, now, &minute) == SES_OK)
            sent += want;
        if ((double) sent >
            rate + 3 + rate * (double) (now - NOW) / 1000 + EPSILON)
            SEEDED_FAIL(&s, "%llu in %lld ms at %g", (unsigned long long) sent,
                        (long long) (now - NOW), rate);
        ses_arena_reset(f->arena);
    }
    assert_true((double) sent > 0.9 * rate || (double) sent > 0.5 * (double) i);
}

static void
test_damaged(void **state)
{
    fixture_t *f = *state;
    ses_account_t a = account(10, -1);
    int64_t minute;

    assert_int_equal(
        ses_store_put(&f->cx, f->t, SES_DB_QUOTA, ACCOUNT, SES_STR("x")),
        SES_OK);
    assert_int_equal(take(f, &a, 1, NOW, &minute), SES_FAULT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_daily),
        TEST(test_uncounted),
        TEST(test_limits),
        TEST(test_accounts_apart),
        TEST(test_rate),
        TEST(test_slow_rate),
        TEST(test_nothing_taken),
        TEST(test_return),
        TEST(test_abort),
        TEST(test_clock_is_set),
        TEST(test_machine_starts),
        TEST(test_old_record),
        TEST(test_rate_never_above),
        TEST(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
