/*
 * confirm - ask new subscribers whether they want the topic
 *
 * Subscribe leaves a subscription that is unconfirmed and due.  Its endpoint
 * gets a SubscriptionConfirmation, again with back-off until it has taken
 * one; whoever reads it there visits the SubscribeURL, which is nginx's
 * business.  A subscription whose token has expired unconfirmed is removed.
 */
#include "confirm.h"

#include "backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "dest_sns.h"

#define ROUND_MS 50
#define ASKS_MAX 64u
#define SWEEP_MS (10 * 60 * INT64_C(1000))
#define SWEEP_MAX 16u /* removed in one commit */

typedef struct confirmer_s confirmer_t;

/* One endpoint being asked. */
typedef struct ask_s {
    confirmer_t *c;
    ses_arena_t *arena;
    ses_str_t account, topic, id, token;
    bool taken;
    struct ask_s *next;
} ask_t;

struct confirmer_s {
    agent_t *agent;
    courier_t *courier;
    dest_sns_t sns;
    ask_t *running, *done;
    uint64_t journal;
    int64_t due_at, look_at, sweep_at;
    bool waiting;
    ses_arena_t *arena;
};

/* --- asking ------------------------------------------------------------ */

static void
ask_free(ask_t *k)
{
    ses_arena_free(k->arena);
    ses_xfree(k);
}

static void
on_answer(void *arg, courier_job_t *job, courier_result_t result,
          const char *why)
{
    ask_t *k = arg, **at = &k->c->running;

    (void) job;
    k->taken = result == COURIER_TAKEN;
    ses_log(k->taken ? SES_LOG_INFO : SES_LOG_WARN,
            "subscription: account=%.*s topic=%.*s id=%.*s asked: %s",
            SES_FMT(k->account), SES_FMT(k->topic), SES_FMT(k->id), why);
    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    k->next = k->c->done;
    k->c->done = k;
}

static bool
is_running(const confirmer_t *c, const ses_subscription_t *s)
{
    const ask_t *k;

    for (k = c->running; k != NULL; k = k->next)
        if (ses_str_eq(k->id, s->id) && ses_str_eq(k->account, s->account) &&
            ses_str_eq(k->topic, s->topic))
            return true;
    return false;
}

static ses_rc_t
start(ses_cx_t *cx, confirmer_t *c, const ses_subscription_t *s)
{
    courier_post_t post;
    ses_rc_t rc;
    ask_t *k;

    if ((rc = sns_confirmation(cx, &c->sns, s, &post)) != SES_OK)
        return rc;
    k = ses_xcalloc(sizeof(*k));
    k->c = c;
    k->arena = ses_arena_new();
    k->account = ses_str_dup(k->arena, s->account);
    k->topic = ses_str_dup(k->arena, s->topic);
    k->id = ses_str_dup(k->arena, s->id);
    k->token = ses_str_dup(k->arena, s->token);
    if (courier_send(c->courier, &post, on_answer, k) == NULL) {
        ask_free(k);
        c->waiting = true;
        return SES_NOT_FOUND;
    }
    k->next = c->running;
    c->running = k;
    return SES_OK;
}

static ses_rc_t
take_due(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    confirmer_t *c = arg;

    if (s->ask_at > cx->now) {
        c->due_at = s->ask_at;
        return SES_NOT_FOUND;
    }
    if (is_running(c, s))
        return SES_OK;
    if (s->token_expires <= cx->now) {
        c->sweep_at = 0;
        return SES_OK;
    }
    if (courier_busy(c->courier) >= ASKS_MAX) {
        c->waiting = true;
        return SES_NOT_FOUND;
    }
    return start(cx, c, s);
}

/* Look at the index when something is due, or may be. */
static void
look(confirmer_t *c)
{
    ses_cx_t cx = agent_cx(c->arena);
    int64_t began = ses_clock_mono_us();
    uint64_t seq = 0;
    ses_txn_t *t;
    ses_rc_t rc;

    if (cx.now < c->look_at)
        return;
    if ((rc = ses_txn_read(&cx, c->agent->store, &t)) != SES_OK) {
        agent_warn("confirm: due", rc, &cx);
        return;
    }
    rc = ses_journal_last(&cx, t, &seq);
    if (rc == SES_OK && (seq + 1 != c->journal || cx.now >= c->due_at ||
                         (c->waiting && courier_busy(c->courier) < ASKS_MAX))) {
        c->due_at = INT64_MAX;
        c->waiting = false;
        c->journal = seq + 1;
        rc = ses_subscription_due(&cx, t, INT64_MAX, take_due, c);
    }
    ses_txn_end(t);
    if (rc != SES_OK) {
        agent_warn("confirm: due", rc, &cx);
        c->journal = 0;
    }
    c->look_at = cx.now + (rc == SES_OK ? ROUND_MS : 1000) +
                 (ses_clock_mono_us() - began) / 1000 * 3;
}

/* --- results ----------------------------------------------------------- */

static ses_rc_t
store_one(ses_cx_t *cx, ses_txn_t *t, const ask_t *k)
{
    const ses_conf_t *conf = k->c->agent->conf;
    ses_change_t change = {0};
    ses_subscription_t s;
    ses_rc_t rc;

    rc = ses_subscription_find(cx, t, k->account, k->topic, k->id, &s);
    if (rc == SES_NOT_FOUND)
        return SES_OK;
    if (rc != SES_OK)
        return rc;
    /* Confirmed at once, or subscribed again with another token. */
    if (s.confirmed || s.asked || !ses_str_eq(s.token, k->token))
        return SES_OK;
    s.ask_tries++;
    s.asked = k->taken;
    s.ask_at = cx->now + backoff_ms(conf->publish_retry_min,
                                    conf->publish_retry_max, s.ask_tries);
    ses_subscription_put(cx, &change, &s);
    return ses_journal_apply(cx, t, &change, "subscription ask");
}

static ses_rc_t
store_all(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    ses_rc_t rc = SES_OK;
    const ask_t *k;

    for (k = arg; rc == SES_OK && k != NULL; k = k->next)
        rc = store_one(cx, t, k);
    return rc;
}

static void
store(confirmer_t *c)
{
    ses_cx_t cx = agent_cx(c->arena);
    ses_rc_t rc;
    ask_t *k;

    if (c->done == NULL)
        return;
    rc = ses_commit(c->agent->committer, &cx, store_all, c->done);
    while ((k = c->done) != NULL) {
        c->done = k->next;
        ask_free(k);
    }
    if (rc != SES_OK) { /* they stay due and are asked again */
        agent_warn("confirm: results", rc, &cx);
        c->journal = 0;
        c->look_at = cx.now + 1000;
    }
}

/* --- expired ones ------------------------------------------------------ */

typedef struct {
    ses_change_t change;
    bool full;
} sweep_t;

static ses_rc_t
sweep_one(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    sweep_t *w = arg;

    if (s->confirmed || s->token_expires > cx->now)
        return SES_OK;
    if (w->change.n == SWEEP_MAX) {
        w->full = true;
        return SES_NOT_FOUND;
    }
    ses_subscription_del(cx, &w->change, s);
    return SES_OK;
}

static ses_rc_t
sweep_apply(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    sweep_t *w = arg;

    return ses_journal_apply(cx, t, &w->change, "subscription expire");
}

/* Remove what was never confirmed. */
static void
sweep(confirmer_t *c)
{
    ses_cx_t cx = agent_cx(c->arena);
    sweep_t w = {{0}, false};
    ses_txn_t *t;
    ses_rc_t rc;

    if (cx.now < c->sweep_at)
        return;
    c->sweep_at = cx.now + SWEEP_MS;
    if ((rc = ses_txn_read(&cx, c->agent->store, &t)) == SES_OK) {
        rc = ses_subscription_list(&cx, t, SES_STR(""), SES_STR(""),
                                   SES_STR(""), sweep_one, &w);
        ses_txn_end(t);
    }
    if (rc == SES_OK && w.change.n > 0)
        rc = ses_commit(c->agent->committer, &cx, sweep_apply, &w);
    if (rc == SES_MODIFIED || (rc == SES_OK && w.full))
        c->sweep_at = cx.now + 1000;
    else if (rc != SES_OK)
        agent_warn("confirm: expired", rc, &cx);
}

/* The publisher complains about the key. */
static bool
open_key(confirmer_t *c)
{
    for (;;) {
        ses_cx_t cx = agent_cx(c->arena);

        if (sns_open(&cx, c->agent->conf, &c->sns) == SES_OK)
            return true;
        if (!agent_wait(c->agent, 5000))
            return false;
        (void) agent_renew(c->agent);
    }
}

static void
renew(confirmer_t *c)
{
    ses_cx_t cx = agent_cx(c->arena);

    courier_use(c->courier, c->agent->conf);
    sns_renew(&cx, c->agent->conf, &c->sns);
}

void
confirm_run(agent_t *a)
{
    confirmer_t c = {.agent = a, .arena = ses_arena_new()};
    ask_t *k;

    if (open_key(&c) && (c.courier = courier_new(a->conf)) != NULL)
        while (!agent_stopping(a)) {
            if (agent_renew(a))
                renew(&c);
            look(&c);
            courier_wait(c.courier, ROUND_MS);
            store(&c);
            sweep(&c);
        }
    courier_free(c.courier);
    while ((k = c.running) != NULL) {
        c.running = k->next;
        ask_free(k);
    }
    sns_close(&c.sns);
    ses_arena_free(c.arena);
}
