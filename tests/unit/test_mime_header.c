/* mime_header: folding, encoded words, addresses, parameters */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/mime_header.c"

static ses_arena_t *arena;
static ses_buf_t b;

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

static void
expect(const char *want)
{
    if (!ses_str_eqc(ses_buf_get(&b), want))
        fail_msg("\n got %.*s\nwant %s", SES_FMT(ses_buf_get(&b)), want);
}

#define TEN "123456789 "
#define E_ACUTE "\xc3\xa9"

static const struct {
    const char *charset, *in, *want;
} fields[] = {
    {"", "Hello", "S: Hello\r\n"},
    {"", "", "S: \r\n"},
    {"", TEN TEN TEN TEN TEN TEN TEN TEN "end",
     "S: " TEN TEN TEN TEN TEN TEN "123456789\r\n " TEN "end\r\n"},
    {"", TEN "  ", "S: 123456789   \r\n"},
    {"UTF-8", "caf" E_ACUTE, "S: =?UTF-8?Q?caf=C3=A9?=\r\n"},
    {"ISO-8859-1", "caf" E_ACUTE, "S: =?ISO-8859-1?Q?caf=E9?=\r\n"},
    {"UTF-8", "ab_c =?d" E_ACUTE, "S: =?UTF-8?Q?ab=5Fc_=3D=3Fd=C3=A9?=\r\n"},
    {"UTF-8", "\xd0\xbf\xd1\x80\xd0\xb8", "S: =?UTF-8?B?0L/RgNC4?=\r\n"},
    {"UTF-8", "=?already?=", "S: =?already?=\r\n"},
};

static void
test_fields(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        ses_buf_init(&b, arena, 1 << 16);
        mime_field(&b, "S", mime_charset(ses_str(fields[i].charset)),
                   ses_str(fields[i].in));
        expect(fields[i].want);
    }
}

/* Words split between characters, lines of 76, nothing lost at the ends. */
static void
test_long_words(void **state)
{
    char in[301];
    ses_str_t rest, line;
    unsigned i, words_seen = 0;

    (void) state;
    for (i = 0; i < 300; i += 3)
        memcpy(in + i, "\xe6\x97\xa5", 3);
    in[300] = '\0';
    ses_buf_init(&b, arena, 1 << 16);
    mime_field(&b, "Subject", mime_charset(SES_STR("UTF-8")), ses_str(in));
    rest = ses_buf_get(&b);
    while (ses_str_cut(&rest, '\n', &line)) {
        if (line.n == 0)
            continue;
        assert_true(line.n <= 77); /* the CR with it */
        assert_true(ses_str_search(line, SES_STR("=?UTF-8?B?")) >= 0);
        words_seen++;
    }
    assert_true(words_seen >= 7);
    ses_buf_init(&b, arena, 1 << 16);
    memset(in, 'x', 300);
    mime_field(&b, "X", NULL, ses_str(in)); /* the client's own: as it is */
    assert_int_equal(b.n, 300 + 5);
}

static ses_address_t
parsed(const char *s)
{
    ses_cx_t cx = ses_cx(arena, 0);
    ses_address_t a;

    assert_int_equal(ses_address_parse(&cx, ses_str(s), &a), SES_OK);
    return a;
}

static const struct {
    const char *in, *want;
} addresses[] = {
    {"a@b.test", "To: a@b.test\r\n"},
    {"<a@B.test>", "To: a@b.test\r\n"},
    {"Ann B <a@b.test>", "To: Ann B <a@b.test>\r\n"},
    {"\"Ann B\" <a@b.test>", "To: Ann B <a@b.test>\r\n"},
    {"\"B, Ann\" <a@b.test>", "To: \"B, Ann\" <a@b.test>\r\n"},
    {"J. R. <a@b.test>", "To: \"J. R.\" <a@b.test>\r\n"},
    {"\"a \\\"b\\\" c\" <a@b.test>", "To: \"a \\\"b\\\" c\" <a@b.test>\r\n"},
    {"=?UTF-8?Q?=C3=A9?= <a@b.test>", "To: =?UTF-8?Q?=C3=A9?= <a@b.test>\r\n"},
    {"Ren" E_ACUTE " <a@b.test>", "To: =?UTF-8?Q?Ren=C3=A9?= <a@b.test>\r\n"},
    {"\"Ren" E_ACUTE ", x\" <a@b.test>",
     "To: =?UTF-8?Q?Ren=C3=A9=2C_x?= <a@b.test>\r\n"},
    {"\"a b\"@b.test", "To: \"a b\"@b.test\r\n"},
};

static void
test_addresses(void **state)
{
    ses_address_t v[20];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        v[0] = parsed(addresses[i].in);
        ses_buf_init(&b, arena, 1 << 16);
        mime_addresses(&b, "To", v, 1);
        expect(addresses[i].want);
    }
    for (i = 0; i < 3; i++)
        v[i] = parsed("somebody.with.a.name@example.test");
    ses_buf_init(&b, arena, 1 << 16);
    mime_addresses(&b, "To", v, 3);
    expect("To: somebody.with.a.name@example.test,\r\n"
           " somebody.with.a.name@example.test, "
           "somebody.with.a.name@example.test\r\n");
}

#define FORTY "1234567890123456789012345678901234567890"

static const struct {
    const char *in, *want;
} params[] = {
    {"a.txt", ";\r\n filename=\"a.txt\""},
    {"a\"b\\c.txt", ";\r\n filename=\"a\\\"b\\\\c.txt\""},
    {"r" E_ACUTE ".txt", ";\r\n filename*=UTF-8''r%C3%A9.txt"},
    {FORTY FORTY, ";\r\n filename*0*=UTF-8''" FORTY "12345678901234567890"
                  ";\r\n filename*1*=12345678901234567890"},
    {FORTY "1234567890123456789" E_ACUTE,
     ";\r\n filename*0*=UTF-8''" FORTY "1234567890123456789"
     ";\r\n filename*1*=%C3%A9"},
};

static void
test_params(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
        ses_buf_init(&b, arena, 1 << 16);
        mime_param(&b, "filename", ses_str(params[i].in));
        expect(params[i].want);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_params, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
