/*
 * test_body - what is found in a body, however it is cut into chunks
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../milter/gate/body.c"

#define CASE(name, text, why, closed)                                          \
    {                                                                          \
        name, text, sizeof(text) - 1, why, closed                              \
    }
#define BAD "Illegal content."

static const struct {
    const char *name, *in;
    size_t n;
    const char *why;
    bool closed;
} cases[] = {
    CASE("empty", "", NULL, true),
    CASE("one line", "a\r\n", NULL, true),
    CASE("empty lines", "\r\n\r\na\r\n\r\n", NULL, true),
    CASE("no end", "a", NULL, false),
    CASE("8-bit", "\xc3\xbc\xff\r\n", NULL, true),
    CASE("bare LF", "a\nb\r\n", BAD, true),
    CASE("bare LF first", "\na\r\n", BAD, true),
    CASE("LF after CRLF", "a\r\n\nb\r\n", BAD, true),
    CASE("bare CR", "a\rb\r\n", BAD, true),
    CASE("CR at the end", "a\r\nb\r", BAD, false),
    CASE("CR CR LF", "a\r\r\n", BAD, true),
    CASE("NUL", "a\0b\r\n", BAD, true),
};

static void
test_cases(void **state)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    size_t i, step, at, k;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (step = 1; step <= 5; step++) {
            body_t b = {0};
            ses_rc_t rc;

            ses_cx_clear(&cx);
            for (at = 0; at < cases[i].n; at += k) {
                k = cases[i].n - at < step ? cases[i].n - at : step;
                body_scan(&b, cases[i].in + at, k);
            }
            rc = body_check(&cx, &b);
            if (rc != (cases[i].why == NULL ? SES_OK : SES_INVALID) ||
                body_closed(&b) != cases[i].closed || b.bytes != cases[i].n)
                fail_msg("%s, in pieces of %zu", cases[i].name, step);
        }
    ses_arena_free(cx.arena);
}

static void
test_lines(void **state)
{
    static const struct {
        size_t n;
        bool end, good;
    } lines[] = {{998, true, true},  {999, true, false},   {998, false, true},
                 {999, false, true}, {1000, false, false}, {5000, true, false}};
    char text[5002];
    size_t i, step, at, k, n;

    (void) state;
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        for (step = 97; step < 6000; step += 1307) {
            ses_cx_t cx = ses_cx(ses_arena_new(), 0);
            body_t b = {0};

            n = lines[i].n;
            memset(text, 'x', sizeof(text));
            if (lines[i].end) {
                memcpy(text + n, "\r\n", 2);
                n += 2;
            }
            for (at = 0; at < n; at += k) {
                k = n - at < step ? n - at : step;
                body_scan(&b, text + at, k);
            }
            if ((body_check(&cx, &b) == SES_OK) != lines[i].good)
                fail_msg("%zu bytes, in pieces of %zu", lines[i].n, step);
            ses_arena_free(cx.arena);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
