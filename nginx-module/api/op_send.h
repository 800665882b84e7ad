/*
 * op_send - what both APIs make of the content of a message
 */
#ifndef SES_API_OP_SEND_H
#define SES_API_OP_SEND_H

#include "api/envelope.h"

/* Subject and Body (and what else simple content has) as the message to
 * send; at is where texts say the member stands. */
SES_CHECK ses_rc_t op_send_simple(envelope_t *e, const cJSON *simple,
                                  const char *at);
/* Data of in, a whole message, as it is.  Without recipients in the envelope
 * those of its fields. */
SES_CHECK ses_rc_t op_send_raw(envelope_t *e, const cJSON *in);

#endif
