/*
 * callbacks - the milter protocol, by libmilter
 */
#ifndef SESAME_GATE_CALLBACKS_H
#define SESAME_GATE_CALLBACKS_H

#include "base/rc.h"

/*
 * Serve Postfix on a listening socket, with threads of libmilter's.  Returns
 * only when that failed: SES_FAULT, or SES_OK when libmilter was told to end.
 */
SES_CHECK ses_rc_t callbacks_run(ses_cx_t *cx, int fd);

#endif
