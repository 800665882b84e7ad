/*
 * test_message - the ledger: entries, states, aliases, purging
 */
#include "model_store.h"

#include "../../shared/model/message.c"
#include "base/log.h"
#include "model/account.h"
#include "seeded.h"

static const ses_msgid_t id1 = {NOW, 560, 3, 11202641};
static const ses_msgid_t id2 = {NOW + 5, 0, 3, 7};

static ses_message_t
sample(ses_rcpt_t rcpts[3])
{
    rcpts[0] = (ses_rcpt_t){SES_STR("ann@mail.test"), 0, 0, 0};
    rcpts[1] = (ses_rcpt_t){SES_STR("bob@mail.test"), SES_RCPT_SUPPRESSED,
                            SES_REASON_BOUNCE, 0};
    rcpts[2] = (ses_rcpt_t){SES_STR("\"c d\"@mail.test"), 0, 0, 0};
    return (ses_message_t){.id = id1,
                           .state = SES_MESSAGE_PREPARED,
                           .account = ACCOUNT,
                           .config_set = SES_STR("marketing"),
                           .committed = NOW + 3,
                           .charged = 3,
                           .minute = NOW / 60000,
                           .send_key =
                               SES_STR("0123456789abcdef0123456789abcdef"),
                           .identity = SES_STR("shop.test"),
                           .source = SES_STR("News <news@shop.test>"),
                           .subject = SES_STR("H\xc3\xa4llo"),
                           .size = 12345678901,
                           .mail_base = SES_STR("\"timestamp\":\"x\""),
                           .mail_headers = SES_STR("\"headers\":[]"),
                           .mail_tags = SES_STR("\"tags\":{}"),
                           .rcpts = rcpts,
                           .nrcpts = 3};
}

static void
insert(fixture_t *f, const ses_message_t *m)
{
    assert_int_equal(
        ses_message_insert(&f->cx, f->t, m, SES_STR("0123456789abcdef")),
        SES_OK);
}

static ses_message_t
find(fixture_t *f, ses_msgid_t id)
{
    ses_message_t m;

    assert_int_equal(ses_message_find(&f->cx, f->t, ACCOUNT, id, &m), SES_OK);
    return m;
}

static void
test_round_trip(void **state)
{
    fixture_t *f = *state;
    ses_rcpt_t rcpts[3];
    ses_message_t m = sample(rcpts), got;
    unsigned i;

    insert(f, &m);
    got = find(f, id1);
    assert_int_equal(got.state, SES_MESSAGE_PREPARED);
    assert_int_equal(got.id.inode, m.id.inode);
    assert_int_equal(got.id.us, m.id.us);
    assert_int_equal(got.committed, m.committed);
    assert_int_equal(got.charged, m.charged);
    assert_int_equal(got.minute, m.minute);
    assert_int_equal(got.size, m.size);
    for (i = 0; i < NSTRINGS; i++)
        assert_true(ses_str_eq(*(ses_str_t *) ((char *) &got + strings[i]),
                               *(ses_str_t *) ((char *) &m + strings[i])));
    assert_int_equal(got.nrcpts, 3);
    for (i = 0; i < 3; i++) {
        assert_true(ses_str_eq(got.rcpts[i].addr, rcpts[i].addr));
        assert_int_equal(got.rcpts[i].removed, rcpts[i].removed);
        assert_int_equal(got.rcpts[i].reason, rcpts[i].reason);
        assert_int_equal(got.rcpts[i].end, SES_RCPT_OPEN);
    }
    assert_int_equal(ses_message_rcpt(&got, SES_STR("\"c d\"@mail.test")), 2);
    assert_int_equal(ses_message_rcpt(&got, SES_STR("eve@mail.test")), -1);

    assert_int_equal(
        ses_message_insert(&f->cx, f->t, &m, SES_STR("0123456789abcdef")),
        SES_EXISTS);
    ses_cx_clear(&f->cx);
    assert_int_equal(ses_message_find(&f->cx, f->t, OTHER, id1, &got),
                     SES_NOT_FOUND);
    assert_int_equal(ses_message_find(&f->cx, f->t, ACCOUNT, id2, &got),
                     SES_NOT_FOUND);
    assert_int_equal(ses_message_find(&f->cx, f->t, SES_STR(""), id1, &got),
                     SES_OK);
}

static void
test_empty(void **state)
{
    fixture_t *f = *state;
    ses_message_t m = {
        .id = id2, .state = SES_MESSAGE_PREPARED, .account = ACCOUNT};
    ses_message_t got;

    insert(f, &m);
    got = find(f, id2);
    assert_int_equal(got.nrcpts, 0);
    assert_int_equal(got.subject.n, 0);
    assert_int_equal(count(f, SES_DB_SEND_KEY), 0);
}

static void
test_states(void **state)
{
    fixture_t *f = *state;
    ses_rcpt_t rcpts[3];
    ses_message_t m = sample(rcpts);
    bool changed = false;

    insert(f, &m);
    assert_int_equal(count(f, SES_DB_PREPARED), 1);
    assert_int_equal(ses_message_queued(&f->cx, f->t, id1, &changed), SES_OK);
    assert_true(changed);
    assert_int_equal(find(f, id1).state, SES_MESSAGE_QUEUED);
    assert_int_equal(count(f, SES_DB_PREPARED), 0);
    assert_int_equal(ses_message_queued(&f->cx, f->t, id1, &changed), SES_OK);
    assert_false(changed);
    assert_int_equal(ses_message_abort(&f->cx, f->t, id1, &changed), SES_OK);
    assert_false(changed); /* what is queued is never aborted */
    assert_int_equal(find(f, id1).state, SES_MESSAGE_QUEUED);
    assert_int_equal(count(f, SES_DB_SEND_KEY), 1);
    assert_int_equal(ses_message_queued(&f->cx, f->t, id2, &changed),
                     SES_NOT_FOUND);

    m.id = id2;
    m.send_key = SES_STR("another_another_another_another_");
    insert(f, &m);
    assert_int_equal(count(f, SES_DB_SEND_DUE), 2);
    assert_int_equal(ses_message_abort(&f->cx, f->t, id2, &changed), SES_OK);
    assert_true(changed);
    assert_int_equal(find(f, id2).state, SES_MESSAGE_ABORTED);
    assert_int_equal(count(f, SES_DB_PREPARED), 0);
    assert_int_equal(count(f, SES_DB_SEND_KEY), 1);
    assert_int_equal(count(f, SES_DB_SEND_DUE), 1);
    assert_int_equal(ses_message_abort(&f->cx, f->t, id2, &changed), SES_OK);
    assert_false(changed);
}

static void
test_ended(void **state)
{
    fixture_t *f = *state;
    ses_rcpt_t rcpts[3];
    ses_message_t m = sample(rcpts), got;
    bool changed;

    insert(f, &m);
    assert_int_equal(
        ses_message_ended(&f->cx, f->t, id1, 2, SES_RCPT_DELIVERED), SES_OK);
    assert_int_equal(ses_message_ended(&f->cx, f->t, id1, 0, SES_RCPT_BOUNCED),
                     SES_OK);
    assert_int_equal(ses_message_ended(&f->cx, f->t, id1, 3, SES_RCPT_BOUNCED),
                     SES_NOT_FOUND);
    assert_int_equal(ses_message_queued(&f->cx, f->t, id1, &changed), SES_OK);
    got = find(f, id1);
    assert_int_equal(got.rcpts[0].end, SES_RCPT_BOUNCED);
    assert_int_equal(got.rcpts[1].end, SES_RCPT_OPEN);
    assert_int_equal(got.rcpts[1].removed, SES_RCPT_SUPPRESSED);
    assert_int_equal(got.rcpts[2].end, SES_RCPT_DELIVERED);
    assert_true(ses_str_eq(got.rcpts[2].addr, rcpts[2].addr));
}

static ses_rc_t
collect(ses_cx_t *cx, const ses_message_t *m, void *arg)
{
    ses_buf_t *b = arg;

    (void) cx;
    ses_buf_printf(b, "%llu:%u ", (unsigned long long) m->id.inode, m->nrcpts);
    return b->n > 12 ? SES_NOT_FOUND : SES_OK;
}

static void
test_walk(void **state)
{
    fixture_t *f = *state;
    ses_rcpt_t rcpts[3];
    ses_message_t m = sample(rcpts);
    ses_buf_t b;
    bool changed;
    unsigned i;

    m.send_key = SES_STR("");
    for (i = 5; i > 0; i--) {
        m.id = (ses_msgid_t){NOW + i, 0, 0, i};
        m.nrcpts = i % 4;
        insert(f, &m);
    }
    m.id = (ses_msgid_t){NOW + 2, 0, 0, 2};
    assert_int_equal(ses_message_queued(&f->cx, f->t, m.id, &changed), SES_OK);

    ses_buf_init(&b, f->arena, 100);
    assert_int_equal(ses_message_prepared(&f->cx, f->t, collect, &b), SES_OK);
    assert_true(same(ses_buf_get(&b), "1:1 3:3 4:0 5:1 "));
    ses_buf_init(&b, f->arena, 100);
    assert_int_equal(ses_message_list(&f->cx, f->t, collect, &b), SES_OK);
    assert_true(same(ses_buf_get(&b), "1:1 2:2 3:3 4:0 "));
}

static void
quiet(ses_log_level_t level, const char *line)
{
    (void) level;
    (void) line;
}

/* Damage is a fault, neither a crash nor an entry. */
static void
test_damaged(void **state)
{
    fixture_t *f = *state;
    ses_rcpt_t rcpts[3];
    ses_message_t m = sample(rcpts), got;
    uint8_t key[SES_MSGID_KEY];
    ses_str_t val, copy;
    bool changed;
    ses_rc_t rc;
    size_t i;

    ses_log_open("test", quiet);
    insert(f, &m);
    ses_msgid_key(id1, key);
    assert_int_equal(get_raw(&f->cx, f->t, key, &val), SES_OK);
    val = ses_str_dup(f->arena, val);
    for (i = 0; i < val.n; i++) {
        assert_int_equal(ses_store_put(&f->cx, f->t, SES_DB_MESSAGE,
                                       id_str(key), ses_str_head(val, i)),
                         SES_OK);
        ses_cx_clear(&f->cx);
        rc = ses_message_find(&f->cx, f->t, ACCOUNT, id1, &got);
        if (rc != SES_FAULT)
            fail_msg("cut at %zu: %s", i, ses_rc_name(rc));
    }
    for (i = 0; i < val.n; i++) { /* any answer, no crash */
        copy = ses_str_dup(f->arena, val);
        ((char *) (uintptr_t) copy.p)[i] ^= (char) 0xff;
        assert_int_equal(
            ses_store_put(&f->cx, f->t, SES_DB_MESSAGE, id_str(key), copy),
            SES_OK);
        ses_cx_clear(&f->cx);
        rc = ses_message_find(&f->cx, f->t, SES_STR(""), id1, &got);
        assert_true(rc == SES_OK || rc == SES_FAULT);
        rc = ses_message_queued(&f->cx, f->t, id1, &changed);
        assert_true(rc == SES_OK || rc == SES_FAULT);
    }
    ses_log_open("test", NULL);
}

/* decode(encode(x)) == x */
static void
test_random(void **state)
{
    fixture_t *f = *state;
    seeded_t s = seeded();
    char bytes[200];
    ses_message_t m, got;
    ses_rcpt_t rcpts[50];
    unsigned round, i;
    size_t k;

    for (round = 0; round < 300; round++) {
        ses_arena_reset(f->arena);
        for (k = 0; k < sizeof(bytes); k++)
            bytes[k] = (char) seeded_next(&s);
        m = (ses_message_t){.id = {(int64_t) (seeded_next(&s) >> 20),
                                   (uint16_t) seeded_below(&s, 1000),
                                   (uint16_t) seeded_next(&s), seeded_next(&s)},
                            .state = SES_MESSAGE_PREPARED,
                            .committed = (int64_t) seeded_next(&s),
                            .minute = (int64_t) seeded_next(&s),
                            .charged = (uint32_t) seeded_next(&s),
                            .size = seeded_next(&s),
                            .rcpts = rcpts,
                            .nrcpts = seeded_below(&s, 51)};
        for (i = 0; i < NSTRINGS; i++)
            if (strings[i] != offsetof(ses_message_t, send_key))
                *(ses_str_t *) ((char *) &m + strings[i]) = ses_str_n(
                    bytes + seeded_below(&s, 50), seeded_below(&s, 150));
        for (i = 0; i < m.nrcpts; i++)
            rcpts[i] = (ses_rcpt_t){
                ses_str_n(bytes + seeded_below(&s, 50), seeded_below(&s, 150)),
                (uint8_t) seeded_next(&s), (uint8_t) seeded_next(&s),
                (uint8_t) seeded_next(&s)};
        insert(f, &m);
        assert_int_equal(
            ses_message_find(&f->cx, f->t, SES_STR(""), m.id, &got), SES_OK);
        for (i = 0; i < NSTRINGS; i++)
            if (!ses_str_eq(*(ses_str_t *) ((char *) &got + strings[i]),
                            *(ses_str_t *) ((char *) &m + strings[i])))
                SEEDED_FAIL(&s, "string %u", i);
        if (got.nrcpts != m.nrcpts || got.committed != m.committed ||
            got.minute != m.minute || got.size != m.size ||
            got.charged != m.charged)
            SEEDED_FAIL(&s, "head");
        for (i = 0; i < m.nrcpts; i++)
            if (!ses_str_eq(got.rcpts[i].addr, rcpts[i].addr) ||
                got.rcpts[i].removed != rcpts[i].removed ||
                got.rcpts[i].reason != rcpts[i].reason ||
                got.rcpts[i].end != rcpts[i].end)
                SEEDED_FAIL(&s, "recipient %u", i);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip), TEST(test_empty), TEST(test_states),
        TEST(test_ended),      TEST(test_walk),  TEST(test_damaged),
        TEST(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
