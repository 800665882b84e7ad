/*
 * ticket - nginx's word for a message it injects
 *
 * One header, first of the message, under 1 KB:
 *
 *   X-Sesame-Ticket: 1 k=KEY a=AKID n=ACCOUNT c=ADDR r=UUID e=N o=OP
 *    s=HEX64 b=HEX32 t=MS h=HEX64
 *
 * (on one line).  h is HMAC-SHA256 over the fields and over the MAIL and
 * RCPT addresses as the milter's arguments spell them, in order, each with
 * its length before it; not over the message (DESIGN section 3).  The agent
 * stamps the service's own mail in the same way, with a key of its own.
 */
#ifndef SES_POLICY_TICKET_H
#define SES_POLICY_TICKET_H

#include "base/rc.h"
#include "model/message.h"
#include "store/keyring.h"

#define SES_TICKET_HEADER "X-Sesame-Ticket"
#define SES_TICKET_SKEW 60000 /* ms, either way */

typedef struct {
    ses_str_t access_key;
    ses_str_t account;
    ses_str_t client;     /* address */
    ses_str_t request_id; /* UUID */
    uint32_t entry;       /* of a bulk, else 0 */
    ses_str_t operation;  /* "SendEmail", "SendRawEmail", ... */
    uint8_t send_key[SES_SEND_KEY];
    uint8_t body_hash[SES_BODY_HASH];
    int64_t when; /* ms: stamped when the data is written */
} ses_ticket_t;

/* The header's value.  mail and rcpts as they stand between the brackets of
 * MAIL FROM:<> and RCPT TO:<>. */
ses_str_t ses_ticket_format(ses_arena_t *a, const ses_keyring_t *ring,
                            const ses_ticket_t *t, ses_str_t mail,
                            const ses_str_t *rcpts, unsigned n);
/* SES_FORGED (HMAC, key, envelope, shape) or SES_STALE (cx->now). */
SES_CHECK ses_rc_t ses_ticket_parse(ses_cx_t *cx, const ses_keyring_t *ring,
                                    ses_str_t value, ses_str_t mail,
                                    const ses_str_t *rcpts, unsigned n,
                                    ses_ticket_t *out);
/* The account that a ticket names, "" when it is none; not yet believed. */
ses_str_t ses_ticket_account(ses_str_t value);
/*
 * The field that nginx writes after the ticket, always: what policies may
 * ask of the call.  "tls=1 agent=BASE64", and " api=1" when it came by v1
 */
#define SES_CALLER_HEADER "X-Sesame-Caller"
ses_str_t ses_caller_format(ses_arena_t *a, bool tls, ses_str_t agent, bool v1);
/* What does not parse is left as it was. */
void ses_caller_parse(ses_arena_t *a, ses_str_t value, bool *tls,
                      ses_str_t *agent, bool *v1);

/* SHA-256 of access key id, the client's name for this send, entry. */
void ses_send_key(ses_str_t access_key, ses_str_t name, uint32_t entry,
                  uint8_t out[SES_SEND_KEY]);

#endif
