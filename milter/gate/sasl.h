/*
 * sasl - SMTP logins: a server for Dovecot's authentication protocol
 */
#ifndef SESAME_GATE_SASL_H
#define SESAME_GATE_SASL_H

#include "base/buf.h"
#include "gate.h"

/* One client (an smtpd).  It has one login under way at a time. */
typedef struct {
    const gate_t *gate; /* while sasl_line runs */
    ses_arena_t *arena; /* of the last line; answers are in it */
    enum { SASL_IDLE, SASL_RESPONSE, SASL_USER, SASL_PASSWORD } waiting;
    uint64_t id; /* of the login under way */
    char user[256];
    char from[64]; /* address of who logs in, for the log */
    bool started;  /* the handshake is over */
} sasl_t;

/* The server's half of the handshake. */
ses_str_t sasl_greeting(ses_arena_t *a, uint64_t connection);
/*
 * One line without its end; *answer (in s->arena, until the next line) is
 * what to send, maybe nothing.  False: close the connection.
 */
bool sasl_line(sasl_t *s, ses_str_t line, ses_str_t *answer);

/* The server: a thread that serves the listening socket fd. */
SES_CHECK ses_rc_t sasl_start(ses_cx_t *cx, int fd);
/*
 * Accept no more, and turn each client away as soon as it has no login under
 * way: Postfix then connects anew, to the next process.
 */
void sasl_drain(void);
unsigned sasl_clients(void); /* how many there are */
void sasl_stop(void);

#endif
