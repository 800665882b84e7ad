/*
 * event_log - how fact.c writes to the log of event.c
 */
#ifndef SES_MODEL_EVENT_LOG_H
#define SES_MODEL_EVENT_LOG_H

#include "model/event.h"

#define SES_EVENT_BODY_MAX (8U << 20)

/* Append e; sets e->seq. */
SES_CHECK ses_rc_t ses_event_write(ses_cx_t *cx, ses_txn_t *t, ses_event_t *e);

#endif
