/*
 * test_json - what is refused before cJSON sees it; what the writer writes
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../shared/base/json.c"

static ses_arena_t *a;

static const struct {
    const char *s;
    bool ok;
} cases[] = {
    {"{}", true},
    {" { \"a\" : [ 1 , -2.5e+3 , true , false , null ] } ", true},
    {"\"\\u00fc\\ud83d\\udce7\\n\\/\"", true},
    {"0", true},
    {"-0.5", true},
    {"", false},
    {"{", false},
    {"{}x", false},
    {"{\"a\":1,}", false},
    {"{\"a\" 1}", false},
    {"{a:1}", false},
    {"[1 2]", false},
    {"[,]", false},
    {"01", false},
    {"1.", false},
    {".5", false},
    {"+1", false},
    {"1e", false},
    {"NaN", false},
    {"tru", false},
    {"\"\n\"", false},
    {"\"\\x\"", false},
    {"\"\\u12\"", false},
    {"\"\\u0000\"", false},
    {"\"\\ud800\"", false},
    {"\"\\ud800\\u0041\"", false},
    {"\"\\udc00\"", false},
    {"\"\xff\"", false},
    {"\"\xc0\xaf\"", false},
    {"\"open", false},
    {"{\"a\":1,\"a\":2}", false},
    {"{\"b\":{\"a\":1,\"\\u0061\":2}}", false},
};

static void
test_strict(void **state)
{
    ses_cx_t cx;
    ses_rc_t rc;
    cJSON *j;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cx = ses_cx(a, 1);
        rc = ses_json_parse(&cx, ses_str(cases[i].s), &j);
        if ((rc == SES_OK) != cases[i].ok)
            fail_msg("%s", cases[i].s);
        if (rc == SES_OK)
            ses_json_free(j);
        else
            assert_true(rc == SES_SERIALIZATION && cx.why.p == NULL);
    }
}

static void
test_depth(void **state)
{
    size_t n = 100000;
    char *deep = ses_alloc(a, n);
    ses_cx_t cx = ses_cx(a, 1);
    cJSON *j;

    (void) state;
    memset(deep, '[', n);
    assert_int_equal(ses_json_parse(&cx, ses_str_n(deep, n), &j),
                     SES_SERIALIZATION);
    memset(deep, '[', 32);
    memset(deep + 32, ']', 32);
    assert_true(ses_json_scan(ses_str_n(deep, 64)));
    memset(deep, '[', 33);
    memset(deep + 33, ']', 33);
    assert_false(ses_json_scan(ses_str_n(deep, 66)));
}

static void
test_writer(void **state)
{
    ses_jsonw_t w;

    (void) state;
    ses_jsonw_init(&w, a, 1000);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "s", ses_str("q\"\\\n\x01 \xc3\xbc\xff"));
    ses_jsonw_list(&w, "l");
    ses_jsonw_int(&w, NULL, -1);
    ses_jsonw_bool(&w, NULL, true);
    ses_jsonw_null(&w, NULL);
    ses_jsonw_end(&w);
    ses_jsonw_double(&w, "d", 200);
    ses_jsonw_double(&w, "e", 0.1);
    ses_jsonw_time(&w, "t", 1764000000123LL);
    ses_jsonw_time(&w, "u", 1764000000000LL);
    ses_jsonw_open(&w, "o");
    ses_jsonw_close(&w);
    ses_jsonw_close(&w);
    assert_true(ses_str_eqc(
        ses_jsonw_get(&w),
        "{\"s\":\"q\\\"\\\\\\n\\u0001 \xc3\xbc\xef\xbf\xbd\",\"l\":[-1,true,"
        "null],\"d\":200.0,\"e\":0.1,\"t\":1764000000.123,\"u\":1764000000,"
        "\"o\":{}}"));
    assert_true(ses_json_scan(ses_jsonw_get(&w)));
}

static int
setup(void **state)
{
    (void) state;
    a = ses_arena_new();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_arena_free(a);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_writer),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
