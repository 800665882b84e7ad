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
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    parts_t p;
    size_t i, step, at, n, k;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (step = 1; step < 40; step += 3) {
            parts_begin(&p, ses_str(cases[i].type), SES_STR(""));
            n = strlen(cases[i].body);
            for (at = 0; at < n; at += k) {
                k = n - at < step ? n - at : step;
                parts_scan(&cx, &p, cases[i].body + at, k);
            }
            if (p.n != cases[i].parts)
                fail_msg("%s, in pieces of %zu: %u", cases[i].name, step, p.n);
        }
    ses_arena_free(cx.arena);
}

static void
test_limit(void **state)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    parts_t p;
    int i;

    (void) state;
    parts_begin(&p, SES_STR(MIXED), SES_STR(""));
    for (i = 0; i < PARTS_MAX; i++)
        parts_scan(&cx, &p, "--b\r\n\r\nx\r\n", 10);
    assert_int_equal(parts_end(&cx, &p), SES_OK);
    parts_scan(&cx, &p, "--b\r\n", 5);
    assert_int_equal(parts_end(&cx, &p), SES_INVALID);
    assert_string_equal(ses_str_c(cx.arena, cx.why),
                        "The message has more than 500 MIME parts.");
    ses_arena_free(cx.arena);
}

/* More boundaries than are kept, and lines longer than are looked at. */
static void
test_bounds(void **state)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    char text[2000];
    parts_t p;
    int i;

    (void) state;
    parts_begin(&p, SES_STR(MIXED), SES_STR(""));
    for (i = 0; i < 100; i++) {
        snprintf(text, sizeof(text), "--b\r\nX: boundary=c%d\r\n\r\n", i);
        parts_scan(&cx, &p, text, strlen(text));
    }
    assert_int_equal(p.nboundaries, PARTS_BOUNDARIES);
    assert_int_equal(p.n, 100);
    memset(text, '-', sizeof(text));
    parts_scan(&cx, &p, text, sizeof(text));
    parts_scan(&cx, &p, "\r\n--b\r\n", 7);
    assert_int_equal(p.n, 101);
    ses_arena_free(cx.arena);
}

/* What the headers of parts name, wherever the chunks end. */
static void
test_names(void **state)
{
    static const struct {
        const char *body, *why; /* NULL = nothing */
    } names[] = {
        {"--b\r\nContent-Disposition: attachment;\r\n\tfilename=\"a.exe\"\r\n"
         "\r\nx\r\n--b--\r\n",
         "Illegal filename 'a.exe'."},
        {"--b\r\nContent-Type: text/plain; name=a.txt\r\n\r\n"
         "Content-Type: text/plain; name=b.exe\r\n--b--\r\n",
         NULL},
        {"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n"
         "Content-Type: application/octet-stream;\r\n name=c.VBS\r\n\r\ny",
         "Illegal filename 'c.VBS'."},
        {"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
         "content-disposition : x; filename*=utf-8''d%2Ebat\r\n\r\n--c--\r\n",
         "Illegal filename 'd.bat'."},
        {"--b\r\nContent-Disposition: x; filename=e.js\r\n--b\r\n",
         "Illegal filename 'e.js'."}, /* a header that does not end */
        {"preamble\r\nContent-Disposition: x; filename=f.js\r\n\r\n--b\r\n",
         NULL},
    };
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    size_t i, step, at, n, k;
    parts_t p;

    (void) state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        for (step = 1; step < 40; step += 3) {
            ses_cx_clear(&cx);
            parts_begin(&p, SES_STR(MIXED), SES_STR(""));
            n = strlen(names[i].body);
            for (at = 0; at < n; at += k) {
                k = n - at < step ? n - at : step;
                parts_scan(&cx, &p, names[i].body + at, k);
            }
            assert_int_equal(parts_end(&cx, &p),
                             names[i].why == NULL ? SES_OK : SES_INVALID);
            if (names[i].why != NULL)
                assert_string_equal(ses_str_c(cx.arena, cx.why), names[i].why);
        }
    ses_arena_free(cx.arena);
}

/* A field that is too long to be looked at cannot hide a name. */
static void
test_long_field(void **state)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    parts_t p;
    int i;

    (void) state;
    parts_begin(&p, SES_STR(MIXED), SES_STR(""));
    parts_scan(&cx, &p, "--b\r\nContent-Type: text/plain;\r\n", 32);
    for (i = 0; i < 500; i++)
        parts_scan(&cx, &p, " x=y1234567;\r\n", 14);
    parts_scan(&cx, &p, " name=a.exe\r\n\r\n", 15);
    assert_int_equal(parts_end(&cx, &p), SES_INVALID);
    ses_arena_free(cx.arena);
}

/* Two halves, so that no scanner takes this program for the file. */
#define FILE_ "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" REST
#define REST "ANTIVIRUS-TEST-FILE!$H+H*"
#define FILE64                                                                 \
    "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1U" \
    "\r\nRVNULUZJTEUhJEgrSCo=\r\n"
#define BASE64 "Content-Transfer-Encoding: base64\r\n"

static const struct {
    const char *name, *type, *coding, *body;
    bool bad;
} contents[] = {
    {"a part", MIXED, "", "--b\r\n\r\nx\r\n--b\r\n\r\n" FILE_ "\r\n--b--\r\n",
     true},
    {"the first part", MIXED, "",
     "--b\r\nX: y\r\n\r\n" FILE_ "\r\n--b\r\n\r\nx\r\n--b--\r\n", true},
    {"in base64", MIXED, "", "--b\r\n" BASE64 "\r\n" FILE64 "--b--\r\n", true},
    {"the coding of a part before", MIXED, "",
     "--b\r\n" BASE64 "\r\neA==\r\n--b\r\n\r\n" FILE64 "--b--\r\n", false},
    {"nested", MIXED, "",
     "--b\r\nContent-Type: multipart/x;\r\n boundary=c\r\n\r\n--c\r\n" BASE64
     "\r\n" FILE64 "--c--\r\n--b--\r\n",
     true},
    {"in a message", MIXED, "",
     "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n" FILE_
     "\r\n--b--\r\n",
     true},
    {"in a part of a message", MIXED, "",
     "--b\r\nContent-Type: message/rfc822\r\n\r\n"
     "Content-Type: multipart/x; boundary=c\r\n\r\n" FILE_ "\r\n--c\r\n" BASE64
     "\r\n" FILE64 "--c--\r\n--b--\r\n",
     true},
    {"a part without an end", MIXED, "", "--b\r\n\r\n" FILE_, true},
    {"quoted by somebody", MIXED, "",
     "--b\r\n\r\n> " FILE_ "\r\n--b\r\n\r\nx " FILE_ "\r\n--b--\r\n", false},
    {"before and behind the parts", MIXED, "",
     FILE_ "\r\n--b\r\n\r\nx\r\n--b--\r\n" FILE_ "\r\n", false},
    {"before the parts of a part", MIXED, "",
     "--b\r\nContent-Type: multipart/x; boundary=c\r\n\r\n" FILE_
     "\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
     false},
    {"a boundary that ends like the last one", "multipart/x; boundary=\"b--\"",
     "", "--b--\r\n\r\n" FILE_ "\r\n--b----\r\n", true},
    {"the whole body", "", "", FILE_ "\r\n", true},
    {"the whole body, coded", "text/plain", "base64", FILE64, true},
    {"the whole body, without an end", "text/plain", "7bit", FILE_, true},
    {"more than that", "text/plain", "7bit", FILE_ "\r\nBye\r\n", false},
    {"nothing", "", "", "", false},
};

/* What the parts carry, wherever the chunks end. */
static void
test_contents(void **state)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    size_t i, step, at, n, k;
    parts_t p;

    (void) state;
    for (i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
        for (step = 1; step < 200; step += 7) {
            parts_begin(&p, ses_str(contents[i].type),
                        ses_str(contents[i].coding));
            n = strlen(contents[i].body);
            for (at = 0; at < n; at += k) {
                k = n - at < step ? n - at : step;
                parts_scan(&cx, &p, contents[i].body + at, k);
            }
            assert_int_equal(parts_end(&cx, &p), SES_OK);
            if (p.content.bad != contents[i].bad)
                fail_msg("%s, in pieces of %zu", contents[i].name, step);
        }
    ses_arena_free(cx.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),      cmocka_unit_test(test_limit),
        cmocka_unit_test(test_bounds),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_field), cmocka_unit_test(test_contents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
