/*
 * parts - how many MIME parts a message has, and what their headers name as
 * attachments, seen while it streams by
 *
 * No MIME parser: a line "--B" begins a part when B is a boundary that the
 * message's Content-Type or the header of a part has named.  Only the first
 * bytes of a line are looked at, and only the first boundaries are kept,
 * which is enough to bound what a receiver would have to take apart.
 */
#include "parts.h"

#include "policy/attachment.h"

#define BOUNDARY_LINE 256 /* as much of a line as outside headers matters */

/* The value of a parameter: quoted or a token. */
static ses_str_t
value_of(ses_str_t s)
{
    ptrdiff_t end;
    size_t n;

    if (s.n > 0 && s.p[0] == '"') {
        s = ses_str_from(s, 1);
        end = ses_str_find(s, '"');
        return end < 0 ? SES_STR("") : ses_str_head(s, (size_t) end);
    }
    for (n = 0; n < s.n; n++)
        if (memchr(" \t\r\n;()<>@,\"/[]", s.p[n], 16) != NULL)
            break;
    return ses_str_head(s, n);
}

/* Remember the boundary that a (part of a) Content-Type names, if any. */
static void
learn(parts_t *p, ses_str_t text)
{
    static const ses_str_t name = SES_STR_INIT("boundary=");
    ses_str_t rest, value;

    for (rest = text; rest.n > name.n; rest = ses_str_from(rest, 1)) {
        if (!ses_str_casestarts(rest, name))
            continue;
        value = value_of(ses_str_from(rest, name.n));
        if (value.n == 0 || value.n > sizeof(p->boundaries[0].text) ||
            p->nboundaries == PARTS_BOUNDARIES)
            return;
        memcpy(p->boundaries[p->nboundaries].text, value.p, value.n);
        p->boundaries[p->nboundaries++].n = value.n;
        return;
    }
}

/* "--B", maybe with blanks behind, but not "--B--". */
static bool
begins_part(const parts_t *p, ses_str_t line)
{
    ses_str_t text = ses_str_from(line, 2), b;
    unsigned i;

    for (i = p->nboundaries; i-- > 0;) {
        b = ses_str_n(p->boundaries[i].text, p->boundaries[i].n);
        if (ses_str_starts(text, b) &&
            ses_str_trim(ses_str_from(text, b.n)).n == 0)
            return true;
    }
    return false;
}

/* --- fields of a part's header ------------------------------------------ */

/* The first thing that is wrong is kept: it is said at the end. */
static void
refuse(ses_cx_t *cx, parts_t *p, ses_str_t name, ses_str_t value)
{
    ses_cx_t mine = *cx;

    ses_cx_clear(&mine);
    if (p->refused.n == 0 && ses_attachment_field(&mine, name, value) != SES_OK)
        p->refused = mine.why;
}

static void
end_field(ses_cx_t *cx, parts_t *p)
{
    ses_str_t value = ses_str_n(p->field, p->field_n), name;
    bool cut = p->field_n == sizeof(p->field);

    p->field_n = 0;
    if (value.n == 0 || !ses_str_cut(&value, ':', &name) || value.p == NULL)
        return;
    name = ses_str_trim(name);
    value = ses_str_trim(value);
    learn(p, value);
    if (!ses_str_casestarts(name, SES_STR("Content-")))
        return;
    if (cut && p->refused.n == 0)
        p->refused = SES_STR("Illegal content.");
    if (ses_str_caseeqc(name, "Content-Type"))
        p->message = ses_str_casestarts(value, SES_STR("message/rfc822"));
    refuse(cx, p, name, value);
}

/* A line of a header: a new field, or more of the last one. */
static void
header_line(ses_cx_t *cx, parts_t *p, ses_str_t line)
{
    size_t room;

    if (line.p[0] != ' ' && line.p[0] != '\t')
        end_field(cx, p);
    room = sizeof(p->field) - p->field_n;
    line = ses_str_head(line, room);
    memcpy(p->field + p->field_n, line.p, line.n);
    p->field_n += line.n;
}

static void
end_line(ses_cx_t *cx, parts_t *p)
{
    ses_str_t line = ses_str_n(p->line, p->line_n);

    p->line_n = 0;
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    if (ses_str_starts(line, SES_STR("--")) && begins_part(p, line)) {
        end_field(cx, p);
        p->n++;
        p->in_head = true;
        p->message = false;
    } else if (line.n == 0 && p->in_head) {
        end_field(cx, p);
        p->in_head = p->message;
        p->message = false;
    } else if (p->in_head) {
        header_line(cx, p, line);
    }
}

void
parts_begin(parts_t *p, ses_str_t content_type)
{
    p->n = p->nboundaries = 0;
    p->in_head = p->message = false;
    p->line_n = p->field_n = 0;
    p->refused = SES_STR("");
    if (ses_str_casestarts(content_type, SES_STR("multipart/")))
        learn(p, content_type);
}

void
parts_scan(ses_cx_t *cx, parts_t *p, const char *text, size_t n)
{
    const char *lf;
    size_t k, room;

    if (p->nboundaries == 0)
        return;
    while (n > 0) {
        lf = memchr(text, '\n', n);
        k = lf == NULL ? n : (size_t) (lf - text);
        room = (p->in_head ? sizeof(p->line) : BOUNDARY_LINE) - p->line_n;
        memcpy(p->line + p->line_n, text, k < room ? k : room);
        p->line_n += k < room ? k : room;
        if (lf == NULL)
            return;
        end_line(cx, p);
        text += k + 1;
        n -= k + 1;
    }
}

ses_rc_t
parts_check(ses_cx_t *cx, const parts_t *p)
{
    if (p->n > PARTS_MAX)
        return ses_fail(cx, SES_INVALID,
                        "The message has more than %d MIME parts.", PARTS_MAX);
    if (p->refused.n > 0)
        return ses_fail(cx, SES_INVALID, "%.*s", SES_FMT(p->refused));
    return SES_OK;
}
