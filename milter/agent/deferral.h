/*
 * deferral - why a recipient was last deferred
 *
 * qmgr logs "status=expired" once for a message and gives no reason; the
 * reason is that of the last attempt.  Bounded and forgetful: without it an
 * expiry is reported without the remote's words.  One thread.
 */
#ifndef SES_AGENT_DEFERRAL_H
#define SES_AGENT_DEFERRAL_H

#include "base/arena.h"
#include "base/id.h"

typedef struct deferral_s deferral_t;

deferral_t *deferral_new(void);
void deferral_free(deferral_t *d);

void deferral_put(deferral_t *d, ses_msgid_t id, ses_str_t rcpt,
                  ses_str_t text);
/* "" when it is not known (any more). */
ses_str_t deferral_find(const deferral_t *d, ses_msgid_t id, ses_str_t rcpt);

#endif
