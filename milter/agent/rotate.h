/*
 * rotate - from one DKIM key to the next, by what DNS shows
 */
#ifndef SES_AGENT_ROTATE_H
#define SES_AGENT_ROTATE_H

#include "agent.h"

#define ROTATE_THREADS 4

/* One of ROTATE_THREADS threads: each has its share of the domains. */
void rotate_run(agent_t *a);

#endif
