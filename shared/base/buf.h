/*
 * buf - bytes that grow up to a ceiling, in an arena
 *
 * Writers append without checking; the buffer remembers that it overflowed
 * and says so once, at the end, in its overflow member.
 */
#ifndef SES_BASE_BUF_H
#define SES_BASE_BUF_H

#include "base/arena.h"
#include "base/str.h"

typedef struct {
    ses_arena_t *arena;
    char *p;
    size_t n;
    size_t cap;
    size_t max; /* ceiling, bytes */
    bool overflow;
} ses_buf_t;

void ses_buf_init(ses_buf_t *b, ses_arena_t *arena, size_t max);
void ses_buf_add(ses_buf_t *b, const void *p, size_t n);
void ses_buf_str(ses_buf_t *b, ses_str_t s);
void ses_buf_c(ses_buf_t *b, const char *s);
void ses_buf_char(ses_buf_t *b, char c);
void ses_buf_printf(ses_buf_t *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* n bytes to be filled in by the caller, or NULL when over the ceiling. */
char *ses_buf_room(ses_buf_t *b, size_t n);
/* What was written so far (also after an overflow: what fitted). */
ses_str_t ses_buf_get(const ses_buf_t *b);

#endif
