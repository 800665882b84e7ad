/*
 * session - what the gate knows of one connection and of its message
 *
 * A session belongs to one callback at a time.  Everything of a message
 * lives in its arena, which is reset at the next MAIL.
 */
#ifndef SESAME_GATE_SESSION_H
#define SESAME_GATE_SESSION_H

#include "body.h"
#include "gate.h"
#include "model/credential.h"
#include "parts.h"
#include "policy/ticket.h"
#include "policy/verdict.h"
#include "rewrite.h"
#include "sign.h"

/* What says whose message it is. */
typedef enum { OWNER_NONE, OWNER_TICKET, OWNER_LOGIN, OWNER_BOUND } owner_t;

/* What a binding of sesame.conf said; outlives a change of that file. */
typedef struct {
    ses_str_t account; /* "" = nobody's */
    ses_str_t user;    /* IAM user, "" = the account itself */
    const char *kind;  /* of condition */
    unsigned line;
} bound_t;

typedef struct {
    ses_cx_t cx;      /* account and caller once they are known */
    int64_t began_us; /* monotonic */
    owner_t owner;
    bound_t bound;    /* when owner is OWNER_BOUND */
    bool local;       /* brought by sendmail, not by a client */
    ses_rc_t refused; /* the verdict so far; its text is in cx.why */
    ses_str_t mail;   /* MAIL FROM's argument, as spelled */
    ses_str_t *paths; /* RCPT TO's arguments, as spelled */
    unsigned npaths;  /* at most conf.max_recipients + 1 are kept */
    uint64_t nrcpts;  /* all that were given */
    bool header_seen; /* the first field has come */
    ses_headers_t header;
    body_t body;
    parts_t parts;
    bool rejected; /* accepted, but its content is bad: it goes to nobody */

    ses_str_t access_key; /* of the caller; "" when bound */
    ses_str_t user;       /* "" = the account itself */
    bool iam;             /* the user's policies count */
    ses_str_t narrowed;   /* key of a session whose policy does, too; "" */
    ses_str_t client;     /* address of whoever sent it */
    ses_str_t operation;  /* SendEmail, SendRawEmail, SendSmtpEmail */
    bool has_ticket;
    ses_ticket_t ticket;

    ses_msgid_t id; /* from EOH on */
    ses_str_t id_text;
    ses_verdict_t verdict;
    uint64_t journal;          /* control objects as the verdict saw them */
    stamp_t stamp;             /* what goes into the header */
    ses_headers_t leaving;     /* the header as it will leave */
    sign_key_t keys[SIGN_MAX]; /* who signs; none = not signed */
    unsigned nkeys;
    sign_t *sign; /* NULL = not signed */
    ses_str_t signatures[SIGN_MAX];
    unsigned nsignatures;
} message_t;

typedef struct {
    const gate_t *gate;   /* since MAIL, or since the connection began */
    bool under_way;       /* between MAIL and the message's end */
    ses_arena_t *lasting; /* of the connection */
    ses_str_t daemon;     /* {daemon_name}: which service of Postfix */
    ses_str_t client;     /* address, "" when unknown */
    ses_str_t tls;        /* {tls_version}, "" = none */
    bool portless;        /* Postfix made the client up: there is none */
    ses_arena_t *arena;   /* of the message */
    message_t m;
} session_t;

session_t *session_new(void);
/* Which service it is of, and nothing else yet; Postfix tells when it must,
 * at the first MAIL. */
void session_connect(session_t *s, ses_str_t daemon);
void session_free(session_t *s); /* NULL is fine */
/* A new message, under the newest configuration: everything of the last one
 * is forgotten. */
void session_begin(session_t *s, ses_str_t mail);
/* Forget the message. */
void session_end(session_t *s);
/* Keep the first refusal; returns rc. */
ses_rc_t session_refuse(session_t *s, ses_rc_t rc);

#endif
