/*
 * breaker - leave an endpoint alone that keeps failing
 *
 * After a few failures in a row with no success between them it opens:
 * nothing is sent.  When the wait is over one probe goes out; its failure
 * doubles the wait, any success closes the breaker.  One message that fails
 * among others that do not never opens it.
 */
#ifndef SES_AGENT_BREAKER_H
#define SES_AGENT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    unsigned streak; /* failures in a row while closed */
    unsigned rounds; /* probes that failed, plus the opening; 0 = closed */
    int64_t until;   /* open: no probe before this time */
    bool probing;    /* the probe is under way */
} breaker_t;

bool breaker_open(const breaker_t *b);
/* May one more be sent now?  *probe = it is the probe, say so at the end. */
bool breaker_allows(const breaker_t *b, int64_t now, bool *probe);
void breaker_sent(breaker_t *b, bool probe);
/* True when this success closed it. */
bool breaker_ok(breaker_t *b);
/* True when this failure opened it. */
bool breaker_failed(breaker_t *b, bool probe, int64_t now, int64_t min,
                    int64_t max);
/* The probe was called off. */
void breaker_cancelled(breaker_t *b, bool probe);

#endif
