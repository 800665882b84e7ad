/*
 * lmtp - takes bounces and complaints from Postfix (RFC 2033)
 *
 * Answers 2xx or 4xx, never 5xx: a refusal for good would make Postfix send
 * a bounce to whoever was forged.  A message is taken once what it says is
 * durable.
 */
#ifndef SES_AGENT_LMTP_H
#define SES_AGENT_LMTP_H

#include "agent.h"

/* The worker: one session at a time; run by several threads. */
void lmtp_run(agent_t *a);

/* One session on fd, which stays the caller's. */
void lmtp_session(agent_t *a, int fd);

#endif
