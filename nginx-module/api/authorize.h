/*
 * authorize - may the caller do this operation?
 */
#ifndef SES_API_AUTHORIZE_H
#define SES_API_AUTHORIZE_H

#include "api/dispatch.h"

/*
 * The operation's action on the resource that the input names.  SES_DENIED
 * with the text of contract 1.8.  A message's own authorization is the
 * gate's: it knows sender and recipients.
 */
SES_CHECK ses_rc_t authorize(api_call_t *c, ses_txn_t *t);

#endif
