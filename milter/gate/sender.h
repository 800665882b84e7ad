/*
 * sender - whose message is it?
 */
#ifndef SESAME_GATE_SENDER_H
#define SESAME_GATE_SENDER_H

#include "session.h"

typedef enum {
    SENDER_OURS,  /* an account's, or will be by its ticket: go on */
    SENDER_PASS,  /* nobody's: Postfix needs not show us more of it */
    SENDER_REFUSE /* with session's refusal */
} sender_t;

/* What Postfix says at MAIL; each may be empty. */
typedef struct {
    ses_str_t rewritten; /* {mail_addr} */
    ses_str_t type;      /* {auth_type} */
    ses_str_t login;     /* {auth_authen} */
    ses_str_t queue_id;  /* {i}: there already when no client brought it */
} sender_macros_t;

sender_t sender_mail(session_t *s, const sender_macros_t *say);
/* The first header field of a message from the injection service; true when
 * it is a ticket (good or not) and no part of the message. */
bool sender_ticket(session_t *s, ses_str_t name, ses_str_t value);
/* Is the caller's key still good?  Sets account and caller. */
SES_CHECK ses_rc_t sender_check(session_t *s, ses_txn_t *t);

#endif
