/*
 * janitor - what is old goes, in slices; what hostile input counted is kept
 */
#ifndef SES_AGENT_JANITOR_H
#define SES_AGENT_JANITOR_H

#include "agent.h"

/* The worker. */
void janitor_run(agent_t *a);

#endif
