/*
 * rc - what a function has to say, and how each protocol says it
 *
 * Every function that can fail returns a ses_rc_t.  The place that knows why
 * says so once, with ses_fail; callers pass the code up.  Only dispatch.c
 * (HTTP), the gate's reply and the injector turn codes into protocol text,
 * through the one table in rc.c (contract sections 1.5, 3.3, 5.3, 5.4).
 */
#ifndef SES_BASE_RC_H
#define SES_BASE_RC_H

#include "base/arena.h"
#include "base/str.h"

typedef enum {
    SES_OK = 0,
    SES_NOT_FOUND,      /* an answer more often than an error */
    SES_EXISTS,         /* create with a name in use */
    SES_CONFLICT,       /* state forbids it */
    SES_MODIFIED,       /* another writer was faster; try again */
    SES_INVALID,        /* bad input */
    SES_BAD_TOKEN,      /* NextToken is not ours or not for this list */
    SES_DENIED,         /* policy says no */
    SES_REJECTED,       /* the message may not be sent */
    SES_PAUSED,         /* a sending switch is off */
    SES_SUSPENDED,      /* the account is stopped */
    SES_MAIL_FROM,      /* custom MAIL FROM not ready */
    SES_LIMIT,          /* too many of a resource */
    SES_QUOTA,          /* rolling 24 hours used up */
    SES_THROTTLED,      /* too fast */
    SES_BUSY,           /* not now: retry */
    SES_FAULT,          /* ours; logged where it happened */
    SES_NO_CREDENTIALS, /* no signature at all */
    SES_INCOMPLETE,     /* malformed Authorization */
    SES_BAD_SIGNATURE,  /* differs, expired, wrong scope */
    SES_UNKNOWN_KEY,    /* unknown or inactive access key, bad token */
    SES_EXPIRED,        /* a session token whose time is over */
    SES_OVERDUE,        /* a presigned request, likewise */
    SES_SERIALIZATION,  /* not JSON, or JSON of the wrong type */
    SES_NO_OPERATION,   /* no such route or action */
    SES_TOO_LARGE,      /* body or message above its limit */
    SES_STALE,          /* a ticket older than it may be: stamp anew */
    SES_FORGED,         /* a ticket that is not nginx's word */
    SES_DUPLICATE,      /* this send was made already; text = message id */
    SES_SET_PAUSED,     /* the sending switch of a configuration set is off */
    SES_SET_UNKNOWN,    /* a send names a configuration set that is not */
    SES_RC_MAX
} ses_rc_t;

#define SES_CHECK __attribute__((warn_unused_result))

/* What travels through every call made for one request, message or job. */
typedef struct {
    ses_arena_t *arena;
    int64_t now;          /* milliseconds since the epoch; a parameter, so */
                          /* that tests need not wait */
    ses_str_t account;    /* 12 digits of the verified caller; never input */
    ses_str_t caller;     /* ARN of the verified caller, "" for a daemon */
    ses_str_t request_id; /* for the journal and the log */
    ses_rc_t why_rc;      /* code of the first failure */
    ses_str_t why;        /* its text; p == NULL is the text null */
} ses_cx_t;

/* A context on arena at time now; everything else empty. */
ses_cx_t ses_cx(ses_arena_t *arena, int64_t now);

/*
 * Say why, once: keeps the text of the first failure and returns rc.  The
 * text is what a client reads (contract); for SES_FAULT it is only logged.
 */
ses_rc_t ses_fail(ses_cx_t *cx, ses_rc_t rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A failure whose wire text is null (contract 1.5). */
ses_rc_t ses_fail_null(ses_cx_t *cx, ses_rc_t rc);
/* Forget the failure: the caller deals with it. */
void ses_cx_clear(ses_cx_t *cx);

/* One row of the table: how a code looks in each protocol. */
typedef struct {
    const char *name;   /* for the log */
    int http;           /* v2 status */
    const char *v2;     /* exception */
    int v1_http;        /* v1 status */
    const char *v1;     /* code */
    int smtp;           /* reply code */
    const char *dsn;    /* enhanced status */
    const char *prefix; /* SES's words before the text (contract 5.4) */
    const char *text;   /* the text when nobody gave one, or it is ours */
} ses_rc_row_t;

const ses_rc_row_t *ses_rc_row(ses_rc_t rc);
const char *ses_rc_name(ses_rc_t rc);

/*
 * The SMTP reply for rc and why: *code and *dsn are static, *text is in the
 * arena, one line of at most 480 bytes of printable ASCII.
 */
void ses_rc_smtp(ses_arena_t *a, ses_rc_t rc, ses_str_t why, int *code,
                 const char **dsn, ses_str_t *text);

/*
 * The table backwards: what the gate meant by an SMTP reply.  line is a
 * whole last reply line without CRLF ("554 5.7.1 Message rejected: ...");
 * *why (in line's memory or the arena) is the text for the API.  A reply
 * that is not the gate's gives SES_BUSY for 4xx, SES_INVALID for 5xx with
 * Postfix's text.
 */
ses_rc_t ses_rc_from_smtp(ses_arena_t *a, ses_str_t line, ses_str_t *why);

#endif
