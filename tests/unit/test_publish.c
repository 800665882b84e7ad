// LIBS: -lcurl
/*
 * test_publish - the publisher against a store and subscribers that are well,
 * fail, hang, break off, refuse, or are not there
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "subscriber.h"
#include "temp_store.h"
#include "within.h"

#include "../../milter/agent/agent.c"

#include "../../milter/agent/backoff.c"

#include "../../milter/agent/bookmark.c"

#include "../../milter/agent/breaker.c"

#include "../../milter/agent/courier.c"

#include "../../milter/agent/dest_sns.c"

#include "../../milter/agent/notification.c"

#include "../../milter/agent/outlet.c"

#include "../../milter/agent/peer.c"

#include "../../milter/agent/publish.c"

#include "../../milter/agent/roster.c"

#include "../../milter/agent/tail.c"

#include "model/destination.h"
#include "model/model.h"

#define ACCOUNT SES_STR("123456789012")
#define SET SES_STR("set")
#define MESSAGES 60

typedef struct {
    char *dir;
    ses_arena_t *arena;
    ses_conf_t conf;
    agent_t agent;
    pthread_t thread;
    bool running;
    ses_cx_t cx;
} fixture_t;

/* --- the store --------------------------------------------------------- */

static void
must(fixture_t *f, ses_rc_t rc)
{
    if (rc != SES_OK)
        fail_msg("%s: %.*s", ses_rc_name(rc), SES_FMT(f->cx.why));
}

static ses_txn_t *
begin(fixture_t *f)
{
    ses_txn_t *t;

    f->cx = ses_cx(f->arena, ses_clock_ms());
    must(f, ses_txn_write(&f->cx, f->agent.store, &t));
    return t;
}

static void
commit(fixture_t *f, ses_txn_t *t)
{
    must(f, ses_txn_commit(&f->cx, t));
}

/* A destination of its own topic, with one confirmed subscription. */
static void
subscribe(fixture_t *f, const char *name, unsigned port)
{
    ses_txn_t *t = begin(f);
    ses_change_t c = {0};
    ses_destination_t d = {
        .account = ACCOUNT,
        .set = SET,
        .name = ses_str(name),
        .enabled = true,
        .types = 1u << SES_EVENT_SEND | 1u << SES_EVENT_DELIVERY,
        .topic_arn =
            ses_topic_arn(f->arena, f->conf.region, ACCOUNT, ses_str(name)),
        .version = SES_VERSION_ANY};
    ses_subscription_t s = {.account = ACCOUNT,
                            .topic = ses_str(name),
                            .id = ses_str_printf(f->arena, "id-%s", name),
                            .protocol = SES_STR("http"),
                            .endpoint = ses_str_printf(
                                f->arena, "http://127.0.0.1:%u/%s", port, name),
                            .confirmed = true,
                            .token = SES_STR(""),
                            .version = SES_VERSION_ANY};

    ses_destination_put(&f->cx, &c, &d);
    ses_subscription_put(&f->cx, &c, &s);
    must(f, ses_journal_apply(&f->cx, t, &c, "test"));
    commit(f, t);
}

static ses_msgid_t
id_of(unsigned n)
{
    return (ses_msgid_t){.ms = 1795500000000 + n, .node = 1, .inode = n + 1};
}

/* Messages from..to-1, each with a Send and a Delivery. */
static void
happen(fixture_t *f, unsigned from, unsigned to)
{
    ses_txn_t *t = begin(f);
    ses_rcpt_t rcpt = {.addr = SES_STR("ann@mail.test")};
    bool added;
    unsigned i;

    for (i = from; i < to; i++) {
        ses_message_t m = {
            .id = id_of(i),
            .state = SES_MESSAGE_PREPARED,
            .account = ACCOUNT,
            .config_set = SET,
            .committed = f->cx.now,
            .charged = 1,
            .identity = SES_STR("shop.test"),
            .source = SES_STR("news@shop.test"),
            .mail_base = ses_str_printf(f->arena, "\"messageId\":\"m%u\"", i),
            .rcpts = &rcpt,
            .nrcpts = 1};
        ses_fact_t fact = {.type = SES_EVENT_DELIVERY,
                           .id = m.id,
                           .recipient = rcpt.addr,
                           .when = f->cx.now,
                           .detail = SES_STR("{}")};

        must(f, ses_message_insert(&f->cx, t, &m, SES_STR("")));
        must(f, ses_event_append(&f->cx, t, &fact, &added));
        assert_true(added);
    }
    commit(f, t);
}

static ses_cursor_key_t
key_of(fixture_t *f, const char *name)
{
    return (ses_cursor_key_t){ACCOUNT, SET, ses_str(name),
                              ses_str_printf(f->arena, "id-%s", name)};
}

static uint64_t
cursor(fixture_t *f, const char *name)
{
    ses_cursor_key_t k = key_of(f, name);
    uint64_t seq = 0;
    ses_txn_t *t;
    ses_rc_t rc;

    f->cx = ses_cx(f->arena, ses_clock_ms());
    must(f, ses_txn_read(&f->cx, f->agent.store, &t));
    rc = ses_cursor_get(&f->cx, t, &k, &seq);
    ses_txn_end(t);
    assert_true(rc == SES_OK || rc == SES_NOT_FOUND);
    return seq;
}

static ses_rc_t
count_dead(ses_cx_t *cx, uint64_t seq, int64_t when, ses_str_t why, void *arg)
{
    (void) cx;
    (void) seq;
    (void) when;
    assert_true(ses_str_eqc(why, "HTTP status 410"));
    ++*(unsigned *) arg;
    return SES_OK;
}

static unsigned
dead(fixture_t *f, const char *name)
{
    ses_cursor_key_t k = key_of(f, name);
    unsigned n = 0;
    ses_txn_t *t;

    f->cx = ses_cx(f->arena, ses_clock_ms());
    must(f, ses_txn_read(&f->cx, f->agent.store, &t));
    must(f, ses_dead_list(&f->cx, t, &k, count_dead, &n));
    ses_txn_end(t);
    return n;
}

/* --- the publisher ----------------------------------------------------- */

static void *
run(void *arg)
{
    publish_run(arg);
    return NULL;
}

static void
start(fixture_t *f)
{
    f->agent.shared->stopping = false;
    f->running = true;
    assert_int_equal(pthread_create(&f->thread, NULL, run, &f->agent), 0);
}

static void
stop(fixture_t *f)
{
    agent_stop(&f->agent);
    pthread_join(f->thread, NULL);
    f->running = false;
}

static void
quiet(ses_log_level_t level, const char *line)
{
    (void) level;
    (void) line;
}

static int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));
    char path[64];
    EVP_PKEY *key;
    FILE *file;

    ses_log_open("test", quiet);
    ses_model_init();
    f->dir = temp_dir();
    snprintf(path, sizeof(path), "%s/sns.key", f->dir);
    file = fopen(path, "w");
    key = EVP_RSA_gen(1024); /* quick to sign with */
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    EVP_PKEY_free(key);
    fclose(file);

    f->arena = ses_arena_new();
    f->cx = ses_cx(f->arena, ses_clock_ms());
    f->conf = (ses_conf_t){.region = SES_STR("us-east-1"),
                           .key_directory = ses_str(f->dir),
                           .public_url = SES_STR("http://ses.test"),
                           .publish_retry_min = 20,
                           .publish_retry_max = 100,
                           .publish_timeout = 300,
                           .publish_window = 8,
                           .publish_max_tries = 1000,
                           .publish_max_age = 60000,
                           .allow_private_destinations = true};
    assert_true(agent_init(&f->agent));
    f->agent.conf = &f->conf;
    f->agent.store = temp_store(&f->cx, f->dir);
    f->agent.committer = ses_committer_new(f->agent.store, true);
    subscriber_start();
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;
    unsigned i;

    if (f->running) /* the test failed */
        stop(f);
    subscriber_break(false);
    subscriber_stop();
    usleep(50000); /* its connections end */
    for (i = 0; i < subscriber.n; i++) {
        free(subscriber.got[i].head);
        free(subscriber.got[i].body);
    }
    agent_free(&f->agent);
    temp_remove(f->dir);
    free(f->dir);
    ses_arena_free(f->arena);
    free(f);
    return 0;
}

/* Every message's Send was taken before its Delivery was first sent. */
static void
check_order(const char *path)
{
    bool sent[MESSAGES] = {false};
    const received_t *r;
    unsigned i, m;
    const char *p;

    for (i = 0; i < subscriber.n; i++) {
        r = &subscriber.got[i];
        if (strcmp(r->path, path) != 0)
            continue;
        p = strstr(r->body, "\\\"messageId\\\":\\\"m");
        assert_non_null(p);
        m = (unsigned) atoi(p + 18);
        assert_true(m < MESSAGES);
        if (strstr(r->body, "\\\"eventType\\\":\\\"Send\\\"") != NULL)
            sent[m] = sent[m] || r->status == 200;
        else if (!sent[m])
            fail_msg("%s: Delivery of m%u before its Send", path, m);
    }
}

/* --- stories ----------------------------------------------------------- */

static void
test_trouble(void **state)
{
    static const char *const hooks[] = {"ok", "error", "hang", "cut", "gone"};
    fixture_t *f = *state;
    unsigned i;
    char path[16];

    subscriber_break(true);
    for (i = 0; i < 5; i++)
        subscribe(f, hooks[i], subscriber.port);
    start(f);
    happen(f, 0, MESSAGES);

    /* The one that is well is not delayed by the others. */
    WITHIN(20000, subscriber_count("/ok", 200) == 2 * MESSAGES);
    WITHIN(20000, cursor(f, "ok") == 2 * MESSAGES);
    WITHIN(20000, dead(f, "gone") == 2 * MESSAGES);
    WITHIN(20000, cursor(f, "gone") == 2 * MESSAGES);
    WITHIN(20000, subscriber_count("/hang", 0) > 0);
    WITHIN(20000, subscriber_count("/error", 500) > 3);
    WITHIN(20000, subscriber_count("/cut", -1) > 3);
    assert_true(cursor(f, "error") == 0);
    assert_true(cursor(f, "cut") == 0);

    subscriber_break(false);
    for (i = 1; i < 4; i++) {
        snprintf(path, sizeof(path), "/%s", hooks[i]);
        WITHIN(20000, cursor(f, hooks[i]) == 2 * MESSAGES);
        assert_int_equal(subscriber_count(path, 200), 2 * MESSAGES);
        check_order(path);
    }
    assert_int_equal(subscriber_count("/ok", 200), 2 * MESSAGES);
    check_order("/ok");
    assert_int_equal(dead(f, "hang"), 0);
    stop(f);
}

/* A publisher that starts again goes on where it was; a cursor that is moved
 * back brings the events again, under the same ids. */
static void
test_replay(void **state)
{
    fixture_t *f = *state;
    ses_cursor_key_t k = key_of(f, "ok");
    ses_txn_t *t;
    unsigned i, again = 0;
    const char *id;

    subscriber_break(false);
    subscribe(f, "ok", subscriber.port);
    happen(f, 0, 5);
    start(f);
    WITHIN(20000, cursor(f, "ok") == 10);
    stop(f);
    start(f);
    happen(f, 5, 10);
    WITHIN(20000, cursor(f, "ok") == 20);
    assert_int_equal(subscriber_count("/ok", 200), 20);

    t = begin(f);
    must(f, ses_cursor_put(&f->cx, t, &k, 19));
    commit(f, t);
    WITHIN(20000, subscriber_count("/ok", 200) == 21);
    id = strstr(subscriber.got[20].body, "\"MessageId\"");
    for (i = 0; i < 20 && again == 0; i++)
        again += strncmp(strstr(subscriber.got[i].body, "\"MessageId\""), id,
                         50) == 0;
    assert_int_equal(again, 1);
    WITHIN(20000, cursor(f, "ok") == 20);
    stop(f);
}

/* More than an outlet has room for: it falls behind and catches up. */
static void
test_catching_up(void **state)
{
    fixture_t *f = *state;

    subscriber_break(false);
    subscribe(f, "ok", subscriber.port);
    start(f);
    happen(f, 0, 1);
    WITHIN(20000, cursor(f, "ok") == 2);
    happen(f, 1, 1000);
    happen(f, 1000, 1001);
    WITHIN(20000, cursor(f, "ok") == 2002);
    assert_int_equal(subscriber_count("/ok", 200), 2002);
    stop(f);
}

/* Nobody listens; the port opens later.  A destination that is disabled and
 * enabled again is not owed what happened between. */
static void
test_roster_changes(void **state)
{
    fixture_t *f = *state;
    ses_change_t c = {0};
    ses_destination_t d;
    uint64_t last;
    ses_txn_t *t;

    subscriber_break(false);
    subscribe(f, "ok", 1);
    start(f);
    happen(f, 0, 3);
    usleep(300000);
    assert_int_equal(cursor(f, "ok"), 0);
    subscribe(f, "ok", subscriber.port);
    WITHIN(20000, cursor(f, "ok") == 6);

    t = begin(f);
    must(f, ses_destination_find(&f->cx, t, ACCOUNT, SET, SES_STR("ok"), &d));
    d.enabled = false;
    ses_destination_put(&f->cx, &c, &d);
    must(f, ses_journal_apply(&f->cx, t, &c, "test"));
    commit(f, t);
    WITHIN(20000, cursor(f, "ok") == 0); /* forgotten with the outlet */
    happen(f, 3, 6);
    usleep(100000);
    assert_int_equal(subscriber_count("/ok", 200), 6);

    t = begin(f);
    c = (ses_change_t){0};
    must(f, ses_destination_find(&f->cx, t, ACCOUNT, SET, SES_STR("ok"), &d));
    must(f, ses_event_last(&f->cx, t, &last));
    d.enabled = true;
    d.start = last;
    ses_destination_put(&f->cx, &c, &d);
    must(f, ses_event_notice(&f->cx, t, ACCOUNT, SET, SES_STR("ok"),
                             SES_STR("hello")));
    must(f, ses_journal_apply(&f->cx, t, &c, "test"));
    commit(f, t);
    happen(f, 6, 7);
    WITHIN(20000, subscriber_count("/ok", 200) == 9);
    usleep(100000);
    assert_int_equal(subscriber_count("/ok", 200), 9);
    stop(f);
}

/* Without permission no private address is connected to. */
static void
test_private(void **state)
{
    fixture_t *f = *state;

    subscriber_break(false);
    f->conf.allow_private_destinations = false;
    f->conf.publish_max_tries = 2;
    subscribe(f, "ok", subscriber.port);
    start(f);
    happen(f, 0, 1);
    WITHIN(20000, cursor(f, "ok") == 2); /* given up */
    assert_int_equal(subscriber.n, 0);
    stop(f);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_trouble),        TEST(test_replay),  TEST(test_catching_up),
        TEST(test_roster_changes), TEST(test_private),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
