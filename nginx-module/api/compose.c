/*
 * compose - read Simple content: subject, body, headers, attachments
 *
 * Everything that could break the message apart is refused here, with the
 * member's name; what is left, mime.c can write without looking.
 */
#include "api/compose.h"

#include "base/encode.h"
#include "policy/attachment.h"
#include "policy/shape.h"

#define SUBJECT_MAX 16384   /* bytes */
#define ATTACHMENTS_MAX 490 /* 500 parts in all: contract 4.3 */

/* Fields that are not the client's to write (contract 4.1). */
static const char *const reserved[] = {
    "Bcc",
    "Cc",
    "Content-Disposition",
    "Content-Type",
    "Date",
    "From",
    "Message-ID",
    "MIME-Version",
    "Reply-To",
    "Return-Path",
    "Subject",
    "To",
    "Content-Transfer-Encoding",
};

/* --- texts ------------------------------------------------------------- */

static ses_rc_t
read_text(ses_cx_t *cx, const cJSON *parent, const char *member, const char *at,
          const char *between, mime_text_t *out)
{
    const cJSON *o = ses_json_get(parent, member);
    const char *path = NULL;
    ses_str_t name = ses_json_str(o, "Charset"), data, unused;
    const mime_charset_t *c;

    if (o == NULL)
        return SES_OK;
    path = ses_str_printf(cx->arena, "%s%s%s", at, between, member).p;
    if ((c = mime_charset(name)) == NULL)
        return ses_fail(cx, SES_INVALID, "%s.Charset <%.*s> is not supported.",
                        path, SES_FMT(ses_str_head(name, 64)));
    data = ses_json_str(o, "Data");
    if (!mime_convert(cx->arena, c, data, &unused))
        return ses_fail(cx, SES_INVALID,
                        "%s.Data has characters that are not in %s: name "
                        "another Charset, such as UTF-8.",
                        path, mime_charset_name(c));
    out->charset = c;
    out->utf8 = data;
    return SES_OK;
}

static bool
has_controls(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (((uint8_t) s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
            return true;
    return false;
}

static ses_rc_t
read_texts(ses_cx_t *cx, const cJSON *simple, const char *at, mime_message_t *m)
{
    const cJSON *body = ses_json_get(simple, "Body");
    ses_rc_t rc;

    if ((rc = read_text(cx, simple, "Subject", at, ".", &m->subject)) !=
            SES_OK ||
        (rc = read_text(cx, body, "Text", at, ".Body.", &m->text)) != SES_OK ||
        (rc = read_text(cx, body, "Html", at, ".Body.", &m->html)) != SES_OK)
        return rc;
    if (has_controls(m->subject.utf8))
        return ses_fail(cx, SES_INVALID,
                        "%s.Subject.Data contains line breaks or control "
                        "characters.",
                        at);
    if (m->subject.utf8.n > SUBJECT_MAX)
        return ses_fail(cx, SES_INVALID,
                        "%s.Subject.Data is longer than %d bytes.", at,
                        SUBJECT_MAX);
    if (m->text.charset == NULL && m->html.charset == NULL)
        return ses_fail(cx, SES_INVALID, "%s.Body must have Text or Html.", at);
    return SES_OK;
}

/* --- headers ----------------------------------------------------------- */

#define NAME_VALUE_MAX 996 /* contract 4.1 */

/* Which may stand only once is the gate's to know. */
static ses_rc_t
check_header(ses_cx_t *cx, const ses_header_t *h)
{
    size_t i;

    for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (ses_str_caseeqc(h->name, reserved[i]))
            return ses_fail(cx, SES_INVALID, "Illegal header '%.*s'.",
                            SES_FMT(h->name));
    if (h->name.n + h->value.n > NAME_VALUE_MAX)
        return ses_fail(cx, SES_INVALID,
                        "Name and value of header '%.*s' are longer than %d "
                        "characters.",
                        SES_FMT(h->name), NAME_VALUE_MAX);
    return SES_OK;
}

static ses_rc_t
read_headers(ses_cx_t *cx, const cJSON *list, mime_message_t *m)
{
    ses_header_t *v;
    const cJSON *e;
    unsigned n = 0;
    ses_rc_t rc;

    if (list == NULL || list->child == NULL)
        return SES_OK;
    v = ses_calloc(cx->arena, (size_t) cJSON_GetArraySize(list) * sizeof(*v));
    cJSON_ArrayForEach(e, list)
    {
        v[n].name = ses_json_str(e, "Name");
        v[n].value = ses_json_str(e, "Value");
        if ((rc = check_header(cx, &v[n])) != SES_OK)
            return rc;
        n++;
    }
    m->headers = v;
    m->nheaders = n;
    return SES_OK;
}

/* --- attachments ------------------------------------------------------- */

static ses_rc_t
illegal_name(ses_cx_t *cx, ses_str_t name)
{
    return ses_fail(cx, SES_INVALID, "Illegal filename '%.*s'.", SES_FMT(name));
}

/* Brackets are ours to write; what is inside must be one word. */
static bool
read_id(ses_str_t id, ses_str_t *out)
{
    size_t i;

    if (id.n >= 2 && id.p[0] == '<' && id.p[id.n - 1] == '>')
        id = ses_str_n(id.p + 1, id.n - 2);
    for (i = 0; i < id.n; i++)
        if (id.p[i] <= ' ' || id.p[i] > '~' || id.p[i] == '<' || id.p[i] == '>')
            return false;
    *out = id;
    return true;
}

/*
 * How the bytes travel.  Seven-bit, asked for or not, only where the bytes
 * then stay what they are; base64 for everything else.
 */
static mime_cte_t
choose_cte(ses_str_t asked, ses_str_t bytes)
{
    if (ses_str_eqc(asked, "BASE64"))
        return MIME_BASE64;
    if (ses_str_eqc(asked, "QUOTED_PRINTABLE"))
        return MIME_QP;
    return mime_clean(bytes, asked.n > 0 ? SES_LINE_MAX : 76) ? MIME_7BIT
                                                              : MIME_BASE64;
}

static ses_rc_t
read_type(ses_cx_t *cx, const cJSON *e, mime_attachment_t *a)
{
    ses_str_t type = ses_json_str(e, "ContentType");

    if (type.n == 0)
        type = ses_str(mime_type_of(a->file_name));
    if (!mime_type_valid(type) ||
        ses_str_casestarts(type, SES_STR("multipart/")))
        return ses_fail(cx, SES_INVALID, "Illegal content type '%.*s'.",
                        SES_FMT(type));
    if (ses_attachment_blocked(a->file_name, type))
        return illegal_name(cx, a->file_name);
    a->type = type;
    a->cte = choose_cte(ses_json_str(e, "ContentTransferEncoding"), a->bytes);
    if (ses_str_casestarts(type, SES_STR("message/")) && a->cte != MIME_7BIT)
        return ses_fail(cx, SES_INVALID,
                        "An attachment of type '%.*s' must be 7-bit text with "
                        "CRLF line ends.",
                        SES_FMT(type));
    return SES_OK;
}

static ses_rc_t
read_attachment(ses_cx_t *cx, const cJSON *e, mime_attachment_t *a)
{
    const char *raw = ses_json_str(e, "RawContent").p;

    a->file_name = ses_json_str(e, "FileName");
    a->description = ses_json_str(e, "ContentDescription");
    a->is_inline = ses_str_eqc(ses_json_str(e, "ContentDisposition"), "INLINE");
    if (ses_str_trim(a->file_name).n == 0 || has_controls(a->file_name))
        return illegal_name(cx, a->file_name);
    if (has_controls(a->description))
        return ses_fail(cx, SES_INVALID,
                        "ContentDescription contains line breaks or control "
                        "characters.");
    if (!read_id(ses_json_str(e, "ContentId"), &a->id))
        return ses_fail(cx, SES_INVALID, "Illegal content id '%.*s'.",
                        SES_FMT(ses_json_str(e, "ContentId")));
    if (!ses_base64_parse(cx->arena, ses_str(raw), &a->bytes))
        return ses_fail_null(cx, SES_SERIALIZATION);
    return read_type(cx, e, a);
}

static ses_rc_t
read_attachments(ses_cx_t *cx, const cJSON *list, size_t max, mime_message_t *m)
{
    mime_attachment_t *v;
    const cJSON *e;
    size_t total = 0;
    unsigned n = 0;
    ses_rc_t rc;

    if (list == NULL || list->child == NULL)
        return SES_OK;
    if (cJSON_GetArraySize(list) > ATTACHMENTS_MAX)
        return ses_fail(cx, SES_INVALID,
                        "A message cannot have more than %d attachments.",
                        ATTACHMENTS_MAX);
    v = ses_calloc(cx->arena, (size_t) cJSON_GetArraySize(list) * sizeof(*v));
    cJSON_ArrayForEach(e, list)
    {
        total += ses_json_str(e, "RawContent").n / 4 * 3;
        if (total > max + 3)
            return ses_fail(cx, SES_TOO_LARGE,
                            "Message length is more than %zu bytes long.", max);
        if ((rc = read_attachment(cx, e, &v[n])) != SES_OK)
            return rc;
        n++;
    }
    m->attachments = v;
    m->nattachments = n;
    return SES_OK;
}

ses_rc_t
compose_read(ses_cx_t *cx, const cJSON *simple, const char *at, size_t max,
             mime_message_t *m)
{
    ses_rc_t rc;

    if ((rc = read_texts(cx, simple, at, m)) != SES_OK ||
        (rc = read_headers(cx, ses_json_get(simple, "Headers"), m)) != SES_OK)
        return rc;
    return read_attachments(cx, ses_json_get(simple, "Attachments"), max, m);
}
