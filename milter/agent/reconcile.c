/*
 * reconcile - what became of ledger entries that nothing tells of
 *
 * An entry is overdue when the log was read to its end at a time later than
 * its commit, Postfix's patience and the grace.  Then two listings decide:
 * one that shows it proves that it is queued, two that lack it, and a log
 * read to its end once more, that it is not.  Catching up with the log comes
 * first: before that nothing is overdue, and no queue is listed.
 */

#include "reconcile.h"

#include "base/clock.h"
#include "base/log.h"
#include "model/event.h"
#include "policy/quota.h"
#include "queue.h"

#define SUSPECTS 1000   /* in one round */
#define PAUSE_MAX 30000 /* ms between looks */
#define PAUSE_MIN 500
#define APART 1000     /* ms between two listings */
#define CATCH_UP 60000 /* ms: to read the log once more */

struct round {
    agent_t *agent;
    int64_t after;  /* entries committed before this were looked for */
    int64_t gap;    /* entries committed before this cannot be absent */
    int64_t before; /* entries committed before this are overdue */
    unsigned n;
    suspect_t suspects[SUSPECTS];
};

/* --- who is overdue ------------------------------------------------------ */

static ses_rc_t
collect(ses_cx_t *cx, const ses_message_t *m, void *arg)
{
    struct round *r = arg;

    (void) cx;
    if (r->n == SUSPECTS || m->committed >= r->before)
        return SES_NOT_FOUND; /* oldest first: enough */
    if (m->committed < r->after)
        return SES_OK;
    r->suspects[r->n].unsure = m->committed < r->gap;
    r->suspects[r->n++].id = m->id;
    return SES_OK;
}

static bool
find_overdue(struct round *r, ses_cx_t *cx)
{
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(cx, r->agent->store, &t)) == SES_OK) {
        rc = ses_message_prepared(cx, t, collect, r);
        ses_txn_end(t);
    }
    if (rc != SES_OK)
        agent_warn("reconcile", rc, cx);
    return rc == SES_OK && r->n > 0;
}

/* --- what the listings say ----------------------------------------------- */

static ses_rc_t
settle(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    const suspect_t *s = arg;
    bool changed = false;
    ses_rc_t rc;

    rc = s->listed ? ses_event_queued(cx, t, s->id, cx->now)
                   : ses_quota_abort(cx, t, s->id, &changed);
    if (rc == SES_OK && changed)
        ses_log(SES_LOG_INFO, "%.*s: aborted: neither in the log nor queued",
                SES_FMT(ses_queueid_format(cx->arena, s->id)));
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

static void
settle_all(struct round *r, ses_cx_t *cx, bool listed)
{
    for (unsigned i = 0; i < r->n && !agent_stopping(r->agent); i++) {
        ses_rc_t rc;

        if (r->suspects[i].listed != listed ||
            (!listed && r->suspects[i].unsure))
            continue;
        rc = ses_commit(r->agent->committer, cx, settle, &r->suspects[i]);
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
    return r->n < SUSPECTS;
}

void
reconcile_once(agent_t *a, int64_t *settled)
{
    int64_t grace = a->conf->eom_timeout + a->conf->reconcile_grace;
    ses_arena_t *arena = ses_arena_new();
    struct round *r = ses_xcalloc(sizeof(*r));
    ses_cx_t cx = agent_cx(arena);

    r->agent = a;
    r->after = *settled;
    r->gap = agent_log_gap(a);
    r->before = agent_log_end(a) - grace;
    if (find_overdue(r, &cx) && look(r, &cx) && r->gap <= r->before)
        *settled = r->gap;

    ses_xfree(r);
    ses_arena_free(arena);
}

void
reconcile_run(agent_t *a)
{
    int64_t pause = a->conf->reconcile_grace / 4, settled = 0;

    if (pause < PAUSE_MIN)
        pause = PAUSE_MIN;
    if (pause > PAUSE_MAX)
        pause = PAUSE_MAX;

    while (agent_wait(a, pause))
        reconcile_once(a, &settled);
}
