/*
 * number - ECMA-262, Number::toString and StringToNumber
 */
#include "template/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "template/space.h"

#define DIGITS 17

/* Digits without a point, and the exponent of the first of them. */
typedef struct {
    char digits[DIGITS + 1];
    int n;
    int exponent;
} decimal_t;

static double
read_back(const decimal_t *d)
{
    char text[DIGITS + 16];

    snprintf(text, sizeof(text), "%.1s.%se%d", d->digits,
             d->n > 1 ? d->digits + 1 : "0", d->exponent);
    return strtod(text, NULL);
}

static void
round_to(double v, int digits, decimal_t *d)
{
    char text[DIGITS + 16], *p;

    snprintf(text, sizeof(text), "%.*e", digits - 1, v);
    d->n = 0;
    for (p = text; *p != 'e'; p++)
        if (*p != '.')
            d->digits[d->n++] = *p;
    d->exponent = (int) strtol(p + 1, NULL, 10);
    d->digits[d->n] = '\0';
}

static void
strip_zeros(decimal_t *d)
{
    while (d->n > 1 && d->digits[d->n - 1] == '0')
        d->n--;
    d->digits[d->n] = '\0';
}

/* The next number of as many digits. */
static bool
next(decimal_t *d)
{
    int i = d->n - 1;

    while (i >= 0 && d->digits[i] == '9')
        d->digits[i--] = '0';
    if (i < 0)
        return false;
    d->digits[i]++;
    return true;
}

static bool
same(double a, double b)
{
    return a <= b && a >= b;
}

/*
 * The shortest that reads back.  15 digits always name one number of full
 * precision.  Below a power of two numbers lie closer than above it: there
 * the nearest of its length may read back as a neighbour, the next one not.
 */
static void
shortest(double v, decimal_t *d)
{
    decimal_t above;
    int digits = v < DBL_MIN ? 1 : 15, power;

    for (; digits < DIGITS; digits++) {
        round_to(v, digits, d);
        if (same(read_back(d), v))
            return;
        above = *d;
        if (same(frexp(v, &power), 0.5) && next(&above) &&
            same(read_back(&above), v)) {
            *d = above;
            return;
        }
    }
    round_to(v, DIGITS, d);
}

static size_t
put_integer(uint64_t v, char *out)
{
    char back[24];
    size_t n = 0, i;

    do {
        back[n++] = (char) ('0' + v % 10);
        v /= 10;
    } while (v > 0);
    for (i = 0; i < n; i++)
        out[i] = back[n - 1 - i];
    return n;
}

static size_t
put(char *out, const char *s, int n)
{
    memcpy(out, s, (size_t) n);
    return (size_t) n;
}

static size_t
put_zeros(char *out, int n)
{
    memset(out, '0', (size_t) n);
    return (size_t) n;
}

/* Plain up to 21 digits and down to six zeros after the point. */
static size_t
spell(const decimal_t *d, char *out)
{
    int point = d->exponent + 1; /* digits before it */
    size_t n = 0;

    if (point > 21 || point <= -6) {
        out[n++] = d->digits[0];
        if (d->n > 1) {
            out[n++] = '.';
            n += put(out + n, d->digits + 1, d->n - 1);
        }
        out[n++] = 'e';
        out[n++] = d->exponent < 0 ? '-' : '+';
        return n + put_integer((uint64_t) abs(d->exponent), out + n);
    }
    if (point <= 0) {
        n += put(out, "0.", 2);
        n += put_zeros(out + n, -point);
        return n + put(out + n, d->digits, d->n);
    }
    if (point >= d->n) {
        n += put(out, d->digits, d->n);
        return n + put_zeros(out + n, point - d->n);
    }
    n += put(out, d->digits, point);
    out[n++] = '.';
    return n + put(out + n, d->digits + point, d->n - point);
}

/*
 * Prices and the like, fast: n / 10^k, both exact, is what reading the decimal
 * gives, and up to 15 digits the first k that fits is the shortest.
 */
static bool
few_decimals(double v, decimal_t *d)
{
    static const double powers[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    size_t i;
    double n;

    if (v < 1e-3 || v >= 1e9)
        return false;
    for (i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
        n = floor(v * powers[i] + 0.5);
        if (!same(n / powers[i], v))
            continue;
        d->n = (int) put_integer((uint64_t) n, d->digits);
        d->exponent = d->n - (int) i - 2;
        return true;
    }
    return false;
}

size_t
tpl_number_format(double v, char out[TPL_NUMBER_MAX])
{
    size_t n = 0;
    decimal_t d;

    if (isnan(v))
        return put(out, "NaN", 3);
    if (v < 0) {
        out[n++] = '-';
        v = -v;
    }
    if (isinf(v))
        return n + put(out + n, "Infinity", 8);
    if (v < 1e15 && same(v, floor(v)))
        return n + put_integer((uint64_t) v, out + n);
    if (!few_decimals(v, &d)) {
        shortest(v, &d);
        strip_zeros(&d);
    }
    return n + spell(&d, out + n);
}

/* --- reading ----------------------------------------------------------- */

static const char *
digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Is all of s a decimal literal? */
static bool
is_decimal(const char *s)
{
    const char *p = digits(s), *q;
    bool any = p > s;

    if (*p == '.') {
        q = digits(p + 1);
        any = any || q > p + 1;
        p = q;
    }
    if (!any)
        return false;
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        q = digits(p);
        if (q == p)
            return false;
        p = q;
    }
    return *p == '\0';
}

/* 0x..., 0o..., 0b... */
static double
with_base(const char *s, unsigned base)
{
    double v = 0;
    unsigned d;

    if (*s == '\0')
        return NAN;
    for (; *s != '\0'; s++) {
        d = *s >= '0' && *s <= '9'   ? (unsigned) (*s - '0')
            : *s >= 'a' && *s <= 'f' ? (unsigned) (*s - 'a' + 10)
            : *s >= 'A' && *s <= 'F' ? (unsigned) (*s - 'A' + 10)
                                     : 99;
        if (d >= base)
            return NAN;
        v = v * base + d;
    }
    return v;
}

double
tpl_number_parse(ses_str_t s)
{
    const char *p = tpl_space_skip(s.p, s.p + s.n);
    const char *end = tpl_space_back(p, s.p + s.n), *q;
    char text[1001];
    double v;

    if (p == end)
        return 0;
    if (end - p > 1000 || memchr(p, '\0', (size_t) (end - p)) != NULL)
        return NAN;
    memcpy(text, p, (size_t) (end - p));
    text[end - p] = '\0';
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return with_base(text + 2, 16);
    if (text[0] == '0' && (text[1] == 'o' || text[1] == 'O'))
        return with_base(text + 2, 8);
    if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B'))
        return with_base(text + 2, 2);
    q = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    if (strcmp(q, "Infinity") == 0)
        v = INFINITY;
    else if (is_decimal(q))
        v = strtod(q, NULL);
    else
        return NAN;
    return text[0] == '-' ? -v : v;
}
