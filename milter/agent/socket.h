/*
 * socket - the listening socket that is ours: given, or made
 */
#ifndef SES_AGENT_SOCKET_H
#define SES_AGENT_SOCKET_H

#include "base/rc.h"

/*
 * "fd:N" = an already listening descriptor, "unix:PATH" = one made here,
 * 0660 and of this group.  The result is non-blocking.  SES_INVALID or
 * SES_FAULT with the reason.
 */
SES_CHECK ses_rc_t socket_open(ses_cx_t *cx, ses_str_t spec, ses_str_t group,
                               int *out);

#endif
