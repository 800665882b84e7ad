/*
 * test_reconcile - proof by absence, and when it is none
 */

#include "agent_host.h"

/* The queue listing of a test: what postqueue would say. */
static const char *listing;
static unsigned listings;
static void (*before_listing)(void);

static int list_for_test(int fd);
#define root_queue list_for_test
#include "../../milter/agent/queue.c"
#undef root_queue

#include "../../milter/agent/forward.c"
#include "../../milter/agent/outcome.c"
#include "../../milter/agent/reconcile.c"

static reconcile_t state_;

static const char *const two[] = {"ann@mail.test", "bob@mail.test", NULL};

static int
list_for_test(int fd)
{
    char path[] = "/tmp/sesame-test-XXXXXX";
    int out = mkstemp(path);
    size_t n;

    (void) fd;
    unlink(path);
    if (before_listing != NULL)
        before_listing();
    listings++;
    n = strlen(listing);
    if (write(out, listing, n) != (ssize_t) n)
        abort();
    lseek(out, 0, SEEK_SET);
    return out;
}

static const char *
entry(host_t *h, unsigned n, const char *end)
{
    return ses_str_printf(
               h->arena,
               "{\"queue_name\": \"deferred\", \"queue_id\": \"0123456\", "
               "\"arrival_time\": 1, \"message_size\": 9, \"forced_expire\": "
               "false, \"sender\": \"%.*s\", \"recipients\": [{\"address\": "
               "\"\\\"sender\\\": \\\"x@y\"}]}\n%s",
               SES_FMT(message_sender(h, n)), end)
        .p;
}

static void
begin_test(host_t *h, const char *text, int64_t log_read)
{
    listing = text;
    listings = 0;
    state_ = (reconcile_t){0};
    before_listing = NULL;
    agent_log_read(&h->agent, log_read);
}

#define END ROOT_QUEUE_END "\n"
#define LATER (ses_clock_ms() + 60000) /* the log is read on, in a test */

static void
test_absent(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms() - 9000, two);
    message(h, 2, ses_clock_ms() + 59000, two);
    begin_test(h, entry(h, 7, END), LATER);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(message_state(h, 1), SES_MESSAGE_ABORTED);
    assert_int_equal(message_state(h, 2), SES_MESSAGE_PREPARED);
    assert_int_equal(charged(h), 2);
    assert_int_equal(listings, 2);
    expect_events(h, "");

    reconcile_once(&h->agent, &state_); /* nothing overdue: no listing */
    assert_int_equal(listings, 2);
}

static void
test_listed(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms() - 9000, two);
    begin_test(h, entry(h, 1, END), LATER);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(message_state(h, 1), SES_MESSAGE_QUEUED);
    assert_int_equal(charged(h), 2);
    expect_events(h, "Send");
}

/* By its queue id, with a sender that is nothing to us. */
static void
test_listed_by_id(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms() - 9000, two);
    begin_test(h,
               ses_str_printf(h->arena,
                              "{\"queue_name\": \"hold\", \"queue_id\": "
                              "\"%.*s\", \"sender\": \"\", \"recipients\": "
                              "[]}\n" END,
                              SES_FMT(message_queue_id(h, 1)))
                   .p,
               LATER);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(message_state(h, 1), SES_MESSAGE_QUEUED);
}

/* The first listing lacks it, or the second. */
static const char *first, *second;

static void
take_turns(void)
{
    listing = listings == 0 ? first : second;
}

/* Moved between two queues while they were listed: seen once is enough. */
static void
test_listed_once(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms() - 9000, two);
    message(h, 2, ses_clock_ms() - 9000, two);
    begin_test(h, END, LATER);
    before_listing = take_turns;
    first = entry(h, 1, END);
    second = entry(h, 2, END);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(message_state(h, 1), SES_MESSAGE_QUEUED);
    assert_int_equal(message_state(h, 2), SES_MESSAGE_QUEUED);
}

/* The log was not read far enough: first it is. */
static void
test_log_behind(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms() - 9000, two);
    begin_test(h, END, ses_clock_ms() - 2000);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(listings, 0);
    begin_test(h, END, 0);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(listings, 0);
    assert_int_equal(message_state(h, 1), SES_MESSAGE_PREPARED);
}

/* Listings that prove nothing. */
static void
test_not_whole(void **state)
{
    static const char *const texts[] = {
        "",
        "{\"queue_name\": \"deferred\", \"queue_id\": \"x\"",
        "postqueue: warning: Mail system is down\n" END,
        "{\"queue_name\": \"deferred\"}\n" END,
        END "{\"queue_name\": \"a\", \"queue_id\": \"x\", \"sender\": \"\"}\n",
        END "x",
    };
    host_t *h = *state;

    message(h, 1, ses_clock_ms() - 9000, two);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        begin_test(h, texts[i], LATER);
        reconcile_once(&h->agent, &state_);
        assert_int_equal(listings, 1);
        assert_int_equal(message_state(h, 1), SES_MESSAGE_PREPARED);
    }
}

/* One very long line, of a message with many recipients. */
static void
test_long_line(void **state)
{
    host_t *h = *state;
    ses_buf_t b;

    message(h, 1, ses_clock_ms() - 9000, two);
    ses_buf_init(&b, h->arena, 1 << 22);
    for (unsigned n = 3; n < 200; n++)
        ses_buf_c(&b, entry(h, n, ""));
    b.n -= 4; /* ]}\n of the last */
    for (int i = 0; i < 10000; i++)
        ses_buf_printf(&b, ", {\"address\": \"%d@mail.test\"}", i);
    ses_buf_c(&b, "]}\n");
    ses_buf_c(&b, entry(h, 1, END));
    ses_buf_char(&b, '\0');
    begin_test(h, ses_buf_get(&b).p, LATER);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(message_state(h, 1), SES_MESSAGE_QUEUED);
}

/* Lines may be lost: what is listed is queued, the rest stays as it is, and
 * is not looked for again and again. */
static void
test_gap(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms() - 9000, two);
    message(h, 2, ses_clock_ms() - 9000, two);
    message(h, 3, ses_clock_ms() - 8000, two);
    begin_test(h, entry(h, 2, END), LATER);
    agent_log_lost(&h->agent, ses_clock_ms() - 8500);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(message_state(h, 1), SES_MESSAGE_PREPARED);
    assert_int_equal(message_state(h, 2), SES_MESSAGE_QUEUED);
    assert_int_equal(message_state(h, 3), SES_MESSAGE_ABORTED);
    assert_int_equal(charged(h), 4);
    assert_int_equal(listings, 2);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(listings, 2);
}

/* --- open entries -------------------------------------------------------- */

/* Queued, and ann's line was read; what of bob? */
static void
half_done(host_t *h, unsigned n)
{
    ses_message_t m;
    outcome_t o = {.rcpt = SES_STR("ann@mail.test"), .when = ses_clock_ms()};
    bool added;
    ses_txn_t *t;

    message(h, n, ses_clock_ms() - 9000, two);
    t = begin(h);
    must(h, ses_event_queued(&h->cx, t, message_id(n), h->cx.now));
    must(h, ses_message_find(&h->cx, t, SES_STR(""), message_id(n), &m));
    must(h, outcome_delivered(&h->agent, &h->cx, t, &m, &o, &added));
    must(h, ses_txn_commit(&h->cx, t));
}

static void
left_queue(host_t *h, unsigned n, int64_t when)
{
    ses_txn_t *t = begin(h);

    must(h, ses_message_removed(&h->cx, t, message_id(n), when));
    must(h, ses_txn_commit(&h->cx, t));
}

/* qmgr's "removed" and no line for bob: once the grace is over. */
static void
test_removed(void **state)
{
    host_t *h = *state;

    half_done(h, 1);
    begin_test(h, END, LATER);
    reconcile_once(&h->agent, &state_); /* nothing says that it is gone */
    assert_int_equal(listings, 0);
    left_queue(h, 1, ses_clock_ms() + 59000);
    reconcile_once(&h->agent, &state_); /* a DSN may be on its way */
    assert_int_equal(listings, 0);
    expect_events(h, "Send; Delivery ann@mail.test");

    agent_log_read(&h->agent, LATER + 9000);
    reconcile_once(&h->agent, &state_);
    expect_events(h, "Send; Delivery ann@mail.test; Delivery bob@mail.test");
    expect_part(newest(h), "the line of the mail log is missing");
    listings = 0;
    reconcile_once(&h->agent, &state_);
    assert_int_equal(listings, 0);
}

/* The DSN did come: there is nothing to conclude. */
static void
test_removed_and_bounced(void **state)
{
    host_t *h = *state;
    outcome_t o = {.rcpt = SES_STR("bob@mail.test"),
                   .when = ses_clock_ms(),
                   .status = SES_STR("5.1.1")};
    ses_message_t m;
    ses_txn_t *t;
    bool added;

    half_done(h, 1);
    left_queue(h, 1, ses_clock_ms() - 9000);
    t = begin(h);
    must(h, ses_message_find(&h->cx, t, SES_STR(""), message_id(1), &m));
    must(h, outcome_bounced(&h->agent, &h->cx, t, &m, &o, &added));
    must(h, ses_txn_commit(&h->cx, t));
    begin_test(h, END, LATER);
    reconcile_once(&h->agent, &state_);
    expect_events(h, "Send; Delivery ann@mail.test; Bounce bob@mail.test");
    assert_int_equal(listings, 0);
}

/* Lines may be lost: what is queued still waits, what is not was delivered;
 * each is looked for once. */
static void
test_doubt(void **state)
{
    host_t *h = *state;

    half_done(h, 1);
    half_done(h, 2);
    begin_test(h, entry(h, 2, END), INT64_MAX / 2);
    agent_log_doubted(&h->agent, message_id(3).ms);
    reconcile_once(&h->agent, &state_);
    expect_events(h, "Send; Delivery ann@mail.test; Send; Delivery "
                     "ann@mail.test");
    assert_int_equal(listings, 2);
    reconcile_once(&h->agent, &state_); /* absent, and now for a grace */
    expect_events(h, "Send; Delivery ann@mail.test; Send; Delivery "
                     "ann@mail.test; Delivery bob@mail.test");
    assert_int_equal(listings, 4);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(listings, 4);
    agent_log_doubted(&h->agent, message_id(4).ms);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(listings, 6);
}

/* More of them than one look takes. */
static void
test_many_doubted(void **state)
{
    host_t *h = *state;
    ses_buf_t b;

    ses_buf_init(&b, h->arena, 1 << 22);
    for (unsigned n = 1; n <= SUSPECTS; n++) {
        half_done(h, n);
        ses_buf_c(&b, entry(h, n, ""));
    }
    half_done(h, SUSPECTS + 1);
    ses_buf_c(&b, END);
    ses_buf_char(&b, '\0');
    begin_test(h, ses_buf_get(&b).p, INT64_MAX / 2);
    agent_log_doubted(&h->agent, message_id(SUSPECTS + 2).ms);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(state_.doubt, 0);
    reconcile_once(&h->agent, &state_);
    assert_int_equal(listings, 4);
    assert_true(state_.doubt > 0);
    reconcile_once(&h->agent, &state_);
    expect_part(newest(h), "the line of the mail log is missing");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_absent),       TEST(test_listed),
        TEST(test_listed_by_id), TEST(test_listed_once),
        TEST(test_log_behind),   TEST(test_not_whole),
        TEST(test_long_line),    TEST(test_gap),
        TEST(test_removed),      TEST(test_removed_and_bounced),
        TEST(test_doubt),        TEST(test_many_doubted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
