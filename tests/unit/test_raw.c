/* raw: the header split off, line ends, what cannot begin a message */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/raw.c"

static ses_arena_t *arena;
static ses_cx_t cx;
static raw_t raw;

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

#define BEGIN "Message must begin with a header field."

static const struct {
    const char *in, *data; /* data NULL = refused */
    unsigned fields;
    const char *why;
} cases[] = {
    {"A: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n", 1, ""},
    {"A: b\n\nc", "A: b\r\n\r\nc\r\n", 1, ""},
    {"A: b\r\nC: d\n e\n\n", "A: b\r\nC: d\r\n e\r\n\r\n", 2, ""},
    {"A:", "A:\r\n", 1, ""},
    {"A: b\r", "A: b\r\r\n", 1, ""},
    {"A: b\r\n \r\n\r\nX: y\r\n", "A: b\r\n \r\n\r\nX: y\r\n", 1, ""},
    {"", NULL, 0, BEGIN},
    {"\r\n", NULL, 0, BEGIN},
    {" A: b\r\n", NULL, 0, BEGIN},
    {"From a@b Mon\r\nA: b\r\n", NULL, 0, BEGIN},
    {": b\r\n", NULL, 0, BEGIN},
    {"A b: c\r\n", NULL, 0, BEGIN},
    {"A\xc3\xa9: c\r\n", NULL, 0, BEGIN},
    {"A: b\r\nnone\r\n\r\n", NULL, 0, "Illegal header 'none'."},
    {"A: b\r\nC : d\r\n\r\n", NULL, 0, "Illegal header 'C : d'."},
};

static void
test_split(void **state)
{
    size_t i;
    ses_rc_t rc;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cx = ses_cx(arena, 0);
        rc = raw_parse(&cx, ses_str(cases[i].in), &raw);
        if ((rc == SES_OK) != (cases[i].data != NULL) ||
            !ses_str_eqc(cx.why, cases[i].why))
            fail_msg("%s: %s %.*s", cases[i].in, ses_rc_name(rc),
                     SES_FMT(cx.why));
        if (rc != SES_OK)
            continue;
        if (!ses_str_eqc(raw.data, cases[i].data) ||
            raw.headers.n != cases[i].fields)
            fail_msg("%s: %u fields, %.*s", cases[i].in, raw.headers.n,
                     SES_FMT(raw.data));
    }
    cx = ses_cx(arena, 0);
    assert_int_equal(raw_parse(&cx, SES_STR("A: b\r\n\r\n\0"), &raw),
                     SES_INVALID);
}

static void
test_mailboxes(void **state)
{
    ses_address_t *v;
    unsigned n;

    (void) state;
    cx = ses_cx(arena, 0);
    assert_int_equal(
        raw_parse(&cx,
                  SES_STR("To: a@x.test,\r\n B <b@x.test>\r\nCc:\r\n"
                          "TO: g: c@x.test;\r\n\r\nTo: d@x.test\r\n"),
                  &raw),
        SES_OK);
    assert_int_equal(raw_mailboxes(&cx, &raw, "To", 3, &v, &n), SES_OK);
    assert_int_equal(n, 3);
    assert_true(ses_str_eqc(v[2].addr, "c@x.test"));
    assert_int_equal(raw_mailboxes(&cx, &raw, "Cc", 3, &v, &n), SES_OK);
    assert_int_equal(n, 0);
    assert_int_equal(raw_mailboxes(&cx, &raw, "To", 2, &v, &n), SES_INVALID);
    assert_true(ses_str_eqc(cx.why, "Recipient count exceeds 2."));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_split, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mailboxes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
