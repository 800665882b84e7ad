/*
 * clock - read the time, write it, parse it
 */
#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

int64_t
ses_clock_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
ses_clock_mono_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static uint64_t boot;

/* A digest of the kernel's boot id (FNV-1a). */
static void
read_boot(void)
{
    char text[64] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    size_t i;

    if (f != NULL) {
        if (fgets(text, sizeof(text), f) == NULL)
            text[0] = '\0';
        fclose(f);
    }
    boot = UINT64_C(14695981039346656037);
    for (i = 0; i < strlen(text); i++)
        boot = (boot ^ (uint8_t) text[i]) * UINT64_C(1099511628211);
    if (boot == 0)
        boot = 1;
}

ses_steady_t
ses_clock_steady(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct timespec ts;

    pthread_once(&once, read_boot);
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (ses_steady_t){(int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000,
                          boot};
}

static struct tm
split(int64_t ms)
{
    time_t t = (time_t) (ms / 1000);
    struct tm tm;

    gmtime_r(&t, &tm);
    return tm;
}

ses_str_t
ses_clock_iso(ses_arena_t *a, int64_t ms)
{
    struct tm t = split(ms);

    return ses_str_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                          t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                          t.tm_min, t.tm_sec, (int) (ms % 1000));
}

static ses_str_t
dated(ses_arena_t *a, int64_t ms, const char *zone)
{
    struct tm t = split(ms);

    return ses_str_printf(a, "%s, %02d %s %04d %02d:%02d:%02d %s",
                          days[t.tm_wday], t.tm_mday, months[t.tm_mon],
                          t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec,
                          zone);
}

ses_str_t
ses_clock_rfc5322(ses_arena_t *a, int64_t ms)
{
    return dated(a, ms, "+0000");
}

ses_str_t
ses_clock_http(ses_arena_t *a, int64_t ms)
{
    return dated(a, ms, "GMT");
}

ses_str_t
ses_clock_amz(ses_arena_t *a, int64_t ms)
{
    struct tm t = split(ms);

    return ses_str_printf(a, "%04d%02d%02dT%02d%02d%02dZ", t.tm_year + 1900,
                          t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
                          t.tm_sec);
}

static bool
digits(ses_str_t s, size_t at, size_t n, int *out)
{
    uint64_t v;

    if (at + n > s.n || !ses_str_u64((ses_str_t){s.p + at, n}, 9999, &v))
        return false;
    *out = (int) v;
    return true;
}

/* Range-check the fields and join them; the 31st of February is refused. */
static bool
join(struct tm *t, int64_t *ms)
{
    bool leap = t->tm_sec == 60;
    int mon = t->tm_mon;
    time_t s;

    if (t->tm_mon < 0 || t->tm_mon > 11 || t->tm_mday < 1 || t->tm_mday > 31 ||
        t->tm_hour > 23 || t->tm_min > 59 || t->tm_sec > 60)
        return false;
    s = timegm(t); /* normalises *t */
    if (mon != t->tm_mon && !leap)
        return false;
    *ms = (int64_t) s * 1000;
    return true;
}

bool
ses_clock_parse_amz(ses_str_t s, int64_t *ms)
{
    struct tm t = {0};
    int year, mon;

    if (s.n != 16 || s.p[8] != 'T' || s.p[15] != 'Z' ||
        !digits(s, 0, 4, &year) || !digits(s, 4, 2, &mon) ||
        !digits(s, 6, 2, &t.tm_mday) || !digits(s, 9, 2, &t.tm_hour) ||
        !digits(s, 11, 2, &t.tm_min) || !digits(s, 13, 2, &t.tm_sec))
        return false;
    t.tm_year = year - 1900;
    t.tm_mon = mon - 1;
    return join(&t, ms);
}

bool
ses_clock_parse_http(ses_str_t s, int64_t *ms)
{
    struct tm t = {0};
    int year, i;

    /* Tue, 24 Nov 2026 03:00:01 GMT */
    if (s.n != 29 || s.p[3] != ',' || !ses_str_ends(s, SES_STR(" GMT")) ||
        !digits(s, 5, 2, &t.tm_mday) || !digits(s, 12, 4, &year) ||
        !digits(s, 17, 2, &t.tm_hour) || !digits(s, 20, 2, &t.tm_min) ||
        !digits(s, 23, 2, &t.tm_sec))
        return false;
    for (i = 0; i < 12; i++)
        if (memcmp(s.p + 8, months[i], 3) == 0)
            break;
    t.tm_year = year - 1900;
    t.tm_mon = i;
    return i < 12 && join(&t, ms);
}

/* "1764000000" or "1764000000.123", as JSON numbers spell time */
static bool
parse_epoch(ses_str_t s, int64_t *ms)
{
    ses_str_t whole = s;
    int64_t frac = 0, unit = 100;
    uint64_t v;
    size_t i;
    ptrdiff_t dot = ses_str_find(s, '.');

    if (dot >= 0) {
        whole = ses_str_head(s, (size_t) dot);
        for (i = (size_t) dot + 1; i < s.n; i++) {
            if (s.p[i] < '0' || s.p[i] > '9')
                return false;
            frac += (s.p[i] - '0') * unit;
            unit /= 10;
        }
    }
    if (!ses_str_u64(whole, 253402300799ULL, &v)) /* the year 9999 */
        return false;
    *ms = (int64_t) v * 1000 + frac;
    return true;
}

bool
ses_clock_parse_iso(ses_str_t s, int64_t *ms)
{
    struct tm t = {0};
    int year, mon;
    int64_t frac = 0, unit = 100;
    size_t i = 19;

    if (s.n < 5 || s.p[4] != '-')
        return parse_epoch(s, ms);
    if (s.n < 20 || s.p[7] != '-' || (s.p[10] != 'T' && s.p[10] != ' ') ||
        s.p[13] != ':' || s.p[16] != ':' || !digits(s, 0, 4, &year) ||
        !digits(s, 5, 2, &mon) || !digits(s, 8, 2, &t.tm_mday) ||
        !digits(s, 11, 2, &t.tm_hour) || !digits(s, 14, 2, &t.tm_min) ||
        !digits(s, 17, 2, &t.tm_sec))
        return false;
    if (s.p[i] == '.')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
            frac += (s.p[i] - '0') * unit;
            unit /= 10;
        }
    if (!ses_str_eqc(ses_str_from(s, i), "Z") &&
        !ses_str_eqc(ses_str_from(s, i), "+00:00"))
        return false;
    t.tm_year = year - 1900;
    t.tm_mon = mon - 1;
    if (!join(&t, ms))
        return false;
    *ms += frac;
    return true;
}
