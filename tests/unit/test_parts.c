/*
 * test_parts - MIME parts are counted, however the body is cut into chunks
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../milter/gate/parts.c"

#define MIXED "multipart/mixed; boundary=b"

static const struct {
    const char *name, *type, *body;
    unsigned parts;
} cases[] = {
    {"plain", "text/plain", "--b\r\n--b\r\n", 0},
    {"no type", "", "--b\r\n", 0},
    {"two", MIXED, "x\r\n--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--\r\n", 2},
    {"quoted, upper case", "MULTIPART/mixed;  Boundary=\"a b\"; x=y",
     "--a b\r\n\r\n--a b  \r\n--a b--\r\n", 2},
    {"not the boundary", MIXED, "--bc\r\n --b\r\n--\r\n-b\r\n--B\r\n", 0},
    {"nested", MIXED,
     "--b\r\nContent-Type: multipart/alternative;\r\n boundary=\"c\"\r\n\r\n"
     "--c\r\n\r\n1\r\n--c\r\n\r\n2\r\n--c--\r\n--b\r\n\r\n--b--\r\n",
     4},
    {"named in a body, not in a header", MIXED,
     "--b\r\n\r\nboundary=c\r\n--c\r\n--c\r\n--b--\r\n", 1},
    {"a boundary that is a prefix", "multipart/mixed; boundary=bb",
     "--bb\r\nContent-Type: multipart/x; boundary=b\r\n\r\n--b\r\n--bb\r\n", 3},
    {"empty boundary", "multipart/mixed; boundary=\"\"", "--\r\n--\r\n", 0},
    {"unended quote", "multipart/mixed; boundary=\"b", "--b\r\n", 0},
    {"no end of line", MIXED, "--b\r\n\r\n--b", 1},
};

static void
test_cases(void **state)
{
    parts_t p;
    size_t i, step, at, n, k;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (step = 1; step < 40; step += 3) {
            parts_begin(&p, ses_str(cases[i].type));
            n = strlen(cases[i].body);
            for (at = 0; at < n; at += k) {
                k = n - at < step ? n - at : step;
                parts_scan(&p, cases[i].body + at, k);
            }
            if (p.n != cases[i].parts)
                fail_msg("%s, in pieces of %zu: %u", cases[i].name, step, p.n);
        }
}

static void
test_limit(void **state)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    parts_t p;
    int i;

    (void) state;
    parts_begin(&p, SES_STR(MIXED));
    for (i = 0; i < PARTS_MAX; i++)
        parts_scan(&p, "--b\r\n\r\nx\r\n", 10);
    assert_int_equal(parts_check(&cx, &p), SES_OK);
    parts_scan(&p, "--b\r\n", 5);
    assert_int_equal(parts_check(&cx, &p), SES_INVALID);
    assert_string_equal(ses_str_c(cx.arena, cx.why),
                        "The message has more than 500 MIME parts.");
    ses_arena_free(cx.arena);
}

/* More boundaries than are kept, and lines longer than are looked at. */
static void
test_bounds(void **state)
{
    char text[2000];
    parts_t p;
    int i;

    (void) state;
    parts_begin(&p, SES_STR(MIXED));
    for (i = 0; i < 100; i++) {
        snprintf(text, sizeof(text), "--b\r\nX: boundary=c%d\r\n\r\n", i);
        parts_scan(&p, text, strlen(text));
    }
    assert_int_equal(p.nboundaries, PARTS_BOUNDARIES);
    assert_int_equal(p.n, 100);
    memset(text, '-', sizeof(text));
    parts_scan(&p, text, sizeof(text));
    parts_scan(&p, "\r\n--b\r\n", 7);
    assert_int_equal(p.n, 101);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
