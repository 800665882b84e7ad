/*
 * publish - events of the log to the subscribers that are owed them
 */
#ifndef SES_AGENT_PUBLISH_H
#define SES_AGENT_PUBLISH_H

#include "agent.h"

/* One thread, until the agent stops. */
void publish_run(agent_t *a);

#endif
