/*
 * recipient - to whom, and whether it may be sent: the verdict
 */
#ifndef SESAME_GATE_RECIPIENT_H
#define SESAME_GATE_RECIPIENT_H

#include "session.h"

/* At RCPT: remember the argument, as spelled. */
void recipient_add(session_t *s, ses_str_t path);
/* The caller and the verdict, on what t shows; fills m.verdict. */
SES_CHECK ses_rc_t recipient_judge(session_t *s, ses_txn_t *t);
/* The first argument from *at on that was removed, or NULL; moves *at on. */
const char *recipient_removed(const session_t *s, unsigned *at);

#endif
