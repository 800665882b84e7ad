/*
 * str - a counted byte string that owns nothing
 *
 * A ses_str_t points at bytes that somebody else keeps alive: an arena, a
 * request body, the map of the store.  It is not NUL-terminated unless the
 * function that made it says so.  Functions that copy take an arena.
 */
#ifndef SES_BASE_STR_H
#define SES_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

typedef struct {
    const char *p;
    size_t n;
} ses_str_t;

#define SES_STR(lit) ((ses_str_t){"" lit, sizeof(lit) - 1})
#define SES_STR_INIT(lit)                                                      \
    {                                                                          \
        "" lit, sizeof(lit) - 1                                                \
    }

/* For printf("%.*s"): SES_FMT(s) */
#define SES_FMT(s) (int) (s).n, (s).p == NULL ? "" : (s).p

/* The bytes of a C string; NULL is the empty string. */
static inline ses_str_t
ses_str(const char *c)
{
    return (ses_str_t){c, c == NULL ? 0 : strlen(c)};
}

static inline ses_str_t
ses_str_n(const void *p, size_t n)
{
    return (ses_str_t){p, n};
}

static inline ses_str_t
ses_str_from(ses_str_t s, size_t at)
{
    return at >= s.n ? (ses_str_t){s.p + s.n, 0}
                     : (ses_str_t){s.p + at, s.n - at};
}

static inline ses_str_t
ses_str_head(ses_str_t s, size_t n)
{
    return (ses_str_t){s.p, n < s.n ? n : s.n};
}

bool ses_str_eq(ses_str_t a, ses_str_t b);
bool ses_str_eqc(ses_str_t a, const char *b);
/* ASCII case-insensitive */
bool ses_str_caseeq(ses_str_t a, ses_str_t b);
bool ses_str_caseeqc(ses_str_t a, const char *b);
bool ses_str_starts(ses_str_t s, ses_str_t prefix);
bool ses_str_ends(ses_str_t s, ses_str_t suffix);
bool ses_str_casestarts(ses_str_t s, ses_str_t prefix);
bool ses_str_caseends(ses_str_t s, ses_str_t suffix);
/* memcmp order, the shorter first */
int ses_str_cmp(ses_str_t a, ses_str_t b);
/* Offset of the first c, or -1. */
ptrdiff_t ses_str_find(ses_str_t s, char c);
ptrdiff_t ses_str_rfind(ses_str_t s, char c);
/* Offset of the first needle (memmem), or -1. */
ptrdiff_t ses_str_search(ses_str_t s, ses_str_t needle);
/* Without leading and trailing blanks (SP, HT, CR, LF). */
ses_str_t ses_str_trim(ses_str_t s);
/*
 * Cuts *rest at the first sep: returns what stands before it and leaves what
 * stands after it.  False when *rest was exhausted (p == NULL).
 */
bool ses_str_cut(ses_str_t *rest, char sep, ses_str_t *part);

/* Copies, NUL-terminated beyond n, into the arena. */
ses_str_t ses_str_dup(ses_arena_t *a, ses_str_t s);
/* A C string in the arena.  Bytes after an inner NUL are unreachable. */
char *ses_str_c(ses_arena_t *a, ses_str_t s);
/* ASCII lower-case copy. */
ses_str_t ses_str_lower(ses_arena_t *a, ses_str_t s);
ses_str_t ses_str_upper(ses_arena_t *a, ses_str_t s);
/* printf into the arena. */
ses_str_t ses_str_printf(ses_arena_t *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* a + b (+ c) in the arena. */
ses_str_t ses_str_cat(ses_arena_t *a, ses_str_t x, ses_str_t y);

/* Decimal digits only, no sign, no blanks; false when not, or > max. */
bool ses_str_u64(ses_str_t s, uint64_t max, uint64_t *out);
/* Optional leading '-'. */
bool ses_str_i64(ses_str_t s, int64_t *out);

/* Same bytes?  In time that depends on the lengths alone. */
bool ses_str_eq_secret(ses_str_t a, ses_str_t b);

#endif
