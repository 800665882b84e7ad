/*
 * test_address - local@domain and SMTP paths
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../shared/policy/address.c"
#include "seeded.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define D253 L60 "." L60 "." L60 "." L60 ".test.test"

#define MISSING "Missing final '@domain'"
#define LOCAL_BLANK "Local address contains control or whitespace"
#define LOCAL_CHAR "Local address contains illegal character"
#define DOMAIN_BLANK "Domain contains control or whitespace"
#define DOMAIN_CHAR "Domain contains illegal character"

static const struct {
    const char *in;
    const char *want; /* canonical, or NULL */
    const char *why;
} paths[] = {
    {"a@b.test", "a@b.test", NULL},
    {"<a@b.test>", "a@b.test", NULL},
    {"<A.b@B.TEST>", "A.b@b.test", NULL},
    {"<a@b.test.>", "a@b.test", NULL},
    {"<\"a\"@b.test>", "a@b.test", NULL},
    {"<\"\\a\\.b\"@b.test>", "a.b@b.test", NULL},
    {"<\"a b\"@b.test>", "\"a b\"@b.test", NULL},
    {"<\"a\\b\"@b.test>", "ab@b.test", NULL},
    {"<\"a\\\\b\"@b.test>", "\"a\\\\b\"@b.test", NULL},
    {"<\"a\\\"b\"@b.test>", "\"a\\\"b\"@b.test", NULL},
    {"<\"a..b\"@b.test>", "\"a..b\"@b.test", NULL},
    {"<\"a@c\"@b.test>", "\"a@c\"@b.test", NULL},
    {"<\"\"@b.test>", "\"\"@b.test", NULL},
    {"<a+b=c/d%e!f{g}@b.test>", "a+b=c/d%e!f{g}@b.test", NULL},
    {"<a@xn--bcher-kva.test>", "a@xn--bcher-kva.test", NULL},
    {"<a@localhost>", "a@localhost", NULL},
    {"<>", "", NULL},
    {"", "", NULL},
    {A64 "@b.test", A64 "@b.test", NULL},
    {"a@" D253, "a@" D253, NULL},

    {"<a@b.test", NULL, "Invalid email address <a@b.test."},
    {"a@b.test>", NULL, DOMAIN_CHAR},
    {"<@hop.test:a@b.test>", NULL,
     "Invalid email address <@hop.test:a@b.test>."},
    {"@hop.test:a@b.test", NULL, "Invalid email address @hop.test:a@b.test."},
    {"<\"@hop.test:a\"@b.test>", NULL,
     "Invalid email address <\"@hop.test:a\"@b.test>."},
    {"<@b.test>", NULL, "Invalid email address <@b.test>."},
    {"<a>", NULL, MISSING},
    {"<\"a\">", NULL, MISSING},
    {"<a@>", NULL, "Missing domain"},
    {"<a@.test>", NULL, "Domain starts with dot"},
    {"<a@b..test>", NULL, "Domain contains dot-dot"},
    {"<a@b.test..>", NULL, "Domain contains dot-dot"},
    {"<a@b_c.test>", NULL, DOMAIN_CHAR},
    {"<a@-b.test>", NULL, DOMAIN_CHAR},
    {"<a@b@c.test>", NULL, DOMAIN_CHAR},
    {"<a@[127.0.0.1]>", NULL, DOMAIN_CHAR},
    {"<a@127.0.0.1>", NULL, DOMAIN_CHAR},
    {"<a@b\xc3\xbc.test>", NULL, DOMAIN_CHAR},
    {"<a@b .test>", NULL, DOMAIN_BLANK},
    {"<a@b\r\n.test>", NULL, DOMAIN_BLANK},
    {"<.a@b.test>", NULL, "Local address starts with dot"},
    {"<a.@b.test>", NULL, "Local address ends with dot"},
    {"<a..b@b.test>", NULL, "Local address contains dot-dot"},
    {"<a b@b.test>", NULL, LOCAL_BLANK},
    {"< a@b.test>", NULL, LOCAL_BLANK},
    {"<a\r\n@b.test>", NULL, LOCAL_BLANK},
    {"<\"a\r\n\"@b.test>", NULL, LOCAL_BLANK},
    {"<a(x)@b.test>", NULL, LOCAL_CHAR},
    {"<a,b@b.test>", NULL, LOCAL_CHAR},
    {"<a\\b@b.test>", NULL, LOCAL_CHAR},
    {"<a\"b\"@b.test>", NULL, LOCAL_CHAR},
    {"<\"a\"b@b.test>", NULL, LOCAL_CHAR},
    {"<\"a\".b@b.test>", NULL, LOCAL_CHAR},
    {"<\xc3\xa4@b.test>", NULL, LOCAL_CHAR},
    {"<\"\xc3\xa4\"@b.test>", NULL, LOCAL_CHAR},
    {"<\"a@b.test>", NULL, "Unterminated quote"},
    {"\"", NULL, "Unterminated quote"},
    {"\"\\", NULL, "Unterminated quote"},
    {"\"\\\"", NULL, "Unterminated quote"},
    {A64 "a@b.test", NULL, "Invalid email address " A64 "a@b.test."},
    {"a@" D253 "t", NULL, DOMAIN_CHAR},
};

static ses_arena_t *arena;

static void
test_paths(void **state)
{
    ses_address_t got, again;
    ses_cx_t cx;
    ses_rc_t rc;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        cx = ses_cx(arena, 0);
        rc = ses_address_path(&cx, ses_str(paths[i].in), &got);
        if (paths[i].want == NULL) {
            if (rc != SES_INVALID || !ses_str_eqc(cx.why, paths[i].why))
                fail_msg("%s: %s %.*s", paths[i].in, ses_rc_name(rc),
                         SES_FMT(cx.why));
            continue;
        }
        if (rc != SES_OK || !ses_str_eqc(got.addr, paths[i].want))
            fail_msg("%s: %s %.*s", paths[i].in, ses_rc_name(rc),
                     SES_FMT(cx.why));
        assert_int_equal(got.display.n, 0);
        assert_true(got.addr.n <= SES_ADDRESS_MAX);
        assert_int_equal(ses_address_path(&cx, got.addr, &again), SES_OK);
        assert_true(ses_str_eq(got.addr, again.addr));
    }
    cx = ses_cx(arena, 0);
    assert_int_equal(ses_address_path(&cx, ses_str_n("<a\0@b.test>", 11), &got),
                     SES_INVALID);
    assert_true(ses_str_eqc(cx.why, LOCAL_BLANK));
    cx = ses_cx(arena, 0);
    assert_int_equal(ses_address_path(&cx, ses_str_n("<a@b\0.test>", 11), &got),
                     SES_INVALID);
    assert_true(ses_str_eqc(cx.why, DOMAIN_BLANK));
}

/* Whatever is accepted has one spelling, which stays. */
static void
test_idempotent(void **state)
{
    static const char letters[] = "aB0.@\"\\ +-<>(),:;\t\x7f\xc3";
    seeded_t s = seeded();
    char text[24];
    ses_address_t got, again;
    unsigned accepted = 0;
    ses_cx_t cx;
    size_t n, i;
    int round;

    (void) state;
    for (round = 0; round < 200000; round++) {
        /* mostly of the right shape, else nothing is accepted */
        n = 1 + seeded_below(&s, 12);
        for (i = 0; i < n; i++)
            text[i] = letters[seeded_below(
                &s, seeded_below(&s, 3) ? 8 : sizeof(letters) - 1)];
        if (seeded_below(&s, 2)) {
            memcpy(text + n, "@A.b.", 5);
            n += 4 + seeded_below(&s, 2);
        }
        cx = ses_cx(arena, 0);
        if (ses_address_path(&cx, ses_str_n(text, n), &got) != SES_OK) {
            if (cx.why_rc != SES_INVALID || cx.why.n == 0)
                SEEDED_FAIL(&s, "%.*s: no text", (int) n, text);
        } else {
            accepted++;
            cx = ses_cx(arena, 0);
            if (ses_address_path(&cx, got.addr, &again) != SES_OK ||
                !ses_str_eq(got.addr, again.addr) ||
                !ses_str_eq(got.local, again.local) ||
                !ses_str_eq(got.domain, again.domain))
                SEEDED_FAIL(&s, "%.*s: %.*s", (int) n, text, SES_FMT(got.addr));
        }
        if (ses_arena_used(arena) > 1 << 20)
            ses_arena_reset(arena);
    }
    assert_true(accepted > 1000);
}

static void
test_unlabelled(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"user+label@b.test", "user@b.test"},
        {"user+a+b@b.test", "user@b.test"},
        {"user+@b.test", "user@b.test"},
        {"user@b.test", "user@b.test"},
        {"+label@b.test", "+label@b.test"},
        {"\"us er+x\"@b.test", "\"us er+x\"@b.test"},
    };
    ses_address_t a;
    ses_cx_t cx = ses_cx(arena, 0);
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ses_address_path(&cx, ses_str(cases[i].in), &a),
                         SES_OK);
        assert_true(
            ses_str_eqc(ses_address_unlabelled(arena, &a), cases[i].want));
    }
}

static int
setup(void **state)
{
    (void) state;
    arena = ses_arena_new();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_arena_free(arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_idempotent),
        cmocka_unit_test(test_unlabelled),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
