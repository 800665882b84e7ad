/*
 * test_record - keys sort as numbers do; page tokens are bound
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../shared/store/record.c"

static void
test_keys(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_str_t x = ses_key_seq(a, SES_STR("p"), 255);
    ses_str_t y = ses_key_seq(a, SES_STR("p"), 256);

    (void) state;
    assert_true(ses_str_cmp(x, y) < 0);
    assert_int_equal(ses_key_u64(ses_str_from(y, 1)), 256);
    assert_true(ses_str_eq(ses_key2(a, SES_STR("a"), SES_STR("b")),
                           ses_str_n("a\0b", 3)));
    assert_true(ses_str_eq(ses_key_prefix2(a, SES_STR("a"), SES_STR("b")),
                           ses_str_n("a\0b\0", 4)));
    /* parts cannot be shifted against each other */
    assert_false(
        ses_str_eq(ses_key_hash(a, SES_STR("ab"), SES_STR("c"), SES_STR("")),
                   ses_key_hash(a, SES_STR("a"), SES_STR("bc"), SES_STR(""))));
    ses_arena_free(a);
}

static void
test_pages(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 1);
    ses_str_t site = SES_STR("site-key"), token, key;
    char *bad;
    size_t i;

    (void) state;
    cx.account = SES_STR("111122223333");
    token = ses_page_token(&cx, site, SES_STR("list"), SES_STR("k"));
    assert_int_equal(ses_page_parse(&cx, site, SES_STR("list"), token, &key),
                     SES_OK);
    assert_true(ses_str_eqc(key, "k"));
    assert_int_equal(ses_page_parse(&cx, site, SES_STR("lisT"), token, &key),
                     SES_BAD_TOKEN);
    for (i = 0; i < token.n; i++) {
        bad = ses_str_c(a, token);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        assert_int_equal(ses_page_parse(&cx, site, SES_STR("list"),
                                        ses_str_n(bad, token.n), &key),
                         SES_BAD_TOKEN);
    }
    cx.account = SES_STR("444455556666");
    assert_int_equal(ses_page_parse(&cx, site, SES_STR("list"), token, &key),
                     SES_BAD_TOKEN);
    ses_arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
