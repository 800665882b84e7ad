/*
 * test_outlet - what one subscriber is owed: order, window, cursor, giving up
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../milter/agent/backoff.c"

#include "../../milter/agent/breaker.c"

#include "../../milter/agent/outlet.c"

static const outlet_limits_t limits = {.retry_min = 10,
                                       .retry_max = 1000,
                                       .max_age = 100000,
                                       .window = 4,
                                       .max_tries = 3};
static int job; /* something to point at */

static outlet_t *
new_outlet(void)
{
    outlet_info_t info = {
        .key = {SES_STR("1"), SES_STR("set"), SES_STR("hook"), SES_STR("id")},
        .topic_arn = SES_STR("topic"),
        .arn = SES_STR("arn"),
        .endpoint = SES_STR("http://x/"),
        .types = 1u << SES_EVENT_SEND | 1u << SES_EVENT_BOUNCE};

    return outlet_new(&info, &limits);
}

static void
add(outlet_t *o, uint64_t seq, int message)
{
    ses_event_t e = {.seq = seq,
                     .type = SES_EVENT_SEND,
                     .id = {.ms = 1000 + message, .inode = 7}};

    outlet_add(o, &e);
}

/* Send what may be sent; the sequence, 0 = nothing. */
static uint64_t
send(outlet_t *o, int64_t now, item_t **out)
{
    bool probe;
    item_t *it = outlet_next(o, now, &probe);

    if (it == NULL)
        return 0;
    outlet_sent(o, it, probe, now, &job);
    *out = it;
    return it->seq;
}

static void
test_order(void **state)
{
    outlet_t *o = new_outlet();
    item_t *a, *b, *c;

    (void) state;
    outlet_reset(o, 10);
    add(o, 11, 1);
    add(o, 12, 1);
    add(o, 13, 2);
    add(o, 15, 1);
    assert_int_equal(send(o, 0, &a), 11);
    assert_int_equal(send(o, 0, &b), 13); /* 12 waits for 11 */
    assert_int_equal(send(o, 0, &c), 0);
    assert_int_equal(outlet_cursor(o, 99), 10);

    /* The later one first: the cursor waits. */
    outlet_done(o, &limits, b);
    assert_int_equal(outlet_cursor(o, 99), 10);
    outlet_done(o, &limits, a);
    assert_int_equal(outlet_cursor(o, 99), 11);

    /* One that fails holds back its message only. */
    add(o, 16, 3);
    assert_int_equal(send(o, 0, &a), 12);
    outlet_failed(o, &limits, a, 0, "no");
    assert_int_equal(send(o, 0, &b), 16);
    assert_int_equal(send(o, 0, &c), 0);
    assert_int_equal(send(o, 10, &a), 12);
    outlet_done(o, &limits, a);
    assert_int_equal(send(o, 10, &c), 15);
    outlet_done(o, &limits, c);
    outlet_done(o, &limits, b);
    assert_int_equal(outlet_cursor(o, 99), 10); /* what it had read */
    o->live = true;
    assert_int_equal(outlet_cursor(o, 99), 99);
    outlet_free(o);
}

static void
test_window(void **state)
{
    outlet_t *o = new_outlet();
    item_t *it[8];
    unsigned i;

    (void) state;
    for (i = 0; i < 32; i++) {
        assert_true(outlet_room(o, &limits));
        add(o, i + 1, (int) i);
    }
    assert_false(outlet_room(o, &limits));
    for (i = 0; i < 4; i++)
        assert_int_equal(send(o, 0, &it[i]), i + 1);
    assert_int_equal(send(o, 0, &it[4]), 0);
    outlet_done(o, &limits, it[2]);
    assert_int_equal(send(o, 0, &it[4]), 5);
    outlet_reset(o, 3);
    assert_int_equal(o->in_flight, 0);
    assert_int_equal(outlet_cursor(o, 99), 3);
    assert_null(o->head);
    outlet_free(o);
}

static void
test_giving_up(void **state)
{
    outlet_t *o = new_outlet();
    item_t *it;

    (void) state;
    add(o, 1, 1);
    add(o, 2, 1);
    assert_int_equal(send(o, 0, &it), 1);
    assert_false(outlet_failed(o, &limits, it, 0, "first"));
    assert_int_equal(send(o, 9, &it), 0);
    assert_int_equal(send(o, 10, &it), 1);
    assert_false(outlet_failed(o, &limits, it, 10, "second"));
    assert_int_equal(send(o, 29, &it), 0);
    assert_int_equal(send(o, 30, &it), 1);
    assert_true(outlet_failed(o, &limits, it, 30, "third"));
    assert_non_null(o->dead);
    assert_int_equal(o->dead->seq, 1);
    assert_string_equal(o->dead->why, "third");
    assert_int_equal(outlet_cursor(o, 99), 1);

    /* The breaker is open: one probe, when its wait is over. */
    assert_int_equal(send(o, 39, &it), 0);
    assert_int_equal(send(o, 40, &it), 2);
    assert_true(it->probe);
    assert_true(outlet_refused(o, &limits, it, 41, "HTTP status 400"));
    assert_int_equal(o->dead->seq, 2);
    assert_int_equal(o->dead->next->seq, 1);
    assert_false(breaker_open(&o->breaker));
    assert_null(o->head);
    outlet_free(o);
}

static void
test_too_old(void **state)
{
    outlet_t *o = new_outlet();
    item_t *it;

    (void) state;
    add(o, 1, 1);
    assert_int_equal(send(o, 5, &it), 1);
    outlet_failed(o, &limits, it, 100004, "no");
    assert_null(o->dead);
    assert_int_equal(send(o, 200000, &it), 1);
    outlet_failed(o, &limits, it, 200000, "no");
    assert_non_null(o->dead);
    outlet_free(o);
}

/* When the endpoint is back, what waited with it waits no longer. */
static void
test_recovery(void **state)
{
    outlet_t *o = new_outlet();
    item_t *it[4], *probe;
    unsigned i;

    (void) state;
    for (i = 0; i < 4; i++)
        add(o, i + 1, (int) i);
    for (i = 0; i < 4; i++)
        assert_int_equal(send(o, 0, &it[i]), i + 1);
    for (i = 0; i < 4; i++)
        assert_int_equal(outlet_failed(o, &limits, it[i], 0, "down"), i == 2);
    assert_int_equal(send(o, 9, &probe), 0);
    assert_int_equal(send(o, 10, &probe), 1);
    assert_int_equal(send(o, 10, &it[0]), 0);
    outlet_failed(o, &limits, probe, 10, "down");
    assert_int_equal(send(o, 30, &probe), 1);
    assert_true(outlet_done(o, &limits, probe));
    for (i = 1; i < 4; i++)
        assert_int_equal(send(o, 30, &it[i]), i + 1);
    outlet_free(o);
}

static void
test_wants(void **state)
{
    outlet_t *o = new_outlet();
    ses_event_t e = {.type = SES_EVENT_SEND};

    (void) state;
    assert_true(outlet_wants(o, &e));
    e.type = SES_EVENT_DELIVERY;
    assert_false(outlet_wants(o, &e));
    e.type = SES_EVENT_NOTICE;
    e.destination = SES_STR("hook");
    assert_true(outlet_wants(o, &e));
    e.destination = SES_STR("other");
    assert_false(outlet_wants(o, &e));
    outlet_free(o);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),     cmocka_unit_test(test_window),
        cmocka_unit_test(test_giving_up), cmocka_unit_test(test_too_old),
        cmocka_unit_test(test_recovery),  cmocka_unit_test(test_wants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
