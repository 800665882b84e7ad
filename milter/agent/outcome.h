/*
 * outcome - what became of one recipient, as an event
 *
 * The log, a DSN and a complaint tell of the same things; here they become
 * the same facts, with the JSON of contract 8.3.  All of it inside the
 * transaction that is given.
 */
#ifndef SES_AGENT_OUTCOME_H
#define SES_AGENT_OUTCOME_H

#include "agent.h"
#include "model/event.h"

typedef struct {
    ses_str_t rcpt;       /* as the ledger spells it */
    int64_t when;         /* ms */
    ses_str_t status;     /* 5.1.1 */
    ses_str_t text;       /* the remote's words, or Postfix's */
    ses_str_t diagnostic; /* "smtp; 550 5.1.1 ..." */
    ses_str_t remote_ip;  /* "" = not known */
    ses_str_t reporter;   /* "mta.example.net": who says so */
    ses_str_t key_extra;  /* of a delay: tells attempts apart */
    bool expired;         /* the queue lifetime is over */
} outcome_t;

typedef struct {
    ses_str_t rcpt;
    int64_t when;
    ses_str_t type; /* complaintFeedbackType */
    ses_str_t user_agent;
    int64_t arrival; /* 0 = not said */
    bool suppress;   /* the recipient does not want more */
} complaint_t;

/* How long Postfix may try to deliver it, ms. */
int64_t outcome_patience(const agent_t *a, const ses_message_t *m);

/* *added as ses_event_append says it. */
SES_CHECK ses_rc_t outcome_delivered(const agent_t *a, ses_cx_t *cx,
                                     ses_txn_t *t, const ses_message_t *m,
                                     const outcome_t *o, bool *added);
SES_CHECK ses_rc_t outcome_delayed(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                                   const ses_message_t *m, const outcome_t *o,
                                   bool *added);
SES_CHECK ses_rc_t outcome_bounced(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                                   const ses_message_t *m, const outcome_t *o,
                                   bool *added);
SES_CHECK ses_rc_t outcome_complained(const agent_t *a, ses_cx_t *cx,
                                      ses_txn_t *t, const ses_message_t *m,
                                      const complaint_t *c, bool *added);

#endif
