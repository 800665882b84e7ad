/*
 * event_log - how fact.c writes to the log of event.c
 */
#ifndef SES_MODEL_EVENT_LOG_H
#define SES_MODEL_EVENT_LOG_H

#include "model/event.h"

#define SES_EVENT_BODY_MAX (8U << 20)

/* Append e; sets e->seq. */
SES_CHECK ses_rc_t ses_event_write(ses_cx_t *cx, ses_txn_t *t, ses_event_t *e);

/* A new fact: event, key, count under counted_as. */
SES_CHECK ses_rc_t ses_fact_enter(ses_cx_t *cx, ses_txn_t *t,
                                  const ses_message_t *m, const ses_fact_t *f,
                                  const char *counted_as);
ses_str_t ses_fact_feedback_id(ses_arena_t *a, const ses_message_t *m,
                               ses_str_t recipient, ses_event_type_t type);
/* What became of the recipients that the gate removed (removed.c). */
SES_CHECK ses_rc_t ses_removed_enter(ses_cx_t *cx, ses_txn_t *t,
                                     const ses_message_t *m, int64_t when);
/* Is every recipient one of the simulator's? */
bool ses_removed_simulated(const ses_message_t *m);

#endif
