/*
 * worker - the threads of sesame-agent
 *
 * One table, one row a kind of work.  Nothing else starts threads.
 */
#ifndef SES_AGENT_WORKER_H
#define SES_AGENT_WORKER_H

#include "agent.h"

typedef struct {
    const char *name;        /* of the thread, at most 15 characters */
    void (*run)(agent_t *a); /* until agent_stopping(a); a is its own */
    unsigned threads;        /* how many run it */
} worker_t;

/* Start every row; false (and logged) when a thread cannot be made: the
 * caller then stops the agent and joins. */
bool workers_start(agent_t *a);
/* Wait until all have returned; false when one does not within 10 s. */
bool workers_join(void);

#endif
