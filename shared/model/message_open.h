/*
 * message_open - queued entries of the ledger that are not at an end
 *
 * message.c enters a message when it becomes QUEUED and strikes it out when
 * each of its recipients has ended.  What stays here although Postfix has
 * it no longer, lost a line of the log (milter/agent/reconcile.h).
 */
#ifndef SES_MODEL_MESSAGE_OPEN_H
#define SES_MODEL_MESSAGE_OPEN_H

#include "model/message.h"

/* Postfix took it out of its queue at this time (ms); SES_OK, too, when it
 * is not open: the usual case. */
SES_CHECK ses_rc_t ses_message_removed(ses_cx_t *cx, ses_txn_t *t,
                                       ses_msgid_t id, int64_t when);
/* No end will come; SES_OK, too, when it is not open. */
SES_CHECK ses_rc_t ses_message_close(ses_cx_t *cx, ses_txn_t *t,
                                     ses_msgid_t id);

/* Does nothing say yet how it went: is it PREPARED, or open? */
SES_CHECK ses_rc_t ses_message_undecided(ses_cx_t *cx, ses_txn_t *t,
                                         ses_msgid_t id, bool *out);

/* removed = when it left the queue, 0 = not that we know. */
typedef ses_rc_t (*ses_message_open_fn_t)(ses_cx_t *cx, ses_msgid_t id,
                                          int64_t removed, void *arg);
/* Oldest first. */
SES_CHECK ses_rc_t ses_message_open(ses_cx_t *cx, ses_txn_t *t,
                                    ses_message_open_fn_t fn, void *arg);

#endif
