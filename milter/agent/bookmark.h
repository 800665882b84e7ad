/*
 * bookmark - cursors and dead letters of outlets, kept in the store
 *
 * Many outlets in one commit, so that a cursor costs no fsync of its own.
 * A cursor that somebody else moved is never overwritten: the outlet goes on
 * from there (replay).
 */
#ifndef SES_AGENT_BOOKMARK_H
#define SES_AGENT_BOOKMARK_H

#include "roster.h"
#include "store/commit.h"

/* Called for an outlet whose cursor stands elsewhere than we left it, after
 * o->stored and o->has_cursor were set. */
typedef void (*bookmark_moved_t)(void *arg, outlet_t *o);

/*
 * Store what changed: cursors behind which something was acknowledged, dead
 * letters, and with `all` every cursor that moved.  What cannot be stored
 * now is stored next time.
 */
SES_CHECK ses_rc_t bookmark_store(ses_cx_t *cx, ses_committer_t *c,
                                  const roster_t *r, uint64_t log_end, bool all,
                                  bookmark_moved_t moved, void *arg);
/* Look whether somebody moved a cursor. */
SES_CHECK ses_rc_t bookmark_look(ses_cx_t *cx, ses_txn_t *t, const roster_t *r,
                                 bookmark_moved_t moved, void *arg);
/* Forget the cursors of outlets that are no more. */
SES_CHECK ses_rc_t bookmark_forget(ses_cx_t *cx, ses_committer_t *c,
                                   const ses_cursor_key_t *keys, size_t n);

#endif
