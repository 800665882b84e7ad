/*
 * reconcile - what became of ledger entries that nothing tells of
 *
 * An entry that stays PREPARED has no line in the log.  It is looked for in
 * the queue, and when it is nowhere Postfix never took it: its charge goes
 * back (DESIGN section 3, proof by absence).  From before a gap in the log
 * absence proves nothing: such an entry stays PREPARED, unless it is listed.
 *
 * An entry that is QUEUED and stays open lost the line that says how it went
 * with a recipient.  Once Postfix has it no longer, and no DSN came within
 * the grace, that recipient's mail was delivered: of anything else Postfix
 * tells the sender (RFC 5321 section 6.1).
 */
#ifndef SES_AGENT_RECONCILE_H
#define SES_AGENT_RECONCILE_H

#include "agent.h"
#include "base/id.h"

/* The worker. */
void reconcile_run(agent_t *a);

/* What was looked for, and is not again; zero at first. */
typedef struct {
    int64_t gap;        /* entries that cannot be absent, up to then */
    int64_t doubt;      /* open ones, up to then */
    ses_msgid_t looked; /* of entries before the gap, as last below */
    ses_msgid_t last;   /* of them, when there were too many for one look */
} reconcile_t;

/* One look at the ledger and, when there is something overdue, at the queue;
 * for reconcile_run and its tests. */
void reconcile_once(agent_t *a, reconcile_t *state);

#endif
