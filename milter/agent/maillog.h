/*
 * maillog - one line of Postfix's log: bytes in, struct out
 *
 * No store, no state.  Everything a stranger can influence stands in
 * addresses, in the relay's name and in the text between the brackets at
 * the end: fields are taken in their order from a known prefix, never
 * searched for.
 */
#ifndef SES_AGENT_MAILLOG_H
#define SES_AGENT_MAILLOG_H

#include "base/str.h"

typedef enum {
    MAILLOG_NONE,     /* nothing that we need */
    MAILLOG_QUEUED,   /* qmgr: from=<sender> */
    MAILLOG_SENT,     /* a recipient: status=sent */
    MAILLOG_DEFERRED, /* a recipient: status=deferred */
    MAILLOG_BOUNCED,  /* a recipient: status=bounced */
    MAILLOG_EXPIRED,  /* the message: status=expired */
    MAILLOG_REFUSED,  /* cleanup did not take the message */
    MAILLOG_REQUEUED, /* pickup: orig_id= */
    MAILLOG_REMOVED,  /* qmgr: the message left the queue, all is done */
    MAILLOG_DELETED,  /* postsuper -d: the message left the queue */
    MAILLOG_LOST      /* lines from before this may be missing; no queue_id */
} maillog_kind_t;

/* Strings point into the line; "" where the kind has no such field. */
typedef struct {
    maillog_kind_t kind;
    ses_str_t stamp; /* as written */
    ses_str_t host;
    ses_str_t queue_id;
    ses_str_t sender;    /* QUEUED, EXPIRED: between <> */
    ses_str_t rcpt;      /* as logged, between <> */
    ses_str_t orig_rcpt; /* orig_to= */
    ses_str_t relay;     /* host[address]:port */
    ses_str_t delay;     /* digits */
    ses_str_t dsn;       /* 5.1.1 */
    ses_str_t text;      /* what stands between the brackets */
    ses_str_t orig_id;   /* REQUEUED */
} maillog_t;

/* False: a line of no interest, or not Postfix's. */
bool maillog_parse(ses_str_t line, maillog_t *out);

/*
 * When a line was written, in ms: the log has whole seconds in local time
 * and no year (or RFC 3339), so the answer is the moment in that second
 * that is nearest to now, and now itself when the stamp makes no sense.
 */
int64_t maillog_time(ses_str_t stamp, int64_t now);

/* The address of relay=: "" unless it is an IP address. */
ses_str_t maillog_relay_ip(ses_str_t relay);
/* What the remote said in text ("host x[y] said: 550 ... (in reply to RCPT
 * TO command)" gives "550 ..."); "" when the words are Postfix's own. */
ses_str_t maillog_said(ses_str_t text);

#endif
