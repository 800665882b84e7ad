/*
 * program - runs programs of Postfix, as root
 *
 * With an environment of their own and without our descriptors.
 */
#ifndef SES_AGENT_PROGRAM_H
#define SES_AGENT_PROGRAM_H

#include <sys/types.h>

#include "base/rc.h"

/* Its output (a few lines) into the arena; SES_FAULT when it fails. */
SES_CHECK ses_rc_t program_output(ses_cx_t *cx, const char *const *argv,
                                  ses_str_t *out);
/* With in and out as standard input and output, -1 = /dev/null; without out
 * what it complains of is dropped, too.  False when it fails. */
bool program_run(const char *const *argv, int in, int out);

/*
 * Go on in a process of our own, *helper its pid, that dies with this one.
 * True in there: *fd is the pipe to write to.  False here: *fd is its end to
 * read from, or -1 with errno, EBUSY while *helper > 0.
 */
bool program_helper(pid_t *helper, int *fd);

#endif
