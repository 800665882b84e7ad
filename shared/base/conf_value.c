/*
 * conf_value - the kinds of values that sesame.conf knows
 *
 * Each is a pair of functions: text to member, member to text.  A value that
 * parse accepts is one that format gives back, up to its spelling.
 */
#include "base/conf_value.h"

#include <arpa/inet.h>

#include "base/binding.h"
#include "base/dns_update.h"
#include "base/domain.h"
#include "base/network.h"

/* --- numbers ----------------------------------------------------------- */

/* A unit and what one of it is worth, the largest first. */
typedef struct {
    const char *name;
    int64_t worth;
} unit_t;

static const unit_t sizes[] = {{"t", INT64_C(1) << 40},
                               {"g", INT64_C(1) << 30},
                               {"m", INT64_C(1) << 20},
                               {"k", INT64_C(1) << 10},
                               {"", 1}};
static const unit_t durations[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
static const unit_t plain[] = {{"", 1}};

#define UNITS(table) table, sizeof(table) / sizeof(table[0])

static ses_str_t
spell(ses_arena_t *a, int64_t v, const unit_t *units, size_t n)
{
    size_t i = 0;

    while (i + 1 < n && (v == 0 || v % units[i].worth != 0))
        i++;
    return ses_str_printf(a, "%lld%s", (long long) (v / units[i].worth),
                          units[i].name);
}

/* What is wrong with value, or NULL and *out. */
static const char *
number(ses_arena_t *a, ses_str_t value, const unit_t *units, size_t n,
       const char *form, int64_t min, int64_t max, int64_t *out)
{
    ses_str_t digits, unit;
    uint64_t v;
    size_t i;

    for (i = 0; i < value.n && value.p[i] >= '0' && value.p[i] <= '9'; i++)
        ;
    digits = ses_str_head(value, i);
    unit = ses_str_from(value, i);
    for (i = 0; i < n; i++)
        if (ses_str_eqc(unit, units[i].name))
            break;
    if (i == n || !ses_str_u64(digits, UINT64_MAX, &v))
        return ses_str_printf(a, "\"%.*s\" is not %s", SES_FMT(value), form).p;
    if (v > (uint64_t) INT64_MAX / (uint64_t) units[i].worth ||
        (int64_t) v * units[i].worth < min ||
        (int64_t) v * units[i].worth > max)
        return ses_str_printf(a, "must be from %.*s to %.*s",
                              SES_FMT(spell(a, min, units, n)),
                              SES_FMT(spell(a, max, units, n)))
            .p;
    *out = (int64_t) v * units[i].worth;
    return NULL;
}

static const char *
parse_u16(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
          void *field)
{
    int64_t v;
    const char *wrong =
        number(a, value, UNITS(plain), "a number", min, max, &v);

    if (wrong == NULL)
        *(uint16_t *) field = (uint16_t) v;
    return wrong;
}

static const char *
parse_u64(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
          void *field)
{
    int64_t v;
    const char *wrong =
        number(a, value, UNITS(plain), "a number", min, max, &v);

    if (wrong == NULL)
        *(uint64_t *) field = (uint64_t) v;
    return wrong;
}

static const char *
parse_size(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
           void *field)
{
    int64_t v;
    const char *wrong =
        number(a, value, UNITS(sizes),
               "a size: bytes, or a number with k, m, g or t", min, max, &v);

    if (wrong == NULL)
        *(uint64_t *) field = (uint64_t) v;
    return wrong;
}

static const char *
parse_duration(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
               void *field)
{
    return number(a, value, UNITS(durations),
                  "a duration: a number with ms, s, m, h or d", min, max,
                  field);
}

static ses_str_t
format_u16(ses_arena_t *a, const void *field)
{
    return spell(a, *(const uint16_t *) field, UNITS(plain));
}

static ses_str_t
format_u64(ses_arena_t *a, const void *field)
{
    return spell(a, (int64_t) * (const uint64_t *) field, UNITS(plain));
}

static ses_str_t
format_size(ses_arena_t *a, const void *field)
{
    return spell(a, (int64_t) * (const uint64_t *) field, UNITS(sizes));
}

static ses_str_t
format_duration(ses_arena_t *a, const void *field)
{
    return spell(a, *(const int64_t *) field, UNITS(durations));
}

const ses_conf_kind_t ses_conf_u16 = {parse_u16, format_u16, 0};
const ses_conf_kind_t ses_conf_u64 = {parse_u64, format_u64, 0};
const ses_conf_kind_t ses_conf_size = {parse_size, format_size, 0};
const ses_conf_kind_t ses_conf_duration = {parse_duration, format_duration, 0};

/* --- choices ----------------------------------------------------------- */

static const char *
choice(ses_arena_t *a, ses_str_t value, const char *off, const char *on,
       bool *field)
{
    if (!ses_str_eqc(value, off) && !ses_str_eqc(value, on))
        return ses_str_printf(a, "\"%.*s\" is neither %s nor %s",
                              SES_FMT(value), on, off)
            .p;
    *field = ses_str_eqc(value, on);
    return NULL;
}

static const char *
parse_yesno(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
            void *field)
{
    (void) min;
    (void) max;
    return choice(a, value, "no", "yes", field);
}

static const char *
parse_unbound(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
              void *field)
{
    (void) min;
    (void) max;
    return choice(a, value, "pass", "reject", field);
}

static const char *
parse_site_list(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
                void *field)
{
    (void) min;
    (void) max;
    return choice(a, value, "fallback", "always", field);
}

static ses_str_t
format_site_list(ses_arena_t *a, const void *field)
{
    (void) a;
    return ses_str(*(const bool *) field ? "always" : "fallback");
}

static ses_str_t
format_yesno(ses_arena_t *a, const void *field)
{
    (void) a;
    return ses_str(*(const bool *) field ? "yes" : "no");
}

static ses_str_t
format_unbound(ses_arena_t *a, const void *field)
{
    (void) a;
    return ses_str(*(const bool *) field ? "reject" : "pass");
}

const ses_conf_kind_t ses_conf_site_list = {parse_site_list, format_site_list,
                                            0};
const ses_conf_kind_t ses_conf_yesno = {parse_yesno, format_yesno, 0};
const ses_conf_kind_t ses_conf_unbound = {parse_unbound, format_unbound, 0};

/* --- texts ------------------------------------------------------------- */

static bool
among(char c, const char *extra)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(extra, c) != NULL);
}

/* 1 to max of a-z0-9 and extra? */
static bool
spelled(ses_str_t s, size_t max, const char *extra)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (!among(s.p[i], extra))
            return false;
    return s.n > 0 && s.n <= max;
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool
is_region(ses_str_t s)
{
    return spelled(s, 32, "-");
}

static bool
is_path(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if ((unsigned char) s.p[i] < ' ')
            return false;
    return s.n > 0 && s.p[0] == '/' && s.n < 4096;
}

static bool
is_path_or_none(ses_str_t s)
{
    return s.n == 0 || is_path(s);
}

static bool
is_user(ses_str_t s)
{
    return spelled(s, 32, UPPER "_-.") && s.p[0] != '-' && s.p[0] != '.';
}

static bool
is_word(ses_str_t s)
{
    return spelled(s, 63, UPPER "_-./");
}

static bool
is_label(ses_str_t s)
{
    return spelled(s, 16, "");
}

static bool
is_url(ses_str_t s)
{
    size_t i, n = ses_str_starts(s, SES_STR("http://"))    ? 7
                  : ses_str_starts(s, SES_STR("https://")) ? 8
                                                           : 0;

    if (n == 0 || s.n == n || s.n > 512 || s.p[n] == '/' || s.p[s.n - 1] == '/')
        return false;
    for (i = n; i < s.n; i++)
        if (!among(s.p[i], UPPER "-._~:/[]%"))
            return false;
    return true;
}

/* IP:PORT or [IPV6]:PORT */
static bool
is_endpoint(ses_str_t s)
{
    ptrdiff_t colon = ses_str_rfind(s, ':');
    unsigned char bytes[16];
    uint64_t port;
    ses_str_t ip;
    char text[64];
    int family = AF_INET;

    if (colon < 0 ||
        !ses_str_u64(ses_str_from(s, (size_t) colon + 1), 65535, &port) ||
        port == 0)
        return false;
    ip = ses_str_head(s, (size_t) colon);
    if (ip.n > 2 && ip.p[0] == '[' && ip.p[ip.n - 1] == ']') {
        ip = ses_str_n(ip.p + 1, ip.n - 2);
        family = AF_INET6;
    }
    if (ip.n >= sizeof(text))
        return false;
    memcpy(text, ip.p, ip.n);
    text[ip.n] = '\0';
    return inet_pton(family, text, bytes) == 1;
}

static bool
is_socket(ses_str_t s)
{
    uint64_t fd;

    if (ses_str_starts(s, SES_STR("fd:")))
        return ses_str_u64(ses_str_from(s, 3), 65535, &fd) && fd > 2;
    return ses_str_starts(s, SES_STR("unix:")) && is_path(ses_str_from(s, 5)) &&
           s.n - 5 < 108;
}

/* A kind whose text is taken as it stands when it passes a test. */
#define TEXT(kind, form)                                                       \
    static const char *parse_##kind(ses_arena_t *a, ses_str_t value,           \
                                    int64_t min, int64_t max, void *field)     \
    {                                                                          \
        (void) min;                                                            \
        (void) max;                                                            \
        return text(a, value, is_##kind(value), form, field);                  \
    }                                                                          \
    const ses_conf_kind_t ses_conf_##kind = {parse_##kind, format_text, 0}

static const char *
text(ses_arena_t *a, ses_str_t value, bool good, const char *form,
     ses_str_t *field)
{
    if (!good)
        return ses_str_printf(a, "\"%.*s\" is not %s", SES_FMT(value), form).p;
    *field = ses_str_dup(a, value);
    return NULL;
}

static ses_str_t
format_text(ses_arena_t *a, const void *field)
{
    (void) a;
    return *(const ses_str_t *) field;
}

TEXT(region, "a region: 1 to 32 of a-z, 0-9 and '-'");
TEXT(path, "an absolute path");
TEXT(path_or_none, "an absolute path, or nothing");
TEXT(user, "the name of a user or group");
TEXT(word, "1 to 63 letters, digits, '_', '-', '.' or '/'");
TEXT(label, "1 to 16 of a-z and 0-9");
TEXT(url, "an http or https URL without a final '/'");
TEXT(endpoint, "IP:PORT or [IPV6]:PORT");
TEXT(socket, "unix:PATH (absolute, under 108 bytes) or fd:N");

static bool
is_gap(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

bool
ses_conf_next(ses_str_t *rest, ses_str_t *one)
{
    size_t from = 0, to;

    while (from < rest->n && is_gap(rest->p[from]))
        from++;
    for (to = from; to < rest->n && !is_gap(rest->p[to]);)
        to++;
    *one = ses_str_n(rest->p + from, to - from);
    *rest = ses_str_from(*rest, to);
    return one->n > 0;
}

/* Any number of values between blanks or commas; one blank in the result.
 * take spells one, or says what is wrong with it. */
static const char *
parse_list(ses_arena_t *a, ses_str_t value,
           const char *(*take)(ses_arena_t *a, ses_str_t *one),
           ses_str_t *field)
{
    ses_str_t all = SES_STR(""), one;
    const char *wrong;

    while (ses_conf_next(&value, &one)) {
        if ((wrong = take(a, &one)) != NULL)
            return wrong;
        if (all.n > 0)
            all = ses_str_cat(a, all, SES_STR(" "));
        all = ses_str_cat(a, all, one);
    }
    *field = ses_str_dup(a, all);
    return NULL;
}

static const char *
take_endpoint(ses_arena_t *a, ses_str_t *one)
{
    if (is_endpoint(*one))
        return NULL;
    return ses_str_printf(a, "\"%.*s\" is not IP:PORT or [IPV6]:PORT",
                          SES_FMT(*one))
        .p;
}

static const char *
take_ip(ses_arena_t *a, ses_str_t *one)
{
    ses_ip_t ip;

    if (!ses_ip_parse(*one, &ip))
        return ses_str_printf(a, "\"%.*s\" is not an IP address", SES_FMT(*one))
            .p;
    *one = ses_ip_format(a, &ip);
    return NULL;
}

static const char *
parse_endpoints(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
                void *field)
{
    (void) min;
    (void) max;
    return parse_list(a, value, take_endpoint, field);
}

static const char *
parse_ips(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
          void *field)
{
    (void) min;
    (void) max;
    return parse_list(a, value, take_ip, field);
}

static const char *
parse_bind(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
           void *field)
{
    (void) min;
    (void) max;
    return ses_binding_parse(a, value, field);
}

static ses_str_t
format_bind(ses_arena_t *a, const void *field)
{
    return ses_binding_format(a, field);
}

static const char *
parse_dns_update(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
                 void *field)
{
    (void) min;
    (void) max;
    return ses_dns_update_parse(a, value, field);
}

static ses_str_t
format_dns_update(ses_arena_t *a, const void *field)
{
    return ses_dns_update_format(a, field);
}

static const char *
parse_domain(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
             void *field)
{
    ses_cx_t cx = ses_cx(a, 0);
    ses_str_t name;

    (void) min;
    (void) max;
    if (ses_domain_canon(&cx, value, &name) != SES_OK)
        return ses_str_printf(a, "\"%.*s\" is not a domain name",
                              SES_FMT(value))
            .p;
    *(ses_str_t *) field = ses_str_dup(a, name);
    return NULL;
}

const ses_conf_kind_t ses_conf_endpoints = {parse_endpoints, format_text, 0};
const ses_conf_kind_t ses_conf_ips = {parse_ips, format_text, 0};

static const char *
parse_domain_or_none(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
                     void *field)
{
    if (value.n > 0)
        return parse_domain(a, value, min, max, field);
    *(ses_str_t *) field = SES_STR("");
    return NULL;
}

static const char *
parse_ip_or_none(ses_arena_t *a, ses_str_t value, int64_t min, int64_t max,
                 void *field)
{
    const char *wrong = value.n > 0 ? take_ip(a, &value) : NULL;

    (void) min;
    (void) max;
    if (wrong == NULL)
        *(ses_str_t *) field = value.n > 0 ? value : SES_STR("");
    return wrong;
}

const ses_conf_kind_t ses_conf_ip_or_none = {parse_ip_or_none, format_text, 0};
const ses_conf_kind_t ses_conf_domain_or_none = {parse_domain_or_none,
                                                 format_text, 0};
const ses_conf_kind_t ses_conf_domain = {parse_domain, format_text, 0};
const ses_conf_kind_t ses_conf_bind = {parse_bind, format_bind,
                                       sizeof(ses_binding_t)};
const ses_conf_kind_t ses_conf_dns_update = {
    parse_dns_update, format_dns_update, sizeof(ses_dns_update_t)};
