/*
 * test_verify_html - HTML that our link may stand in, and HTML that takes it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../nginx-module/api/verify_html.c"

static const struct {
    const char *html;
    const char *wrong; /* its beginning; NULL = good */
} cases[] = {
    {"", NULL},
    {"just text, 1 < 2 > 0 & <3", NULL},
    {"<html><body><h1>Shop & co</h1></BODY></html>", NULL},
    {"<!DOCTYPE html>\n<html lang='de'><head><title>x</title></head>", NULL},
    {"<p class=a id = \"b\" hidden style='color:red'>x<br/><br /></p>", NULL},
    {"<a href=https://shop.example/?a=1>x</a>", NULL},
    {"<a href=\"https://shop.example/?a=1&amp;b='2'\">x</a>", NULL},
    {"<img src=logo.png/>", NULL},
    {"<textarea>x</textarea><title></TITLE>", NULL},
    {"<p>\303\244</p>", NULL},

    /* what would swallow the link */
    {"<img src='https://evil.example/?", "the tag at byte 0 is malformed"},
    {"<img src=\"x</body>\">", "the tag at byte 0 is malformed"},
    {"<img src=https://evil.example/?x</body>", "the tag at byte 0"},
    {"<a '> <img src=\"x '>", "the tag at byte 0 is malformed"},
    {"<a b='1'c>", "the tag at byte 0 is malformed"},
    {"<a\fb>", "the tag at byte 0 is malformed"},
    {"<a b=>", "the tag at byte 0 is malformed"},
    {"<a b", "the tag at byte 0 is malformed"},
    {"</ x>", "the tag at byte 0 is malformed"},
    {"<p/x>", "the tag at byte 0 is malformed"},
    {"x<!-- ", "it holds a comment or a declaration"},
    {"<!--> <img src='x -->", "it holds a comment or a declaration"},
    {"<![CDATA[x]]>", "it holds a comment or a declaration"},
    {"<?xml version='1.0'?>", "it holds a comment or a declaration"},
    {"<!doctype html [<x>]>", "it holds a comment or a declaration"},
    {"<textarea name=x>", "the element textarea is not closed"},
    {"<textarea></body></textarea>", "the element textarea is not closed"},
    {"<title><b></title2>", "the element title is not closed"},
    {"<title/></body>", "the element title is not closed"},
    {"<textarea></title>", "the element textarea is not closed"},

    /* what would look at it */
    {"<style>a[href*='f']{background:url(//e)}</style>",
     "the element style is not allowed"},
    {"</body><STYLE>", "the element STYLE is not allowed"},
    {"<link rel=stylesheet href='//evil.example'>",
     "the element link is not allowed"},
    {"<script>x</script>", "the element script is not allowed"},
    {"<iframe srcdoc=\"", "the tag at byte 0 is malformed"},
    {"<svg><style>", "the element svg is not allowed"},
    {"<plaintext>", "the element plaintext is not allowed"},
};

static void
test_cases(void **state)
{
    ses_arena_t *a = ses_arena_new();
    const char *said;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        said = verify_html_check(a, ses_str(cases[i].html));
        if ((said == NULL) != (cases[i].wrong == NULL) ||
            (said != NULL &&
             strncmp(said, cases[i].wrong, strlen(cases[i].wrong)) != 0))
            fail_msg("%s: %s", cases[i].html, said == NULL ? "good" : said);
    }
    assert_string_equal(verify_html_check(a, ses_str_n("a\0b", 3)),
                        "it holds a NUL character");
    ses_arena_free(a);
}

static void
test_place(void **state)
{
    ses_arena_t *a = ses_arena_new();

    (void) state;
    assert_int_equal(verify_html_place(a, SES_STR("abc")), 3);
    assert_int_equal(verify_html_place(a, SES_STR("a</BoDy>")), 1);
    ses_arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
