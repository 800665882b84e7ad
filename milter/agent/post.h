/*
 * post - sends Sesame's own mail, and lets unconfirmed addresses expire
 */
#ifndef SES_AGENT_POST_H
#define SES_AGENT_POST_H

#include "agent.h"

void post_run(agent_t *a);

#endif
