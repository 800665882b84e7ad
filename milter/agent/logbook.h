/*
 * logbook - what a line of the log means for the ledger
 *
 * First whose line it is, without the store; then, in a transaction, what
 * follows from it: proof that Postfix has a message or does not, and what
 * became of its recipients.  One thread.
 */
#ifndef SES_AGENT_LOGBOOK_H
#define SES_AGENT_LOGBOOK_H

#include "agent.h"
#include "deferral.h"
#include "idmap.h"
#include "maillog.h"

typedef struct {
    agent_t *agent;
    idmap_t *ids;
    deferral_t *deferrals;
} logbook_t;

/* A fact, waiting to be committed; strings point into the line. */
typedef struct {
    maillog_t line;
    int64_t when;
    ses_msgid_t id;  /* of the message, or of its queue file */
    ses_msgid_t own; /* of the queue file, when has_own */
    bool has_own;
    bool proven; /* its from= line was seen before */
} logbook_entry_t;

void logbook_init(logbook_t *b, agent_t *agent);
void logbook_free(logbook_t *b);

/* False: nothing to remember about this line. */
bool logbook_read(logbook_t *b, ses_cx_t *cx, ses_str_t line,
                  logbook_entry_t *out);
/* SES_OK also when it turns out to be no message of ours. */
SES_CHECK ses_rc_t logbook_apply(logbook_t *b, ses_cx_t *cx, ses_txn_t *t,
                                 const logbook_entry_t *e);

#endif
