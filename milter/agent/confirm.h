/*
 * confirm - ask new subscribers whether they want the topic
 */
#ifndef SES_AGENT_CONFIRM_H
#define SES_AGENT_CONFIRM_H

#include "agent.h"

/* One thread, until the agent stops. */
void confirm_run(agent_t *a);

#endif
