/*
 * expire - have Postfix return messages of its queue to their senders
 */
#ifndef SES_AGENT_EXPIRE_H
#define SES_AGENT_EXPIRE_H

#include "base/conf.h"

#define EXPIRE_MAX 1024

/* A long queue id, as the agent says it; it is not trusted. */
typedef struct {
    char id[32];
} expire_t;

/*
 * In a process that is root: these messages are not to be delivered any more,
 * but returned at once.  One that left the queue meanwhile is no failure: a
 * long queue id is never another message's.  One on hold is returned when it
 * is released, one that is just being delivered when that fails.
 */
bool expire_apply(const ses_conf_t *conf, const expire_t *v, unsigned n);

#endif
