/*
 * commit - one fsync for many operations (group commit)
 *
 * Daemons: any thread calls ses_commit and sleeps until its operation is on
 * disk; whoever finds nobody leading leads, and takes everything that queued
 * meanwhile.  nginx: one batch in flight a worker, run on a pool thread.
 * Each operation runs in a nested transaction and fails or succeeds alone.
 */
#ifndef SES_STORE_COMMIT_H
#define SES_STORE_COMMIT_H

#include "store/store.h"

/* Runs inside a write transaction; anything but SES_OK undoes it.  No
 * network, DNS, key making or signing in here. */
typedef ses_rc_t (*ses_commit_fn_t)(ses_cx_t *cx, ses_txn_t *txn, void *arg);

typedef struct ses_committer_s ses_committer_t;

/*
 * yield: stop a batch at 5 ms of work and stay off the lock for 1 ms after
 * each commit, so that others get it (everybody but the gate).
 */
ses_committer_t *ses_committer_new(ses_store_t *s, bool yield);
void ses_committer_free(ses_committer_t *c);

/*
 * Run fn durably; sleeps until it is on disk or has failed.  Returns fn's
 * result; SES_BUSY when it was not begun within 5 s (and never will be) or
 * the map is full; SES_FAULT when the commit failed (nothing changed).
 */
SES_CHECK ses_rc_t ses_commit(ses_committer_t *c, ses_cx_t *cx,
                              ses_commit_fn_t fn, void *arg);

/* One operation of a worker's batch. */
typedef struct ses_op_s {
    ses_cx_t *cx;
    ses_commit_fn_t fn;
    void *arg;
    int64_t queued_us; /* monotonic, when it was queued */
    ses_rc_t rc;       /* out */
    struct ses_op_s *next;
} ses_op_t;

/*
 * Run a list of operations in one transaction, on a pool thread.  turn_fd is
 * a file all workers share, locked while one of them writes (-1 = none).
 * Fills rc of every operation; operations past the 5 ms of work are left
 * for the next call: returns the first one not begun, or NULL.
 */
ses_op_t *ses_commit_batch(ses_store_t *s, ses_op_t *first, int turn_fd);

#endif
