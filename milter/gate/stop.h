/*
 * stop - leaving soon after SIGTERM, with no message cut in two
 */
#ifndef SESAME_GATE_STOP_H
#define SESAME_GATE_STOP_H

#include "base/rc.h"

/* Around what must not be cut: an end of message. */
void stop_enter(void);
void stop_leave(void);

/* A thread that waits for libmilter's stop, then for the last end of message
 * under way, calls last and ends the process. */
SES_CHECK ses_rc_t stop_watch(ses_cx_t *cx, void (*last)(void));

#endif
