/*
 * verify - are the records of an identity in DNS?
 */
#ifndef SES_AGENT_VERIFY_H
#define SES_AGENT_VERIFY_H

#include "agent.h"

/* One thread, until the agent stops. */
void verify_run(agent_t *a);

#endif
