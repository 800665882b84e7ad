/*
 * test_keyrecord - DKIM key records as people publish them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../shared/policy/keyrecord.c"

#define KEY "MIIBIjANBgkq+/AQAB"

static const struct {
    const char *txt;
    bool want;
} cases[] = {
    {"v=DKIM1; k=rsa; p=" KEY, true},
    {"v=DKIM1;k=rsa;p=" KEY ";", true},
    {"p=" KEY, true},
    {"  v = DKIM1 ;\tp = " KEY " ; ", true},
    {"v=DKIM1; p=MIIB IjANBg\r\n\tkq+/AQAB", true},
    {"v=DKIM1; t=s; n=a note; x-new=1; p=" KEY, true},
    {"v=DKIM1; h=sha1:sha256; s=email; p=" KEY, true},
    {"v=DKIM1; s=*; p=" KEY, true},
    {"k=rsa; p=" KEY, true},
    /* not ours */
    {"", false},
    {"v=DKIM1; k=rsa; p=", false},
    {"v=DKIM1; k=rsa", false},
    {"v=DKIM1; k=rsa; p=" KEY "A", false},
    {"v=DKIM1; k=rsa; p=miibijanbgkq+/aqab", false},
    /* a verifier would not use it */
    {"v=DKIM2; p=" KEY, false},
    {"v=dkim1; p=" KEY, false},
    {"k=rsa; v=DKIM1; p=" KEY, false},
    {"v=DKIM1; k=ed25519; p=" KEY, false},
    {"v=DKIM1; h=sha1; p=" KEY, false},
    {"v=DKIM1; s=tlsrpt; p=" KEY, false},
    {"v=DKIM1; p=" KEY "; p=" KEY, false},
    {"v=DKIM1; P=" KEY, false},
    {"v=DKIM1; nonsense; p=" KEY, false},
    {"=x; p=" KEY, false},
    {"v=spf1 include:example.net ~all", false},
    {"\"v=DKIM1; p=" KEY "\"", false},
};

static void
test_records(void **state)
{
    ses_arena_t *a = ses_arena_new();
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (ses_keyrecord_has(a, ses_str(cases[i].txt), "rsa", SES_STR(KEY)) !=
            cases[i].want)
            fail_msg("%s", cases[i].txt);
    /* Without a key of ours nothing matches. */
    assert_false(
        ses_keyrecord_has(a, SES_STR("v=DKIM1; p="), "rsa", SES_STR("")));
    ses_arena_free(a);
}

static void
test_strings(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_str_t out = SES_STR("untouched");

    (void) state;
    assert_true(ses_keyrecord_txt(a, SES_STR("\3abc\0\2de"), &out));
    assert_true(ses_str_eqc(out, "abcde"));
    assert_true(ses_keyrecord_txt(a, SES_STR(""), &out));
    assert_int_equal(out.n, 0);
    out = SES_STR("untouched");
    assert_false(ses_keyrecord_txt(a, SES_STR("\4abc"), &out));
    assert_false(ses_keyrecord_txt(a, SES_STR("\3abc\1"), &out));
    assert_true(ses_str_eqc(out, "untouched"));
    ses_arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
