/*
 * test_idmap - remembers, forgets the oldest, and never takes one for another
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../milter/agent/idmap.c"

#include "../../milter/agent/deferral.c"

static ses_str_t
name_of(ses_arena_t *a, unsigned n)
{
    return ses_queueid_format(
        a, (ses_msgid_t){.ms = 1795491019160 + n, .inode = n});
}

static void
test_kinds(void **state)
{
    idmap_t *m = idmap_new();
    ses_msgid_t id = {.ms = 1, .inode = 7}, got = {.ms = 0};
    ses_str_t a = SES_STR("4jYSxR17Mhz1dR2c"), b = SES_STR("4jYSxR17Mhz1dR2d");

    (void) state;
    assert_int_equal(idmap_find(m, a, &got), IDMAP_UNKNOWN);
    idmap_put(m, a, IDMAP_OURS, id);
    idmap_put(m, b, IDMAP_FOREIGN, got);
    assert_int_equal(idmap_find(m, a, &got), IDMAP_OURS);
    assert_int_equal(got.inode, 7);
    assert_int_equal(idmap_find(m, b, &got), IDMAP_FOREIGN);
    assert_int_equal(got.inode, 7); /* untouched */
    idmap_put(m, b, IDMAP_OURS, id);
    assert_int_equal(idmap_find(m, b, &got), IDMAP_OURS);
    idmap_del(m, a);
    idmap_del(m, a);
    assert_int_equal(idmap_find(m, a, &got), IDMAP_UNKNOWN);
    assert_int_equal(idmap_find(m, b, &got), IDMAP_OURS);

    /* longer than any queue id: not kept, never found */
    a = SES_STR("0123456789012345678901234567890123456789");
    idmap_put(m, a, IDMAP_OURS, id);
    assert_int_equal(idmap_find(m, a, &got), IDMAP_UNKNOWN);
    idmap_free(m);
}

static void
test_many(void **state)
{
    enum { N = 4 * SETS * WAYS };
    ses_arena_t *a = ses_arena_new();
    idmap_t *m = idmap_new();
    ses_msgid_t id = {.ms = 1}, got;
    unsigned recent = 0;

    (void) state;
    for (unsigned n = 0; n < N; n++) {
        id.inode = n;
        idmap_put(m, name_of(a, n), IDMAP_OURS, id);
        if (n % 1024 == 0)
            ses_arena_reset(a);
    }
    for (unsigned n = 0; n < N; n++) {
        if (idmap_find(m, name_of(a, n), &got) != IDMAP_OURS)
            continue;
        assert_int_equal(got.inode, n);
        recent += n >= N - SETS * WAYS / 4;
    }
    assert_true(recent > SETS * WAYS / 4 * 99 / 100);
    idmap_free(m);
    ses_arena_free(a);
}

static void
test_deferral(void **state)
{
    deferral_t *d = deferral_new();
    ses_msgid_t x = {.ms = 1, .inode = 1}, y = {.ms = 1, .inode = 2};
    char text[2 * TEXT_MAX];

    (void) state;
    memset(text, 't', sizeof(text));
    assert_int_equal(deferral_find(d, x, SES_STR("a@b")).n, 0);
    deferral_put(d, x, SES_STR("a@b"), SES_STR("full"));
    deferral_put(d, y, SES_STR("a@b"), ses_str_n(text, sizeof(text)));
    assert_true(ses_str_eqc(deferral_find(d, x, SES_STR("a@b")), "full"));
    assert_int_equal(deferral_find(d, y, SES_STR("a@b")).n, TEXT_MAX);
    assert_int_equal(deferral_find(d, x, SES_STR("b@b")).n, 0);
    deferral_put(d, x, SES_STR("a@b"), SES_STR("fuller"));
    assert_true(ses_str_eqc(deferral_find(d, x, SES_STR("a@b")), "fuller"));
    deferral_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_deferral),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
