/*
 * arena - memory that lives exactly as long as one request, message or job
 *
 * ses_alloc returns memory or ends the process, so every buffer that input
 * can grow has a ceiling elsewhere.  Nothing is freed singly.  An arena
 * belongs to one thread at a time.
 */
#ifndef SES_BASE_ARENA_H
#define SES_BASE_ARENA_H

#include <stddef.h>

typedef struct ses_arena_s ses_arena_t;

/* A new arena; the caller frees it with ses_arena_free. */
ses_arena_t *ses_arena_new(void);
void ses_arena_free(ses_arena_t *a);
/* Forget everything allocated, keep one block for the next use. */
void ses_arena_reset(ses_arena_t *a);
/* Bytes handed out since the last reset. */
size_t ses_arena_used(const ses_arena_t *a);

/* n bytes, aligned for any type, not initialised. */
void *ses_alloc(ses_arena_t *a, size_t n)
    __attribute__((malloc, returns_nonnull, alloc_size(2)));
/* n bytes of zero. */
void *ses_calloc(ses_arena_t *a, size_t n)
    __attribute__((malloc, returns_nonnull, alloc_size(2)));
/* Grow the allocation p of old bytes to n bytes (moves it when needed). */
void *ses_regrow(ses_arena_t *a, void *p, size_t old, size_t n)
    __attribute__((returns_nonnull));

/* Plain heap for what outlives every arena; ends the process without it. */
void *ses_xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *ses_xcalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *ses_xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
void ses_xfree(void *p);

#endif
