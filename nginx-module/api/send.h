/*
 * send - what to do next with a message that is to be sent once
 *
 * A message goes to the gate with a ticket and a send key.  Whether it was
 * accepted is read from the answer, or, where that says "duplicate" or is
 * lost, from the ledger (DESIGN section 3).  These functions decide; the
 * caller speaks SMTP, waits, and asks again.
 */
#ifndef SES_API_SEND_H
#define SES_API_SEND_H

#include "api/op.h"
#include "model/message.h"

#define SEND_LOOK_MS 50     /* between looks at a prepared entry */
#define SEND_LOOK_MAX 10000 /* ms of looking */
#define SEND_DEADLINE 50000 /* ms for everything: SDKs wait 60 s */

typedef enum {
    SEND_DONE,   /* the call's rc says how it ended */
    SEND_INJECT, /* give it to Postfix, on any connection */
    SEND_FRESH,  /* the same, on a new connection */
    SEND_LOOK    /* ask send_look in SEND_LOOK_MS */
} send_next_t;

typedef struct {
    uint8_t key[SES_SEND_KEY];
    uint8_t body[SES_BODY_HASH];
    int64_t look_until; /* monotonic us, 0 = not looking yet */
    bool again;         /* was sent once more after the ledger said so */
    bool fresh;         /* was given to a new connection */
    bool stamped;       /* was stamped anew */
    ses_str_t message_id;
} send_t;

struct api_call_s;

/* Check envelope and content, make the send key; in api_begin. */
SES_CHECK ses_rc_t send_prepare(struct api_call_s *c);
/* Was it made already?  The first question of every send. */
send_next_t send_first(struct api_call_s *c, ses_txn_t *t);
/* Still prepared? */
send_next_t send_look(struct api_call_s *c, ses_txn_t *t);
/* Postfix answered to the message, or refused the envelope. */
send_next_t send_answer(struct api_call_s *c, ses_txn_t *t, ses_str_t line);
/* The connection ended; data: after the message was begun. */
send_next_t send_lost(struct api_call_s *c, ses_txn_t *t, bool data);
/* Nobody answers, or time is over. */
send_next_t send_failed(struct api_call_s *c, const char *why);

/* "X-Sesame-Ticket: ...\r\n", stamped now; in the arena. */
ses_str_t send_ticket(struct api_call_s *c);

#endif
