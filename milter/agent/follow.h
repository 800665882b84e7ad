/*
 * follow - reads Postfix's log as it grows, through rotations and restarts
 *
 * Whole lines only.  The facts of many lines are committed together, with
 * the position behind them, so that each counts once; lines that are read
 * again after a crash are dropped by their facts' keys.
 */
#ifndef SES_AGENT_FOLLOW_H
#define SES_AGENT_FOLLOW_H

#include "agent.h"

/* The worker. */
void follow_run(agent_t *a);

typedef struct follow_s follow_t;

/* For follow_run and its tests: one step at a time, one thread. */
follow_t *follow_new(agent_t *a);
void follow_free(follow_t *f);

typedef enum {
    FOLLOW_MORE, /* there may be more to read at once */
    FOLLOW_END,  /* at the end, everything committed */
    FOLLOW_STUCK /* no log, or no store: wait */
} follow_step_t;

follow_step_t follow_step(follow_t *f);

#endif
