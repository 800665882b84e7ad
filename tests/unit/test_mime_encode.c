/* mime_encode: what travels comes back; lines stay short */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/mime_encode.c"
#include "base/encode.h"
#include "seeded.h"

static ses_arena_t *arena;

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

static ses_str_t
encode(mime_cte_t e, ses_str_t s)
{
    ses_buf_t b;

    ses_buf_init(&b, arena, 1 << 20);
    mime_encode(&b, e, s);
    return ses_buf_get(&b);
}

static const struct {
    const char *in, *qp;
} cases[] = {
    {"", ""},
    {"plain", "plain"},
    {"a=b", "a=3Db"},
    {"caf\xc3\xa9", "caf=C3=A9"},
    {"end \r\nnext\t", "end=20\r\nnext=09"},
    {"lone\nlf\rcr", "lone=0Alf=0Dcr"},
    {"From me\r\nFrom you", "=46rom me\r\n=46rom you"},
    {"123456789012345678901234567890123456789012345678901234567890123456789012"
     "34567",
     "123456789012345678901234567890123456789012345678901234567890123456789012"
     "345=\r\n67"},
};

static void
test_qp(void **state)
{
    ses_str_t got;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        got = encode(MIME_QP, ses_str(cases[i].in));
        if (!ses_str_eqc(got, cases[i].qp))
            fail_msg("%s: got %.*s", cases[i].in, SES_FMT(got));
    }
}

static ses_str_t
decode_qp(ses_str_t s)
{
    char *p = ses_alloc(arena, s.n + 1);
    ses_str_t byte;
    size_t i, n = 0;

    for (i = 0; i < s.n; i++) {
        if (s.p[i] != '=') {
            p[n++] = s.p[i];
        } else if (s.p[i + 1] == '\r') {
            i += 2;
        } else {
            assert_true(ses_hex_parse(arena, ses_str_n(s.p + i + 1, 2), &byte));
            p[n++] = byte.p[0];
            i += 2;
        }
    }
    return ses_str_n(p, n);
}

static ses_str_t
decode_base64(ses_str_t s)
{
    char *p = ses_alloc(arena, s.n + 1);
    ses_str_t out;
    size_t i, n = 0;

    for (i = 0; i < s.n; i++)
        if (s.p[i] != '\r' && s.p[i] != '\n')
            p[n++] = s.p[i];
    assert_true(ses_base64_parse(arena, ses_str_n(p, n), &out));
    return out;
}

static void
check_lines(ses_str_t s)
{
    size_t i, col = 0;

    for (i = 0; i < s.n; i++) {
        if (line_end(s, i)) {
            col = 0;
            i++;
            continue;
        }
        assert_true(plain(s.p[i]));
        assert_true(++col <= 76);
    }
}

/* Any bytes, with many line ends and blanks among them. */
static void
test_round_trip(void **state)
{
    static const char some[] = "\r\n \t=F\x00\xff"
                               "ab.";
    seeded_t seed = seeded();
    ses_str_t s, got;
    unsigned round, i;
    char *p;

    (void) state;
    fprintf(stderr, "SESAME_SEED=%llu\n", (unsigned long long) seed.seed);
    for (round = 0; round < 2000; round++) {
        s.n = seeded_below(&seed, 300);
        p = ses_alloc(arena, s.n + 1);
        for (i = 0; i < s.n; i++)
            p[i] = seeded_below(&seed, 3) > 0
                       ? some[seeded_below(&seed, sizeof(some) - 1)]
                       : (char) seeded_below(&seed, 256);
        s.p = p;
        got = encode(MIME_QP, s);
        check_lines(got);
        assert_true(ses_str_eq(decode_qp(got), s));
        got = encode(MIME_BASE64, s);
        check_lines(got);
        assert_true(ses_str_eq(decode_base64(got), s));
        got = mime_crlf(arena, s);
        assert_true(ses_str_eq(mime_crlf(arena, got), got));
        if (mime_clean(s, 76))
            check_lines(s);
        ses_arena_reset(arena);
    }
}

static void
test_choice(void **state)
{
    (void) state;
    assert_int_equal(mime_cte_text(SES_STR("short\r\nlines\r\n")), MIME_7BIT);
    assert_int_equal(mime_cte_text(SES_STR("caf\xc3\xa9 and much more")),
                     MIME_QP);
    assert_int_equal(mime_cte_text(SES_STR("\xd0\xbf\xd1\x80\xd0\xb8")),
                     MIME_BASE64);
    assert_int_equal(mime_cte_text(SES_STR("From here\r\n")), MIME_QP);
    assert_true(ses_str_eqc(mime_crlf(arena, SES_STR("a\nb\rc\r\n\n")),
                            "a\r\nb\r\nc\r\n\r\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_qp, setup, teardown),
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_choice, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
