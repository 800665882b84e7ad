/*
 * str - counted byte strings: compare, search, cut, copy
 */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "base/assert.h"

bool
ses_str_eq(ses_str_t a, ses_str_t b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
ses_str_eqc(ses_str_t a, const char *b)
{
    return ses_str_eq(a, ses_str(b));
}

bool
ses_str_caseeq(ses_str_t a, ses_str_t b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool
ses_str_caseeqc(ses_str_t a, const char *b)
{
    return ses_str_caseeq(a, ses_str(b));
}

bool
ses_str_starts(ses_str_t s, ses_str_t prefix)
{
    return s.n >= prefix.n && ses_str_eq(ses_str_head(s, prefix.n), prefix);
}

bool
ses_str_ends(ses_str_t s, ses_str_t suffix)
{
    return s.n >= suffix.n &&
           ses_str_eq(ses_str_from(s, s.n - suffix.n), suffix);
}

bool
ses_str_casestarts(ses_str_t s, ses_str_t prefix)
{
    return s.n >= prefix.n && ses_str_caseeq(ses_str_head(s, prefix.n), prefix);
}

bool
ses_str_caseends(ses_str_t s, ses_str_t suffix)
{
    return s.n >= suffix.n &&
           ses_str_caseeq(ses_str_from(s, s.n - suffix.n), suffix);
}

int
ses_str_cmp(ses_str_t a, ses_str_t b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

    if (c != 0)
        return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

ptrdiff_t
ses_str_find(ses_str_t s, char c)
{
    const char *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);

    return at == NULL ? -1 : at - s.p;
}

ptrdiff_t
ses_str_rfind(ses_str_t s, char c)
{
    const char *at = s.n == 0 ? NULL : memrchr(s.p, c, s.n);

    return at == NULL ? -1 : at - s.p;
}

ptrdiff_t
ses_str_search(ses_str_t s, ses_str_t needle)
{
    const char *at;

    if (needle.n == 0)
        return 0;
    at = s.n == 0 ? NULL : memmem(s.p, s.n, needle.p, needle.n);
    return at == NULL ? -1 : at - s.p;
}

static bool
blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

ses_str_t
ses_str_trim(ses_str_t s)
{
    while (s.n > 0 && blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool
ses_str_cut(ses_str_t *rest, char sep, ses_str_t *part)
{
    ptrdiff_t at;

    if (rest->p == NULL)
        return false;

    at = ses_str_find(*rest, sep);
    if (at < 0) {
        *part = *rest;
        *rest = (ses_str_t){NULL, 0};
        return true;
    }

    *part = ses_str_head(*rest, (size_t) at);
    *rest = (ses_str_t){rest->p + at + 1, rest->n - (size_t) at - 1};
    return true;
}

ses_str_t
ses_str_dup(ses_arena_t *a, ses_str_t s)
{
    char *p = ses_alloc(a, s.n + 1);

    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (ses_str_t){p, s.n};
}

char *
ses_str_c(ses_arena_t *a, ses_str_t s)
{
    char *p = ses_alloc(a, s.n + 1);

    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

ses_str_t
ses_str_lower(ses_arena_t *a, ses_str_t s)
{
    char *p = ses_str_c(a, s);
    size_t i;

    for (i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char) (p[i] + ('a' - 'A'));
    return (ses_str_t){p, s.n};
}

ses_str_t
ses_str_upper(ses_arena_t *a, ses_str_t s)
{
    char *p = ses_str_c(a, s);
    size_t i;

    for (i = 0; i < s.n; i++)
        if (p[i] >= 'a' && p[i] <= 'z')
            p[i] = (char) (p[i] - ('a' - 'A'));
    return (ses_str_t){p, s.n};
}

ses_str_t
ses_str_printf(ses_arena_t *a, const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    ses_assert(n >= 0);

    p = ses_alloc(a, (size_t) n + 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t) n + 1, fmt, ap);
    va_end(ap);
    return (ses_str_t){p, (size_t) n};
}

ses_str_t
ses_str_cat(ses_arena_t *a, ses_str_t x, ses_str_t y)
{
    char *p = ses_alloc(a, x.n + y.n + 1);

    if (x.n > 0)
        memcpy(p, x.p, x.n);
    if (y.n > 0)
        memcpy(p + x.n, y.p, y.n);
    p[x.n + y.n] = '\0';
    return (ses_str_t){p, x.n + y.n};
}

bool
ses_str_u64(ses_str_t s, uint64_t max, uint64_t *out)
{
    uint64_t v = 0, d;
    size_t i;

    if (s.n == 0)
        return false;
    for (i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        d = (uint64_t) (s.p[i] - '0');
        if (v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    if (v > max)
        return false;
    *out = v;
    return true;
}

bool
ses_str_i64(ses_str_t s, int64_t *out)
{
    bool neg = s.n > 0 && s.p[0] == '-';
    uint64_t v;

    if (!ses_str_u64(neg ? ses_str_from(s, 1) : s, INT64_MAX, &v))
        return false;
    *out = neg ? -(int64_t) v : (int64_t) v;
    return true;
}

bool
ses_str_eq_secret(ses_str_t a, ses_str_t b)
{
    return a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}
