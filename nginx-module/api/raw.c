/*
 * raw - read the header of a message that goes out as it is
 *
 * Whether its fields are in order is the gate's to judge, for API and SMTP
 * alike; here they are only split, and what could be taken for something
 * else in front of our own fields is refused.
 */
#include "api/raw.h"

static ses_rc_t
illegal(ses_cx_t *cx)
{
    return ses_fail(cx, SES_INVALID, "Message must begin with a header field.");
}

/* Length of a field name at the head of a line, 0 when it is none. */
static size_t
field_name(ses_str_t line)
{
    size_t n = 0;

    while (n < line.n && line.p[n] > ' ' && line.p[n] <= '~' &&
           line.p[n] != ':')
        n++;
    return n < line.n && line.p[n] == ':' ? n : 0;
}

/* Every lone LF as CRLF, and a line end at the end. */
static ses_str_t
lines(ses_arena_t *a, ses_str_t s)
{
    size_t i, lone = 0, n = 0;
    bool ended = ses_str_ends(s, SES_STR("\r\n"));
    char *p;

    for (i = 0; i < s.n; i++)
        if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
            lone++;
    if (lone == 0 && ended)
        return s;
    p = ses_alloc(a, s.n + lone + 2);
    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
            p[n++] = '\r';
        p[n++] = s.p[i];
    }
    if (s.n == 0 || s.p[s.n - 1] != '\n') {
        p[n++] = '\r';
        p[n++] = '\n';
    }
    return ses_str_n(p, n);
}

static ses_rc_t
add_field(ses_cx_t *cx, ses_headers_t *h, ses_str_t field)
{
    size_t n = field_name(field);

    if (n == 0)
        return ses_fail(cx, SES_INVALID, "Illegal header '%.*s'.",
                        SES_FMT(ses_str_head(field, 126)));
    return ses_headers_add(cx, h, ses_str_head(field, n),
                           ses_str_from(field, n + 1));
}

/* The fields up to the empty line, each with its continuation lines. */
static ses_rc_t
split(ses_cx_t *cx, ses_str_t rest, ses_headers_t *h)
{
    ses_str_t field = SES_STR(""), line;
    ptrdiff_t end;
    size_t n;
    ses_rc_t rc;

    while (rest.n > 0) {
        end = ses_str_find(rest, '\n');
        n = end < 0 ? rest.n : (size_t) end + 1;
        line = ses_str_head(rest, n);
        if (ses_str_eqc(line, "\r\n"))
            break;
        if (field.n > 0 && line.p[0] != ' ' && line.p[0] != '\t') {
            rc = add_field(cx, h, ses_str_head(field, field.n - 2));
            if (rc != SES_OK)
                return rc;
            field = SES_STR("");
        }
        if (field.n == 0)
            field.p = line.p;
        field.n += line.n;
        rest = ses_str_from(rest, n);
    }
    return field.n == 0 ? SES_OK
                        : add_field(cx, h, ses_str_head(field, field.n - 2));
}

ses_rc_t
raw_parse(ses_cx_t *cx, ses_str_t bytes, raw_t *out)
{
    ses_rc_t rc;

    if (ses_str_find(bytes, '\0') >= 0)
        return ses_fail(cx, SES_INVALID, "Message contains a NUL character.");
    if (field_name(bytes) == 0)
        return illegal(cx);
    out->data = lines(cx->arena, bytes);
    ses_headers_init(&out->headers, cx->arena);
    rc = split(cx, out->data, &out->headers);
    return rc;
}

ses_rc_t
raw_mailboxes(ses_cx_t *cx, const raw_t *raw, const char *name, unsigned max,
              ses_address_t **v, unsigned *n)
{
    ses_address_t *all = NULL, *some;
    unsigned i, total = 0, count;
    ses_rc_t rc;

    for (i = 0; i < raw->headers.n; i++) {
        if (!ses_str_caseeqc(raw->headers.v[i].name, name))
            continue;
        rc = ses_address_list(cx, raw->headers.v[i].value, max, &some, &count);
        if (rc != SES_OK)
            return rc;
        if (count == 0)
            continue;
        if (total + count > max)
            return ses_fail(cx, SES_INVALID, "Recipient count exceeds %u.",
                            max);
        all = ses_regrow(cx->arena, all, total * sizeof(*all),
                         (total + count) * sizeof(*all));
        memcpy(all + total, some, count * sizeof(*all));
        total += count;
    }
    *v = all;
    *n = total;
    return SES_OK;
}
