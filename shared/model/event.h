/*
 * event - the numbered log of what became of messages
 *
 * Every fact enters through ses_event_append, in one transaction: duplicates
 * dropped, event appended, counters bumped, ledger's recipient closed,
 * address suppressed where the rules say so.
 */
#ifndef SES_MODEL_EVENT_H
#define SES_MODEL_EVENT_H

#include "model/message.h"

typedef enum { /* order is stored: append only */
               SES_EVENT_SEND,
               SES_EVENT_REJECT,
               SES_EVENT_BOUNCE,
               SES_EVENT_COMPLAINT,
               SES_EVENT_DELIVERY,
               SES_EVENT_OPEN,
               SES_EVENT_CLICK,
               SES_EVENT_RENDERING_FAILURE,
               SES_EVENT_DELIVERY_DELAY,
               SES_EVENT_SUBSCRIPTION,
               SES_EVENT_NOTICE, /* "topic validated": to one destination only
                                  */
               SES_EVENT_MAX
} ses_event_type_t;

const char *ses_event_enum(ses_event_type_t t); /* v2: "DELIVERY_DELAY" */
const char *ses_event_name(ses_event_type_t t); /* JSON: "DeliveryDelay" */
/* -1 when it is no v2 event type (NOTICE is none). */
int ses_event_type_parse(ses_str_t v2_enum);

/* What happened to one recipient of one message. */
typedef struct {
    ses_event_type_t type;
    ses_msgid_t id;        /* already resolved through aliases */
    ses_str_t recipient;   /* as the ledger spells it; "" for Send */
    ses_str_t key_extra;   /* tells repeats of one kind apart (delay=) */
    int64_t when;          /* of the fact, ms */
    ses_str_t detail;      /* JSON of the type's own object, {...} */
    bool hard;             /* a Permanent bounce or a complaint: suppress */
    ses_str_t feedback_id; /* bounces and complaints */
} ses_fact_t;

/*
 * Enter a fact.  *added = false for a repeat, for a second final fact of a
 * recipient, and for a recipient the message never had (SES_OK all the
 * same: counted by the caller).  SES_NOT_FOUND when there is no such entry.
 * Delivery and Bounce of a message still PREPARED first make it QUEUED with
 * its Send (ses_event_queued).
 */
SES_CHECK ses_rc_t ses_event_append(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_fact_t *f, bool *added);
/* Proof that Postfix has it: QUEUED, Send, Bounces of removed recipients. */
SES_CHECK ses_rc_t ses_event_queued(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id,
                                    int64_t when);
/* A plain text for one destination (contract 8.1); no fact, no message. */
SES_CHECK ses_rc_t ses_event_notice(ses_cx_t *cx, ses_txn_t *t,
                                    ses_str_t account, ses_str_t set,
                                    ses_str_t destination, ses_str_t text);
/* feedbackId for a bounce of this recipient: same input, same id. */
ses_str_t ses_event_feedback_id(ses_arena_t *a, ses_str_t region,
                                ses_msgid_t id, ses_str_t recipient,
                                ses_event_type_t type);

#define SES_EVENT_HASH 16

/* An event read back; strings point into the map. */
typedef struct {
    uint64_t seq;
    ses_event_type_t type;
    int64_t when;
    ses_str_t account;
    ses_str_t set;             /* "" = none */
    ses_str_t destination;     /* of a NOTICE */
    ses_str_t owner, identity; /* who is told of it as the owner of an
                                  identity, "" = nobody */
    ses_msgid_t id;
    ses_str_t body;               /* the event's JSON; a NOTICE's text */
    uint8_t hash[SES_EVENT_HASH]; /* names the fact: the same wherever it
                                     stands in the log; for stable ids */
} ses_event_t;

/* The end of the log: sequence of the last event. */
SES_CHECK ses_rc_t ses_event_last(ses_cx_t *cx, ses_txn_t *t, uint64_t *seq);
typedef ses_rc_t (*ses_event_fn_t)(ses_cx_t *cx, const ses_event_t *e,
                                   void *arg);
/* Every event with a sequence > after; account "" = all. */
SES_CHECK ses_rc_t ses_event_walk(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                  uint64_t after, ses_event_fn_t fn, void *arg);
/* Those of one set of one account, or of one identity (ses_notify_set), by
 * the index. */
SES_CHECK ses_rc_t ses_event_walk_set(ses_cx_t *cx, ses_txn_t *t,
                                      ses_str_t account, ses_str_t set,
                                      uint64_t after, ses_event_fn_t fn,
                                      void *arg);
/* Drop at most max events older than when with a sequence <= upto. */
SES_CHECK ses_rc_t ses_event_purge(ses_cx_t *cx, ses_txn_t *t, int64_t when,
                                   uint64_t upto, unsigned max, unsigned *n);

/* --- cursors: what a destination's subscriber has acknowledged --------- */

typedef struct {
    ses_str_t account, set, destination, subscription;
} ses_cursor_key_t;

/* Everything with a sequence <= *seq is done.  SES_NOT_FOUND = never moved:
 * it starts at the larger `start` of destination and subscription. */
SES_CHECK ses_rc_t ses_cursor_get(ses_cx_t *cx, ses_txn_t *t,
                                  const ses_cursor_key_t *k, uint64_t *seq);
SES_CHECK ses_rc_t ses_cursor_put(ses_cx_t *cx, ses_txn_t *t,
                                  const ses_cursor_key_t *k, uint64_t seq);
SES_CHECK ses_rc_t ses_cursor_del(ses_cx_t *cx, ses_txn_t *t,
                                  const ses_cursor_key_t *k);
typedef ses_rc_t (*ses_cursor_fn_t)(ses_cx_t *cx, const ses_cursor_key_t *k,
                                    uint64_t seq, void *arg);
/* Every cursor there is; the key points into the map. */
SES_CHECK ses_rc_t ses_cursor_list(ses_cx_t *cx, ses_txn_t *t,
                                   ses_cursor_fn_t fn, void *arg);
/* Dead letters: refused for good, or given up. */
SES_CHECK ses_rc_t ses_dead_put(ses_cx_t *cx, ses_txn_t *t,
                                const ses_cursor_key_t *k, uint64_t seq,
                                int64_t when, ses_str_t why);
typedef ses_rc_t (*ses_dead_fn_t)(ses_cx_t *cx, uint64_t seq, int64_t when,
                                  ses_str_t why, void *arg);
SES_CHECK ses_rc_t ses_dead_list(ses_cx_t *cx, ses_txn_t *t,
                                 const ses_cursor_key_t *k, ses_dead_fn_t fn,
                                 void *arg);
SES_CHECK ses_rc_t ses_dead_del(ses_cx_t *cx, ses_txn_t *t,
                                const ses_cursor_key_t *k, uint64_t seq);

#endif
