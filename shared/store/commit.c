/*
 * commit - leader and followers; a worker's batch
 *
 * Whoever finds no leader leads: takes the whole list, runs it in one
 * transaction, and tells the others.  A request that nobody began within
 * WAIT_US is withdrawn by its own thread; the leader skips it.
 */
#include "store/commit.h"

#include <errno.h>
#include <pthread.h>
#include <sys/file.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/lmdb_env.h"

#define WAIT_US 5000000 /* to begin */
#define WORK_US 5000    /* of one batch, for those who yield */
#define REST_US 1000    /* off the lock, for those who yield */

/* --- one batch --------------------------------------------------------- */

static void
sleep_us(int64_t us)
{
    struct timespec ts = {us / 1000000, us % 1000000 * 1000};

    while (us > 0 && nanosleep(&ts, &ts) != 0 && errno == EINTR)
        ;
}

static ses_rc_t
withdrawn(ses_cx_t *cx)
{
    return ses_fail(cx, SES_BUSY, "Service is busy, please try again.");
}

/* One operation in a transaction of its own inside t. */
static ses_rc_t
run_nested(ses_op_t *op, ses_txn_t *t)
{
    ses_txn_t *inner;
    ses_rc_t rc = ses_txn_nested(op->cx, t, &inner);

    if (rc != SES_OK)
        return rc;
    rc = op->fn(op->cx, inner, op->arg);
    if (rc == SES_OK)
        return ses_txn_commit(op->cx, inner);
    ses_txn_end(inner);
    return rc;
}

/* May this operation begin?  Asked once. */
typedef bool (*begin_fn_t)(ses_op_t *op, void *arg);

/*
 * Run operations from first on, inside t.  Returns the first one that was
 * left for the next batch.
 */
static ses_op_t *
run_all(ses_txn_t *t, ses_op_t *first, bool yield, begin_fn_t may, void *arg)
{
    int64_t start = ses_clock_mono_us();
    ses_op_t *op;

    for (op = first; op != NULL; op = op->next) {
        if (yield && op != first && ses_clock_mono_us() - start > WORK_US)
            break;
        if (may(op, arg))
            op->rc = run_nested(op, t);
        else if (op->rc == SES_OK)
            op->rc = SES_BUSY; /* its caller may be gone: touch op alone */
    }
    return op;
}

static void
fail_from_to(ses_op_t *op, const ses_op_t *end, ses_rc_t rc, const char *why)
{
    for (; op != end; op = op->next)
        if (op->rc == SES_OK)
            op->rc = ses_fail(op->cx, rc, "%s", why);
}

static ses_op_t *
run_batch(ses_store_t *s, ses_op_t *first, bool yield, begin_fn_t may,
          void *arg)
{
    _Atomic int64_t *rest = &s->rest_until;
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, ses_clock_ms());
    ses_op_t *left = NULL;
    ses_txn_t *t;
    ses_rc_t rc;

    if (yield)
        sleep_us(*rest - ses_clock_mono_us());

    rc = ses_txn_write(&cx, s, &t);
    if (rc == SES_OK) {
        left = run_all(t, first, yield, may, arg);
        rc = ses_txn_commit(&cx, t);
    } else {
        ses_op_t *op;

        for (op = first; op != NULL; op = op->next)
            if (!may(op, arg) && op->rc == SES_OK)
                op->rc = SES_BUSY; /* the others fail below */
    }
    if (rc != SES_OK)
        fail_from_to(first, left, rc == SES_BUSY ? SES_BUSY : SES_FAULT,
                     rc == SES_BUSY ? "Service is busy, please try again."
                                    : "store: the commit failed");
    *rest = ses_clock_mono_us() + REST_US;
    ses_arena_free(arena);
    return left;
}

/* --- daemons: leader and followers ------------------------------------- */

typedef enum { WAITING, BEGUN, DONE, WITHDRAWN } state_t;

struct request {
    ses_op_t op; /* first: op.next chains requests */
    state_t state;
    pthread_cond_t changed; /* its own caller alone waits there */
    int users;              /* caller, queue, waker: whoever is last frees it */
};

struct ses_committer_s {
    ses_store_t *store;
    bool yield;
    pthread_mutex_t mutex;
    bool leading;
    ses_op_t *first, **last;
};

ses_committer_t *
ses_committer_new(ses_store_t *s, bool yield)
{
    ses_committer_t *c = ses_xcalloc(sizeof(*c));

    c->store = s;
    c->yield = yield;
    c->last = &c->first;
    pthread_mutex_init(&c->mutex, NULL);
    return c;
}

void
ses_committer_free(ses_committer_t *c)
{
    if (c == NULL)
        return;
    pthread_mutex_destroy(&c->mutex);
    ses_xfree(c);
}

static struct request *
request_new(ses_cx_t *cx, ses_commit_fn_t fn, void *arg)
{
    struct request *r = ses_xcalloc(sizeof(*r));
    pthread_condattr_t attr;

    r->op = (ses_op_t){
        .cx = cx, .fn = fn, .arg = arg, .queued_us = ses_clock_mono_us()};
    r->users = 2;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->changed, &attr);
    pthread_condattr_destroy(&attr);
    return r;
}

/* Under the mutex. */
static void
drop(struct request *r)
{
    if (--r->users > 0)
        return;
    pthread_cond_destroy(&r->changed);
    ses_xfree(r);
}

/* Under the mutex: who leads next, kept alive for the caller; or NULL. */
static struct request *
next_leader(ses_committer_t *c)
{
    ses_op_t *op;

    for (op = c->first; op != NULL; op = op->next) {
        struct request *r = (struct request *) op;

        if (r->state == WAITING) {
            r->users++;
            return r;
        }
    }
    return NULL;
}

static bool
may_begin(ses_op_t *op, void *arg)
{
    struct request *r = (struct request *) op;
    ses_committer_t *c = arg;
    bool may;

    pthread_mutex_lock(&c->mutex);
    may = r->state == WAITING;
    if (may && ses_clock_mono_us() - op->queued_us > WAIT_US) {
        r->state = WITHDRAWN;
        may = false;
    }
    if (may)
        r->state = BEGUN;
    pthread_mutex_unlock(&c->mutex);
    return may;
}

/* Put back what a batch left, before whatever came meanwhile. */
static void
put_back(ses_committer_t *c, ses_op_t *left)
{
    ses_op_t *op = left;

    if (left == NULL)
        return;
    while (op->next != NULL)
        op = op->next;
    op->next = c->first;
    if (c->first == NULL)
        c->last = &op->next;
    c->first = left;
}

/*
 * Called and returns with the mutex held.  Whoever is woken wants the mutex:
 * so they are woken without it, one by one, and nobody who has to wait on.
 */
static void
lead(ses_committer_t *c)
{
    ses_op_t *mine = c->first, *end = NULL, *left, *op, *next;
    struct request *heir;

    c->leading = true;
    c->first = NULL;
    c->last = &c->first;
    pthread_mutex_unlock(&c->mutex);

    left = run_batch(c->store, mine, c->yield, may_begin, c);

    pthread_mutex_lock(&c->mutex);
    for (op = mine; op != left; op = op->next) {
        struct request *r = (struct request *) op;

        if (r->state == BEGUN)
            r->state = DONE;
        end = op;
    }
    if (end != NULL)
        end->next = NULL; /* what is left may go on without us */
    put_back(c, left);
    c->leading = false;
    heir = next_leader(c);
    pthread_mutex_unlock(&c->mutex);

    if (heir != NULL)
        pthread_cond_signal(&heir->changed);
    for (op = mine; op != NULL && op != left; op = op->next)
        pthread_cond_signal(&((struct request *) op)->changed);

    pthread_mutex_lock(&c->mutex);
    for (op = mine; op != NULL && op != left; op = next) {
        next = op->next;
        drop((struct request *) op);
    }
    if (heir != NULL)
        drop(heir);
}

/* Sleep until something changed or the request's time to begin is over. */
static void
wait_turn(ses_committer_t *c, struct request *r)
{
    int64_t until = r->op.queued_us + WAIT_US;
    struct timespec ts = {until / 1000000, until % 1000000 * 1000};

    if (r->state != WAITING)
        pthread_cond_wait(&r->changed, &c->mutex);
    else if (pthread_cond_timedwait(&r->changed, &c->mutex, &ts) == ETIMEDOUT &&
             r->state == WAITING)
        r->state = WITHDRAWN;
}

/* Take a withdrawn request off the list; a leader may have it already. */
static void
unlink_request(ses_committer_t *c, struct request *r)
{
    ses_op_t **at;

    for (at = &c->first; *at != NULL; at = &(*at)->next)
        if (*at == &r->op) {
            *at = r->op.next;
            if (*at == NULL)
                c->last = at;
            drop(r);
            return;
        }
}

/* It may have been the next leader: then another one is. */
static void
withdraw(ses_committer_t *c, struct request *r)
{
    struct request *heir;

    unlink_request(c, r);
    heir = c->leading ? NULL : next_leader(c);
    if (heir != NULL) {
        pthread_cond_signal(&heir->changed);
        drop(heir);
    }
}

ses_rc_t
ses_commit(ses_committer_t *c, ses_cx_t *cx, ses_commit_fn_t fn, void *arg)
{
    struct request *r = request_new(cx, fn, arg);
    ses_rc_t rc;

    pthread_mutex_lock(&c->mutex);
    *c->last = &r->op;
    c->last = &r->op.next;
    while (r->state == WAITING || r->state == BEGUN) {
        if (r->state == WAITING && !c->leading)
            lead(c);
        else
            wait_turn(c, r);
    }
    rc = r->state == DONE ? r->op.rc : withdrawn(cx);
    if (r->state == WITHDRAWN)
        withdraw(c, r);
    drop(r);
    pthread_mutex_unlock(&c->mutex);
    return rc;
}

/* --- nginx: a worker's batch ------------------------------------------- */

static bool
in_time(ses_op_t *op, void *arg)
{
    (void) arg;
    if (ses_clock_mono_us() - op->queued_us <= WAIT_US)
        return true;
    op->rc = withdrawn(op->cx);
    return false;
}

ses_op_t *
ses_commit_batch(ses_store_t *s, ses_op_t *first, int turn_fd)
{
    ses_op_t *left;

    if (turn_fd >= 0)
        while (flock(turn_fd, LOCK_EX) != 0 && errno == EINTR)
            ;
    left = run_batch(s, first, true, in_time, NULL);
    if (turn_fd >= 0)
        flock(turn_fd, LOCK_UN);
    return left;
}
