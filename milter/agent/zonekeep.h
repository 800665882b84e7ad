/*
 * zonekeep - our records at the name servers of dns_update
 */
#ifndef SES_AGENT_ZONEKEEP_H
#define SES_AGENT_ZONEKEEP_H

#include "agent.h"

/* A worker: keeps the zones current until the agent stops. */
void zonekeep_run(agent_t *a);

#endif
