/*
 * test_id - message ids and queue ids, both ways
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "../../shared/base/id.c"

static ses_arena_t *a;

static bool
same(ses_msgid_t x, ses_msgid_t y)
{
    return x.ms == y.ms && x.us == y.us && x.node == y.node &&
           x.inode == y.inode;
}

/* The example worked out by hand in the Postfix manual's terms. */
static void
test_queue_id(void **state)
{
    ses_msgid_t id;

    (void) state;
    assert_true(ses_queueid_parse(SES_STR("4jYSxR17Mhz1dR2c"), 7, &id));
    assert_int_equal(id.ms, 1795491019160LL);
    assert_int_equal(id.us, 560);
    assert_int_equal(id.node, 7);
    assert_int_equal(id.inode, 11202641);
    assert_true(ses_str_eqc(ses_queueid_format(a, id), "4jYSxR17Mhz1dR2c"));
}

static void
test_bad_queue_ids(void **state)
{
    static const char *const bad[] = {
        "",
        "z",
        "3B5C71AB2",                     /* a short id */
        "4jYSxR17Mhz",                   /* no inode */
        "4jYSx17Mhz1dR2c",               /* seconds too short */
        "4jYSxRzzzzz1dR2c",              /* microseconds > 999999 */
        "4jYSxR17Ahz1dR2c",              /* a vowel */
        "4jYSxR17Mhz1dR2caaaaaaaaaaaaa", /* too long */
        "4jYSxR17Mhz1dR2c ",
    };
    ses_msgid_t id;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ses_queueid_parse(ses_str(bad[i]), 1, &id));
}

static void
test_message_id(void **state)
{
    ses_msgid_t id = {1795491019160LL, 560, 1, 11202641}, back;
    ses_str_t s = ses_msgid_format(a, id, SES_STR("us-east-1"));
    char *bad;
    size_t i;

    (void) state;
    assert_int_equal(s.n, SES_MSGID_LEN);
    assert_true(ses_str_starts(s, SES_STR("010001a20b9ab998-")));
    assert_true(ses_str_ends(s, SES_STR("-000000")));
    assert_int_equal(s.p[31], '4');
    assert_true(ses_msgid_parse(s, &back));
    assert_true(same(id, back));
    for (i = 0; i < s.n; i++) { /* any one character changed: not ours */
        bad = ses_str_c(a, s);
        bad[i] = bad[i] == 'a' ? 'b' : 'a';
        assert_false(ses_msgid_parse(ses_str_n(bad, s.n), &back));
    }
}

static void
test_round_trips(void **state)
{
    unsigned seed = 1124;
    uint8_t key[SES_MSGID_KEY];
    ses_msgid_t id, back;
    int i;

    (void) state;
    for (i = 0; i < 20000; i++) {
        id.ms = (int64_t) ((uint64_t) rand_r(&seed) << 12 |
                           ((unsigned) rand_r(&seed) & 0xfff));
        id.us = (uint16_t) (rand_r(&seed) % 1000);
        id.node = (uint16_t) rand_r(&seed);
        id.inode = (uint64_t) rand_r(&seed) << 33 ^
                   (uint64_t) rand_r(&seed) << 11 ^ (uint64_t) rand_r(&seed);
        assert_true(
            ses_msgid_parse(ses_msgid_format(a, id, SES_STR("eu-x")), &back));
        assert_true(same(id, back));
        ses_msgid_key(id, key);
        assert_true(ses_msgid_from_key(ses_str_n(key, sizeof(key)), &back));
        assert_true(same(id, back));
        assert_true(
            ses_queueid_parse(ses_queueid_format(a, id), id.node, &back));
        assert_true(same(id, back));
        ses_arena_reset(a);
    }
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
        cmocka_unit_test(test_queue_id),
        cmocka_unit_test(test_bad_queue_ids),
        cmocka_unit_test(test_message_id),
        cmocka_unit_test(test_round_trips),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
