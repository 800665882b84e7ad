/*
 * autoreply - the answer of the mailbox simulator's "ooto"
 */
#ifndef SES_AGENT_AUTOREPLY_H
#define SES_AGENT_AUTOREPLY_H

#include "agent.h"
#include "base/buf.h"
#include "model/outbox.h"

/* The whole message into b; SES_NOT_FOUND when the event is no more.  It is
 * for the original's envelope sender (contract 4.13), an identity of the
 * account. */
SES_CHECK ses_rc_t autoreply_compose(const agent_t *a, ses_cx_t *cx,
                                     ses_txn_t *t, const ses_outbox_t *m,
                                     ses_buf_t *b);

#endif
