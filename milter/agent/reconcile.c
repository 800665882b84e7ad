/*
 * reconcile - what became of ledger entries that nothing tells of
 *
 * An entry is overdue when the log was read to its end at a time later than
 * its commit, Postfix's patience and the grace.  Then two listings decide:
 * one that shows it proves that it is queued, two that lack it, and a log
 * read to its end once more, that it is not.  Catching up with the log comes
 * first: before that nothing is overdue, and no queue is listed.
 *
 * An open entry is a suspect after qmgr said that it removed it, and when
 * lines may have been lost since it was queued.  The start of this agent is
 * such a moment, and so is one in each day.
 */

#include "reconcile.h"

#include "base/clock.h"
#include "base/log.h"
#include "model/event.h"
#include "model/message_open.h"
#include "outcome.h"
#include "policy/quota.h"
#include "queue.h"

#define SUSPECTS 1000   /* in one round */
#define PAUSE_MAX 30000 /* ms between looks */
#define PAUSE_MIN 500
#define APART 1000     /* ms between two listings */
#define CATCH_UP 60000 /* ms: to read the log once more */
#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define NO_LINE "250 2.0.0 Ok (the line of the mail log is missing)"

struct round {
    agent_t *agent;
    int64_t after;  /* entries committed before this were looked for */
    int64_t gap;    /* entries committed before this cannot be absent */
    int64_t before; /* entries committed before this are overdue */
    int64_t doubt;  /* open ones before this may have lost a line */
    const reconcile_t *state;
    ses_msgid_t looked; /* entry of before the gap that was taken last */
    ses_msgid_t last;   /* open one that was doubted last */
    bool more;          /* suspects that had no room */
    bool sound;         /* the ledger could be read */
    unsigned n;
    suspect_t suspects[SUSPECTS];
};

/* --- who is overdue ------------------------------------------------------ */

static bool
is_after(ses_msgid_t id, ses_msgid_t last)
{
    uint8_t x[SES_MSGID_KEY], y[SES_MSGID_KEY];

    ses_msgid_key(id, x);
    ses_msgid_key(last, y);
    return memcmp(x, y, sizeof(x)) > 0;
}

static ses_rc_t
collect(ses_cx_t *cx, const ses_message_t *m, void *arg)
{
    struct round *r = arg;

    (void) cx;
    if (m->committed >= r->before)
        return SES_NOT_FOUND; /* oldest first: enough */
    if (m->committed < r->after ||
        (m->committed < r->gap && !is_after(m->id, r->state->looked)))
        return SES_OK;
    if (r->n == SUSPECTS) {
        r->more = true;
        return SES_NOT_FOUND;
    }
    if (m->committed < r->gap)
        r->looked = m->id;
    r->suspects[r->n].unsure = m->committed < r->gap;
    r->suspects[r->n++].id = m->id;
    return SES_OK;
}

/* Whatever left the queue, and in a time of doubt one after another. */
static ses_rc_t
collect_open(ses_cx_t *cx, ses_msgid_t id, int64_t removed, void *arg)
{
    struct round *r = arg;
    bool gone = removed != 0 && removed < r->before;

    (void) cx;
    if (!gone && (id.ms >= r->doubt || !is_after(id, r->state->last)))
        return SES_OK;
    if (r->n == SUSPECTS) {
        r->more = true;
        return SES_NOT_FOUND;
    }
    if (!gone)
        r->last = id;
    r->suspects[r->n].open = true;
    r->suspects[r->n].gone = gone;
    r->suspects[r->n++].id = id;
    return SES_OK;
}

static bool
find_overdue(struct round *r, ses_cx_t *cx)
{
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(cx, r->agent->store, &t)) == SES_OK) {
        rc = ses_message_prepared(cx, t, collect, r);
        if (rc == SES_OK)
            rc = ses_message_open(cx, t, collect_open, r);
        ses_txn_end(t);
    }
    if (rc != SES_OK)
        agent_warn("reconcile", rc, cx);
    r->sound = rc == SES_OK;
    return r->sound && r->n > 0;
}

/* --- what the listings say ----------------------------------------------- */

/* Nobody was told that it failed. */
static ses_rc_t
delivered(agent_t *a, ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id)
{
    ses_message_t m;
    ses_rc_t rc = ses_message_find(cx, t, SES_STR(""), id, &m);

    if (rc != SES_OK)
        return rc;
    for (unsigned i = 0; i < m.nrcpts && rc == SES_OK; i++) {
        outcome_t o = {.rcpt = m.rcpts[i].addr,
                       .when = cx->now,
                       .text = SES_STR(NO_LINE),
                       .reporter = a->hostname};
        bool added = false;

        if (m.rcpts[i].removed != SES_RCPT_KEPT ||
            m.rcpts[i].end != SES_RCPT_OPEN)
            continue;
        rc = outcome_delivered(a, cx, t, &m, &o, &added);
        if (added)
            ses_log(SES_LOG_WARN,
                    "%.*s: delivered to %.*s: not queued any more, no bounce "
                    "came, and the log has no line of it",
                    SES_FMT(ses_queueid_format(cx->arena, id)),
                    SES_FMT(o.rcpt));
    }
    return rc;
}

/* One suspect, looked for and found or not. */
struct verdict {
    agent_t *agent;
    const suspect_t *suspect;
};

static ses_rc_t
settle(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    const struct verdict *v = arg;
    const suspect_t *s = v->suspect;
    bool changed = false;
    ses_rc_t rc;

    if (s->listed)
        rc = ses_event_queued(cx, t, s->id, cx->now);
    else if (s->open && s->gone)
        rc = delivered(v->agent, cx, t, s->id);
    else if (s->open) /* from now on: its line or a DSN may be on its way */
        rc = ses_message_removed(cx, t, s->id, cx->now);
    else
        rc = ses_quota_abort(cx, t, s->id, &changed);
    if (rc == SES_OK && changed)
        ses_log(SES_LOG_INFO, "%.*s: aborted: neither in the log nor queued",
                SES_FMT(ses_queueid_format(cx->arena, s->id)));
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

static void
settle_all(struct round *r, ses_cx_t *cx, bool listed)
{
    for (unsigned i = 0; i < r->n && !agent_stopping(r->agent); i++) {
        struct verdict v = {r->agent, &r->suspects[i]};
        ses_rc_t rc;

        if (v.suspect->listed != listed ||
            (v.suspect->listed ? v.suspect->open : v.suspect->unsure))
            continue;
        rc = ses_commit(r->agent->committer, cx, settle, &v);
        if (rc != SES_OK) {
            agent_warn("reconcile", rc, cx);
            return;
        }
    }
}

/* Has the follower reached the end of the log since? */
static bool
wait_for_log(agent_t *a, int64_t since)
{
    for (int64_t waited = 0; waited < CATCH_UP; waited += 100) {
        if (agent_log_end(a) > since)
            return true;
        if (!agent_wait(a, 100))
            return false;
    }
    return false;
}

/* True when every suspect was dealt with. */
static bool
look(struct round *r, ses_cx_t *cx)
{
    agent_t *a = r->agent;
    bool sure;

    sure = queue_list(a, cx, r->suspects, r->n) && agent_wait(a, APART) &&
           queue_list(a, cx, r->suspects, r->n);

    settle_all(r, cx, true);
    if (!sure || !wait_for_log(a, ses_clock_ms()))
        return false;
    settle_all(r, cx, false);
    return true;
}

void
reconcile_once(agent_t *a, reconcile_t *state)
{
    int64_t grace = a->conf->eom_timeout + a->conf->reconcile_grace;
    ses_arena_t *arena = ses_arena_new();
    struct round *r = ses_xcalloc(sizeof(*r));
    ses_cx_t cx = agent_cx(arena);

    r->agent = a;
    r->state = state;
    r->looked = state->looked;
    r->last = state->last;
    r->after = state->gap;
    r->gap = agent_log_gap(a);
    r->before = agent_log_end(a) - grace;
    r->doubt = agent_log_doubt(a);
    if (r->doubt >= r->before) /* not time yet; lost again and again: hourly */
        r->doubt = r->before - state->doubt > HOUR ? r->before : 0;
    if (r->doubt <= state->doubt) /* settled */
        r->doubt = 0;

    if (find_overdue(r, &cx) ? look(r, &cx) : r->sound) {
        state->looked = r->more ? r->looked : (ses_msgid_t){0};
        if (!r->more && r->gap <= r->before)
            state->gap = r->gap;
        if (r->doubt > 0) {
            state->last = r->more ? r->last : (ses_msgid_t){0};
            state->doubt = r->more ? state->doubt : r->doubt;
        }
    }

    ses_xfree(r);
    ses_arena_free(arena);
}

static int64_t
pause_of(const ses_conf_t *conf)
{
    int64_t pause = conf->reconcile_grace / 4;

    return pause < PAUSE_MIN   ? PAUSE_MIN
           : pause > PAUSE_MAX ? PAUSE_MAX
                               : pause;
}

void
reconcile_run(agent_t *a)
{
    reconcile_t state = {.gap = 0};

    agent_log_doubted(a, ses_clock_ms());
    while (agent_wait(a, pause_of(a->conf))) {
        int64_t now = ses_clock_ms();

        (void) agent_renew(a);
        if (now - agent_log_doubt(a) > DAY)
            agent_log_doubted(a, now);
        reconcile_once(a, &state);
    }
}
