/*
 * parts - how many MIME parts a message has, what their headers name as
 * attachments, and what they carry, seen while it streams by
 *
 * No MIME parser: a line "--B" begins a part when B is a boundary that the
 * message's Content-Type or the header of a part has named, and "--B--" ends
 * one.  Only the first bytes of a line are looked at, and only the first
 * boundaries are kept, which is enough to bound what a receiver would have to
 * take apart.
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

typedef enum { NO_DELIMITER, NEXT_PART, NO_MORE_PARTS } delimiter_t;

/* "--B" or "--B--", maybe with blanks behind. */
static delimiter_t
delimiter(const parts_t *p, ses_str_t line)
{
    ses_str_t text = ses_str_from(line, 2), b;
    delimiter_t found = NO_DELIMITER;
    unsigned i;

    if (!ses_str_starts(line, SES_STR("--")))
        return NO_DELIMITER;
    for (i = p->nboundaries; i-- > 0;) {
        b = ses_str_n(p->boundaries[i].text, p->boundaries[i].n);
        if (!ses_str_starts(text, b))
            continue;
        b = ses_str_trim(ses_str_from(text, b.n));
        if (b.n == 0)
            return NEXT_PART;
        if (ses_str_eqc(b, "--")) /* unless a boundary ends like that */
            found = NO_MORE_PARTS;
    }
    return found;
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
    if (ses_str_caseeqc(name, "Content-Type")) {
        p->message = ses_str_casestarts(value, SES_STR("message/rfc822"));
        p->container = ses_str_casestarts(value, SES_STR("multipart/"));
    }
    if (ses_str_caseeqc(name, "Content-Transfer-Encoding"))
        p->coding = ses_content_coding(value);
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

/* --- lines -------------------------------------------------------------- */

static void
begin_head(parts_t *p, bool is)
{
    p->in_head = is;
    p->message = p->container = false;
    p->coding = SES_CODING_NONE;
}

static void
end_head(ses_cx_t *cx, parts_t *p)
{
    end_field(cx, p);
    if (!p->message && !p->container)
        ses_content_begin(&p->content, p->coding);
    begin_head(p, p->message);
}

static void
end_line(ses_cx_t *cx, parts_t *p)
{
    ses_str_t line = ses_str_n(p->line, p->line_n);
    delimiter_t d;

    p->line_n = 0;
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    if ((d = delimiter(p, line)) != NO_DELIMITER) {
        end_field(cx, p);
        ses_content_end(&p->content);
        p->n += d == NEXT_PART;
        begin_head(p, d == NEXT_PART);
    } else if (line.n == 0 && p->in_head) {
        end_head(cx, p);
    } else if (p->in_head) {
        header_line(cx, p, line);
    } else {
        ses_content_line(&p->content, line);
    }
}

void
parts_begin(parts_t *p, ses_str_t type, ses_str_t coding)
{
    p->n = p->nboundaries = 0;
    begin_head(p, false);
    p->content = (ses_content_t){.bad = false};
    p->line_n = p->field_n = 0;
    p->refused = SES_STR("");
    if (ses_str_casestarts(type, SES_STR("multipart/")))
        learn(p, type);
    else
        ses_content_begin(&p->content, ses_content_coding(coding));
}

void
parts_scan(ses_cx_t *cx, parts_t *p, const char *text, size_t n)
{
    const char *lf;
    size_t k, room;

    if (p->nboundaries == 0 && !p->content.open)
        return;
    while (n > 0) {
        lf = memchr(text, '\n', n);
        k = lf == NULL ? n : (size_t) (lf - text);
        room =
            (p->in_head || p->content.open ? sizeof(p->line) : BOUNDARY_LINE) -
            p->line_n;
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
parts_end(ses_cx_t *cx, parts_t *p)
{
    if (p->line_n > 0)
        end_line(cx, p);
    ses_content_end(&p->content);
    if (p->n > PARTS_MAX)
        return ses_fail(cx, SES_INVALID,
                        "The message has more than %d MIME parts.", PARTS_MAX);
    if (p->refused.n > 0)
        return ses_fail(cx, SES_INVALID, "%.*s", SES_FMT(p->refused));
    return SES_OK;
}
