/*
 * logdir - the mail log and its rotated predecessors, in their order
 */
#ifndef SES_AGENT_LOGDIR_H
#define SES_AGENT_LOGDIR_H

#include <stdint.h>

/* path is the current log.  Each returns a new descriptor, or -1 and errno. */

/* The file of this inode, rotated or not; ENOENT when it is gone. */
int logdir_inode(const char *path, uint64_t inode);
/* The file that follows the one of this inode; when that is gone the oldest
 * one written to since (ms); the current log when there is none, or when it
 * is the one of this inode. */
int logdir_next(const char *path, uint64_t inode, int64_t since);

#endif
