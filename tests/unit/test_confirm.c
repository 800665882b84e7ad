// LIBS: -lcurl
/*
 * test_confirm - endpoints are asked until one has taken the question;
 * what is never confirmed goes
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

#include "../../milter/agent/confirm.c"

#include "../../milter/agent/courier.c"

#include "../../milter/agent/dest_sns.c"

#include "../../milter/agent/notification.c"

#include "../../milter/agent/peer.c"

#include "model/model.h"

#define ACCOUNT SES_STR("123456789012")

typedef struct {
    char *dir;
    ses_arena_t *arena;
    ses_conf_t conf;
    agent_t agent;
    pthread_t thread;
    ses_cx_t cx;
} fixture_t;

static void
must(fixture_t *f, ses_rc_t rc)
{
    if (rc != SES_OK)
        fail_msg("%s: %.*s", ses_rc_name(rc), SES_FMT(f->cx.why));
}

static void
put(fixture_t *f, const ses_subscription_t *s)
{
    ses_change_t c = {0};
    ses_txn_t *t;

    f->cx = ses_cx(f->arena, ses_clock_ms());
    must(f, ses_txn_write(&f->cx, f->agent.store, &t));
    ses_subscription_put(&f->cx, &c, s);
    must(f, ses_journal_apply(&f->cx, t, &c, "test"));
    must(f, ses_txn_commit(&f->cx, t));
}

static void
add(fixture_t *f, const char *id, int64_t lives)
{
    int64_t now = ses_clock_ms();
    ses_subscription_t s = {.account = ACCOUNT,
                            .topic = SES_STR("t"),
                            .id = ses_str(id),
                            .protocol = SES_STR("http"),
                            .endpoint = ses_str_printf(f->arena,
                                                       "http://127.0.0.1:%u/%s",
                                                       subscriber.port, id),
                            .token = SES_STR("cafe"),
                            .token_expires = now + lives,
                            .ask_at = now,
                            .created = now,
                            .version = SES_VERSION_ANY};

    put(f, &s);
}

static ses_rc_t
get(fixture_t *f, const char *id, ses_subscription_t *s)
{
    ses_txn_t *t;
    ses_rc_t rc;

    f->cx = ses_cx(f->arena, ses_clock_ms());
    must(f, ses_txn_read(&f->cx, f->agent.store, &t));
    rc =
        ses_subscription_find(&f->cx, t, ACCOUNT, SES_STR("t"), ses_str(id), s);
    ses_txn_end(t);
    return rc;
}

static bool
asked(fixture_t *f, const char *id)
{
    ses_subscription_t s;

    must(f, get(f, id, &s));
    return s.asked;
}

static unsigned
tries(fixture_t *f, const char *id)
{
    ses_subscription_t s;

    must(f, get(f, id, &s));
    return s.ask_tries;
}

static bool
is_gone(fixture_t *f, const char *id)
{
    ses_subscription_t s;

    return get(f, id, &s) == SES_NOT_FOUND;
}

static void *
run(void *arg)
{
    confirm_run(arg);
    return NULL;
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
    key = EVP_RSA_gen(1024);
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
                           .allow_private_destinations = true};
    assert_true(agent_init(&f->agent));
    f->agent.conf = &f->conf;
    f->agent.store = temp_store(&f->cx, f->dir);
    f->agent.committer = ses_committer_new(f->agent.store, true);
    subscriber_start();
    subscriber_break(true);
    assert_int_equal(pthread_create(&f->thread, NULL, run, &f->agent), 0);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;
    unsigned i;

    agent_stop(&f->agent);
    pthread_join(f->thread, NULL);
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

static void
test_asks(void **state)
{
    fixture_t *f = *state;

    add(f, "hang", 60000);
    add(f, "error", 60000);
    add(f, "ok", 60000);
    WITHIN(20000, asked(f, "ok"));
    WITHIN(20000, tries(f, "error") >= 3);
    WITHIN(20000, tries(f, "hang") >= 1);
    assert_false(asked(f, "error"));
    subscriber_break(false);
    WITHIN(20000, asked(f, "error"));
    WITHIN(20000, asked(f, "hang"));
    usleep(200000); /* nobody is asked again */
    assert_int_equal(subscriber_count("/ok", 200), 1);
    assert_int_equal(subscriber_count("/error", 200), 1);
    assert_int_equal(subscriber_count("/hang", 200), 1);
}

static void
test_confirmed_or_renewed_meanwhile(void **state)
{
    ses_subscription_t s;
    fixture_t *f = *state;

    add(f, "hang", 60000);
    add(f, "error", 60000);
    WITHIN(20000, subscriber_count("/hang", 0) >= 1);
    must(f, get(f, "hang", &s));
    s.confirmed = true;
    put(f, &s);
    must(f, get(f, "error", &s));
    subscriber_break(false);
    WITHIN(20000, asked(f, "error"));
    must(f, get(f, "hang", &s));
    assert_true(s.confirmed);
    assert_false(s.asked);
    assert_int_equal(subscriber_count("/hang", 200), 0);
}

static void
test_expires(void **state)
{
    ses_subscription_t s;
    fixture_t *f = *state;

    add(f, "error", 400);
    WITHIN(20000, tries(f, "error") >= 2);
    WITHIN(20000, is_gone(f, "error"));

    /* Confirmed ones stay. */
    add(f, "ok", 300);
    WITHIN(20000, asked(f, "ok"));
    must(f, get(f, "ok", &s));
    s.confirmed = true;
    put(f, &s);
    usleep(400000);
    add(f, "hang", -1); /* sweeps */
    WITHIN(20000, is_gone(f, "hang"));
    assert_false(is_gone(f, "ok"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_asks),
        TEST(test_confirmed_or_renewed_meanwhile),
        TEST(test_expires),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
