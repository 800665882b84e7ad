/*
 * janitor - what is old goes, in slices; what hostile input counted is kept
 *
 * A table of chores, each with its period.  A purge removes at most SLICE
 * rows in one commit and stays off the store between two, so that nobody
 * waits for the writer's lock behind it.
 */

#include "janitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "laggard.h"
#include "model/contact_list.h"
#include "model/counter.h"
#include "model/session.h"
#include "sweep.h"

#define SLICE 200
#define BETWEEN 20            /* ms between slices */
#define SESSION_KEPT 86400000 /* ms after its end: it is said to be expired */
#define FULL 70               /* per cent of the map */

/* --- tallies ------------------------------------------------------------- */

static void
flush_tallies(agent_t *a, ses_cx_t *cx)
{
    ses_rc_t rc;

    if (!ses_tally_dirty())
        return;
    rc = ses_commit(a->committer, cx, ses_tally_flush, NULL);
    if (rc != SES_OK)
        agent_warn("tallies", rc, cx);
}

/* --- purges -------------------------------------------------------------- */

/* One slice of one purge. */
struct slice {
    const struct purge *purge;
    int64_t before; /* what is older goes */
    uint64_t upto;  /* events: not beyond this */
    unsigned n;     /* out: rows removed */
};

static ses_rc_t
events(ses_cx_t *cx, ses_txn_t *t, struct slice *s)
{
    return ses_event_purge(cx, t, s->before, s->upto, SLICE, &s->n);
}

static ses_rc_t
ledger(ses_cx_t *cx, ses_txn_t *t, struct slice *s)
{
    return ses_message_purge(cx, t, s->before, SLICE, &s->n);
}

static ses_rc_t
send_keys(ses_cx_t *cx, ses_txn_t *t, struct slice *s)
{
    return ses_send_key_purge(cx, t, s->before, SLICE, &s->n);
}

static ses_rc_t
journal(ses_cx_t *cx, ses_txn_t *t, struct slice *s)
{
    return ses_journal_purge(cx, t, s->before, SLICE, &s->n);
}

static ses_rc_t
sessions(ses_cx_t *cx, ses_txn_t *t, struct slice *s)
{
    return ses_session_purge(cx, t, s->before, SLICE, &s->n);
}

static ses_rc_t
contacts(ses_cx_t *cx, ses_txn_t *t, struct slice *s)
{
    return ses_contact_list_purge(cx, t, SLICE, &s->n);
}

struct purge {
    const char *name;
    ses_rc_t (*run)(ses_cx_t *cx, ses_txn_t *t, struct slice *s);
};

static const struct purge purge_events = {"purge of events", events};
static const struct purge purge_ledger = {"purge of the ledger", ledger};
static const struct purge purge_send_keys = {"purge of send keys", send_keys};
static const struct purge purge_journal = {"purge of the journal", journal};
static const struct purge purge_sessions = {"purge of sessions", sessions};
static const struct purge purge_contacts = {"purge of contacts", contacts};

static ses_rc_t
run_slice(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    struct slice *s = arg;

    s->n = 0;
    return s->purge->run(cx, t, s);
}

static void
purge(agent_t *a, ses_cx_t *cx, const struct purge *what, int64_t before,
      uint64_t upto)
{
    struct slice s = {.purge = what, .before = before, .upto = upto};
    unsigned long total = 0;
    ses_rc_t rc;

    do {
        ses_arena_reset(cx->arena);
        rc = ses_commit(a->committer, cx, run_slice, &s);
        if (rc != SES_OK) {
            agent_warn(what->name, rc, cx);
            return;
        }
        total += s.n;
    } while (s.n >= SLICE && agent_wait(a, BETWEEN));

    if (total > 0)
        ses_log(SES_LOG_INFO, "%s: rows=%lu", what->name, total);
}

static bool
find_laggard(agent_t *a, ses_cx_t *cx, laggard_t *out)
{
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(cx, a->store, &t)) == SES_OK) {
        rc = laggard_find(cx, t, out);
        ses_txn_end(t);
    }
    if (rc != SES_OK)
        agent_warn("laggard", rc, cx);
    return rc == SES_OK;
}

static void
purge_all(agent_t *a, ses_cx_t *cx)
{
    const ses_conf_t *conf = a->conf;
    int64_t now = cx->now;
    laggard_t l;

    if (find_laggard(a, cx, &l))
        purge(a, cx, &purge_events, now - conf->event_retention,
              l.owes ? l.seq - 1 : UINT64_MAX);
    purge(a, cx, &purge_ledger, now - conf->ledger_retention, 0);
    purge(a, cx, &purge_send_keys, now, 0);
    purge(a, cx, &purge_journal, now - conf->journal_retention, 0);
    purge(a, cx, &purge_sessions, now - SESSION_KEPT, 0);
    purge(a, cx, &purge_contacts, now, 0);
}

/* --- the map ------------------------------------------------------------- */

static ses_rc_t
disable(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    return laggard_disable(cx, t, arg);
}

/* Only one that holds up the purge is disabled: nothing would be gained by
 * taking the events of another. */
static void
relieve(agent_t *a, ses_cx_t *cx)
{
    laggard_t l;
    ses_rc_t rc;

    if (!find_laggard(a, cx, &l) || !l.owes ||
        l.when >= cx->now - a->conf->event_retention)
        return;

    rc = ses_commit(a->committer, cx, disable, &l);
    if (rc != SES_OK)
        agent_warn("laggard", rc, cx);
    else
        ses_log(SES_LOG_WARN,
                "account=%.*s set=%.*s destination=%.*s: disabled: the store "
                "fills up with events it does not take; the first one not "
                "delivered is %llu",
                SES_FMT(l.key.account), SES_FMT(l.key.set),
                SES_FMT(l.key.destination), (unsigned long long) l.seq);
}

static void
watch_map(agent_t *a, ses_cx_t *cx)
{
    uint64_t used, size;
    ses_rc_t rc = ses_store_usage(cx, a->store, &used, &size);

    if (rc != SES_OK) {
        agent_warn("store", rc, cx);
        return;
    }
    if (used / (size / 100 + 1) < FULL)
        return;
    ses_log(SES_LOG_WARN,
            "the store uses %llu of %llu bytes: raise map_size and restart",
            (unsigned long long) used, (unsigned long long) size);
    relieve(a, cx);
}

static void
check_readers(agent_t *a, ses_cx_t *cx)
{
    int dead = ses_store_reader_check(a->store);

    (void) cx;
    if (dead > 0)
        ses_log(SES_LOG_INFO, "store: freed %d slots of dead readers", dead);
}

/* --- the worker ---------------------------------------------------------- */

static const struct {
    int64_t every; /* ms */
    void (*run)(agent_t *a, ses_cx_t *cx);
} chores[] = {
    {1000, flush_tallies},  {60000, check_readers}, {60000, watch_map},
    {60000, sweep_cursors}, {60000, purge_all},
};

#define CHORES (sizeof(chores) / sizeof(chores[0]))

void
janitor_run(agent_t *a)
{
    ses_arena_t *arena = ses_arena_new();
    int64_t next[CHORES] = {0};
    ses_cx_t cx;

    while (agent_wait(a, 1000)) {
        (void) agent_renew(a);
        for (size_t i = 0; i < CHORES && !agent_stopping(a); i++) {
            cx = agent_cx(arena);
            if (cx.now < next[i] && next[i] <= cx.now + chores[i].every)
                continue; /* a clock that was set back does not stop it */
            chores[i].run(a, &cx);
            next[i] = cx.now + chores[i].every;
        }
    }

    cx = agent_cx(arena);
    flush_tallies(a, &cx);
    ses_arena_free(arena);
}
