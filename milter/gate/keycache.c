/*
 * keycache - a bounded map from bytes to something made of them at some cost
 *
 * Found by SHA-256 of the bytes, in a set of four places; the place that was
 * not used for longest is taken.
 */
#include "keycache.h"

#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"

#define SETS 512
#define WAYS 4

struct place {
    uint8_t digest[SES_SHA256];
    void *value;
    uint64_t used;
};

struct keycache_s {
    pthread_mutex_t lock;
    void *(*take)(void *, void *);
    void (*drop)(void *);
    uint64_t clock, hits;
    struct place places[SETS][WAYS];
};

keycache_t *
keycache_new(void *(*take)(void *, void *), void (*drop)(void *))
{
    keycache_t *c = ses_xcalloc(sizeof(*c));

    pthread_mutex_init(&c->lock, NULL);
    c->take = take;
    c->drop = drop;
    return c;
}

void
keycache_free(keycache_t *c)
{
    size_t s, w;

    if (c == NULL)
        return;
    for (s = 0; s < SETS; s++)
        for (w = 0; w < WAYS; w++)
            if (c->places[s][w].value != NULL)
                c->drop(c->places[s][w].value);
    pthread_mutex_destroy(&c->lock);
    ses_xfree(c);
}

/* The place of digest, or NULL; *oldest is the one to give up. */
static struct place *
find(keycache_t *c, const uint8_t digest[SES_SHA256], struct place **oldest)
{
    struct place *set = c->places[(digest[0] | digest[1] << 8) % SETS];
    size_t w;

    *oldest = &set[0];
    for (w = 0; w < WAYS; w++) {
        if (set[w].value != NULL &&
            memcmp(set[w].digest, digest, SES_SHA256) == 0)
            return &set[w];
        if (set[w].used < (*oldest)->used)
            *oldest = &set[w];
    }
    return NULL;
}

void *
keycache_get(keycache_t *c, const void *key, size_t n, void *arg)
{
    uint8_t digest[SES_SHA256];
    struct place *p, *oldest;
    void *got = NULL;

    ses_sha256(ses_str_n(key, n), digest);
    pthread_mutex_lock(&c->lock);
    if ((p = find(c, digest, &oldest)) != NULL) {
        p->used = ++c->clock;
        c->hits++;
        got = c->take(p->value, arg);
    }
    pthread_mutex_unlock(&c->lock);
    return got;
}

void
keycache_put(keycache_t *c, const void *key, size_t n, void *value)
{
    uint8_t digest[SES_SHA256];
    struct place *p, *oldest;
    void *old;

    ses_sha256(ses_str_n(key, n), digest);
    pthread_mutex_lock(&c->lock);
    if ((p = find(c, digest, &oldest)) == NULL)
        p = oldest;
    old = p->value;
    memcpy(p->digest, digest, SES_SHA256);
    p->value = value;
    p->used = ++c->clock;
    pthread_mutex_unlock(&c->lock);
    if (old != NULL)
        c->drop(old);
}

uint64_t
keycache_hits(keycache_t *c)
{
    uint64_t n;

    pthread_mutex_lock(&c->lock);
    n = c->hits;
    pthread_mutex_unlock(&c->lock);
    return n;
}
