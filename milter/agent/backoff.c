/*
 * backoff - how long to wait before the next try
 */
#include "backoff.h"

int64_t
backoff_ms(int64_t min, int64_t max, unsigned tries)
{
    int64_t wait = min < 1 ? 1 : min;

    while (tries > 1 && wait < max) {
        wait *= 2;
        tries--;
    }
    return wait > max ? max : wait;
}
