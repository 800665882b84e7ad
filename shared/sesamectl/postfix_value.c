/*
 * postfix_value - how Postfix spells lists, times, words and listeners
 */
#include <netdb.h>

#include "base/buf.h"
#include "postfix.h"

#define SEPARATORS ", \t\r\n"
#define VALUE_MAX (1 << 16)

static bool
is_separator(char c)
{
    return c != '\0' && strchr(SEPARATORS, c) != NULL;
}

bool
postfix_item(ses_str_t *rest, ses_str_t *item)
{
    size_t at = 0, depth = 0;

    while (rest->n > 0 && is_separator(rest->p[0]))
        *rest = ses_str_from(*rest, 1);
    while (at < rest->n && (depth > 0 || !is_separator(rest->p[at]))) {
        if (rest->p[at] == '{')
            depth++;
        else if (rest->p[at] == '}' && depth > 0)
            depth--;
        at++;
    }
    *item = ses_str_head(*rest, at);
    *rest = ses_str_from(*rest, at);
    return at > 0;
}

bool
postfix_has(ses_str_t list, const char *word)
{
    ses_str_t item;

    while (postfix_item(&list, &item))
        if (ses_str_caseeqc(item, word))
            return true;
    return false;
}

ses_str_t
postfix_without(ses_arena_t *a, ses_str_t list, const char *word)
{
    ses_str_t item;
    ses_buf_t b;

    ses_buf_init(&b, a, VALUE_MAX);
    while (postfix_item(&list, &item)) {
        if (ses_str_caseeqc(item, word))
            continue;
        if (b.n > 0)
            ses_buf_c(&b, ", ");
        ses_buf_str(&b, item);
    }
    return ses_buf_get(&b);
}

int64_t
postfix_time(ses_str_t value)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000},
                 {'m', 60000},
                 {'h', 3600000},
                 {'d', 86400000},
                 {'w', 604800000}};
    uint64_t number;
    size_t i;

    if (ses_str_u64(value, 1000000000, &number))
        return (int64_t) number * 1000;
    for (i = 0; value.n > 1 && i < sizeof(units) / sizeof(units[0]); i++)
        if (value.p[value.n - 1] == units[i].unit &&
            ses_str_u64(ses_str_head(value, value.n - 1), 1000000000, &number))
            return (int64_t) number * units[i].ms;
    return -1;
}

/* No blank is needed beside these. */
static bool
is_joint(char c)
{
    return c == '{' || c == '}' || c == '=';
}

ses_str_t
postfix_word(ses_arena_t *a, ses_str_t value)
{
    ses_str_t s = ses_str_trim(value);
    ses_buf_t b;
    size_t i = 0;
    char last;

    ses_buf_init(&b, a, VALUE_MAX);
    while (i < s.n) {
        if (!is_separator(s.p[i])) {
            ses_buf_char(&b, s.p[i++]);
            continue;
        }
        while (i < s.n && is_separator(s.p[i]))
            i++;
        last = b.n > 0 ? b.p[b.n - 1] : '{';
        if (i < s.n && !(last == '{' || last == '=') &&
            !(s.p[i] == '}' || s.p[i] == '=') &&
            !(is_joint(last) && is_joint(s.p[i]) && last != '}'))
            ses_buf_char(&b, ',');
    }
    return ses_buf_get(&b);
}

ses_str_t
postfix_quote(ses_arena_t *a, ses_str_t s)
{
    ses_buf_t b;
    size_t i;

    ses_buf_init(&b, a, VALUE_MAX);
    ses_buf_char(&b, '\'');
    for (i = 0; i < s.n; i++)
        if (s.p[i] == '\'')
            ses_buf_c(&b, "'\\''");
        else
            ses_buf_char(&b, s.p[i]);
    ses_buf_char(&b, '\'');
    return ses_str_dup(a, ses_buf_get(&b));
}

/* --- listeners --------------------------------------------------------- */

static bool
is_loopback(ses_str_t host)
{
    return ses_str_starts(host, SES_STR("127.")) ||
           ses_str_eqc(host, "[::1]") || ses_str_eqc(host, "::1") ||
           ses_str_caseeqc(host, "localhost") ||
           ses_str_caseeqc(host, "loopback-only");
}

bool
postfix_loopback(const postfix_t *p, const postfix_service_t *s)
{
    ptrdiff_t colon = ses_str_rfind(s->name, ':');
    ses_str_t rest, item;
    unsigned n = 0;

    if (colon > 0)
        return is_loopback(ses_str_head(s->name, (size_t) colon));
    rest = postfix_value(p, s, "inet_interfaces");
    for (; postfix_item(&rest, &item); n++)
        if (!is_loopback(item))
            return false;
    return n > 0;
}

unsigned
postfix_port(ses_arena_t *a, ses_str_t name)
{
    ptrdiff_t colon = ses_str_rfind(name, ':');
    ses_str_t port = ses_str_from(name, (size_t) (colon + 1));
    const struct servent *known;
    uint64_t number;

    if (ses_str_u64(port, 65535, &number))
        return (unsigned) number;
    known = getservbyname(ses_str_c(a, port), "tcp");
    return known == NULL ? 0 : (unsigned) ntohs((uint16_t) known->s_port);
}
