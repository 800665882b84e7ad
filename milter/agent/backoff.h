/*
 * backoff - how long to wait before the next try
 */
#ifndef SES_AGENT_BACKOFF_H
#define SES_AGENT_BACKOFF_H

#include <stdint.h>

/* Milliseconds to wait after the tries-th failure (1 = the first): min,
 * doubled each time, at most max. */
int64_t backoff_ms(int64_t min, int64_t max, unsigned tries);

#endif
