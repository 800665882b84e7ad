/*
 * tail - bring events from the log to the outlets they are owed to
 *
 * Outlets that are up to date share one reading of the log's end.  One that
 * has no room falls behind and reads on by the index of its set.
 */
#ifndef SES_AGENT_TAIL_H
#define SES_AGENT_TAIL_H

#include "roster.h"

typedef struct {
    uint64_t end; /* live outlets have all that is theirs up to here */
    size_t turn;  /* whose turn it is to catch up */
} tail_t;

/* One bounded step.  *more = there is something to do at once.  A failure
 * with one outlet keeps nothing from the others. */
SES_CHECK ses_rc_t tail_read(ses_cx_t *cx, ses_txn_t *t, tail_t *tail,
                             roster_t *r, const outlet_limits_t *l, bool *more);

#endif
