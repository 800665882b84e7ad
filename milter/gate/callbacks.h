/*
 * callbacks - what the gate does at each stage of the milter protocol
 */
#ifndef SESAME_GATE_CALLBACKS_H
#define SESAME_GATE_CALLBACKS_H

#include "base/rc.h"

/*
 * Serve Postfix on a listening socket, a thread for each connection.
 * Returns only when that is not possible any more: SES_FAULT.
 */
SES_CHECK ses_rc_t callbacks_run(ses_cx_t *cx, int fd);

#endif
