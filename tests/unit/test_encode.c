/*
 * test_encode - RFC 4648 examples, strictness, UTF-8
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "../../shared/base/encode.c"

static ses_arena_t *a;

/* RFC 4648 section 10 */
static const struct {
    const char *plain, *base64, *base32;
} vectors[] = {
    {"", "", ""},
    {"f", "Zg==", "my"},
    {"fo", "Zm8=", "mzxq"},
    {"foo", "Zm9v", "mzxw6"},
    {"foob", "Zm9vYg==", "mzxw6yq"},
    {"fooba", "Zm9vYmE=", "mzxw6ytb"},
    {"foobar", "Zm9vYmFy", "mzxw6ytboi"},
};

static void
test_vectors(void **state)
{
    ses_str_t back;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        ses_str_t p = ses_str(vectors[i].plain);

        assert_true(ses_str_eqc(ses_base64(a, p), vectors[i].base64));
        assert_true(ses_str_eqc(ses_base32(a, p), vectors[i].base32));
        assert_true(ses_base64_parse(a, ses_str(vectors[i].base64), &back));
        assert_true(ses_str_eq(back, p));
        assert_true(ses_base32_parse(a, ses_str(vectors[i].base32), &back));
        assert_true(ses_str_eq(back, p));
    }
}

static void
test_refused(void **state)
{
    static const char *const bad64[] = {"Z",     "Zg",    "Zg=",      "Zh==",
                                        "Zm9=",  "====",  "Zg==Zg==", "Zm9v\n",
                                        "Zm 9v", "Zm9v=", "Z===",     "=m9v"};
    static const char *const bad32[] = {"m", "mz", "m1", "mzxw6y", "my======"};
    static const char *const pct[] = {"%", "%4", "%4g", "a%zz"};
    ses_str_t out;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(bad64) / sizeof(bad64[0]); i++)
        assert_false(ses_base64_parse(a, ses_str(bad64[i]), &out));
    for (i = 0; i < sizeof(bad32) / sizeof(bad32[0]); i++)
        assert_false(ses_base32_parse(a, ses_str(bad32[i]), &out));
    for (i = 0; i < sizeof(pct) / sizeof(pct[0]); i++)
        assert_false(ses_percent_parse(a, ses_str(pct[i]), false, &out));
    assert_false(ses_hex_parse(a, SES_STR("abc"), &out));
    assert_false(ses_hex_parse(a, SES_STR("ag"), &out));
}

static void
test_random_round_trips(void **state)
{
    unsigned seed = 7;
    char bytes[200];
    ses_str_t in, out;
    size_t i;
    int n;

    (void) state;
    for (n = 0; n < 3000; n++) {
        in = ses_str_n(bytes, (size_t) rand_r(&seed) % sizeof(bytes));
        for (i = 0; i < in.n; i++)
            bytes[i] = (char) rand_r(&seed);
        assert_true(ses_base64_parse(a, ses_base64(a, in), &out));
        assert_true(ses_str_eq(in, out));
        assert_true(ses_base32_parse(a, ses_base32(a, in), &out));
        assert_true(ses_str_eq(in, out));
        assert_true(ses_hex_parse(a, ses_hex(a, in), &out));
        assert_true(ses_str_eq(in, out));
        assert_true(ses_percent_parse(a, ses_percent(a, in), false, &out));
        assert_true(ses_str_eq(in, out));
        ses_arena_reset(a);
    }
}

static void
test_utf8(void **state)
{
    static const struct {
        const char *s;
        bool valid;
    } cases[] = {
        {"plain", true},
        {"gr\xc3\xbc\xc3\x9f", true},
        {"\xf0\x9f\x93\xa7", true},
        {"\xc0\xaf", false},
        {"\xe0\x80\xaf", false},
        {"\xed\xa0\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xff", false},
        {"\xc3", false},
        {"a\x80", false},
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(ses_utf8_valid(ses_str(cases[i].s)), cases[i].valid);
    assert_int_equal(ses_utf8_length(ses_str("a\xc3\xbc\xf0\x9f\x93\xa7")), 4);
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
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_random_round_trips),
        cmocka_unit_test(test_utf8),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
