/*
 * jsonw - write JSON into a buffer
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "base/json.h"

void
ses_jsonw_init(ses_jsonw_t *w, ses_arena_t *a, size_t max)
{
    ses_buf_init(&w->buf, a, max);
    w->comma = false;
}

/* Length of a valid sequence at the head of s, or 0. */
static size_t
sequence(ses_str_t s)
{
    size_t n;

    for (n = 1; n <= 4 && n <= s.n; n++)
        if (ses_utf8_valid(ses_str_head(s, n)))
            return n;
    return 0;
}

static void
quoted(ses_buf_t *b, ses_str_t s)
{
    size_t i = 0, from = 0, n;
    unsigned char c;

    ses_buf_char(b, '"');
    while (i < s.n) {
        c = (unsigned char) s.p[i];
        if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
            i++;
            continue;
        }
        n = c >= 0x80 ? sequence(ses_str_from(s, i)) : 0;
        if (n > 0) {
            i += n;
            continue;
        }
        ses_buf_add(b, s.p + from, i - from);
        if (c == '"' || c == '\\')
            ses_buf_printf(b, "\\%c", c);
        else if (c == '\n')
            ses_buf_c(b, "\\n");
        else if (c == '\r')
            ses_buf_c(b, "\\r");
        else if (c == '\t')
            ses_buf_c(b, "\\t");
        else if (c < 0x80)
            ses_buf_printf(b, "\\u%04x", c);
        else
            ses_buf_c(b, "\xef\xbf\xbd");
        from = ++i;
    }
    ses_buf_add(b, s.p + from, s.n - from);
    ses_buf_char(b, '"');
}

void
ses_jsonw_name(ses_jsonw_t *w, ses_str_t name)
{
    if (w->comma)
        ses_buf_char(&w->buf, ',');
    quoted(&w->buf, name);
    ses_buf_char(&w->buf, ':');
    w->comma = false;
}

static void
begin(ses_jsonw_t *w, const char *name)
{
    if (name != NULL) {
        ses_jsonw_name(w, ses_str(name));
        return;
    }
    if (w->comma)
        ses_buf_char(&w->buf, ',');
    w->comma = false;
}

void
ses_jsonw_open(ses_jsonw_t *w, const char *name)
{
    begin(w, name);
    ses_buf_char(&w->buf, '{');
}

void
ses_jsonw_close(ses_jsonw_t *w)
{
    ses_buf_char(&w->buf, '}');
    w->comma = true;
}

void
ses_jsonw_list(ses_jsonw_t *w, const char *name)
{
    begin(w, name);
    ses_buf_char(&w->buf, '[');
}

void
ses_jsonw_end(ses_jsonw_t *w)
{
    ses_buf_char(&w->buf, ']');
    w->comma = true;
}

void
ses_jsonw_raw(ses_jsonw_t *w, const char *name, ses_str_t json)
{
    begin(w, name);
    ses_buf_str(&w->buf, json);
    w->comma = true;
}

void
ses_jsonw_str(ses_jsonw_t *w, const char *name, ses_str_t s)
{
    begin(w, name);
    quoted(&w->buf, s);
    w->comma = true;
}

void
ses_jsonw_c(ses_jsonw_t *w, const char *name, const char *s)
{
    ses_jsonw_str(w, name, ses_str(s));
}

void
ses_jsonw_int(ses_jsonw_t *w, const char *name, int64_t v)
{
    begin(w, name);
    ses_buf_printf(&w->buf, "%lld", (long long) v);
    w->comma = true;
}

void
ses_jsonw_bool(ses_jsonw_t *w, const char *name, bool v)
{
    ses_jsonw_raw(w, name, v ? SES_STR("true") : SES_STR("false"));
}

void
ses_jsonw_null(ses_jsonw_t *w, const char *name)
{
    ses_jsonw_raw(w, name, SES_STR("null"));
}

void
ses_jsonw_double(ses_jsonw_t *w, const char *name, double v)
{
    char text[40];
    int digits;

    begin(w, name);
    if (floor(v) == v && fabs(v) < 1e15) {
        ses_buf_printf(&w->buf, "%.1f", v);
    } else {
        for (digits = 6; digits < 17; digits++) {
            snprintf(text, sizeof(text), "%.*g", digits, v);
            if (strtod(text, NULL) == v)
                break;
        }
        snprintf(text, sizeof(text), "%.*g", digits, v);
        ses_buf_c(&w->buf, text);
    }
    w->comma = true;
}

void
ses_jsonw_time(ses_jsonw_t *w, const char *name, int64_t ms)
{
    begin(w, name);
    if (ms % 1000 == 0)
        ses_buf_printf(&w->buf, "%lld", (long long) (ms / 1000));
    else
        ses_buf_printf(&w->buf, "%lld.%03d", (long long) (ms / 1000),
                       (int) (ms % 1000));
    w->comma = true;
}

ses_str_t
ses_jsonw_get(const ses_jsonw_t *w)
{
    return ses_buf_get(&w->buf);
}
