/*
 * seeded - numbers for property tests; a failure prints how to repeat it
 *
 * SESAME_SEED in the environment repeats a run.
 */
#ifndef SES_TEST_SEEDED_H
#define SES_TEST_SEEDED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    uint64_t seed;
    uint64_t state;
} seeded_t;

static inline seeded_t
seeded(void)
{
    const char *given = getenv("SESAME_SEED");
    seeded_t s;

    s.seed = given != NULL ? strtoull(given, NULL, 0)
                           : (uint64_t) time(NULL) * 2654435761u + 1;
    s.state = s.seed;
    return s;
}

/* splitmix64 */
static inline uint64_t
seeded_next(seeded_t *s)
{
    uint64_t z = (s->state += 0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* 0 .. n - 1 */
static inline unsigned
seeded_below(seeded_t *s, unsigned n)
{
    return (unsigned) (seeded_next(s) % n);
}

#define SEEDED_FAIL(s, ...)                                                    \
    do {                                                                       \
        fprintf(stderr, "SESAME_SEED=%llu\n", (unsigned long long) (s)->seed); \
        fail_msg(__VA_ARGS__);                                                 \
    } while (0)

#endif
