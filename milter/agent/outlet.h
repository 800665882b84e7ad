/*
 * outlet - one subscriber of one destination, and what it is still owed
 *
 * The publisher's unit of delivery: its own cursor, its own bounded list of
 * events that were read but not acknowledged, its own window and breaker.
 * Events of one message leave one after the other; those of different
 * messages leave side by side.  Knows neither the store nor HTTP.
 */
#ifndef SES_AGENT_OUTLET_H
#define SES_AGENT_OUTLET_H

#include "base/id.h"
#include "breaker.h"
#include "model/event.h"

/* An event that is owed. */
typedef struct item_s {
    uint64_t seq;
    uint8_t message[SES_MSGID_KEY];
    bool single;          /* of no message: waits for nobody */
    unsigned tries;       /* that failed */
    int64_t first;        /* time of the first try, 0 = none yet */
    int64_t next;         /* not before this time */
    bool probe;           /* sent as the breaker's probe */
    void *job;            /* in flight: the HTTP request */
    struct item_s *after; /* goes out when that one is done */
    struct outlet_s *outlet;
    struct item_s *up, *down;
} item_t;

/* An event that was given up, until the store has it. */
typedef struct dead_s {
    uint64_t seq;
    int64_t when;
    char why[160];
    struct dead_s *next;
} dead_t;

/* What the roster knows of it; strings belong to the outlet. */
typedef struct {
    ses_cursor_key_t key;
    ses_str_t topic_arn, arn; /* of the subscription */
    ses_str_t endpoint;       /* NUL-terminated */
    bool raw;
    bool notification, headers; /* of an identity; with header fields */
    unsigned types;
    uint64_t start; /* of destination and subscription, the larger */
} outlet_info_t;

typedef struct {
    int64_t retry_min, retry_max, max_age;
    unsigned window, max_tries;
} outlet_limits_t;

typedef struct outlet_s {
    outlet_info_t info;
    void *owner; /* the publisher */

    bool live;     /* up to date: gets events from the common tail */
    uint64_t read; /* not live: events up to here were read */
    item_t *head, *tail;
    unsigned items, in_flight, window;
    breaker_t breaker;

    uint64_t stored; /* the cursor in the store */
    bool has_cursor; /* there is one in the store */
    bool acked;      /* something was acknowledged since it was stored */
    dead_t *dead;
} outlet_t;

/* Copies info.  Nothing is read yet: outlet_reset says from where. */
outlet_t *outlet_new(const outlet_info_t *info, const outlet_limits_t *l);
/* The caller has called off what is in flight. */
void outlet_free(outlet_t *o);
/* Endpoint or types changed; the key has not. */
void outlet_update(outlet_t *o, const outlet_info_t *info);

/* Forget everything and go on after seq. */
void outlet_reset(outlet_t *o, uint64_t seq);
bool outlet_wants(const outlet_t *o, const ses_event_t *e);
bool outlet_room(const outlet_t *o, const outlet_limits_t *l);
/* Remember that event; sequences only grow. */
void outlet_add(outlet_t *o, const ses_event_t *e);

/* The next event to send now, or NULL.  outlet_sent once it is under way. */
item_t *outlet_next(outlet_t *o, int64_t now, bool *probe);
void outlet_sent(outlet_t *o, item_t *it, bool probe, int64_t now, void *job);

/* Acknowledged, or not needed any more.  True = it closed the breaker. */
bool outlet_done(outlet_t *o, const outlet_limits_t *l, item_t *it);
/* Refused for good: a dead letter; the endpoint itself is well. */
bool outlet_refused(outlet_t *o, const outlet_limits_t *l, item_t *it,
                    int64_t now, const char *why);
/* To be tried again, or, after too many tries, a dead letter.  True = it
 * opened the breaker. */
bool outlet_failed(outlet_t *o, const outlet_limits_t *l, item_t *it,
                   int64_t now, const char *why);

/* Everything up to here is done; log_end = what live outlets have read. */
uint64_t outlet_cursor(const outlet_t *o, uint64_t log_end);

#endif
