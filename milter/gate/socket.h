/*
 * socket - the listening sockets: given by name or number, or made
 */
#ifndef SESAME_GATE_SOCKET_H
#define SESAME_GATE_SOCKET_H

#include "base/conf.h"

/*
 * where: "fd:N" or "unix:PATH".  A socket made is root's and postfix_group's,
 * 0660 (as somebody else: his own).  *fd does not block and is closed by
 * exec.
 */
SES_CHECK ses_rc_t socket_open(ses_cx_t *cx, const ses_conf_t *conf,
                               ses_str_t where, int *fd);

#endif
