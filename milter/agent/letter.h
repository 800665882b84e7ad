/*
 * letter - the text of Sesame's own mail
 */
#ifndef SES_AGENT_LETTER_H
#define SES_AGENT_LETTER_H

#include "agent.h"
#include "model/outbox.h"

/* What our own mail is sent from: service_from@service_domain. */
ses_str_t letter_from(ses_arena_t *a, const ses_conf_t *conf);
/*
 * The whole message, CRLF lines, without the ticket.  SES_NOT_FOUND when
 * there is no reason any more to send it.
 */
SES_CHECK ses_rc_t letter_compose(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                                  const ses_outbox_t *m, ses_str_t *out);

#endif
