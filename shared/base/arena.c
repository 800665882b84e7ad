/*
 * arena - a chain of blocks, handed out from the front
 *
 * Small requests share blocks of BLOCK bytes; one larger than a quarter of
 * that gets a block of its own, so that a 40 MB body wastes nothing.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16384
#define ALIGN 16

struct block {
    struct block *next;
    size_t size; /* usable bytes */
    size_t used;
    size_t unused; /* keeps data aligned */
    char data[];
};

_Static_assert(sizeof(struct block) % ALIGN == 0, "data must be aligned");

struct ses_arena_s {
    struct block *first; /* the block small requests are cut from */
    size_t used;
};

static void
no_memory(size_t n)
{
    fprintf(stderr, "sesame: fatal: no memory for %zu bytes\n", n);
    abort();
}

void *
ses_xmalloc(size_t n)
{
    void *p = malloc(n == 0 ? 1 : n);

    if (p == NULL)
        no_memory(n);
    return p;
}

void *
ses_xcalloc(size_t n)
{
    void *p = calloc(1, n == 0 ? 1 : n);

    if (p == NULL)
        no_memory(n);
    return p;
}

void *
ses_xrealloc(void *p, size_t n)
{
    void *q = realloc(p, n == 0 ? 1 : n);

    if (q == NULL)
        no_memory(n);
    return q;
}

void
ses_xfree(void *p)
{
    free(p);
}

static struct block *
block_new(size_t size)
{
    struct block *b = ses_xmalloc(sizeof(*b) + size);

    b->next = NULL;
    b->size = size;
    b->used = 0;
    return b;
}

ses_arena_t *
ses_arena_new(void)
{
    ses_arena_t *a = ses_xcalloc(sizeof(*a));

    a->first = block_new(BLOCK);
    return a;
}

void
ses_arena_free(ses_arena_t *a)
{
    struct block *b, *next;

    if (a == NULL)
        return;
    for (b = a->first; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

void
ses_arena_reset(ses_arena_t *a)
{
    struct block *b, *next;

    for (b = a->first->next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    a->first->next = NULL;
    a->first->used = 0;
    a->used = 0;
}

size_t
ses_arena_used(const ses_arena_t *a)
{
    return a->used;
}

void *
ses_alloc(ses_arena_t *a, size_t n)
{
    struct block *b = a->first;
    void *p;

    if (n > SIZE_MAX / 2)
        no_memory(n);
    n = (n + (ALIGN - 1)) & ~(size_t) (ALIGN - 1);
    if (n == 0)
        n = ALIGN;
    a->used += n;

    if (n > BLOCK / 4) { /* a block of its own, behind the first */
        b = block_new(n);
        b->next = a->first->next;
        a->first->next = b;
        b->used = n;
        return b->data;
    }

    if (b->size - b->used < n) {
        b = block_new(BLOCK);
        b->next = a->first;
        a->first = b;
    }
    p = b->data + b->used;
    b->used += n;
    return p;
}

void *
ses_calloc(ses_arena_t *a, size_t n)
{
    return memset(ses_alloc(a, n), 0, n);
}

void *
ses_regrow(ses_arena_t *a, void *p, size_t old, size_t n)
{
    void *q;

    if (n <= old)
        return p == NULL ? ses_alloc(a, n) : p;
    q = ses_alloc(a, n);
    if (old > 0)
        memcpy(q, p, old);
    return q;
}
