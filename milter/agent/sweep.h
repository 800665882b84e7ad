/*
 * sweep - cursors and dead letters of subscribers that are gone
 */
#ifndef SES_AGENT_SWEEP_H
#define SES_AGENT_SWEEP_H

#include "agent.h"

/* One round; what does not fit into it is left for the next. */
void sweep_cursors(agent_t *a, ses_cx_t *cx);

#endif
