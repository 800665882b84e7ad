/*
 * test_token - what stands in the envelope sender
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../shared/policy/token.c"
#include "seeded.h"

static ses_keyring_t ring;
static ses_arena_t *arena;

static int
setup(void **state)
{
    (void) state;
    arena = ses_arena_new();
    ring.n = 2;
    ring.keys[0].id = 'b';
    memset(ring.keys[0].key, 1, 32);
    ring.keys[1].id = '2';
    memset(ring.keys[1].key, 2, 32);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_arena_free(arena);
    return 0;
}

static ses_msgid_t
random_id(seeded_t *s)
{
    return (ses_msgid_t){.ms = (int64_t) (seeded_next(s) >> 16),
                         .us = (uint16_t) seeded_below(s, 1000),
                         .node = (uint16_t) seeded_below(s, 65536),
                         .inode = seeded_next(s) >> seeded_below(s, 64)};
}

static bool
same_id(ses_msgid_t a, ses_msgid_t b)
{
    return a.ms == b.ms && a.us == b.us && a.node == b.node &&
           a.inode == b.inode;
}

static ses_rc_t
parse(const ses_keyring_t *r, ses_str_t local, ses_msgid_t *id)
{
    ses_cx_t cx = ses_cx(arena, 0);

    return ses_token_parse(&cx, r, local, id);
}

static void
test_round_trip(void **state)
{
    seeded_t s = seeded();
    ses_msgid_t id, back;
    ses_str_t local;
    int i;

    (void) state;
    for (i = 0; i < 500; i++) {
        id = random_id(&s);
        local = ses_token_format(arena, &ring, SES_STR("a1"), id);
        if (local.n != 3 + TOKEN_CHARS ||
            !ses_str_eq(local, ses_str_lower(arena, local)) ||
            parse(&ring, local, &back) != SES_OK || !same_id(id, back))
            SEEDED_FAIL(&s, "%.*s", SES_FMT(local));
        local = ses_str_upper(arena, local);
        if (parse(&ring, local, &back) != SES_OK || !same_id(id, back))
            SEEDED_FAIL(&s, "%.*s", SES_FMT(local));
    }
}

/* Every flipped bit of the token is refused, but for the case of letters. */
static void
test_flipped(void **state)
{
    seeded_t s = seeded();
    ses_msgid_t id = random_id(&s), back;
    ses_str_t local = ses_token_format(arena, &ring, SES_STR("a1"), id), bad;
    size_t i;
    int bit;

    (void) state;
    for (i = 2; i < local.n; i++)
        for (bit = 0; bit < 8; bit++) {
            bad = ses_str_dup(arena, local);
            ((char *) (uintptr_t) bad.p)[i] ^= (char) (1 << bit);
            if (parse(&ring, bad, &back) == SES_OK &&
                !ses_str_eq(ses_str_lower(arena, bad), local))
                SEEDED_FAIL(&s, "%.*s taken for %.*s", SES_FMT(bad),
                            SES_FMT(local));
        }
}

static void
test_keys(void **state)
{
    ses_msgid_t id = {1795491019160, 560, 3, 11202641}, back;
    ses_keyring_t old = ring, other = ring;
    ses_str_t local, forged;

    (void) state;
    old.keys[0] = ring.keys[1];
    old.n = 1;
    local = ses_token_format(arena, &old, SES_STR("pool-b"), id);
    assert_int_equal(parse(&ring, local, &back), SES_OK); /* retired key */
    assert_true(same_id(id, back));

    other.keys[1].key[31] ^= 1;
    assert_int_equal(parse(&other, local, &back), SES_NOT_FOUND);
    other.n = 1;
    assert_int_equal(parse(&other, local, &back), SES_NOT_FOUND);

    /* a retired key's HMAC under the name of the one in use */
    forged = ses_str_dup(arena, local);
    ((char *) (uintptr_t) forged.p)[forged.n - MAC_CHARS - 1] = 'b';
    assert_int_equal(parse(&ring, forged, &back), SES_NOT_FOUND);
}

static void
test_shapes(void **state)
{
    static const char *const none[] = {
        "",
        ".",
        "a1.",
        "postmaster",
        "a1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaabaaaaaaaaaaaaa",
        ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaabaaaaaaaaaaaaa",
        "a1.0000000000000000000000000000000000000000000",
        "a1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaabaaaaaaaaaaaaaa",
    };
    ses_msgid_t id = {1, 2, 3, 4}, back;
    ses_str_t local;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (parse(&ring, ses_str(none[i]), &back) != SES_NOT_FOUND)
            fail_msg("%s: taken", none[i]);
    local = ses_token_format(arena, &ring, SES_STR(""), id);
    assert_int_equal(parse(&ring, local, &back), SES_NOT_FOUND);
    local = ses_token_format(arena, &ring, SES_STR("x.y"), id);
    assert_int_equal(parse(&ring, local, &back), SES_OK);
    assert_int_equal(
        parse(&ring, ses_str_cat(arena, local, SES_STR("a")), &back),
        SES_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_shapes),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
