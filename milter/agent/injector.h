/*
 * injector - gives Sesame's own mail to Postfix, over SMTP
 */
#ifndef SES_AGENT_INJECTOR_H
#define SES_AGENT_INJECTOR_H

#include "agent.h"

typedef struct injector_s injector_t;

/* NULL when libcurl does not start.  One thread uses it. */
injector_t *injector_new(const agent_t *a);
void injector_free(injector_t *i);

/*
 * Send one message from mail to rcpt (addresses without brackets; ASCII);
 * data is header and body with CRLF lines.  *reply is the last line the
 * server said, in cx->arena, "" when it said nothing.  SES_OK: Postfix has
 * it; SES_DUPLICATE: this send was made before; SES_BUSY: nobody answered;
 * else what the gate meant.
 */
SES_CHECK ses_rc_t injector_send(injector_t *i, ses_cx_t *cx, ses_str_t mail,
                                 ses_str_t rcpt, ses_str_t data,
                                 ses_str_t *reply);

#endif
