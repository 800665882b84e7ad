/*
 * test_overdue - messages whose configuration set limits their delivery
 */

#include "agent_host.h"

/* What postqueue would say, and what the root parent is asked for. */
static ses_buf_t listing;
static unsigned listings, asked;
static expire_t ids[EXPIRE_MAX];

static int list_for_test(int fd);
static int expire_for_test(int fd, const expire_t *v, unsigned n);
#define root_queue list_for_test
#define root_expire expire_for_test
#include "../../milter/agent/queue.c"

#include "../../milter/agent/overdue.c"
#undef root_queue
#undef root_expire

#include "../../milter/agent/forward.c"
#include "../../milter/agent/outcome.c"

static const char *const ann[] = {"ann@mail.test", NULL};

static int
file_of(ses_str_t text)
{
    char path[] = "/tmp/sesame-test-XXXXXX";
    int out = mkstemp(path);

    unlink(path);
    if (write(out, text.p, text.n) != (ssize_t) text.n)
        abort();
    lseek(out, 0, SEEK_SET);
    return out;
}

static int
list_for_test(int fd)
{
    (void) fd;
    listings++;
    return file_of(ses_buf_get(&listing));
}

static int
expire_for_test(int fd, const expire_t *v, unsigned n)
{
    (void) fd;
    asked = n;
    memcpy(ids, v, n * sizeof(*v));
    return file_of(SES_STR("ok"));
}

static void
list_as(ses_str_t queue_id, ses_str_t sender)
{
    ses_buf_printf(&listing,
                   "{\"queue_name\": \"deferred\", \"queue_id\": \"%.*s\", "
                   "\"arrival_time\": 1, \"sender\": \"%.*s\", "
                   "\"recipients\": []}\n",
                   SES_FMT(queue_id), SES_FMT(sender));
}

static void
empty(host_t *h)
{
    ses_buf_init(&listing, h->arena, 1 << 20);
    listings = asked = 0;
}

/* One look, ms from now; how many were asked for. */
static unsigned
look_in(host_t *h, int64_t ms, bool more)
{
    ses_cx_t cx = ses_cx(h->arena, ses_clock_ms() + ms);

    ses_buf_c(&listing, ROOT_QUEUE_END "\n");
    asked = 0;
    assert_int_equal(overdue_once(&h->agent, &cx), more);
    return asked;
}

static void
bounce(host_t *h, unsigned n)
{
    outcome_t o = {.rcpt = SES_STR("ann@mail.test"),
                   .when = ses_clock_ms(),
                   .status = SES_STR("4.4.7"),
                   .expired = true};
    ses_txn_t *t = begin(h);
    ses_message_t m;
    bool added;

    must(h, ses_message_find(&h->cx, t, SES_STR(""), message_id(n), &m));
    must(h, outcome_bounced(&h->agent, &h->cx, t, &m, &o, &added));
    assert_true(added);
    must(h, ses_txn_commit(&h->cx, t));
}

static uint64_t
rows(host_t *h)
{
    ses_txn_t *t = begin(h);
    uint64_t n;

    must(h, ses_store_count(&h->cx, t, SES_DB_DEADLINE, &n));
    ses_txn_end(t);
    return n;
}

static void
test_given_up(void **state)
{
    host_t *h = *state;

    h->max_delivery = 300;
    message(h, 1, ses_clock_ms(), ann);
    h->max_delivery = 0;
    message(h, 2, ses_clock_ms(), ann);
    assert_int_equal(rows(h), 1);

    empty(h);
    list_as(message_queue_id(h, 1), message_sender(h, 1));
    list_as(message_queue_id(h, 2), message_sender(h, 2));
    assert_int_equal(look_in(h, 299000, false), 0);
    assert_int_equal(listings, 0);
    assert_int_equal(look_in(h, 301000, false), 1);
    assert_string_equal(ids[0].id, message_queue_id(h, 1).p);
    assert_int_equal(listings, 1);
    assert_int_equal(look_in(h, 302000, false), 0);
    assert_int_equal(listings, 1); /* it is on its way */
    assert_int_equal(look_in(h, 340000, false), 1);
    assert_int_equal(look_in(h, 339000, false), 1); /* a clock set back */

    bounce(h, 1);
    expect_part(newest(h), "\"bounceType\":\"Transient\",\"bounceSubType\":"
                           "\"CustomTimeoutExceeded\"");
    assert_int_equal(rows(h), 1);
    assert_int_equal(look_in(h, 400000, false), 0);
    assert_int_equal(rows(h), 0);
    assert_int_equal(look_in(h, 500000, false), 0);
}

/* An operator gave it up, or Postfix's own lifetime was shorter. */
static void
test_not_ours(void **state)
{
    host_t *h = *state;

    h->max_delivery = 300;
    message(h, 1, ses_clock_ms(), ann);
    bounce(h, 1);
    expect_part(newest(h), "\"bounceSubType\":\"General\"");
}

/* A queue file is found by its sender's token, whatever its name is. */
static void
test_whose(void **state)
{
    host_t *h = *state;

    h->max_delivery = 300;
    message(h, 1, ses_clock_ms(), ann);
    empty(h);
    list_as(message_queue_id(h, 1), SES_STR("stranger@mail.test"));
    list_as(message_queue_id(h, 7), message_sender(h, 1)); /* postsuper -r */
    list_as(SES_STR("0123456789"), message_sender(h, 1));  /* a short id */
    list_as(message_queue_id(h, 8), message_sender(h, 8));
    assert_int_equal(look_in(h, 301000, false), 1);
    assert_string_equal(ids[0].id, message_queue_id(h, 7).p);
}

/* Nothing is concluded from half a listing, and nothing noted. */
static void
test_not_whole(void **state)
{
    host_t *h = *state;

    h->max_delivery = 300;
    message(h, 1, ses_clock_ms(), ann);
    empty(h);
    ses_buf_c(&listing, "postqueue: fatal\n");
    assert_int_equal(look_in(h, 301000, false), 0);
    empty(h);
    list_as(message_queue_id(h, 1), message_sender(h, 1));
    assert_int_equal(look_in(h, 302000, false), 1);
}

/* More than one request holds: the oldest first. */
static void
test_many(void **state)
{
    host_t *h = *state;
    unsigned n;

    h->max_delivery = 300;
    empty(h);
    for (n = 0; n < EXPIRE_MAX + 3; n++) {
        message(h, n, ses_clock_ms() - 9000 + n, ann);
        list_as(message_queue_id(h, n), message_sender(h, n));
    }
    assert_int_equal(look_in(h, 301000, true), EXPIRE_MAX);
    assert_int_equal(look_in(h, 301000, false), 3);
    assert_int_equal(look_in(h, 301000, false), 0);
    assert_int_equal(listings, 2);
}

/* The root parent takes nothing but long queue ids. */
static void
test_root(void **state)
{
    static const char *const bad[] = {"ALL", "-", "0123456789", "../../etc"};
    host_t *h = *state;
    expire_t e;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memset(&e, 0, sizeof(e));
        memcpy(e.id, bad[i], strlen(bad[i]));
        assert_false(expire_apply(&h->conf, &e, 1));
    }
    memset(&e, 'x', sizeof(e)); /* without an end */
    assert_false(expire_apply(&h->conf, &e, 1));
    assert_false(expire_apply(&h->conf, &e, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_given_up),  TEST(test_not_ours), TEST(test_whose),
        TEST(test_not_whole), TEST(test_many),     TEST(test_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
