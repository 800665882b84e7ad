/*
 * pools - keeps Postfix's files in step with the accounts' source addresses
 */
#ifndef SES_AGENT_POOLS_H
#define SES_AGENT_POOLS_H

#include "agent.h"

/* A worker; ends at once without pool_map. */
void pools_run(agent_t *a);

#endif
