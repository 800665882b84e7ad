/*
 * publish - events of the log to the subscribers that are owed them
 *
 * One thread for all.  A round: see whether the roster changed, read what is
 * new, start POSTs, move data, store how far every outlet is.  A subscriber
 * that is down, refuses or hangs has an outlet of its own and delays nobody.
 */
#include "publish.h"

#include "base/clock.h"
#include "base/log.h"
#include "bookmark.h"
#include "dest_sns.h"
#include "tail.h"

#define ROUND_MS 25
#define STORE_MS 100       /* cursors behind which something moved */
#define STORE_ALL_MS 10000 /* cursors that only passed other's events */
#define LOOK_MS 500        /* for a replay */
#define RELOAD_MS 100      /* at least between two loads of the roster */
#define PAUSE_MS 1000      /* after the store failed */
#define SENDS_A_ROUND 64u
#define GOODBYE_MS 1000 /* for what is in flight when the agent stops */

typedef struct {
    agent_t *agent;
    courier_t *courier;
    dest_sns_t sns;
    outlet_limits_t limits;
    roster_t roster;
    tail_t tail;
    uint64_t journal; /* as of which the roster is; 0 = never loaded */
    size_t turn;      /* whose turn it is to send */
    int64_t reload_at, open_at, read_at, store_at, store_all_at, look_at;
    ses_cursor_key_t *gone; /* of the roster being loaded */
    size_t ngone;
    ses_arena_t *arena;
} publisher_t;

/* "account/set/destination subscription", for the log. */
#define OUTLET_FMT "%.*s/%.*s/%.*s %.*s"
#define OUTLET_ARGS(o)                                                         \
    SES_FMT((o)->info.key.account), SES_FMT((o)->info.key.set),                \
        SES_FMT((o)->info.key.destination),                                    \
        SES_FMT((o)->info.key.subscription)

/* --- outlets come, go and are moved ------------------------------------ */

static void
call_off(publisher_t *p, outlet_t *o)
{
    item_t *it;

    for (it = o->head; it != NULL; it = it->down)
        if (it->job != NULL) {
            courier_cancel(p->courier, it->job);
            it->job = NULL;
        }
}

static void
on_born(void *arg, outlet_t *o)
{
    o->owner = arg;
}

static void
on_gone(void *arg, outlet_t *o)
{
    publisher_t *p = arg;

    if (o->has_cursor) {
        p->gone = ses_regrow(p->arena, p->gone, p->ngone * sizeof(*p->gone),
                             (p->ngone + 1) * sizeof(*p->gone));
        p->gone[p->ngone++] =
            (ses_cursor_key_t){ses_str_dup(p->arena, o->info.key.account),
                               ses_str_dup(p->arena, o->info.key.set),
                               ses_str_dup(p->arena, o->info.key.destination),
                               ses_str_dup(p->arena, o->info.key.subscription)};
    }
    call_off(p, o);
    outlet_free(o);
}

static void
on_moved(void *arg, outlet_t *o)
{
    publisher_t *p = arg;
    uint64_t from = o->stored > o->info.start ? o->stored : o->info.start;

    ses_log(SES_LOG_INFO, OUTLET_FMT ": cursor moved to %llu", OUTLET_ARGS(o),
            (unsigned long long) from);
    call_off(p, o);
    outlet_reset(o, from);
    o->acked = false;
}

/* Only those that no outlet stands for any more. */
static void
forget_gone(publisher_t *p, ses_cx_t *cx)
{
    const ses_cursor_key_t *k;
    size_t i, j, n = 0;
    bool back;

    for (i = 0; i < p->ngone; i++) {
        k = &p->gone[i];
        back = false;
        for (j = roster_find(&p->roster, k->account, k->set);
             j < p->roster.n && !back &&
             roster_of(p->roster.outlets[j], k->account, k->set);
             j++)
            back = ses_str_eq(p->roster.outlets[j]->info.key.destination,
                              k->destination) &&
                   ses_str_eq(p->roster.outlets[j]->info.key.subscription,
                              k->subscription);
        if (!back)
            p->gone[n++] = *k;
    }
    if (bookmark_forget(cx, p->agent->committer, p->gone, n) != SES_OK)
        agent_warn("publish: forget cursors", cx->why_rc, cx);
}

/* Load the roster when any control object changed. */
static void
reload(publisher_t *p)
{
    ses_cx_t cx = agent_cx(p->arena);
    int64_t began = ses_clock_mono_us();
    uint64_t seq = 0;
    ses_txn_t *t;
    ses_rc_t rc;

    if (cx.now < p->reload_at)
        return;
    if ((rc = ses_txn_read(&cx, p->agent->store, &t)) != SES_OK) {
        agent_warn("publish: roster", rc, &cx);
        p->reload_at = cx.now + PAUSE_MS;
        return;
    }
    p->gone = NULL;
    p->ngone = 0;
    rc = ses_journal_last(&cx, t, &seq);
    if (rc == SES_OK && seq + 1 != p->journal) {
        rc = roster_load(&cx, t, &p->roster, p->agent->conf->region, &p->limits,
                         on_gone, on_born, p);
        if (rc == SES_OK)
            p->journal = seq + 1;
    }
    ses_txn_end(t);
    if (rc != SES_OK)
        agent_warn("publish: roster", rc, &cx);
    else if (p->ngone > 0)
        forget_gone(p, &cx);
    /* Never more than a tenth of the time. */
    p->reload_at = cx.now + (rc == SES_OK ? RELOAD_MS : PAUSE_MS) +
                   (ses_clock_mono_us() - began) / 1000 * 10;
}

/* --- sending ----------------------------------------------------------- */

static void
on_answer(void *arg, courier_job_t *job, courier_result_t result,
          const char *why)
{
    item_t *it = arg;
    outlet_t *o = it->outlet;
    publisher_t *p = o->owner;
    int64_t now = ses_clock_ms();
    const dead_t *dead = o->dead;
    bool changed, open;

    (void) job;
    if (result == COURIER_TAKEN)
        changed = outlet_done(o, &p->limits, it);
    else if (result == COURIER_REFUSED)
        changed = outlet_refused(o, &p->limits, it, now, why);
    else
        changed = outlet_failed(o, &p->limits, it, now, why);

    open = breaker_open(&o->breaker);
    if (changed && open)
        ses_log(SES_LOG_WARN, OUTLET_FMT ": does not take events, held: %s",
                OUTLET_ARGS(o), why);
    else if (changed)
        ses_log(SES_LOG_INFO, OUTLET_FMT ": takes events again",
                OUTLET_ARGS(o));
    if (o->dead != dead)
        ses_log(SES_LOG_WARN, OUTLET_FMT ": event %llu given up: %s",
                OUTLET_ARGS(o), (unsigned long long) o->dead->seq, why);
}

typedef struct {
    const publisher_t *publisher;
    const outlet_t *outlet;
    const item_t *item;
    int64_t when;
    courier_post_t post;
    bool found;
} building_t;

static ses_rc_t
build(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    building_t *b = arg;
    ses_rc_t rc;

    if (e->seq != b->item->seq ||
        (!ses_str_eq(e->account, b->outlet->info.key.account) &&
         !ses_str_eq(e->owner, b->outlet->info.key.account)))
        return SES_NOT_FOUND;
    rc = sns_notification(cx, &b->publisher->sns, &b->outlet->info, e, b->when,
                          &b->post);
    b->found = rc == SES_OK;
    return rc == SES_OK ? SES_NOT_FOUND : rc;
}

/* Send one event; false = not now, the courier has no room. */
static bool
send_one(publisher_t *p, ses_cx_t *cx, ses_txn_t *t, outlet_t *o, item_t *it,
         bool probe)
{
    building_t b = {.publisher = p,
                    .outlet = o,
                    .item = it,
                    .when = it->first != 0 ? it->first : cx->now};
    courier_job_t *job;
    ses_rc_t rc;

    rc = ses_event_walk(cx, t, SES_STR(""), it->seq - 1, build, &b);
    if (rc == SES_OK && !b.found) { /* purged */
        outlet_done(o, &p->limits, it);
        return true;
    }
    if (rc != SES_OK) {
        agent_warn("publish: event", rc, cx);
        ses_cx_clear(cx);
        outlet_sent(o, it, probe, cx->now, it);
        outlet_failed(o, &p->limits, it, cx->now, "it cannot be put in words");
        return true;
    }
    job = courier_send(p->courier, &b.post, on_answer, it);
    if (job == NULL)
        return false;
    outlet_sent(o, it, probe, cx->now, job);
    return true;
}

/* Start what may start, every outlet in its turn.  True = there was more. */
static bool
send_some(publisher_t *p, ses_cx_t *cx, ses_txn_t *t)
{
    unsigned left = SENDS_A_ROUND;
    size_t i, n = p->roster.n;
    outlet_t *o;
    item_t *it;
    bool probe;

    for (i = 0; i < n; i++) {
        o = p->roster.outlets[(p->turn + i) % n];
        while ((it = outlet_next(o, cx->now, &probe)) != NULL) {
            if (left == 0 || !courier_free_slot(p->courier) ||
                !send_one(p, cx, t, o, it, probe)) {
                p->turn = (p->turn + i) % n;
                return left == 0;
            }
            left--;
        }
    }
    return false;
}

/* --- rounds ------------------------------------------------------------ */

/* Read and send.  True = more is waiting. */
static bool
advance(publisher_t *p)
{
    ses_cx_t cx = agent_cx(p->arena);
    bool more = false, sends = false;
    ses_txn_t *t;
    ses_rc_t rc;

    if (cx.now < p->open_at)
        return false;
    if ((rc = ses_txn_read(&cx, p->agent->store, &t)) != SES_OK) {
        agent_warn("publish: read", rc, &cx);
        p->open_at = cx.now + PAUSE_MS;
        return false;
    }
    rc = cx.now < p->read_at
             ? SES_OK
             : tail_read(&cx, t, &p->tail, &p->roster, &p->limits, &more);
    if (rc == SES_OK && cx.now >= p->look_at) {
        p->look_at = cx.now + LOOK_MS;
        rc = bookmark_look(&cx, t, &p->roster, on_moved, p);
    }
    if (rc != SES_OK) {
        agent_warn("publish: read", rc, &cx);
        ses_cx_clear(&cx);
        p->read_at = cx.now + PAUSE_MS;
        more = false;
    }
    sends = send_some(p, &cx, t);
    ses_txn_end(t);
    return more || sends;
}

static void
remember(publisher_t *p, bool now)
{
    ses_cx_t cx = agent_cx(p->arena);
    bool all = now || cx.now >= p->store_all_at;
    ses_rc_t rc;

    if (!all && cx.now < p->store_at)
        return;
    rc = bookmark_store(&cx, p->agent->committer, &p->roster, p->tail.end, all,
                        on_moved, p);
    if (rc != SES_OK)
        agent_warn("publish: cursors", rc, &cx);
    cx.now = ses_clock_ms();
    p->store_at = cx.now + (rc == SES_OK ? STORE_MS : PAUSE_MS);
    if (all)
        p->store_all_at = cx.now + STORE_ALL_MS;
}

static outlet_limits_t
limits_of(const ses_conf_t *c)
{
    return (outlet_limits_t){.retry_min = c->publish_retry_min,
                             .retry_max = c->publish_retry_max,
                             .max_age = c->publish_max_age,
                             .window = (unsigned) c->publish_window,
                             .max_tries = (unsigned) c->publish_max_tries};
}

/* Without the key nothing can be signed: wait for the operator. */
static bool
open_key(publisher_t *p)
{
    bool said = false;

    for (;;) {
        ses_cx_t cx = agent_cx(p->arena);
        ses_rc_t rc = sns_open(&cx, p->agent->conf, &p->sns);

        if (rc == SES_OK)
            return true;
        if (!said)
            agent_warn("publish: no events are published", rc, &cx);
        said = true;
        if (!agent_wait(p->agent, 5000))
            return false;
        if (agent_renew(p->agent))
            p->limits = limits_of(p->agent->conf);
    }
}

static void
goodbye(publisher_t *p)
{
    int64_t until = ses_clock_ms() + GOODBYE_MS;

    while (courier_busy(p->courier) > 0 && ses_clock_ms() < until)
        courier_wait(p->courier, ROUND_MS);
    remember(p, true);
}

/* New settings.  What is in flight stays so. */
static void
renew(publisher_t *p)
{
    ses_cx_t cx = agent_cx(p->arena);

    p->limits = limits_of(p->agent->conf);
    courier_use(p->courier, p->agent->conf);
    sns_renew(&cx, p->agent->conf, &p->sns);
    p->journal = 0; /* the roster has names made of the region */
}

void
publish_run(agent_t *a)
{
    publisher_t p = {
        .agent = a, .arena = ses_arena_new(), .limits = limits_of(a->conf)};
    size_t i;

    if (open_key(&p) && (p.courier = courier_new(a->conf)) != NULL) {
        while (!agent_stopping(a)) {
            if (agent_renew(a))
                renew(&p);
            reload(&p);
            courier_wait(p.courier, advance(&p) ? 0 : ROUND_MS);
            remember(&p, false);
        }
        goodbye(&p);
    }
    for (i = 0; i < p.roster.n; i++) {
        call_off(&p, p.roster.outlets[i]);
        outlet_free(p.roster.outlets[i]);
    }
    roster_free(&p.roster);
    courier_free(p.courier);
    sns_close(&p.sns);
    ses_arena_free(p.arena);
}
