/*
 * context - a libunbound context as sesame.conf says
 *
 * The one library below shared/ that opens sockets: the agent and sesamectl
 * link it beside libsesame, nginx and the gate do not.
 */
#ifndef SES_RESOLVE_CONTEXT_H
#define SES_RESOLVE_CONTEXT_H

#include <stdbool.h>
#include <unbound.h>

#include "base/conf.h"

/*
 * It asks the servers of `resolver` (or the system's), validates when there
 * is a `dns_trust_anchor`, and remembers no answer: who publishes a record
 * and looks at it must see it.  With `threaded` ub_resolve_async works in a
 * thread of the library's.  The caller ends it with ub_ctx_delete; NULL on
 * failure, and then *error is libunbound's.
 */
struct ub_ctx *ses_resolve_context(const ses_conf_t *conf, bool threaded,
                                   int *error);

#endif
