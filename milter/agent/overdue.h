/*
 * overdue - has Postfix give up what may not be delivered any more
 *
 * A configuration set says how long its messages may be tried (contract
 * 13.1, MaxDeliverySeconds).  Postfix knows one lifetime for all of its
 * queue, so when a message's own is over its queue file is found by the
 * token in its sender, and returned.
 */
#ifndef SES_AGENT_OVERDUE_H
#define SES_AGENT_OVERDUE_H

#include "agent.h"

/* The worker. */
void overdue_run(agent_t *a);

/* One look; for overdue_run and its tests.  True when there is more to do at
 * once. */
bool overdue_once(agent_t *a, ses_cx_t *cx);

#endif
