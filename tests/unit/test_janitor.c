/*
 * test_janitor - what may go and what may not: events that are owed, cursors
 * of subscribers that are gone, a store that fills up
 */

#include "agent_host.h"

#include "../../milter/agent/janitor.c"

#include "../../milter/agent/laggard.c"

#include "../../milter/agent/sweep.c"

#include "model/destination.h"

#define DAY INT64_C(86400000)

static const char *const ann[] = {"ann@mail.test", NULL};

static int
setup(void **state)
{
    host_t *h;

    if (host_setup(state) != 0)
        return -1;
    h = *state;
    h->conf.event_retention = 14 * DAY;
    h->conf.ledger_retention = 35 * DAY;
    h->conf.journal_retention = 90 * DAY;
    return 0;
}

/* A destination of set "set" with one subscriber, from event start on. */
static void
subscribe(host_t *h, const char *name, unsigned types, uint64_t start)
{
    ses_txn_t *t = begin(h);
    ses_change_t c = {.n = 0};
    ses_destination_t d = {.account = ACCOUNT,
                           .set = SES_STR("set"),
                           .name = ses_str(name),
                           .enabled = true,
                           .types = types,
                           .start = start,
                           .topic_arn = ses_topic_arn(h->arena, h->conf.region,
                                                      ACCOUNT, ses_str(name)),
                           .version = SES_VERSION_ANY};
    ses_subscription_t s = {.account = ACCOUNT,
                            .topic = ses_str(name),
                            .id = SES_STR("id"),
                            .protocol = SES_STR("http"),
                            .endpoint = SES_STR("http://127.0.0.1/"),
                            .confirmed = true,
                            .token = SES_STR(""),
                            .version = SES_VERSION_ANY};

    ses_destination_put(&h->cx, &c, &d);
    ses_subscription_put(&h->cx, &c, &s);
    must(h, ses_journal_apply(&h->cx, t, &c, "test"));
    must(h, ses_txn_commit(&h->cx, t));
}

static ses_cursor_key_t
key_of(const char *name)
{
    return (ses_cursor_key_t){ACCOUNT, SES_STR("set"), ses_str(name),
                              SES_STR("id")};
}

static void
acknowledge(host_t *h, const char *name, uint64_t seq)
{
    ses_txn_t *t = begin(h);
    ses_cursor_key_t k = key_of(name);

    must(h, ses_cursor_put(&h->cx, t, &k, seq));
    must(h, ses_txn_commit(&h->cx, t));
}

/* n Send events, the first one's sequence is 1. */
static void
send_events(host_t *h, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++) {
        ses_txn_t *t;

        message(h, i, ses_clock_ms(), ann);
        t = begin(h);
        must(h, ses_event_queued(&h->cx, t, message_id(i), h->cx.now));
        must(h, ses_txn_commit(&h->cx, t));
    }
}

static uint64_t
rows(host_t *h, ses_db_t db)
{
    uint64_t n = 0;
    ses_txn_t *t = begin(h);

    must(h, ses_store_count(&h->cx, t, db, &n));
    ses_txn_end(t);
    return n;
}

/* The janitor's round, days from now. */
static void
purge_after(host_t *h, int64_t days)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = agent_cx(arena);

    cx.now += days * DAY;
    purge_all(&h->agent, &cx);
    ses_arena_free(arena);
}

static void
test_events(void **state)
{
    host_t *h = *state;

    send_events(h, 1, 10);
    purge_after(h, 13);
    assert_int_equal(rows(h, SES_DB_EVENT), 10);

    subscribe(h, "a", 1u << SES_EVENT_SEND, 0);
    subscribe(h, "b", 1u << SES_EVENT_BOUNCE, 0); /* is owed nothing */
    acknowledge(h, "a", 4);
    purge_after(h, 15);
    assert_int_equal(rows(h, SES_DB_EVENT), 6);
    assert_int_equal(rows(h, SES_DB_EVENT_SET), 6);

    acknowledge(h, "a", 10);
    purge_after(h, 15);
    assert_int_equal(rows(h, SES_DB_EVENT), 0);
    assert_int_equal(rows(h, SES_DB_MESSAGE), 10);
    purge_after(h, 36);
    assert_int_equal(rows(h, SES_DB_MESSAGE), 0);
    assert_int_equal(rows(h, SES_DB_FACT), 0);
}

/* A subscriber without a cursor starts where it was made. */
static void
test_no_cursor(void **state)
{
    host_t *h = *state;

    send_events(h, 1, 10);
    subscribe(h, "a", 1u << SES_EVENT_SEND, 7);
    purge_after(h, 15);
    assert_int_equal(rows(h, SES_DB_EVENT), 3);
}

static void
test_many(void **state)
{
    host_t *h = *state;

    send_events(h, 1, 2 * SLICE + 5);
    purge_after(h, 15);
    assert_int_equal(rows(h, SES_DB_EVENT), 0);
}

static void
test_gone(void **state)
{
    host_t *h = *state;
    ses_cursor_key_t other = key_of("b");
    ses_change_t c = {.n = 0};
    ses_destination_t d;
    ses_txn_t *t;
    uint64_t seq;
    ses_cx_t cx;

    subscribe(h, "a", 1, 0);
    subscribe(h, "b", 1, 0);
    acknowledge(h, "a", 1);
    acknowledge(h, "b", 2);
    t = begin(h);
    for (uint64_t i = 1; i <= LETTERS_MAX + 1; i++) {
        ses_cursor_key_t k = key_of("a");

        must(h, ses_dead_put(&h->cx, t, &k, i, h->cx.now, SES_STR("why")));
    }
    must(h, ses_dead_put(&h->cx, t, &other, 1, h->cx.now, SES_STR("why")));
    must(h, ses_txn_commit(&h->cx, t));
    cx = agent_cx(h->arena);
    sweep_cursors(&h->agent, &cx);
    assert_int_equal(rows(h, SES_DB_CURSOR), 2);

    t = begin(h);
    must(h, ses_destination_find(&h->cx, t, ACCOUNT, SES_STR("set"),
                                 SES_STR("a"), &d));
    ses_destination_del(&h->cx, &c, &d);
    must(h, ses_journal_apply(&h->cx, t, &c, "test"));
    must(h, ses_txn_commit(&h->cx, t));
    for (int i = 0; i < 2; i++) {
        cx = agent_cx(h->arena);
        sweep_cursors(&h->agent, &cx);
    }
    assert_int_equal(rows(h, SES_DB_CURSOR), 1);
    assert_int_equal(rows(h, SES_DB_DEAD), 1);
    t = begin(h);
    must(h, ses_cursor_get(&h->cx, t, &other, &seq));
    ses_txn_end(t);
}

/* Temporary credentials go a day after their end. */
static void
test_sessions(void **state)
{
    host_t *h = *state;
    ses_credential_t k = {
        .account = ACCOUNT, .user = SES_STR(""), .policy = SES_STR("")};
    ses_txn_t *t = begin(h);
    ses_change_t c = {.n = 0};
    ses_str_t secret, token;

    must(h, ses_session_new(&h->cx, &h->tokens, DAY, &k, &secret, &token));
    ses_credential_put(&h->cx, &c, &k);
    must(h, ses_journal_apply(&h->cx, t, &c, "test"));
    must(h, ses_txn_commit(&h->cx, t));
    assert_int_equal(rows(h, SES_DB_CREDENTIAL), 1);
    purge_after(h, 1);
    assert_int_equal(rows(h, SES_DB_CREDENTIAL), 1);
    purge_after(h, 3);
    assert_int_equal(rows(h, SES_DB_CREDENTIAL), 0);
}

static void
relieve_after(host_t *h, int64_t days)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = agent_cx(arena);

    cx.now += days * DAY;
    relieve(&h->agent, &cx);
    ses_arena_free(arena);
}

static bool
enabled(host_t *h, const char *name)
{
    ses_txn_t *t = begin(h);
    ses_destination_t d;

    must(h, ses_destination_find(&h->cx, t, ACCOUNT, SES_STR("set"),
                                 ses_str(name), &d));
    ses_txn_end(t);
    return d.enabled;
}

/* The one that holds up the purge, and only that. */
static void
test_laggard(void **state)
{
    host_t *h = *state;

    send_events(h, 1, 10);
    subscribe(h, "a", 1u << SES_EVENT_SEND, 0);
    subscribe(h, "b", 1u << SES_EVENT_SEND, 0);
    acknowledge(h, "a", 2);
    acknowledge(h, "b", 5);
    relieve_after(h, 13);
    assert_true(enabled(h, "a") && enabled(h, "b"));

    relieve_after(h, 15);
    assert_false(enabled(h, "a"));
    assert_true(enabled(h, "b"));
    assert_int_equal(rows(h, SES_DB_DEAD), 1);
    purge_after(h, 15);
    assert_int_equal(rows(h, SES_DB_EVENT), 5);
}

static void
test_tallies(void **state)
{
    host_t *h = *state;
    ses_cx_t cx = agent_cx(h->arena);
    ses_txn_t *t;
    uint64_t n;

    flush_tallies(&h->agent, &cx);
    ses_tally(SES_TOKEN_FORGED);
    ses_tally(SES_TOKEN_FORGED);
    flush_tallies(&h->agent, &cx);
    t = begin(h);
    must(h, ses_counter_get(&h->cx, t,
                            ses_str(ses_tally_name(SES_TOKEN_FORGED)), &n));
    ses_txn_end(t);
    assert_int_equal(n, 2);
}

#undef TEST
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, host_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_events),   TEST(test_no_cursor), TEST(test_many),
        TEST(test_gone),     TEST(test_laggard),   TEST(test_tallies),
        TEST(test_sessions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
