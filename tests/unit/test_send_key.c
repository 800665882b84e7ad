/*
 * test_send_key - one send, one message, for 24 hours
 */
#include "model_store.h"

#include "../../shared/model/send_key.c"

#define KEY SES_STR("0123456789abcdef0123456789abcdef")
#define OTHER_KEY SES_STR("another_another_another_another_")

static const uint8_t body[SES_BODY_HASH] = {1, 2, 3};

static ses_rc_t
insert(fixture_t *f, uint64_t inode, ses_str_t key)
{
    ses_message_t m = {.id = {f->cx.now, 0, 1, inode},
                       .state = SES_MESSAGE_PREPARED,
                       .account = ACCOUNT,
                       .send_key = key};
    ses_txn_t *t;
    ses_rc_t rc;

    ses_cx_clear(&f->cx);
    assert_int_equal(ses_txn_nested(&f->cx, f->t, &t), SES_OK);
    rc = ses_message_insert(&f->cx, t, &m, ses_str_n(body, sizeof(body)));
    if (rc != SES_OK)
        ses_txn_end(t);
    else
        assert_int_equal(ses_txn_commit(&f->cx, t), SES_OK);
    return rc;
}

static void
test_one_message(void **state)
{
    fixture_t *f = *state;
    ses_send_key_t k;

    assert_int_equal(ses_send_key_find(&f->cx, f->t, KEY, &k), SES_NOT_FOUND);
    assert_int_equal(insert(f, 1, KEY), SES_OK);
    assert_int_equal(ses_send_key_find(&f->cx, f->t, KEY, &k), SES_OK);
    assert_int_equal(k.id.inode, 1);
    assert_int_equal(k.when, NOW);
    assert_memory_equal(k.body_hash, body, sizeof(body));
    assert_int_equal(ses_send_key_find(&f->cx, f->t, OTHER_KEY, &k),
                     SES_NOT_FOUND);

    assert_int_equal(insert(f, 2, KEY), SES_EXISTS);
    assert_int_equal(count(f, SES_DB_MESSAGE), 1);
    assert_int_equal(insert(f, 2, OTHER_KEY), SES_OK);
    assert_int_equal(insert(f, 3, SES_STR("short")), SES_FAULT);
}

static void
test_expiry(void **state)
{
    fixture_t *f = *state;
    ses_send_key_t k;
    unsigned n = 99;
    bool changed;

    assert_int_equal(insert(f, 1, KEY), SES_OK);
    f->cx.now = NOW + 1000;
    assert_int_equal(insert(f, 2, OTHER_KEY), SES_OK);
    f->cx.now = NOW + SEND_KEPT - 1;
    assert_int_equal(ses_send_key_find(&f->cx, f->t, KEY, &k), SES_OK);
    assert_int_equal(ses_send_key_purge(&f->cx, f->t, f->cx.now, 10, &n),
                     SES_OK);
    assert_int_equal(n, 0);

    /* used again the moment it expires, before any purge */
    f->cx.now = NOW + SEND_KEPT;
    assert_int_equal(ses_send_key_find(&f->cx, f->t, KEY, &k), SES_NOT_FOUND);
    assert_int_equal(insert(f, 3, KEY), SES_OK);
    assert_int_equal(count(f, SES_DB_SEND_DUE), 2);
    assert_int_equal(ses_send_key_find(&f->cx, f->t, KEY, &k), SES_OK);
    assert_int_equal(k.id.inode, 3);

    /* aborting the first message leaves the key of the second */
    assert_int_equal(
        ses_message_abort(&f->cx, f->t, (ses_msgid_t){NOW, 0, 1, 1}, &changed),
        SES_OK);
    assert_true(changed);
    assert_int_equal(ses_send_key_find(&f->cx, f->t, KEY, &k), SES_OK);

    assert_int_equal(
        ses_send_key_purge(&f->cx, f->t, NOW + SEND_KEPT + 1000, 10, &n),
        SES_OK);
    assert_int_equal(n, 1);
    assert_int_equal(count(f, SES_DB_SEND_KEY), 1);
    assert_int_equal(count(f, SES_DB_SEND_DUE), 1);
}

static void
test_purge_in_slices(void **state)
{
    fixture_t *f = *state;
    char key[SES_SEND_KEY];
    unsigned i, n, total = 0;

    memset(key, 'k', sizeof(key));
    for (i = 0; i < 25; i++) {
        key[0] = (char) ('a' + i);
        f->cx.now = NOW + i;
        assert_int_equal(insert(f, i + 1, ses_str_n(key, sizeof(key))), SES_OK);
    }
    do {
        assert_int_equal(
            ses_send_key_purge(&f->cx, f->t, NOW + 2 * SEND_KEPT, 10, &n),
            SES_OK);
        assert_true(n <= 10);
        total += n;
    } while (n > 0);
    assert_int_equal(total, 25);
    assert_int_equal(count(f, SES_DB_SEND_KEY), 0);
    assert_int_equal(count(f, SES_DB_SEND_DUE), 0);
    assert_int_equal(count(f, SES_DB_MESSAGE), 25);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_message),
        TEST(test_expiry),
        TEST(test_purge_in_slices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
