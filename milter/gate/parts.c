/*
 * parts - how many MIME parts a message has, counted while it streams by
 *
 * No MIME parser: a line "--B" begins a part when B is a boundary that the
 * message's Content-Type or the header of a part has named.  Only the first
 * bytes of a line are looked at, and only the first boundaries are kept,
 * which is enough to bound what a receiver would have to take apart.
 */
#include "parts.h"

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

static void
end_line(parts_t *p)
{
    ses_str_t line = ses_str_n(p->line, p->line_n);

    p->line_n = 0;
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    if (ses_str_starts(line, SES_STR("--")) && begins_part(p, line)) {
        p->n++;
        p->in_head = true;
    } else if (line.n == 0) {
        p->in_head = false;
    } else if (p->in_head) {
        learn(p, line);
    }
}

void
parts_begin(parts_t *p, ses_str_t content_type)
{
    p->n = p->nboundaries = 0;
    p->in_head = false;
    p->line_n = 0;
    if (ses_str_casestarts(content_type, SES_STR("multipart/")))
        learn(p, content_type);
}

void
parts_scan(parts_t *p, const char *text, size_t n)
{
    const char *lf;
    size_t k, room;

    if (p->nboundaries == 0)
        return;
    while (n > 0) {
        lf = memchr(text, '\n', n);
        k = lf == NULL ? n : (size_t) (lf - text);
        room = sizeof(p->line) - p->line_n;
        memcpy(p->line + p->line_n, text, k < room ? k : room);
        p->line_n += k < room ? k : room;
        if (lf == NULL)
            return;
        end_line(p);
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
    return SES_OK;
}
