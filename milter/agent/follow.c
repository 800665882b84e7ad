/*
 * follow - reads Postfix's log as it grows, through rotations and restarts
 *
 * Lines become facts (logbook), facts are gathered into batches, and a batch
 * is one commit together with the position behind it.
 */

#include "follow.h"

#include "base/clock.h"
#include "base/log.h"
#include "logbook.h"
#include "logfile.h"

#define BATCH 128          /* facts in one commit */
#define PAUSE 20           /* ms between commits */
#define IDLE 100           /* ms between looks at a quiet log */
#define STUCK 1000         /* ms before another try */
#define POSITION_EVERY 250 /* ms: a position without facts */
#define TRIES 3            /* of a batch, before line by line */
#define RETRY_MIN 100      /* ms */
#define RETRY_MAX 5000

struct follow_s {
    agent_t *agent;
    logfile_t log;
    logbook_t book;
    ses_arena_t *arena; /* of the batch */
    logbook_entry_t entries[BATCH];
    unsigned n;
    uint64_t inode, offset; /* the position that the store has */
    int64_t stored_us;      /* when it was stored */
};

static bool
open_log(follow_t *f)
{
    ses_cx_t cx = agent_cx(f->arena);
    ses_position_t pos;
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(&cx, f->agent->store, &t)) == SES_OK) {
        rc = ses_position_get(&cx, t, SES_POSITION_MAILLOG, &pos);
        ses_txn_end(t);
    }
    if (rc == SES_OK)
        agent_log_lost(f->agent, pos.gap);
    if (rc == SES_OK || rc == SES_NOT_FOUND)
        return logfile_open(&f->log, rc == SES_OK ? &pos : NULL);
    agent_warn("position of the log", rc, &cx);
    return false;
}

/* Facts of the lines that were read, up to a full batch. */
static void
gather(follow_t *f, ses_cx_t *cx)
{
    ses_str_t line;

    while (f->n < BATCH && logfile_line(&f->log, &line))
        if (logbook_read(&f->book, cx, line, &f->entries[f->n]))
            f->n++;
}

/* --- commit -------------------------------------------------------------- */

/* Some facts, and the position when it is to be stored. */
struct batch {
    follow_t *f;
    const logbook_entry_t *entries;
    unsigned n;
    bool position;
};

static ses_rc_t
write_batch(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    const struct batch *b = arg;
    ses_position_t pos = logfile_position(&b->f->log);
    ses_rc_t rc = SES_OK;

    for (unsigned i = 0; i < b->n && rc == SES_OK; i++)
        rc = logbook_apply(&b->f->book, cx, t, &b->entries[i]);

    pos.when = cx->now;
    pos.gap = agent_log_gap(b->f->agent);
    if (rc == SES_OK && b->position)
        rc = ses_position_put(cx, t, SES_POSITION_MAILLOG, &pos);
    return rc;
}

/* False when it did not work and we are stopping. */
static bool
commit_until(follow_t *f, ses_cx_t *cx, struct batch *b, unsigned tries,
             ses_rc_t *rc)
{
    int64_t pause = RETRY_MIN;

    for (unsigned try = 1;; try++) {
        *rc = ses_commit(f->agent->committer, cx, write_batch, b);
        if (*rc == SES_OK)
            return true;
        agent_warn("events of the log", *rc, cx);
        ses_cx_clear(cx);
        if (*rc != SES_BUSY && try >= tries)
            return true;
        if (!agent_wait(f->agent, pause))
            return false;
        pause = pause * 2 < RETRY_MAX ? pause * 2 : RETRY_MAX;
    }
}

/* A line that cannot be stored must not hold up those behind it. */
static bool
commit_singly(follow_t *f, ses_cx_t *cx)
{
    struct batch last = {.f = f, .position = true};
    ses_rc_t rc;

    for (unsigned i = 0; i < f->n; i++) {
        struct batch one = {.f = f, .entries = &f->entries[i], .n = 1};

        if (!commit_until(f, cx, &one, TRIES, &rc))
            return false;
        if (rc != SES_OK)
            ses_log(SES_LOG_ERROR, "%.*s: a line of the log was passed over",
                    SES_FMT(f->entries[i].line.queue_id));
    }
    return commit_until(f, cx, &last, UINT32_MAX, &rc);
}

/* Everything that was parsed, durably. */
static bool
commit(follow_t *f, ses_cx_t *cx)
{
    struct batch b = {
        .f = f, .entries = f->entries, .n = f->n, .position = true};
    ses_rc_t rc;

    if (!commit_until(f, cx, &b, TRIES, &rc) ||
        (rc != SES_OK && !commit_singly(f, cx)))
        return false;

    f->n = 0;
    f->inode = f->log.inode;
    f->offset = f->log.offset;
    f->stored_us = ses_clock_mono_us();
    return true;
}

/* Facts at once; a position alone now and then. */
static bool
due(const follow_t *f)
{
    if (f->n > 0)
        return true;
    return (f->inode != f->log.inode || f->offset != f->log.offset) &&
           ses_clock_mono_us() - f->stored_us >= POSITION_EVERY * 1000;
}

/* --- the worker ---------------------------------------------------------- */

follow_t *
follow_new(agent_t *a)
{
    follow_t *f = ses_xcalloc(sizeof(*f));

    f->agent = a;
    f->arena = ses_arena_new();
    logfile_init(&f->log, a->conf->maillog.p, a->root_fd);
    logbook_init(&f->book, a);
    return f;
}

void
follow_free(follow_t *f)
{
    logfile_free(&f->log);
    logbook_free(&f->book);
    ses_arena_free(f->arena);
    ses_xfree(f);
}

follow_step_t
follow_step(follow_t *f)
{
    int64_t now = ses_clock_ms();
    bool full;
    int got;

    if (f->log.fd < 0 && !open_log(f))
        return FOLLOW_STUCK;
    if ((got = logfile_fill(&f->log)) < 0)
        return FOLLOW_STUCK;
    if (f->log.lost) {
        agent_log_lost(f->agent, now);
        f->log.lost = false;
    }

    do {
        ses_cx_t cx = agent_cx(f->arena);

        gather(f, &cx);
        full = f->n == BATCH;
        if (due(f) && !commit(f, &cx))
            return FOLLOW_STUCK;
    } while (full);

    if (got > 0)
        return FOLLOW_MORE;

    switch (logfile_next(&f->log)) {
    case LOGFILE_MORE:
        return FOLLOW_MORE;
    case LOGFILE_LAST:
        agent_log_read(f->agent, now);
        return FOLLOW_END;
    default:
        return FOLLOW_END;
    }
}

void
follow_run(agent_t *a)
{
    follow_t *f = follow_new(a);
    int64_t pause = 0;

    while (agent_wait(a, pause)) {
        (void) agent_renew(a);
        switch (follow_step(f)) {
        case FOLLOW_MORE:
            pause = PAUSE;
            break;
        case FOLLOW_END:
            pause = pause + PAUSE < IDLE ? pause + PAUSE : IDLE;
            break;
        case FOLLOW_STUCK:
            pause = STUCK;
        }
    }
    follow_free(f);
}
