/*
 * test_message_purge - old entries go, with facts and aliases; no others
 */
#include "model_store.h"

#include "../../shared/model/message_purge.c"

#include "model/event.h"

static ses_msgid_t
id(unsigned age)
{
    return (ses_msgid_t){NOW - age, 0, 1, age};
}

static void
add(fixture_t *f, unsigned age)
{
    ses_rcpt_t rcpt = {SES_STR("ann@mail.test"), 0, 0, 0};
    ses_message_t m = {.id = id(age),
                       .state = SES_MESSAGE_PREPARED,
                       .account = ACCOUNT,
                       .rcpts = &rcpt,
                       .nrcpts = 1};
    ses_fact_t x = {.type = SES_EVENT_DELIVERY,
                    .id = id(age),
                    .recipient = rcpt.addr,
                    .key_extra = SES_STR(""),
                    .when = NOW};
    bool added = false;

    assert_int_equal(ses_message_insert(&f->cx, f->t, &m, SES_STR("")), SES_OK);
    if (age % 2 == 0) {
        assert_int_equal(ses_event_append(&f->cx, f->t, &x, &added), SES_OK);
        assert_true(added);
    }
}

static void
test_purge(void **state)
{
    fixture_t *f = *state;
    ses_message_t m;
    unsigned n = 99;
    int i;

    for (i = 1; i <= 10; i++)
        add(f, (unsigned) i);
    assert_int_equal(ses_message_alias(&f->cx, f->t, id(9), id(10)), SES_OK);
    assert_int_equal(ses_message_alias(&f->cx, f->t, id(1), id(8)), SES_OK);
    assert_int_equal(count(f, SES_DB_FACT), 10); /* a Send each, a Delivery */
    assert_int_equal(count(f, SES_DB_PREPARED), 5);

    assert_int_equal(ses_message_purge(&f->cx, f->t, NOW - 4, 4, &n), SES_OK);
    assert_int_equal(n, 4); /* 10 9 8 7 */
    assert_int_equal(count(f, SES_DB_MESSAGE), 6);
    assert_int_equal(count(f, SES_DB_FACT), 6);
    assert_int_equal(count(f, SES_DB_PREPARED), 3);
    assert_int_equal(count(f, SES_DB_ALIAS), 1);
    assert_int_equal(ses_message_purge(&f->cx, f->t, NOW - 4, 4, &n), SES_OK);
    assert_int_equal(n, 2); /* 6 5 */
    assert_int_equal(ses_message_purge(&f->cx, f->t, NOW - 4, 4, &n), SES_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ses_message_find(&f->cx, f->t, ACCOUNT, id(4), &m),
                     SES_OK);
    assert_int_equal(ses_message_find(&f->cx, f->t, ACCOUNT, id(5), &m),
                     SES_NOT_FOUND);
    assert_int_equal(count(f, SES_DB_FACT), 4);
    assert_int_equal(count(f, SES_DB_EVENT), 10); /* the log has its own age */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_purge)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
