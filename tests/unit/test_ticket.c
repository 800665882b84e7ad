/*
 * test_ticket - nginx's word, and everything that is not
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../shared/policy/ticket.c"
#include "seeded.h"

#define NOW INT64_C(1795500000000)

static ses_keyring_t ring;
static ses_arena_t *arena;

static const ses_str_t mail = SES_STR_INIT("news@shop.test");
static const ses_str_t rcpts[] = {SES_STR_INIT("ann@mail.test"),
                                  SES_STR_INIT("\"b c\"@mail.test")};

static int
setup(void **state)
{
    (void) state;
    arena = ses_arena_new();
    ring.n = 2;
    ring.keys[0].id = 'a';
    memset(ring.keys[0].key, 1, 32);
    ring.keys[1].id = '7';
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

static ses_ticket_t
sample(void)
{
    ses_ticket_t t = {.access_key = SES_STR("AKIAIOSFODNN7EXAMPLE"),
                      .account = SES_STR("123456789012"),
                      .client = SES_STR("2001:db8::1"),
                      .request_id =
                          SES_STR("0b5c0e9e-3e3c-4a5b-8f6e-0123456789ab"),
                      .entry = 7,
                      .operation = SES_STR("SendEmail"),
                      .when = NOW};

    memset(t.send_key, 0xab, sizeof(t.send_key));
    memset(t.body_hash, 0xcd, sizeof(t.body_hash));
    return t;
}

static ses_rc_t
parse_at(int64_t now, ses_str_t value, ses_str_t from, const ses_str_t *to,
         unsigned n, ses_ticket_t *out)
{
    ses_cx_t cx = ses_cx(arena, now);

    return ses_ticket_parse(&cx, &ring, value, from, to, n, out);
}

static void
test_round_trip(void **state)
{
    ses_ticket_t t = sample(), back;
    ses_str_t value = ses_ticket_format(arena, &ring, &t, mail, rcpts, 2);

    (void) state;
    assert_true(value.n + sizeof(SES_TICKET_HEADER ": ") < 1024);
    assert_int_equal(parse_at(NOW, value, mail, rcpts, 2, &back), SES_OK);
    assert_true(ses_str_eq(back.access_key, t.access_key));
    assert_true(ses_str_eq(back.account, t.account));
    assert_true(ses_str_eq(back.client, t.client));
    assert_true(ses_str_eq(back.request_id, t.request_id));
    assert_true(ses_str_eq(back.operation, t.operation));
    assert_int_equal(back.entry, 7);
    assert_int_equal(back.when, NOW);
    assert_memory_equal(back.send_key, t.send_key, SES_SEND_KEY);
    assert_memory_equal(back.body_hash, t.body_hash, SES_BODY_HASH);

    /* the blank after the colon, as a milter sees it */
    value = ses_str_cat(arena, SES_STR(" "), value);
    assert_int_equal(parse_at(NOW, value, mail, rcpts, 2, &back), SES_OK);
}

static void
test_flipped(void **state)
{
    ses_ticket_t t = sample(), back;
    ses_str_t value = ses_ticket_format(arena, &ring, &t, mail, rcpts, 2), bad;
    size_t i;
    int bit;

    (void) state;
    for (i = 0; i < value.n; i++)
        for (bit = 0; bit < 8; bit++) {
            bad = ses_str_dup(arena, value);
            ((char *) (uintptr_t) bad.p)[i] ^= (char) (1 << bit);
            if (parse_at(NOW, bad, mail, rcpts, 2, &back) != SES_FORGED)
                fail_msg("byte %zu bit %d: %.*s", i, bit, SES_FMT(bad));
        }
    for (i = 0; i < value.n; i++)
        if (parse_at(NOW, ses_str_head(value, i), mail, rcpts, 2, &back) !=
            SES_FORGED)
            fail_msg("cut at %zu", i);
}

static void
test_envelope(void **state)
{
    static const ses_str_t swapped[] = {SES_STR_INIT("\"b c\"@mail.test"),
                                        SES_STR_INIT("ann@mail.test")};
    static const ses_str_t glued[] = {
        SES_STR_INIT("ann@mail.test\"b c\"@mail.test"), SES_STR_INIT("")};
    static const ses_str_t more[] = {SES_STR_INIT("ann@mail.test"),
                                     SES_STR_INIT("\"b c\"@mail.test"),
                                     SES_STR_INIT("eve@mail.test")};
    static const ses_str_t otherwise[] = {SES_STR_INIT("Ann@mail.test"),
                                          SES_STR_INIT("\"b c\"@mail.test")};
    const struct {
        ses_str_t mail;
        const ses_str_t *rcpts;
        unsigned n;
    } cases[] = {
        {mail, rcpts, 1},
        {mail, rcpts, 0},
        {mail, swapped, 2},
        {mail, glued, 1},
        {mail, glued, 2},
        {mail, more, 3},
        {mail, otherwise, 2},
        {SES_STR_INIT(""), rcpts, 2},
        {SES_STR_INIT("news@shop.test."), rcpts, 2},
    };
    ses_ticket_t t = sample(), back;
    ses_str_t value = ses_ticket_format(arena, &ring, &t, mail, rcpts, 2);
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (parse_at(NOW, value, cases[i].mail, cases[i].rcpts, cases[i].n,
                     &back) != SES_FORGED)
            fail_msg("envelope %zu", i);
}

static void
test_fresh(void **state)
{
    static const struct {
        int64_t by;
        ses_rc_t want;
    } cases[] = {
        {0, SES_OK},
        {60000, SES_OK},
        {-60000, SES_OK},
        {60001, SES_STALE},
        {-60001, SES_STALE},
        {86400000, SES_STALE},
        {-86400000, SES_STALE},
    };
    ses_ticket_t t = sample(), back;
    ses_str_t value = ses_ticket_format(arena, &ring, &t, mail, rcpts, 2);
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(
            parse_at(NOW + cases[i].by, value, mail, rcpts, 2, &back),
            cases[i].want);
    /* what is stale and forged is forged */
    assert_int_equal(parse_at(NOW + 86400000, value, mail, rcpts, 1, &back),
                     SES_FORGED);
}

static void
test_keys(void **state)
{
    ses_keyring_t old = ring, other = ring;
    ses_ticket_t t = sample(), back;
    ses_cx_t cx = ses_cx(arena, NOW);
    ses_str_t value;

    (void) state;
    old.keys[0] = ring.keys[1];
    old.n = 1;
    value = ses_ticket_format(arena, &old, &t, mail, rcpts, 2);
    assert_int_equal(parse_at(NOW, value, mail, rcpts, 2, &back), SES_OK);
    other.keys[1].key[0] ^= 0x80;
    assert_int_equal(
        ses_ticket_parse(&cx, &other, value, mail, rcpts, 2, &back),
        SES_FORGED);
    other.n = 1;
    assert_int_equal(
        ses_ticket_parse(&cx, &other, value, mail, rcpts, 2, &back),
        SES_FORGED);
}

/* Fields that would read as other fields are never taken. */
static void
test_injected(void **state)
{
    ses_ticket_t t = sample(), back;
    ses_str_t value;

    (void) state;
    t.client = SES_STR("1.2.3.4 r=x");
    value = ses_ticket_format(arena, &ring, &t, mail, rcpts, 2);
    assert_int_equal(parse_at(NOW, value, mail, rcpts, 2, &back), SES_FORGED);
    assert_int_equal(parse_at(NOW, SES_STR(""), mail, rcpts, 2, &back),
                     SES_FORGED);
    assert_int_equal(parse_at(NOW, SES_STR("1"), mail, rcpts, 2, &back),
                     SES_FORGED);
}

static void
test_send_key(void **state)
{
    uint8_t a[SES_SEND_KEY], b[SES_SEND_KEY];

    (void) state;
    ses_send_key(SES_STR("AKIA"), SES_STR("name"), 0, a);
    ses_send_key(SES_STR("AKIA"), SES_STR("name"), 0, b);
    assert_memory_equal(a, b, sizeof(a));
    ses_send_key(SES_STR("AKIA"), SES_STR("name"), 1, b);
    assert_memory_not_equal(a, b, sizeof(a));
    ses_send_key(SES_STR("AKIAn"), SES_STR("ame"), 0, b);
    assert_memory_not_equal(a, b, sizeof(a));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_envelope),   cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_keys),       cmocka_unit_test(test_injected),
        cmocka_unit_test(test_send_key),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
