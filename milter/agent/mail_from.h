/*
 * mail_from - are the records of owners' MAIL FROM domains in DNS?
 */
#ifndef SES_AGENT_MAIL_FROM_H
#define SES_AGENT_MAIL_FROM_H

#include "agent.h"

/* A worker: looks at what is due until the agent stops. */
void mail_from_run(agent_t *a);

#endif
