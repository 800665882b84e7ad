/*
 * probe - does somebody answer there?
 */
#ifndef SESAMECTL_PROBE_H
#define SESAMECTL_PROBE_H

#include "base/arena.h"
#include "base/str.h"

/*
 * Connect to "unix:PATH" or "HOST:PORT", send `send` and read until `expect`
 * stands in the answer, all within five seconds.  NULL when it does, else
 * what happened instead (static or in the arena).
 */
const char *probe(ses_arena_t *a, const char *where, ses_str_t send,
                  ses_str_t expect);

#endif
