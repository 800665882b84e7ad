/*
 * test_clock - every spelling of time, there and back
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../shared/base/clock.c"

static void
test_spellings(void **state)
{
    ses_arena_t *a = ses_arena_new();
    int64_t t = 1795489201234LL, back;

    (void) state;
    assert_true(ses_str_eqc(ses_clock_iso(a, t), "2026-11-24T03:00:01.234Z"));
    assert_true(ses_str_eqc(ses_clock_rfc5322(a, t),
                            "Tue, 24 Nov 2026 03:00:01 +0000"));
    assert_true(
        ses_str_eqc(ses_clock_http(a, t), "Tue, 24 Nov 2026 03:00:01 GMT"));
    assert_true(ses_str_eqc(ses_clock_amz(a, t), "20261124T030001Z"));

    assert_true(ses_clock_parse_iso(ses_clock_iso(a, t), &back));
    assert_int_equal(back, t);
    assert_true(ses_clock_parse_amz(ses_clock_amz(a, t), &back));
    assert_int_equal(back, t - 234);
    assert_true(ses_clock_parse_http(ses_clock_http(a, t), &back));
    assert_int_equal(back, t - 234);
    assert_true(ses_clock_parse_iso(SES_STR("1795489201.234"), &back));
    assert_int_equal(back, t);
    assert_true(
        ses_clock_parse_iso(SES_STR("2026-11-24T03:00:01.234567Z"), &back));
    assert_int_equal(back, t);
    ses_arena_free(a);
}

static void
test_refused(void **state)
{
    static const char *const amz[] = {"",
                                      "20261124T030001",
                                      "20261324T030001Z",
                                      "20260231T000000Z",
                                      "2026-11-24T03:00",
                                      "20261124t030001Z"};
    static const char *const iso[] = {"",
                                      "2026",
                                      "2026-11-24",
                                      "2026-11-24T03:00:01",
                                      "2026-13-24T03:00:01Z",
                                      "2026-11-24T03:00:01.2x4Z",
                                      "-1",
                                      "12345.x",
                                      "99999999999999999"};
    static const char *const http[] = {"", "Tue, 24 Nov 2026 03:00:01 UTC",
                                       "Tue, 24 Nop 2026 03:00:01 GMT"};
    int64_t t;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(amz) / sizeof(amz[0]); i++)
        assert_false(ses_clock_parse_amz(ses_str(amz[i]), &t));
    for (i = 0; i < sizeof(iso) / sizeof(iso[0]); i++)
        if (i != 1) /* "2026" is seconds */
            assert_false(ses_clock_parse_iso(ses_str(iso[i]), &t));
    for (i = 0; i < sizeof(http) / sizeof(http[0]); i++)
        assert_false(ses_clock_parse_http(ses_str(http[i]), &t));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
