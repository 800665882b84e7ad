/*
 * forward - bounces and complaints as mail to whoever sent the message
 */
#ifndef SES_AGENT_FORWARD_H
#define SES_AGENT_FORWARD_H

#include "agent.h"
#include "base/buf.h"
#include "base/json.h"
#include "model/event.h"
#include "model/outbox.h"

/*
 * The event that was appended last is a bounce or complaint of m: put a
 * notice to its envelope sender into the outbox, unless the identity says
 * otherwise (contract 4.6).  In the transaction of the event.
 */
SES_CHECK ses_rc_t forward_event(ses_cx_t *cx, ses_txn_t *t,
                                 const ses_message_t *m, ses_event_type_t type);
/* The event that m tells of, for ses_json_free; SES_NOT_FOUND when it is no
 * more. */
SES_CHECK ses_rc_t forward_find(ses_cx_t *cx, ses_txn_t *t,
                                const ses_outbox_t *m, cJSON **event,
                                ses_event_type_t *type);
/* Append the notice's fields and body, from its Content-Type on; *subject is
 * static.  SES_NOT_FOUND when the event is no more. */
SES_CHECK ses_rc_t forward_compose(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                                   const ses_outbox_t *m, ses_buf_t *b,
                                   const char **subject);

#endif
