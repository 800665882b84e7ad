/*
 * ledger - walking entries and events without keeping all of them
 */
#ifndef SESAMECTL_LEDGER_H
#define SESAMECTL_LEDGER_H

#include "ctl.h"
#include "model/event.h"

/*
 * Every entry of the ledger that is not older than `from` (ms), oldest
 * first.  What fn is given lives until it returns.
 */
SES_CHECK ses_rc_t ledger_walk(ses_cx_t *cx, ses_txn_t *t, int64_t from,
                               ses_message_fn_t fn, void *arg);
/* The events that are about one message, in the order they came. */
SES_CHECK ses_rc_t ledger_events(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id,
                                 ses_event_fn_t fn, void *arg);
/* Whom an event tells of, in cx->arena. */
void ledger_recipients(ses_cx_t *cx, const ses_event_t *e, ses_str_t **out,
                       unsigned *n);

#endif
