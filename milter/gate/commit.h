/*
 * commit - the one durable step: send key, quota, ledger entry
 */
#ifndef SESAME_GATE_COMMIT_H
#define SESAME_GATE_COMMIT_H

#include "session.h"

/* SES_OK: the entry is on disk.  SES_DUPLICATE: this send was made already,
 * the text is its message id.  Anything else: nothing was counted. */
SES_CHECK ses_rc_t commit_message(session_t *s);

#endif
