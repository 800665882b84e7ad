/* out: the same members as JSON and as XML */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/out.c"

static void
write_all(out_t *o)
{
    out_open(o, NULL);
    out_str(o, "Name", SES_STR("a<b>&\"\xc3\xa9\x01"));
    out_sym(o, "Kind", "X");
    out_int(o, "Count", -5);
    out_bool(o, "Yes", true);
    out_double(o, "Max", 200);
    out_time(o, "At", 1795491019160);
    out_open(o, "Inner");
    out_list(o, "Empty");
    out_end(o);
    out_close(o);
    out_list(o, "Words");
    out_str(o, NULL, SES_STR("a"));
    out_str(o, NULL, SES_STR("b"));
    out_end(o);
    out_list(o, "Rows");
    out_open(o, NULL);
    out_int(o, "N", 1);
    out_close(o);
    out_end(o);
    out_map(o, "Plain");
    out_key(o, SES_STR("k"));
    out_str(o, NULL, SES_STR("v"));
    out_map_end(o);
    out_map(o, "Deep");
    out_key(o, SES_STR("k&"));
    out_open(o, NULL);
    out_bool(o, "No", false);
    out_close(o);
    out_key(o, SES_STR("l"));
    out_list(o, NULL);
    out_str(o, NULL, SES_STR("x"));
    out_end(o);
    out_map_end(o);
    out_close(o);
}

static const struct {
    out_format_t format;
    const char *want;
} cases[] = {
    {OUT_JSON, "{\"Name\":\"a<b>&\\\"\xc3\xa9\\u0001\",\"Kind\":\"X\","
               "\"Count\":-5,\"Yes\":true,\"Max\":200.0,"
               "\"At\":1795491019.160,\"Inner\":{\"Empty\":[]},"
               "\"Words\":[\"a\",\"b\"],\"Rows\":[{\"N\":1}],"
               "\"Plain\":{\"k\":\"v\"},"
               "\"Deep\":{\"k&\":{\"No\":false},\"l\":[\"x\"]}}"},
    {OUT_XML,
     "<Name>a&lt;b&gt;&amp;&quot;\xc3\xa9\xef\xbf\xbd</Name><Kind>X</Kind>"
     "<Count>-5</Count><Yes>true</Yes><Max>200.0</Max>"
     "<At>2026-11-24T03:30:19.160Z</At><Inner><Empty></Empty></Inner>"
     "<Words><member>a</member><member>b</member></Words>"
     "<Rows><member><N>1</N></member></Rows>"
     "<Plain><entry><key>k</key><value>v</value></entry></Plain>"
     "<Deep><entry><key>k&amp;</key><value><No>false</No></value></entry>"
     "<entry><key>l</key><value><member>x</member></value></entry></Deep>"},
};

static void
test_formats(void **state)
{
    ses_arena_t *a = ses_arena_new();
    out_t o;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        out_init(&o, a, cases[i].format, 65536);
        write_all(&o);
        assert_string_equal(ses_str_c(a, out_get(&o)), cases[i].want);
        assert_false(out_overflow(&o));
        assert_int_equal(o.depth, 0);
    }
    ses_arena_free(a);
}

static void
test_empty(void **state)
{
    ses_arena_t *a = ses_arena_new();
    out_t o;

    (void) state;
    out_init(&o, a, OUT_JSON, 100);
    out_open(&o, NULL);
    out_close(&o);
    assert_string_equal(ses_str_c(a, out_get(&o)), "{}");
    out_init(&o, a, OUT_XML, 100);
    out_open(&o, NULL);
    out_close(&o);
    assert_int_equal(out_get(&o).n, 0);
    ses_arena_free(a);
}

static void
test_overflow(void **state)
{
    ses_arena_t *a = ses_arena_new();
    out_t o;
    int i;

    (void) state;
    out_init(&o, a, OUT_JSON, 100);
    out_list(&o, NULL);
    for (i = 0; i < 100; i++)
        out_int(&o, NULL, i);
    out_end(&o);
    assert_true(out_overflow(&o));
    ses_arena_free(a);
}

static const struct {
    ses_str_t in;
    const char *want;
} texts[] = {
    {SES_STR_INIT("plain"), "plain"},
    {SES_STR_INIT("a\0b"), "a\xef\xbf\xbd"
                           "b"},
    {SES_STR_INIT("\xff"), "\xef\xbf\xbd"},
    {SES_STR_INIT("\xc3"), "\xef\xbf\xbd"},
    {SES_STR_INIT("\xef\xbf\xbf!"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!"},
    {SES_STR_INIT("\r\n\t"), "&#13;\n\t"},
    {SES_STR_INIT("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80"},
};

static void
test_xml_text(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_buf_t b;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ses_buf_init(&b, a, 1000);
        out_xml_text(&b, texts[i].in);
        assert_string_equal(ses_str_c(a, ses_buf_get(&b)), texts[i].want);
    }
    ses_arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_xml_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
