/*
 * agent_host - an agent without threads: store, key, log directory, and the
 * root parent's side of the socket pair served by a thread
 */
#ifndef TESTS_UNIT_AGENT_HOST_H
#define TESTS_UNIT_AGENT_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "temp_store.h"

#include "../../milter/agent/agent.c"

#include "../../milter/agent/expire.c"
#include "../../milter/agent/logdir.c"
#include "../../milter/agent/poolfile.c"
#include "../../milter/agent/program.c"
#include "../../milter/agent/root.c"

#include "base/json.h"
#include "model/event.h"
#include "model/model.h"
#include "policy/quota.h"
#include "policy/token.h"

#define ACCOUNT SES_STR("123456789012")
#define BOUNCE_DOMAIN "bounce.test"

typedef struct {
    char *dir;
    ses_arena_t *arena;
    ses_conf_t conf;
    ses_keyring_t tokens;
    agent_t agent;
    ses_cx_t cx;
    int parent_fd;
    pthread_t parent;
    uint32_t max_delivery; /* of messages */
} host_t;

static void *
serve_parent(void *arg)
{
    host_t *h = arg;
    struct pollfd on = {.fd = h->parent_fd, .events = POLLIN};
    struct helpers helpers = {0};

    while (poll(&on, 1, -1) >= 0 && serve_one(&h->conf, h->parent_fd, &helpers))
        ;
    return NULL;
}

static inline void
must(host_t *h, ses_rc_t rc)
{
    if (rc != SES_OK)
        fail_msg("%s: %.*s", ses_rc_name(rc), SES_FMT(h->cx.why));
}

static inline ses_txn_t *
begin(host_t *h)
{
    ses_txn_t *t;

    h->cx = ses_cx(h->arena, ses_clock_ms());
    must(h, ses_txn_write(&h->cx, h->agent.store, &t));
    return t;
}

static inline int
host_setup(void **state)
{
    host_t *h = calloc(1, sizeof(*h));
    int pair[2];

    h->dir = temp_dir();
    h->arena = ses_arena_new();
    h->cx = ses_cx(h->arena, ses_clock_ms());
    ses_model_init();
    assert_true(agent_init(&h->agent));
    h->conf.region = SES_STR("us-east-1");
    h->conf.node = 1;
    h->conf.bounce_domain = SES_STR(BOUNCE_DOMAIN);
    h->conf.maillog = ses_str_printf(h->arena, "%s/maillog", h->dir);
    h->conf.postfix_config = SES_STR("/nonexistent");
    h->conf.eom_timeout = 5000;
    h->conf.reconcile_grace = 3000;
    h->agent.conf = &h->conf;
    h->agent.hostname = SES_STR("mta.test");
    h->agent.queue_lifetime = 5 * 86400000;
    h->tokens = (ses_keyring_t){1, {{'a', "a key of the tests"}}};
    h->agent.tokens = &h->tokens;
    h->agent.store = temp_store(&h->cx, h->dir);
    h->agent.committer = ses_committer_new(h->agent.store, true);

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    h->parent_fd = pair[0];
    h->agent.root_fd = pair[1];
    pthread_create(&h->parent, NULL, serve_parent, h);
    *state = h;
    return 0;
}

static inline int
host_teardown(void **state)
{
    host_t *h = *state;

    close(h->agent.root_fd);
    pthread_join(h->parent, NULL);
    close(h->parent_fd);
    agent_free(&h->agent);
    temp_remove(h->dir);
    ses_arena_free(h->arena);
    free(h->dir);
    free(h);
    return 0;
}

/* --- messages ------------------------------------------------------------ */

/* The n-th message of a test: committed at when. */
static inline ses_msgid_t
message_id(unsigned n)
{
    return (ses_msgid_t){
        .ms = INT64_C(1795491019160) + n, .us = 560, .node = 1, .inode = n + 1};
}

static inline ses_str_t
message_queue_id(host_t *h, unsigned n)
{
    return ses_queueid_format(h->arena, message_id(n));
}

static inline ses_str_t
message_sender(host_t *h, unsigned n)
{
    return ses_str_printf(
        h->arena, "%.*s@" BOUNCE_DOMAIN,
        SES_FMT(ses_token_format(h->arena, h->agent.tokens, SES_STR("a1"),
                                 message_id(n))));
}

/* In the ledger, PREPARED; a recipient that starts with '-' was removed. */
static inline void
message(host_t *h, unsigned n, int64_t committed, const char *const *rcpts)
{
    ses_account_t a = {.id = ACCOUNT, .sending = true, .max24 = -1, .rate = -1};
    ses_rcpt_t list[8] = {{.removed = SES_RCPT_KEPT}};
    ses_message_t m = {.id = message_id(n),
                       .state = SES_MESSAGE_PREPARED,
                       .account = ACCOUNT,
                       .config_set = SES_STR("set"),
                       .committed = committed,
                       .max_delivery = h->max_delivery,
                       .mail_base = SES_STR("\"source\":\"x\""),
                       .rcpts = list};
    ses_txn_t *t = begin(h);

    for (; rcpts[m.nrcpts] != NULL; m.nrcpts++) {
        bool removed = rcpts[m.nrcpts][0] == '-';

        list[m.nrcpts] = (ses_rcpt_t){
            .addr = ses_str(rcpts[m.nrcpts] + removed),
            .removed = removed ? SES_RCPT_SUPPRESSED : SES_RCPT_KEPT};
    }
    m.charged = m.nrcpts;
    must(h, ses_quota_take(&h->cx, t, &a, m.charged, m.charged, &m.minute));
    must(h, ses_message_insert(&h->cx, t, &m, SES_STR("")));
    must(h, ses_txn_commit(&h->cx, t));
}

static inline ses_message_state_t
message_state(host_t *h, unsigned n)
{
    ses_txn_t *t = begin(h);
    ses_message_t m;

    must(h, ses_message_find(&h->cx, t, SES_STR(""), message_id(n), &m));
    ses_txn_end(t);
    return m.state;
}

static inline uint64_t
charged(host_t *h)
{
    ses_txn_t *t = begin(h);
    uint64_t n = 0;

    must(h, ses_quota_used(&h->cx, t, ACCOUNT, &n));
    ses_txn_end(t);
    return n;
}

/* --- events -------------------------------------------------------------- */

static ses_rc_t
one_event(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    static const char *const lists[] = {"recipients", "bouncedRecipients",
                                        "delayedRecipients",
                                        "complainedRecipients"};
    ses_buf_t *b = arg;
    const cJSON *o, *list = NULL, *item;
    cJSON *j;

    if (ses_json_parse(cx, e->body, &j) != SES_OK)
        return SES_FAULT;
    ses_buf_printf(b, "%s%s", b->n > 0 ? "; " : "", ses_event_name(e->type));
    cJSON_ArrayForEach(o, j) for (int i = 0; i < 4 && list == NULL; i++) list =
        ses_json_get(o, lists[i]);
    cJSON_ArrayForEach(item, list) ses_buf_printf(
        b, " %s",
        cJSON_IsString(item)
            ? item->valuestring
            : cJSON_GetStringValue(ses_json_get(item, "emailAddress")));
    ses_json_free(j);
    return SES_OK;
}

/* "Send; Delivery ann@mail.test": every event, in order. */
static inline ses_str_t
all_events(host_t *h)
{
    ses_txn_t *t = begin(h);
    ses_buf_t b;

    ses_buf_init(&b, h->arena, 1 << 20);
    must(h, ses_event_walk(&h->cx, t, SES_STR(""), 0, one_event, &b));
    ses_txn_end(t);
    return ses_buf_get(&b);
}

static ses_rc_t
last_body(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    *(ses_str_t *) arg = ses_str_dup(cx->arena, e->body);
    return SES_OK;
}

/* The JSON of the newest event. */
static inline ses_str_t
newest(host_t *h)
{
    ses_str_t body = SES_STR("");
    ses_txn_t *t = begin(h);

    must(h, ses_event_walk(&h->cx, t, SES_STR(""), 0, last_body, &body));
    ses_txn_end(t);
    return body;
}

static inline void
expect_events(host_t *h, const char *want)
{
    ses_str_t got = all_events(h);

    if (!ses_str_eqc(got, want))
        fail_msg("events \"%.*s\" instead of \"%s\"", SES_FMT(got), want);
}

static inline void
expect_part(ses_str_t text, const char *part)
{
    if (ses_str_search(text, ses_str(part)) < 0)
        fail_msg("%s is not in %.*s", part, SES_FMT(text));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, host_setup, host_teardown)

#endif
