/*
 * roster - the outlets there are: sinks, each with the confirmed
 * subscriptions of its topic
 */
#ifndef SES_AGENT_ROSTER_H
#define SES_AGENT_ROSTER_H

#include "outlet.h"

typedef struct {
    outlet_t **outlets; /* in order of keys */
    size_t n;
} roster_t;

typedef void (*roster_fn_t)(void *arg, outlet_t *o);

/*
 * Make the roster what the store says.  Outlets that stay keep their state.
 * Calls gone for each that is no more (or starts anew), which frees it, and
 * born for each new one, placed after what its subscriber acknowledged.
 * After a failure nothing has changed.
 */
SES_CHECK ses_rc_t roster_load(ses_cx_t *cx, ses_txn_t *t, roster_t *r,
                               ses_str_t region, const outlet_limits_t *l,
                               roster_fn_t gone, roster_fn_t born, void *arg);
/* Read the stored cursor; *at = where the outlet then stands. */
SES_CHECK ses_rc_t roster_cursor(ses_cx_t *cx, ses_txn_t *t, const outlet_t *o,
                                 bool *has, uint64_t *stored);
/* The first outlet of a set, or the end; the others follow it. */
size_t roster_find(const roster_t *r, ses_str_t account, ses_str_t set);
bool roster_of(const outlet_t *o, ses_str_t account, ses_str_t set);
/* Frees the list; the outlets must be gone. */
void roster_free(roster_t *r);

#endif
