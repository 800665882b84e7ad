/*
 * server - takes Postfix's connections, a thread each
 */
#ifndef SESAME_GATE_SERVER_H
#define SESAME_GATE_SERVER_H

#include "base/rc.h"
#include "milter.h"

/*
 * Serve who connects to fd, a listening socket that does not block.  Returns
 * only when that is not possible any more: SES_FAULT.  The descriptor may be
 * made another file's (dup3) meanwhile: then nobody is let in any more.
 */
SES_CHECK ses_rc_t server_run(ses_cx_t *cx, int fd,
                              const milter_calls_t *calls);

#endif
