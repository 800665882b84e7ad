/* mime_type, mime_charset: what is known */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/mime_type.c"
#include "../../nginx-module/api/mime_charset.c"

static void
test_types(void **state)
{
    (void) state;
    assert_string_equal(mime_type_of(SES_STR("a.PDF")), "application/pdf");
    assert_string_equal(mime_type_of(SES_STR("a.b.jpeg")), "image/jpeg");
    assert_string_equal(mime_type_of(SES_STR("none")),
                        "application/octet-stream");
    assert_string_equal(mime_type_of(SES_STR("")), "application/octet-stream");
    assert_true(mime_type_valid(SES_STR("text/plain")));
    assert_true(mime_type_valid(SES_STR("text/plain; charset=utf-8")));
    assert_false(mime_type_valid(SES_STR("text")));
    assert_false(mime_type_valid(SES_STR("text/")));
    assert_false(mime_type_valid(SES_STR("/x")));
    assert_false(mime_type_valid(SES_STR("a/b/c")));
    assert_false(mime_type_valid(SES_STR("text/plain\r\nX: y")));
    assert_false(mime_type_valid(SES_STR("")));
}

static void
test_charsets(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_str_t out;
    size_t i;

    (void) state;
    /* Each is on this machine, and ASCII is itself in it. */
    for (i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
        iconv_t cd = iconv_open(charsets[i].name, "UTF-8");

        assert_true(cd != (iconv_t) -1);
        assert_true(convert(cd, a, SES_STR("Az 09\r\n=?"), &out));
        assert_true(ses_str_eqc(out, "Az 09\r\n=?"));
        iconv_close(cd);
    }
    assert_ptr_equal(mime_charset(SES_STR("")), ASCII);
    assert_ptr_equal(mime_charset(SES_STR("utf-8")), UTF8);
    assert_null(mime_charset(SES_STR("UTF-16")));
    assert_null(mime_charset(SES_STR("UTF-7")));
    assert_null(mime_charset(SES_STR("UTF-8//TRANSLIT")));
    assert_null(mime_charset(SES_STR("ISO-2022-CN-EXT")));
    assert_false(mime_convert(a, ASCII, SES_STR("\xc3\xa9"), &out));
    assert_false(mime_convert(a, mime_charset(SES_STR("ISO-8859-1")),
                              SES_STR("\xe2\x82\xac"), &out));
    assert_true(mime_convert(a, mime_charset(SES_STR("ISO-2022-JP")),
                             SES_STR("\xe6\x97\xa5"), &out));
    assert_true(ses_str_eqc(out, "\x1b$BF|\x1b(B"));
    ses_arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_types),
                                       cmocka_unit_test(test_charsets)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
