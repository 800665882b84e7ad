/*
 * dns_agent - a worker of the agent's that looks at DNS, in a thread, with a
 * store and a name server of the test's own
 */
#ifndef TESTS_UNIT_DNS_AGENT_H
#define TESTS_UNIT_DNS_AGENT_H

#include "nameserver.h"
#include "temp_store.h"
#include "within.h"

#include "../../milter/agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/identity.h"
#include "model/model.h"

#define ACCOUNT SES_STR("123456789012")

static void (*dns_agent_run)(agent_t *a);

typedef struct {
    char *dir;
    ses_arena_t *arena;
    ses_conf_t conf;
    agent_t agent;
    pthread_t thread;
    ses_cx_t cx;
    ses_str_t key; /* long enough for several strings */
} fixture_t;

static void
must(fixture_t *f, ses_rc_t rc)
{
    if (rc != SES_OK)
        fail_msg("%s: %.*s", ses_rc_name(rc), SES_FMT(f->cx.why));
}

static void
put(fixture_t *f, const ses_identity_t *i)
{
    ses_change_t c = {0};
    ses_txn_t *t;

    must(f, ses_txn_write(&f->cx, f->agent.store, &t));
    ses_identity_put(&f->cx, &c, i);
    must(f, ses_journal_apply(&f->cx, t, &c, "test"));
    must(f, ses_txn_commit(&f->cx, t));
}

static ses_identity_t
get(fixture_t *f, const char *name)
{
    ses_identity_t i;
    ses_txn_t *t;

    f->cx = ses_cx(f->arena, ses_clock_ms());
    must(f, ses_txn_read(&f->cx, f->agent.store, &t));
    must(f, ses_identity_find(&f->cx, t, ACCOUNT, ses_str(name), &i));
    ses_txn_end(t);
    return i;
}

static void *
run(void *arg)
{
    dns_agent_run(arg);
    return NULL;
}

static void
quiet(ses_log_level_t level, const char *line)
{
    (void) level;
    (void) line;
}

/* Start it and the name server. */
static int
dns_agent_setup(void **state, void (*worker)(agent_t *a))
{
    fixture_t *f = calloc(1, sizeof(*f));
    char key[361];

    dns_agent_run = worker;
    ses_log_open("test", quiet);
    ses_model_init();
    nameserver_start();
    f->dir = temp_dir();
    f->arena = ses_arena_new();
    f->cx = ses_cx(f->arena, ses_clock_ms());
    memset(key, 'K', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    f->key = ses_str_dup(f->arena, ses_str(key));
    f->conf = (ses_conf_t){
        .resolver = ses_str_printf(f->arena, "127.0.0.1:%u", nameserver.port),
        .region = SES_STR("us-east-1"),
        .service_domain = SES_STR("ses.test"),
        .verify_retry_min = 200,
        .verify_retry_max = 400};
    assert_true(agent_init(&f->agent));
    f->agent.conf = &f->conf;
    f->agent.store = temp_store(&f->cx, f->dir);
    f->agent.committer = ses_committer_new(f->agent.store, true);
    assert_int_equal(pthread_create(&f->thread, NULL, run, &f->agent), 0);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;

    agent_stop(&f->agent);
    pthread_join(f->thread, NULL);
    agent_free(&f->agent);
    nameserver_stop();
    temp_remove(f->dir);
    free(f->dir);
    ses_arena_free(f->arena);
    free(f);
    return 0;
}

#endif
