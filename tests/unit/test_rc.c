/*
 * test_rc - the table forwards and backwards: every reply is understood
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../shared/base/rc.c"

static ses_arena_t *a;

/* Every code the gate may answer with comes back as itself. */
static void
test_there_and_back(void **state)
{
    static const struct {
        ses_rc_t rc;
        const char *why, *text;
    } cases[] = {
        {SES_REJECTED, "Email address is not verified.",
         "Message rejected: Email address is not verified."},
        {SES_DENIED, "User `x' is not", "Access denied: User `x' is not"},
        {SES_INVALID, "Duplicate header 'To'.",
         "Transaction failed: Duplicate header 'To'."},
        {SES_PAUSED, "Sending paused for this account.",
         "Message rejected: Sending paused for this account."},
        {SES_SUSPENDED, "Sending suspended for this account.",
         "Message rejected: Sending suspended for this account."},
        {SES_MAIL_FROM, "DNS setup for MAIL FROM domain is invalid.",
         "MAIL FROM domain not verified: DNS setup for MAIL FROM domain is "
         "invalid."},
        {SES_QUOTA, "Daily message quota exceeded.",
         "Throttling failure: Daily message quota exceeded"},
        {SES_THROTTLED, "Maximum sending rate exceeded.",
         "Throttling failure: Maximum sending rate exceeded"},
        {SES_SET_PAUSED, "Sending is paused for configuration set x",
         "Message rejected: Sending is paused for configuration set x"},
        {SES_SET_UNKNOWN, "Configuration set <x> does not exist.",
         "Transaction failed: Configuration set <x> does not exist."},
        {SES_DUPLICATE, "0100-x", "duplicate of 0100-x"},
        {SES_TOO_LARGE, "Message is too long.", "Message is too long."},
    };
    const char *dsn;
    ses_str_t text, why, line;
    size_t i;
    int code;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ses_rc_smtp(a, cases[i].rc, ses_str(cases[i].why), &code, &dsn, &text);
        assert_true(ses_str_eqc(text, cases[i].text));
        line = ses_str_printf(a, "%d %s %.*s", code, dsn, SES_FMT(text));
        assert_int_equal(ses_rc_from_smtp(a, line, &why), cases[i].rc);
        assert_true(ses_str_eqc(why, cases[i].why));
    }
}

static void
test_secrets_stay(void **state)
{
    static const ses_rc_t codes[] = {SES_FAULT, SES_BUSY, SES_FORGED,
                                     SES_STALE};
    const char *dsn;
    ses_str_t text, why;
    size_t i;
    int code;

    (void) state;
    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        ses_rc_smtp(a, codes[i], SES_STR("inner workings"), &code, &dsn, &text);
        assert_true(ses_str_search(text, SES_STR("inner")) < 0);
        assert_int_equal(ses_rc_from_smtp(a,
                                          ses_str_printf(a, "%d %s %.*s", code,
                                                         dsn, SES_FMT(text)),
                                          &why),
                         codes[i]);
    }
}

static void
test_others(void **state)
{
    ses_str_t why;

    (void) state;
    assert_int_equal(
        ses_rc_from_smtp(a, SES_STR("250 2.0.0 Ok: queued as X"), &why),
        SES_OK);
    assert_int_equal(
        ses_rc_from_smtp(a, SES_STR("451 4.7.1 Service unavailable"), &why),
        SES_BUSY);
    assert_int_equal(
        ses_rc_from_smtp(a, SES_STR("501 5.1.3 Bad recipient"), &why),
        SES_INVALID);
    assert_int_equal(ses_rc_from_smtp(a, SES_STR("nonsense"), &why), SES_BUSY);
    assert_int_equal(ses_rc_from_smtp(a, SES_STR(""), &why), SES_BUSY);
}

/* A hostile text stays on one line of bounded length. */
static void
test_one_line(void **state)
{
    char *big = ses_alloc(a, 2000);
    const char *dsn;
    ses_str_t text;
    int code;

    (void) state;
    memset(big, 'x', 2000);
    big[10] = '\r';
    big[11] = '\n';
    ses_rc_smtp(a, SES_INVALID, ses_str_n(big, 2000), &code, &dsn, &text);
    assert_true(text.n <= 480);
    assert_true(ses_str_ends(text, SES_STR("...")));
    assert_true(ses_str_find(text, '\n') < 0 && ses_str_find(text, '\r') < 0);
}

static int
setup(void **state)
{
    (void) state;
    a = ses_arena_new();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_arena_free(a);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_secrets_stay),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_one_line),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
