/*
 * queue - what Postfix's queue holds, as far as some messages are concerned
 */
#ifndef SES_AGENT_QUEUE_H
#define SES_AGENT_QUEUE_H

#include "agent.h"
#include "base/id.h"

/* A message that is looked for. */
typedef struct {
    ses_msgid_t id;
    bool unsure; /* not being listed proves nothing */
    bool open;   /* known to have been queued */
    bool gone;   /* known to have left, a grace ago */
    bool listed; /* out: the listing shows its token or queue id */
} suspect_t;

/* A message of the queue, and which of ours it is by its sender's token;
 * NULL = not one of ours.  Strings live until fn returns. */
typedef void (*queue_fn_t)(void *arg, ses_str_t queue_id,
                           const ses_msgid_t *id);
/* List the queue.  False (and logged) when the listing was not whole. */
bool queue_each(agent_t *a, ses_cx_t *cx, queue_fn_t fn, void *arg);

/*
 * List the queue and mark the suspects that are in it.  False (and logged)
 * when the listing was not whole: then nothing may be concluded.
 */
bool queue_list(agent_t *a, ses_cx_t *cx, suspect_t *suspects, unsigned n);

#endif
