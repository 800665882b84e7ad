/*
 * test_mailbox - addresses in headers: names, comments, groups, bounds
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../shared/policy/mailbox.c"

#include "base/buf.h"
#include "base/clock.h"
#include "seeded.h"

#define MISSING "Missing final '@domain'"
#define LOCAL_BLANK "Local address contains control or whitespace"
#define DOMAIN_CHAR "Domain contains illegal character"
#define DOMAIN_BLANK "Domain contains control or whitespace"

static ses_arena_t *arena;

static const struct {
    const char *in;
    const char *addr; /* or NULL */
    const char *display;
    const char *why;
} mailboxes[] = {
    {"a@b.test", "a@b.test", "", NULL},
    {"  a@b.test\r\n", "a@b.test", "", NULL},
    {"<a@b.test>", "a@b.test", "", NULL},
    {"< a@b.test >", "a@b.test", "", NULL},
    {"Ann <a@B.Test>", "a@b.test", "Ann", NULL},
    {"Ann O. Nymous<a@b.test>", "a@b.test", "Ann O. Nymous", NULL},
    {"\"Ann, O.\" <a@b.test>", "a@b.test", "\"Ann, O.\"", NULL},
    {"\"<x@y.test>\" <a@b.test>", "a@b.test", "\"<x@y.test>\"", NULL},
    {"\"a\\\"<\" <a@b.test>", "a@b.test", "\"a\\\"<\"", NULL},
    {"=?UTF-8?B?w4Q=?= <a@b.test>", "a@b.test", "=?UTF-8?B?w4Q=?=", NULL},
    {"J\xc3\xb6rg <a@b.test>", "a@b.test", "J\xc3\xb6rg", NULL},
    {"(hi) a@b.test (x (y) \\) z)", "a@b.test", "", NULL},
    {"Ann (x) <a@b.test> (y)", "a@b.test", "Ann", NULL},
    {"A (x) B <a@b.test>", "a@b.test", "A (x) B", NULL},
    {"\"a b\"@b.test", "\"a b\"@b.test", "", NULL},
    {"\"ab\"@b.test", "ab@b.test", "", NULL},

    {"", NULL, NULL, "Invalid email address ."},
    {"   ", NULL, NULL, "Invalid email address ."},
    {"<>", NULL, NULL, "Invalid email address <>."},
    {"()", NULL, NULL, "Invalid email address ()."},
    {"Ann", NULL, NULL, MISSING},
    {"Doe, Ann <a@b.test>", NULL, NULL, MISSING},
    {"Re: Ann <a@b.test>", NULL, NULL, MISSING},
    {"Ann Doe", NULL, NULL, LOCAL_BLANK},
    {"a b@b.test", NULL, NULL, LOCAL_BLANK},
    {"a @b.test", NULL, NULL, LOCAL_BLANK},
    {"a@b.test c", NULL, NULL, DOMAIN_BLANK},
    {"a@b.test\r\nBcc: e@f.test", NULL, NULL, DOMAIN_BLANK},
    {"a@b.test, c@d.test", NULL, NULL,
     "Invalid email address a@b.test, c@d.test."},
    {"a@b.test;", NULL, NULL, "Invalid email address a@b.test;."},
    {"a@b.test <a@b.test> c", NULL, NULL,
     "Invalid email address a@b.test <a@b.test> c."},
    {"<a@b.test> <c@d.test>", NULL, NULL,
     "Invalid email address <a@b.test> <c@d.test>."},
    {"<<a@b.test>>", NULL, NULL, "Local address contains illegal character"},
    {"<a@b.test", NULL, NULL, "Invalid email address <a@b.test."},
    {"Ann\r\nBcc: e@f.test <a@b.test>", NULL, NULL, LOCAL_BLANK},
    {"Ann\r\nX <a@b.test>", NULL, NULL,
     "Invalid email address Ann\r\nX <a@b.test>."},
    {"<@h.test:a@b.test>", NULL, NULL,
     "Invalid email address <@h.test:a@b.test>."},
    {"a@b\xc3\xbc.test", NULL, NULL, DOMAIN_CHAR},
    {"a@b.test.", NULL, NULL, "Domain ends with dot"},
    {"(a@b.test", NULL, NULL, "Invalid email address (a@b.test."},
    {"\"a@b.test", NULL, NULL, "Unterminated quote"},
    {"group: a@b.test;", NULL, NULL, MISSING},
};

static void
test_one(void **state)
{
    ses_address_t got;
    ses_cx_t cx;
    ses_rc_t rc;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(mailboxes) / sizeof(mailboxes[0]); i++) {
        cx = ses_cx(arena, 0);
        rc = ses_address_parse(&cx, ses_str(mailboxes[i].in), &got);
        if (mailboxes[i].addr == NULL) {
            if (rc != SES_INVALID || !ses_str_eqc(cx.why, mailboxes[i].why))
                fail_msg("%s: %s %.*s", mailboxes[i].in, ses_rc_name(rc),
                         SES_FMT(cx.why));
            continue;
        }
        if (rc != SES_OK)
            fail_msg("%s: %.*s", mailboxes[i].in, SES_FMT(cx.why));
        if (!ses_str_eqc(got.addr, mailboxes[i].addr) ||
            !ses_str_eqc(got.display, mailboxes[i].display))
            fail_msg("%s: \"%.*s\" %.*s", mailboxes[i].in, SES_FMT(got.display),
                     SES_FMT(got.addr));
    }
}

static const struct {
    const char *in;
    const char *want; /* addresses, each with a comma behind it; or NULL */
    const char *why;
} lists[] = {
    {"", "", NULL},
    {" \r\n ", "", NULL},
    {"a@b.test", "a@b.test,", NULL},
    {"a@b.test,c@d.test", "a@b.test,c@d.test,", NULL},
    {",a@b.test,, c@d.test,", "a@b.test,c@d.test,", NULL},
    {"A <a@b.test>,\r\n \"C, D\" <c@d.test>", "a@b.test,c@d.test,", NULL},
    {"A\r\n B <a@b.test>", "a@b.test,", NULL},
    {"Undisclosed recipients:;", "", NULL},
    {"Undisclosed recipients:;,", "", NULL},
    {"G: a@b.test, C <c@d.test>;, e@f.test", "a@b.test,c@d.test,e@f.test,",
     NULL},
    {"G:a@b.test;H:c@d.test;", "a@b.test,c@d.test,", NULL},
    {"a@b.test (c, d@e.test)", "a@b.test,", NULL},

    {"a@b.test;", NULL, "Illegal semicolon, not in group"},
    {"a@b.test; c@d.test", NULL, "Illegal semicolon, not in group"},
    {"G: a@b.test", NULL, "Invalid email address G: a@b.test."},
    {"G: H: a@b.test;;", NULL, "Invalid email address G: H: a@b.test;;."},
    {": a@b.test;", NULL, "Invalid email address : a@b.test;."},
    {"a@b.test, Ann", NULL, MISSING},
    {"a@b.test c@d.test", NULL, DOMAIN_BLANK},
    {"a\x01@b.test", NULL, LOCAL_BLANK},
    {"x\x01 <a@b.test>", NULL, "Invalid email address x\x01 <a@b.test>."},
    {"1@b.test,2@b.test,3@b.test,4@b.test,5@b.test", NULL,
     "Recipient count exceeds 4."},
};

static void
test_lists(void **state)
{
    ses_address_t *all = NULL;
    ses_buf_t b;
    ses_cx_t cx;
    ses_rc_t rc;
    unsigned n, k;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        cx = ses_cx(arena, 0);
        n = 0;
        rc = ses_address_list(&cx, ses_str(lists[i].in), 4, &all, &n);
        if (lists[i].want == NULL) {
            if (rc != SES_INVALID || !ses_str_eqc(cx.why, lists[i].why))
                fail_msg("%s: %s %.*s", lists[i].in, ses_rc_name(rc),
                         SES_FMT(cx.why));
            continue;
        }
        if (rc != SES_OK)
            fail_msg("%s: %.*s", lists[i].in, SES_FMT(cx.why));
        ses_buf_init(&b, arena, 4096);
        for (k = 0; k < n; k++) {
            ses_buf_str(&b, all[k].addr);
            ses_buf_char(&b, ',');
        }
        if (!ses_str_eqc(ses_buf_get(&b), lists[i].want))
            fail_msg("%s: %.*s", lists[i].in, SES_FMT(ses_buf_get(&b)));
    }
    cx = ses_cx(arena, 0);
    assert_int_equal(
        ses_address_list(&cx, SES_STR("A\r\n B <a@b.test>"), 4, &all, &n),
        SES_OK);
    assert_true(ses_str_eqc(all[0].display, "A B"));
}

/* A megabyte of what makes naive parsers go back: well under a second. */
static void
test_hostile(void **state)
{
    static const char *const units[] = {
        "(",  ")",    "\"", "\\",   "<",    ">",     "a,",   "a:",  ";", "@",
        "a@", "(\\)", " ",  "\r\n", "a@b,", "<a@b>", "\"\"", "G:;", "."};
    const size_t size = 1 << 20;
    char *p = ses_alloc(arena, size);
    ses_address_t one, *all;
    int64_t start = ses_clock_mono_us();
    ses_cx_t cx;
    size_t i, k;
    unsigned n;

    (void) state;
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        for (k = 0; k < size; k++)
            p[k] = units[i][k % strlen(units[i])];
        cx = ses_cx(arena, 0);
        if (ses_address_parse(&cx, ses_str_n(p, size), &one) != SES_OK)
            assert_true(cx.why.n < 400);
        cx = ses_cx(arena, 0);
        if (ses_address_list(&cx, ses_str_n(p, size), 50, &all, &n) != SES_OK)
            assert_true(cx.why.n < 400);
        cx = ses_cx(arena, 0);
        if (ses_address_path(&cx, ses_str_n(p, size), &one) != SES_OK)
            assert_true(cx.why.n < 400);
    }
    assert_true(ses_clock_mono_us() - start < 10000000);
}

/* Accepted headers give addresses that are canonical already. */
static void
test_random(void **state)
{
    static const char letters[] = "aB.@\"\\ <>(),:;\r\n\t\x01";
    ses_address_t *all = NULL, again;
    seeded_t s = seeded();
    char text[32];
    ses_cx_t cx;
    unsigned n, k;
    size_t len, i;
    int round;

    (void) state;
    for (round = 0; round < 200000; round++) {
        len = 1 + seeded_below(&s, 20);
        for (i = 0; i < len; i++)
            text[i] = letters[seeded_below(&s, sizeof(letters) - 1)];
        cx = ses_cx(arena, 0);
        n = 0;
        if (ses_address_list(&cx, ses_str_n(text, len), 8, &all, &n) != SES_OK)
            continue;
        for (k = 0; k < n; k++)
            if (ses_address_parse(&cx, all[k].addr, &again) != SES_OK ||
                !ses_str_eq(again.addr, all[k].addr))
                SEEDED_FAIL(&s, "%.*s: %.*s", (int) len, text,
                            SES_FMT(all[k].addr));
        if (ses_arena_used(arena) > 1 << 20)
            ses_arena_reset(arena);
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
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
