/*
 * reconcile - what became of ledger entries that nothing tells of
 *
 * An entry that stays PREPARED has no line in the log.  It is looked for in
 * the queue, and when it is nowhere Postfix never took it: its charge goes
 * back (DESIGN section 3, proof by absence).  From before a gap in the log
 * absence proves nothing: such an entry stays PREPARED, unless it is listed.
 */
#ifndef SES_AGENT_RECONCILE_H
#define SES_AGENT_RECONCILE_H

#include "agent.h"

/* The worker. */
void reconcile_run(agent_t *a);

/*
 * One look at the ledger and, when there is something overdue, at the queue;
 * for reconcile_run and its tests.  *settled is 0 at first: entries of
 * before a gap were looked for up to then, and are not again.
 */
void reconcile_once(agent_t *a, int64_t *settled);

#endif
