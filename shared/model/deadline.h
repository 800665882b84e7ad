/*
 * deadline - until when a message may be on its way
 *
 * Of messages whose configuration set says how long (contract 13.1,
 * MaxDeliverySeconds).  Rows stay until the time has come: then whoever
 * looks removes those of messages that are at an end.
 */
#ifndef SES_MODEL_DEADLINE_H
#define SES_MODEL_DEADLINE_H

#include "model/message.h"

typedef struct {
    int64_t when; /* ms */
    ses_msgid_t id;
    int64_t asked; /* ms: Postfix was told to give it up; 0 = not yet */
} ses_deadline_t;

/* Of ses_message_insert: enter m, unless it has no limit. */
SES_CHECK ses_rc_t ses_deadline_add(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_message_t *m);
/* That of a message; SES_NOT_FOUND when it has none, or not any more. */
SES_CHECK ses_rc_t ses_deadline_find(ses_cx_t *cx, ses_txn_t *t,
                                     const ses_message_t *m,
                                     ses_deadline_t *out);
/* Write d's asked; a row that is gone stays gone. */
SES_CHECK ses_rc_t ses_deadline_ask(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_deadline_t *d);
SES_CHECK ses_rc_t ses_deadline_del(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_deadline_t *d);

typedef ses_rc_t (*ses_deadline_fn_t)(ses_cx_t *cx, const ses_deadline_t *d,
                                      void *arg);
/* Those that are over at now, oldest first.  SES_NOT_FOUND of fn means
 * "enough". */
SES_CHECK ses_rc_t ses_deadline_over(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                                     ses_deadline_fn_t fn, void *arg);

#endif
