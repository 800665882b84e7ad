/*
 * smtp - the client's side of one SMTP connection to Postfix
 *
 * Bytes in, events out; the caller reads, writes and keeps the time
 * (reference postfix.md section 2).  One message:
 *
 *   smtp_envelope  -> write it -> SMTP_GO       all accepted
 *                              -> SMTP_REFUSED  s->line; RSET is to follow
 *   smtp_chunk     -> write it and the data -> SMTP_ANSWER  s->line
 *   smtp_reset     -> write it -> SMTP_READY
 */
#ifndef SES_API_SMTP_H
#define SES_API_SMTP_H

#include "base/buf.h"

#define SMTP_LINE 1024 /* longest reply line */

typedef enum {
    SMTP_WAIT_BANNER,
    SMTP_WAIT_EHLO,
    SMTP_IDLE,
    SMTP_WAIT_ENVELOPE,
    SMTP_ACCEPTED,
    SMTP_WAIT_ANSWER,
    SMTP_WAIT_RESET
} smtp_state_t;

typedef enum {
    SMTP_MORE,    /* bytes are used up; read on */
    SMTP_HELLO,   /* the banner came: write smtp_ehlo */
    SMTP_READY,   /* idle: may take a message */
    SMTP_GO,      /* write chunk and data */
    SMTP_REFUSED, /* line says why; write RSET */
    SMTP_ANSWER,  /* line is the answer to the message */
    SMTP_BROKEN   /* drop the connection; line may say why, or be empty */
} smtp_event_t;

typedef struct {
    smtp_state_t state;
    bool chunking;
    unsigned expect; /* replies of the envelope still to come */
    bool refused;
    char text[SMTP_LINE]; /* line being collected */
    size_t n;
    char kept[SMTP_LINE]; /* the reply that counts */
    ses_str_t line;       /* in kept, without CRLF */
} smtp_t;

void smtp_init(smtp_t *s);
/* Take bytes from *in up to the next event; *in is what is left. */
smtp_event_t smtp_feed(smtp_t *s, ses_str_t *in);

/* What to write. */
ses_str_t smtp_ehlo(ses_arena_t *a, ses_str_t name);
ses_str_t smtp_envelope(smtp_t *s, ses_arena_t *a, ses_str_t mail,
                        const ses_str_t *rcpts, unsigned n);
/* "BDAT n LAST" */
ses_str_t smtp_chunk(smtp_t *s, ses_arena_t *a, size_t n);
ses_str_t smtp_reset(smtp_t *s);

/* After this reply only a new connection is of use. */
bool smtp_is_lost(ses_str_t line);

#endif
