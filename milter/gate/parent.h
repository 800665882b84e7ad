/*
 * parent - the process that stands for the worker
 */
#ifndef SESAME_GATE_PARENT_H
#define SESAME_GATE_PARENT_H

#include <sys/types.h>

/*
 * Serve until the worker ends or a signal asks to: SIGTERM, SIGINT, SIGHUP
 * and SIGCHLD are blocked by the caller.  fd leads to the worker (worker.h).
 * Returns the exit status.
 */
int parent_run(int fd, pid_t worker);

#endif
