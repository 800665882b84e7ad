/*
 * keycache - a bounded map from bytes to something made of them at some cost
 *
 * Process-wide and locked: every connection has a thread of its own, and a
 * cache of a thread would be filled again and again.
 */
#ifndef SESAME_GATE_KEYCACHE_H
#define SESAME_GATE_KEYCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct keycache_s keycache_t;

/* take makes the reader's own reference of a value, under the lock; drop
 * ends the cache's. */
keycache_t *keycache_new(void *(*take)(void *value, void *arg),
                         void (*drop)(void *value));
void keycache_free(keycache_t *c);

/* What take returned, or NULL when it is not there. */
void *keycache_get(keycache_t *c, const void *key, size_t n, void *arg);
/* Gives value to the cache, which drops another when its place is taken. */
void keycache_put(keycache_t *c, const void *key, size_t n, void *value);
/* How often get found something. */
uint64_t keycache_hits(keycache_t *c);

#endif
