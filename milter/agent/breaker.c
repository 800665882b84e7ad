/*
 * breaker - leave an endpoint alone that keeps failing
 *
 * Only the opening failure and the probes count for the wait: the rest of
 * the window, which fails at the same moment, says nothing new.
 */
#include "breaker.h"

#include "backoff.h"

#define STREAK 3

bool
breaker_open(const breaker_t *b)
{
    return b->rounds != 0;
}

bool
breaker_allows(const breaker_t *b, int64_t now, bool *probe)
{
    *probe = breaker_open(b);
    return !*probe || (!b->probing && now >= b->until);
}

void
breaker_sent(breaker_t *b, bool probe)
{
    if (probe)
        b->probing = true;
}

bool
breaker_ok(breaker_t *b)
{
    bool was_open = breaker_open(b);

    *b = (breaker_t){0};
    return was_open;
}

bool
breaker_failed(breaker_t *b, bool probe, int64_t now, int64_t min, int64_t max)
{
    if (breaker_open(b)) {
        if (probe) {
            b->probing = false;
            b->until = now + backoff_ms(min, max, ++b->rounds);
        }
        return false;
    }
    if (++b->streak < STREAK)
        return false;
    b->rounds = 1;
    b->until = now + backoff_ms(min, max, b->rounds);
    return true;
}

void
breaker_cancelled(breaker_t *b, bool probe)
{
    if (probe)
        b->probing = false;
}
