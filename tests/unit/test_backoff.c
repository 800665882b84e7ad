/*
 * test_backoff - how long to wait, and when to leave an endpoint alone
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../milter/agent/backoff.c"

#include "../../milter/agent/breaker.c"

static const struct {
    int64_t min, max;
    unsigned tries;
    int64_t want;
} cases[] = {
    {1000, 600000, 0, 1000},    {1000, 600000, 1, 1000},
    {1000, 600000, 2, 2000},    {1000, 600000, 10, 512000},
    {1000, 600000, 11, 600000}, {1000, 600000, 4000000000u, 600000},
    {200, 200, 7, 200},         {0, 100, 1, 1},
    {500, 100, 1, 100},
};

static void
test_wait(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(backoff_ms(cases[i].min, cases[i].max, cases[i].tries),
                         cases[i].want);
}

static void
test_opens_and_closes(void **state)
{
    breaker_t b = {0};
    bool probe;

    (void) state;
    assert_false(breaker_failed(&b, false, 0, 10, 40));
    assert_false(breaker_failed(&b, false, 0, 10, 40));
    assert_true(breaker_allows(&b, 0, &probe));
    assert_false(probe);
    assert_true(breaker_failed(&b, false, 100, 10, 40));
    assert_true(breaker_open(&b));

    /* The rest of the window fails too: that says nothing new. */
    assert_false(breaker_failed(&b, false, 100, 10, 40));
    assert_int_equal(b.until, 110);
    assert_false(breaker_allows(&b, 109, &probe));
    assert_true(breaker_allows(&b, 110, &probe));
    assert_true(probe);

    /* One probe at a time; each that fails doubles the wait. */
    breaker_sent(&b, true);
    assert_false(breaker_allows(&b, 111, &probe));
    assert_false(breaker_failed(&b, true, 120, 10, 40));
    assert_false(breaker_allows(&b, 139, &probe));
    assert_true(breaker_allows(&b, 140, &probe));
    breaker_sent(&b, true);
    breaker_failed(&b, true, 140, 10, 40);
    breaker_sent(&b, true);
    breaker_failed(&b, true, 200, 10, 40);
    assert_int_equal(b.until, 240);

    /* A probe that was called off may be sent again. */
    breaker_sent(&b, true);
    breaker_cancelled(&b, true);
    assert_true(breaker_allows(&b, 240, &probe));
    breaker_sent(&b, true);
    assert_true(breaker_ok(&b));
    assert_false(breaker_ok(&b));
    assert_true(breaker_allows(&b, 0, &probe));
    assert_false(probe);
}

/* One message that always fails among others that do not. */
static void
test_poison(void **state)
{
    breaker_t b = {0};
    int i;

    (void) state;
    for (i = 0; i < 100; i++) {
        assert_false(breaker_failed(&b, false, i, 10, 40));
        assert_false(breaker_ok(&b));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_opens_and_closes),
        cmocka_unit_test(test_poison),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
