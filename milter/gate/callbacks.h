/*
 * callbacks - the milter protocol, by libmilter
 */
#ifndef SESAME_GATE_CALLBACKS_H
#define SESAME_GATE_CALLBACKS_H

#include "gate.h"

/*
 * Serve Postfix on a listening socket until SIGTERM.  Threads are
 * libmilter's.  SES_FAULT when it could not start.
 */
SES_CHECK ses_rc_t callbacks_run(ses_cx_t *cx, const gate_t *gate, int fd);

#endif
