/*
 * root - the parent that stays root, and what the agent may ask of it
 *
 * It opens the mail log and its rotated predecessors, runs the queue listing,
 * writes the source addresses into Postfix's files (poolfile.h) and has
 * messages returned to their senders (expire.h); nothing else.  Requests and
 * answers are packets of a socketpair, descriptors travel as SCM_RIGHTS.  The
 * asking side is not trusted: it names an inode, an address or a queue id,
 * never a path.
 */
#ifndef SES_AGENT_ROOT_H
#define SES_AGENT_ROOT_H

#include <sys/types.h>

#include "base/conf.h"
#include "expire.h"
#include "poolfile.h"

/* --- the parent ---------------------------------------------------------- */

/*
 * Serve fd until child ends, passing SIGTERM, SIGINT and SIGHUP on to it
 * (all three and SIGCHLD are blocked by the caller).  Returns the child's
 * exit status, 128 + signal when it was killed.
 */
int root_serve(const ses_conf_t *conf, int fd, pid_t child);

/* --- the agent: any thread ----------------------------------------------- */

/* Each returns a new descriptor, or -1 with errno. */

/* The log file of this inode, rotated or not; ENOENT when it is gone. */
int root_log_inode(int fd, uint64_t inode);
/* The file that follows the one of this inode; when that is gone the oldest
 * one written to since (ms); the current log when there is none, or when it
 * is the one of this inode. */
int root_log_next(int fd, uint64_t inode, int64_t since);
/* A pipe with the output of "postqueue -j" and a last line QUEUE_END when it
 * was complete. */
int root_queue(int fd);

/* A pipe that says "ok" once Postfix has the n addresses, or ends. */
int root_pools(int fd, const poolfile_source_t *v, unsigned n);
/* A pipe that says "ok" once Postfix knows that n messages are to expire, or
 * ends. */
int root_expire(int fd, const expire_t *v, unsigned n);

#define ROOT_QUEUE_END "{\"end\": true}"

#endif
