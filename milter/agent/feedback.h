/*
 * feedback - a report that came to one of our addresses, as events
 *
 * A report is not proof: its token shows only that the reporter saw the
 * message, so it counts for the recipients that this message had, each for
 * itself.  What it says of anybody else is dropped and counted.
 */
#ifndef SES_AGENT_FEEDBACK_H
#define SES_AGENT_FEEDBACK_H

#include "agent.h"
#include "report.h"

/* SES_OK when there is nothing more to do with it, used or not; anything
 * else: it must come again. */
SES_CHECK ses_rc_t feedback_take(agent_t *a, ses_cx_t *cx, ses_str_t to,
                                 const report_t *r);

#endif
