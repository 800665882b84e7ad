/*
 * idmap - which message a queue id of the log stands for
 *
 * Filled from qmgr's from= lines, whose sender is our token; a queue id that
 * is not here is asked of the ledger.  Bounded: when full the one not seen
 * for longest makes room.  One thread.
 */
#ifndef SES_AGENT_IDMAP_H
#define SES_AGENT_IDMAP_H

#include "base/id.h"

typedef struct idmap_s idmap_t;

typedef enum { IDMAP_UNKNOWN, IDMAP_OURS, IDMAP_FOREIGN } idmap_kind_t;

idmap_t *idmap_new(void);
void idmap_free(idmap_t *m);

/* *id is set for IDMAP_OURS. */
idmap_kind_t idmap_find(idmap_t *m, ses_str_t queue_id, ses_msgid_t *id);
void idmap_put(idmap_t *m, ses_str_t queue_id, idmap_kind_t kind,
               ses_msgid_t id);
/* It left the queue: no more lines. */
void idmap_del(idmap_t *m, ses_str_t queue_id);

#endif
