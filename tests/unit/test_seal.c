/*
 * test_seal - opens with its key and data alone; every flipped bit refused
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../shared/store/seal.c"

static void
test_seal(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 1);
    uint8_t priv[32], pub[32], other[32];
    ses_str_t sealed, plain;
    char *copy;
    size_t i;

    (void) state;
    ses_random(priv, 32);
    ses_random(other, 32);
    assert_int_equal(ses_seal_public(&cx, priv, pub), SES_OK);
    assert_int_equal(
        ses_seal(&cx, pub, SES_STR("aad"), SES_STR("secret"), &sealed), SES_OK);
    assert_int_equal(ses_unseal(&cx, priv, SES_STR("aad"), sealed, &plain),
                     SES_OK);
    assert_true(ses_str_eqc(plain, "secret"));
    assert_int_equal(ses_unseal(&cx, priv, SES_STR("aae"), sealed, &plain),
                     SES_DENIED);
    assert_int_equal(ses_unseal(&cx, other, SES_STR("aad"), sealed, &plain),
                     SES_DENIED);
    assert_true(ses_str_search(sealed, SES_STR("secret")) < 0);
    for (i = 0; i < sealed.n; i++) {
        copy = ses_str_c(a, sealed);
        copy[i] = (char) (copy[i] ^ 1);
        assert_int_equal(ses_unseal(&cx, priv, SES_STR("aad"),
                                    ses_str_n(copy, sealed.n), &plain),
                         SES_DENIED);
        assert_int_equal(ses_unseal(&cx, priv, SES_STR("aad"),
                                    ses_str_head(sealed, i), &plain),
                         SES_DENIED);
    }
    ses_arena_free(a);
}

static void
test_box(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 1);
    uint8_t key[32];
    ses_str_t boxed, plain;
    char *copy;
    size_t i;

    (void) state;
    ses_random(key, 32);
    assert_int_equal(ses_box(&cx, key, SES_STR("id"), SES_STR(""), &boxed),
                     SES_OK);
    assert_int_equal(ses_unbox(&cx, key, SES_STR("id"), boxed, &plain), SES_OK);
    assert_int_equal(plain.n, 0);
    for (i = 0; i < boxed.n; i++) {
        copy = ses_str_c(a, boxed);
        copy[i] = (char) (copy[i] ^ 0x80);
        assert_int_equal(ses_unbox(&cx, key, SES_STR("id"),
                                   ses_str_n(copy, boxed.n), &plain),
                         SES_DENIED);
    }
    ses_arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_box),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
