/*
 * mime - a message out of its parts
 *
 *   mixed( alternative( text, related( html, inline... ) ), attachment... )
 *
 * with every level left out that would have one part.  Inline attachments
 * need an HTML part to stand in; without one they are ordinary parts that
 * say "inline".
 */
#include "api/mime.h"

#include "base/encode.h"

struct compose {
    ses_cx_t *cx;
    ses_buf_t *b;
    const mime_message_t *m;
    unsigned parts; /* multiparts so far */
};

/* --- multiparts -------------------------------------------------------- */

/* "=_" occurs neither in base64 nor in quoted-printable. */
static ses_str_t
multipart(struct compose *c, const char *subtype)
{
    uint8_t bytes[12];
    ses_str_t boundary;

    ses_random(bytes, sizeof(bytes));
    boundary = ses_str_printf(
        c->cx->arena, "----=_Part_%u_%.*s", c->parts++,
        SES_FMT(ses_hex(c->cx->arena, ses_str_n(bytes, sizeof(bytes)))));
    ses_buf_printf(c->b, "Content-Type: multipart/%s;\r\n boundary=\"%.*s\"",
                   subtype, SES_FMT(boundary));
    ses_buf_c(c->b, "\r\n\r\n");
    return boundary;
}

static void
next_part(struct compose *c, ses_str_t boundary)
{
    ses_buf_printf(c->b, "--%.*s\r\n", SES_FMT(boundary));
}

static void
last_part(struct compose *c, ses_str_t boundary)
{
    ses_buf_printf(c->b, "--%.*s--\r\n", SES_FMT(boundary));
}

/* The line end before a boundary belongs to the boundary; a body that must
 * come back exactly gets one more. */
static void
end_body(struct compose *c, bool exact)
{
    ses_str_t s = ses_buf_get(c->b);

    if (exact || !ses_str_ends(s, SES_STR("\r\n")))
        ses_buf_c(c->b, "\r\n");
}

/* --- leaves ------------------------------------------------------------ */

static void
text_part(struct compose *c, const char *subtype, const mime_text_t *t)
{
    ses_str_t s;
    mime_cte_t cte;

    s = mime_crlf(c->cx->arena, t->utf8);
    if (!mime_convert(c->cx->arena, t->charset, s, &s))
        s = SES_STR(""); /* cannot be: the caller converted it before */
    cte = mime_cte_text(s);
    ses_buf_printf(c->b,
                   "Content-Type: text/%s; charset=%s\r\n"
                   "Content-Transfer-Encoding: %s\r\n\r\n",
                   subtype, mime_charset_name(t->charset), mime_cte_name(cte));
    mime_encode(c->b, cte, s);
    end_body(c, c->parts > 0 && cte != MIME_BASE64);
}

static void
attachment_part(struct compose *c, const mime_attachment_t *a)
{
    const mime_charset_t *utf8 = mime_charset(SES_STR("UTF-8"));

    ses_buf_printf(c->b, "Content-Type: %.*s", SES_FMT(a->type));
    if (ses_str_find(a->type, ';') < 0)
        mime_param(c->b, "name", a->file_name);
    ses_buf_printf(c->b, "\r\nContent-Disposition: %s",
                   a->is_inline ? "inline" : "attachment");
    mime_param(c->b, "filename", a->file_name);
    ses_buf_printf(c->b, "\r\nContent-Transfer-Encoding: %s\r\n",
                   mime_cte_name(a->cte));
    if (a->id.n > 0)
        ses_buf_printf(c->b, "Content-ID: <%.*s>\r\n", SES_FMT(a->id));
    if (a->description.n > 0)
        mime_field(c->b, "Content-Description", utf8, a->description);
    ses_buf_c(c->b, "\r\n");
    mime_encode(c->b, a->cte, a->bytes);
    end_body(c, a->cte != MIME_BASE64 || a->bytes.n == 0);
}

/* --- levels ------------------------------------------------------------ */

/* Attachments that stand beside the HTML part, or all others. */
static unsigned
count(const mime_message_t *m, bool related)
{
    unsigned i, n = 0;

    for (i = 0; i < m->nattachments; i++)
        if ((m->html.charset != NULL && m->attachments[i].is_inline) == related)
            n++;
    return n;
}

static void
attachments(struct compose *c, bool related, ses_str_t boundary)
{
    const mime_message_t *m = c->m;
    unsigned i;

    for (i = 0; i < m->nattachments; i++) {
        if ((m->html.charset != NULL && m->attachments[i].is_inline) != related)
            continue;
        next_part(c, boundary);
        attachment_part(c, &m->attachments[i]);
    }
    last_part(c, boundary);
}

static void
html_level(struct compose *c)
{
    ses_str_t boundary;

    if (count(c->m, true) == 0) {
        text_part(c, "html", &c->m->html);
        return;
    }
    boundary = multipart(c, "related;\r\n type=\"text/html\"");
    next_part(c, boundary);
    text_part(c, "html", &c->m->html);
    attachments(c, true, boundary);
}

static void
body_level(struct compose *c)
{
    const mime_message_t *m = c->m;
    ses_str_t boundary;

    if (m->html.charset == NULL) {
        text_part(c, "plain", &m->text);
        return;
    }
    if (m->text.charset == NULL) {
        html_level(c);
        return;
    }
    boundary = multipart(c, "alternative");
    next_part(c, boundary);
    text_part(c, "plain", &m->text);
    next_part(c, boundary);
    html_level(c);
    last_part(c, boundary);
}

void
mime_compose(ses_cx_t *cx, ses_buf_t *b, const mime_message_t *m)
{
    struct compose c = {.cx = cx, .b = b, .m = m};
    ses_str_t boundary;
    unsigned i;

    mime_addresses(b, "From", m->from, 1);
    if (m->nto > 0)
        mime_addresses(b, "To", m->to, m->nto);
    if (m->ncc > 0)
        mime_addresses(b, "Cc", m->cc, m->ncc);
    if (m->nreply_to > 0)
        mime_addresses(b, "Reply-To", m->reply_to, m->nreply_to);
    mime_field(b, "Subject", m->subject.charset, m->subject.utf8);
    for (i = 0; i < m->nheaders; i++)
        mime_field(b, ses_str_c(cx->arena, m->headers[i].name), NULL,
                   m->headers[i].value);
    ses_buf_c(b, "MIME-Version: 1.0\r\n");

    if (count(m, false) == 0) {
        body_level(&c);
        return;
    }
    boundary = multipart(&c, "mixed");
    next_part(&c, boundary);
    body_level(&c);
    attachments(&c, false, boundary);
}
