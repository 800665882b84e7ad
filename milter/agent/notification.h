/*
 * notification - an event as the owner of an identity is told of it
 */
#ifndef SES_AGENT_NOTIFICATION_H
#define SES_AGENT_NOTIFICATION_H

#include "base/rc.h"

/*
 * The JSON of a bounce, complaint or delivery for event, the JSON of that
 * event (contract 8.1, 8.3): the header fields only when they are wanted, no
 * tags, but who sent it and from where.  In cx->arena.
 */
SES_CHECK ses_rc_t notification_body(ses_cx_t *cx, ses_str_t event,
                                     bool headers, ses_str_t *out);

#endif
