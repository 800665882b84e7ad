/*
 * logline - one line for each message that was accepted or refused
 */
#ifndef SESAME_GATE_LOGLINE_H
#define SESAME_GATE_LOGLINE_H

#include "session.h"

/* queue_id is Postfix's {i}, "" before it has one. */
void logline_message(const session_t *s, ses_rc_t rc, ses_str_t queue_id);

#endif
