/*
 * test_domain - the canonical form of domain names
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../shared/base/domain.c"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *in;
    const char *want; /* NULL = refused */
} cases[] = {
    {"example.com", "example.com"},
    {"EXAMPLE.Com.", "example.com"},
    {"localhost", "localhost"},
    {"a-b.1.example", "a-b.1.example"},
    {"b\xc3\xbc"
     "cher.example",
     "xn--bcher-kva.example"},
    {"B\xc3\x9c"
     "CHER.example",
     "xn--bcher-kva.example"},
    {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
    {"fa\xc3\x9f.example", "xn--fa-hia.example"},
    {L63 ".example", L63 ".example"},
    {L63 "a.example", NULL},
    {L63 "." L63 "." L63 "." L63, NULL},
    {"", NULL},
    {".", NULL},
    {"a..b", NULL},
    {".a", NULL},
    {"a..", NULL},
    {"-a.b", NULL},
    {"a-.b", NULL},
    {"a_b.c", NULL},
    {"a b.c", NULL},
    {"127.0.0.1", NULL},
    {"a.\xc3\x28", NULL},
    {"a@b", NULL},
};

static void
test_canon(void **state)
{
    ses_arena_t *arena = ses_arena_new();
    ses_str_t out, again;
    ses_cx_t cx;
    ses_rc_t rc;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cx = ses_cx(arena, 0);
        rc = ses_domain_canon(&cx, ses_str(cases[i].in), &out);
        if (cases[i].want == NULL) {
            if (rc != SES_INVALID)
                fail_msg("%s: accepted", cases[i].in);
            continue;
        }
        if (rc != SES_OK || !ses_str_eqc(out, cases[i].want))
            fail_msg("%s: %d %.*s", cases[i].in, rc, SES_FMT(out));
        assert_int_equal(ses_domain_canon(&cx, out, &again), SES_OK);
        assert_true(ses_str_eq(out, again));
    }
    cx = ses_cx(arena, 0);
    assert_int_equal(ses_domain_canon(&cx, ses_str_n("a\0b.c", 5), &out),
                     SES_INVALID);
    cx = ses_cx(arena, 0);
    assert_int_equal(ses_domain_canon(&cx, SES_STR("a_b"), &out), SES_INVALID);
    assert_true(ses_str_eqc(cx.why, "Domain a_b is invalid."));
    ses_arena_free(arena);
}

static void
test_within(void **state)
{
    (void) state;
    assert_true(ses_domain_within(SES_STR("a.b"), SES_STR("a.b")));
    assert_true(ses_domain_within(SES_STR("x.a.b"), SES_STR("a.b")));
    assert_false(ses_domain_within(SES_STR("xa.b"), SES_STR("a.b")));
    assert_false(ses_domain_within(SES_STR("b"), SES_STR("a.b")));
    assert_false(ses_domain_within(SES_STR(".a.b"), SES_STR("a.b")));
    assert_false(ses_domain_within(SES_STR("a.b"), SES_STR("")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canon),
        cmocka_unit_test(test_within),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
