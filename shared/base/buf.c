/*
 * buf - append to an arena, up to a ceiling
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

void
ses_buf_init(ses_buf_t *b, ses_arena_t *arena, size_t max)
{
    *b = (ses_buf_t){.arena = arena, .max = max};
}

char *
ses_buf_room(ses_buf_t *b, size_t n)
{
    size_t cap;
    char *at;

    if (b->overflow || n > b->max || b->n > b->max - n) {
        b->overflow = true;
        return NULL;
    }
    if (b->cap - b->n < n) {
        cap = b->cap == 0 ? 256 : b->cap * 2;
        while (cap < b->n + n)
            cap *= 2;
        b->p = ses_regrow(b->arena, b->p, b->n, cap);
        b->cap = cap;
    }
    at = b->p + b->n;
    b->n += n;
    return at;
}

void
ses_buf_add(ses_buf_t *b, const void *p, size_t n)
{
    char *at = n == 0 ? NULL : ses_buf_room(b, n);

    if (at != NULL)
        memcpy(at, p, n);
}

void
ses_buf_str(ses_buf_t *b, ses_str_t s)
{
    ses_buf_add(b, s.p, s.n);
}

void
ses_buf_c(ses_buf_t *b, const char *s)
{
    ses_buf_add(b, s, strlen(s));
}

void
ses_buf_char(ses_buf_t *b, char c)
{
    ses_buf_add(b, &c, 1);
}

void
ses_buf_printf(ses_buf_t *b, const char *fmt, ...)
{
    va_list ap;
    char small[512], *p = small;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(small, sizeof(small), fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if ((size_t) n >= sizeof(small)) {
        p = ses_alloc(b->arena, (size_t) n + 1);
        va_start(ap, fmt);
        vsnprintf(p, (size_t) n + 1, fmt, ap);
        va_end(ap);
    }
    ses_buf_add(b, p, (size_t) n);
}

ses_str_t
ses_buf_get(const ses_buf_t *b)
{
    return (ses_str_t){b->p == NULL ? "" : b->p, b->n};
}
