/*
 * milter - the milter protocol on one connection, the filter's side
 *
 * Protocol 6, as Postfix speaks it: packets of a length, a command and its
 * data (libmilter/mfdef.h names them).  Commands whose answer was negotiated
 * away come in bunches, one read brings many of them; what a command is
 * answered with goes out in one write.  One thread a connection.
 *
 * Our own, because libmilter hands every command from thread to thread: that
 * alone costs more processor time than all checks and the signature.
 */
#ifndef SESAME_GATE_MILTER_H
#define SESAME_GATE_MILTER_H

#include "base/str.h"

typedef struct milter_s milter_t; /* one connection */

typedef enum {
    MILTER_CONTINUE,
    MILTER_ACCEPT,  /* at MAIL: no more of this message */
    MILTER_REFUSED, /* milter_refuse() said how */
} milter_answer_t;

/* The stages at which Postfix defines macros, as the protocol numbers them. */
typedef enum {
    MILTER_CONNECT,
    MILTER_HELO,
    MILTER_MAIL,
    MILTER_RCPT,
    MILTER_DATA,
    MILTER_EOM,
    MILTER_EOH,
    MILTER_STAGES
} milter_stage_t;

/*
 * What a filter does.  Strings live until the call returns, and are followed
 * by a NUL.  Stages without an answer (void) were negotiated as such.
 */
typedef struct {
    uint32_t actions; /* SMFIF_*, all needed */
    uint32_t steps;   /* SMFIP_*, all needed */
    /* Names separated by blanks; NULL: what Postfix is configured to send. */
    const char *macros[MILTER_STAGES];

    /* A connection that speaks the protocol; its private value. */
    void *(*begin)(void);
    /* address: without brackets, "" when it is none of IP. */
    void (*connect)(milter_t *m, void *it, ses_str_t host, ses_str_t address);
    milter_answer_t (*mail)(milter_t *m, void *it, ses_str_t path);
    void (*rcpt)(milter_t *m, void *it, ses_str_t path);
    void (*header)(milter_t *m, void *it, ses_str_t name, ses_str_t value);
    void (*eoh)(milter_t *m, void *it);
    void (*body)(milter_t *m, void *it, const void *p, size_t n);
    milter_answer_t (*eom)(milter_t *m, void *it);
    /* The message is given up. */
    void (*abort)(milter_t *m, void *it);
    void (*end)(void *it);
} milter_calls_t;

/* Serve a connection (blocking, with its timeouts set) until its end; closes
 * it.  Why it ended otherwise than in peace is logged. */
void milter_serve(int fd, const milter_calls_t *calls);

/* A macro's value, given as "i" or "{daemon_name}"; "" when not defined.
 * Lives until the call returns. */
ses_str_t milter_macro(const milter_t *m, const char *name);

/* The SMTP reply of MILTER_REFUSED: a code of 4xx or 5xx, RFC 3463 status, a
 * line of text with each '%' doubled. */
void milter_refuse(milter_t *m, const char *code, const char *dsn,
                   const char *text);

/*
 * Edits, at the end of message only; they go out with the answer.  Values
 * are taken as they will stand, lines separated by LF; with SMFIP_HDR_LEADSPC
 * the space after the colon is theirs.  False when there are too many
 * (MILTER_OUT bytes): then no answer may accept the message.
 */
#define MILTER_OUT (4U << 20)
bool milter_add_header(milter_t *m, const char *name, const char *value);
/* The nth (from 1) of this name; value NULL: take it away. */
bool milter_change_header(milter_t *m, const char *name, unsigned nth,
                          const char *value);
/* In front of all, at = 0. */
bool milter_insert_header(milter_t *m, unsigned at, const char *name,
                          const char *value);
bool milter_change_from(milter_t *m, const char *path);
bool milter_delete_rcpt(milter_t *m, const char *path);

#endif
