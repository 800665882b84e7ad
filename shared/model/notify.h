/*
 * notify - what the owner of an identity is told by SNS (contract 8.1)
 *
 * Of its mail's bounces, complaints and deliveries, each to a topic of its
 * own; a part of the identity's row.  For the log and its cursors an identity
 * stands where else a configuration set does, under a name that no set has.
 */
#ifndef SES_MODEL_NOTIFY_H
#define SES_MODEL_NOTIFY_H

#include "base/json.h"
#include "model/event.h"

typedef enum { /* order is stored in the index: append only */
               SES_NOTIFY_BOUNCE,
               SES_NOTIFY_COMPLAINT,
               SES_NOTIFY_DELIVERY,
               SES_NOTIFY_MAX
} ses_notify_kind_t;

typedef struct {
    ses_str_t topic_arn; /* "" = none */
    bool headers;        /* with the original's header fields */
    uint64_t start;      /* events with a sequence > start are owed */
} ses_notify_t;

const char *ses_notify_name(ses_notify_kind_t k); /* "Bounce" ... */
bool ses_notify_parse(ses_str_t s, ses_notify_kind_t *out);
ses_event_type_t ses_notify_event(ses_notify_kind_t k);
/* The kind of an event; false when there is none for it. */
bool ses_notify_of(ses_event_type_t type, ses_notify_kind_t *out);

/* Members of an identity's row; out has SES_NOTIFY_MAX elements. */
void ses_notify_decode(ses_cx_t *cx, const cJSON *row, ses_notify_t *out);
void ses_notify_encode(ses_jsonw_t *w, const ses_notify_t *n);
/* Bits of the kinds that have a topic: the value in SES_DB_NOTIFY. */
uint8_t ses_notify_bits(const ses_notify_t *n);

/* "identity/NAME", and back; false for a configuration set. */
ses_str_t ses_notify_set(ses_arena_t *a, ses_str_t identity);
bool ses_notify_set_parse(ses_str_t set, ses_str_t *identity);

/* Is the owner told of events of this kind?  By the index alone. */
SES_CHECK ses_rc_t ses_notify_wanted(ses_cx_t *cx, ses_txn_t *t,
                                     ses_str_t account, ses_str_t identity,
                                     ses_notify_kind_t k, bool *out);
typedef ses_rc_t (*ses_notify_fn_t)(ses_cx_t *cx, ses_str_t account,
                                    ses_str_t identity, void *arg);
/* Identities, of all accounts, whose owners are told of anything. */
SES_CHECK ses_rc_t ses_notify_list(ses_cx_t *cx, ses_txn_t *t,
                                   ses_notify_fn_t fn, void *arg);

#endif
