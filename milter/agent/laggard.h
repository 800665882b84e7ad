/*
 * laggard - the oldest event that some subscriber is still owed
 *
 * Events before it may be purged when they are old enough; the subscriber
 * it is owed to holds up the purge.
 */
#ifndef SES_AGENT_LAGGARD_H
#define SES_AGENT_LAGGARD_H

#include "model/event.h"

typedef struct {
    bool owes;            /* false = nothing is owed to anybody */
    uint64_t seq;         /* of the oldest event that is owed */
    int64_t when;         /* its time */
    ses_cursor_key_t key; /* to whom; in the arena */
} laggard_t;

SES_CHECK ses_rc_t laggard_find(ses_cx_t *cx, ses_txn_t *t, laggard_t *out);
/*
 * Disable its destination, with a dead letter that says from which event on
 * it got none; cx->now is the time of that.
 */
SES_CHECK ses_rc_t laggard_disable(ses_cx_t *cx, ses_txn_t *t,
                                   const laggard_t *l);

#endif
