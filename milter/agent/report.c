/*
 * report - a bounce (RFC 3464) or complaint (RFC 5965): bytes in, struct out
 *
 * GMime finds the part; the part itself is groups of header fields, which
 * are read here.  A field counts once a group, the first time.
 */

#include "report.h"

#include <gmime/gmime.h>

#include "base/buf.h"

#define PARTS_MAX 20
#define FIELD_MAX 4096 /* bytes of a value that are kept */

void
report_init(void)
{
    g_mime_init();
}

/* --- fields -------------------------------------------------------------- */

/* The next line without its end. */
static bool
take_line(ses_str_t *rest, ses_str_t *line)
{
    if (rest->n == 0 || !ses_str_cut(rest, '\n', line))
        return false;
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

static bool
folded(ses_str_t rest)
{
    return rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

/* A whole field, unfolded: blanks around a line's end become one space. */
static ses_str_t
unfold(ses_arena_t *a, ses_str_t first, ses_str_t *rest)
{
    ses_str_t line = ses_str_trim(first);
    ses_buf_t b;

    if (!folded(*rest))
        return ses_str_head(line, FIELD_MAX);

    ses_buf_init(&b, a, FIELD_MAX);
    ses_buf_str(&b, line);
    while (folded(*rest) && take_line(rest, &line)) {
        line = ses_str_trim(line);
        if (line.n == 0)
            break; /* blank: the group ends */
        if (b.n > 0)
            ses_buf_char(&b, ' ');
        ses_buf_str(&b, line);
    }
    return ses_buf_get(&b);
}

/* The next field of this group; false at its end. */
static bool
take_field(ses_arena_t *a, ses_str_t *rest, ses_str_t *name, ses_str_t *value)
{
    ses_str_t line;
    ptrdiff_t colon;

    while (take_line(rest, &line)) {
        if (ses_str_trim(line).n == 0)
            return false;
        colon = ses_str_find(line, ':');
        if (colon <= 0)
            continue;
        *name = ses_str_trim(ses_str_head(line, (size_t) colon));
        *value = unfold(a, ses_str_from(line, (size_t) colon + 1), rest);
        return true;
    }
    return false;
}

/* "rfc822; a@b" -> "a@b" */
static ses_str_t
untyped(ses_str_t value)
{
    ptrdiff_t semicolon = ses_str_find(value, ';');

    if (semicolon < 0)
        return value;
    return ses_str_trim(ses_str_from(value, (size_t) semicolon + 1));
}

static ses_str_t
unbracketed(ses_str_t value)
{
    if (value.n >= 2 && value.p[0] == '<' && value.p[value.n - 1] == '>')
        return ses_str_n(value.p + 1, value.n - 2);
    return value;
}

/* Up to a comment or a blank. */
static ses_str_t
first_word(ses_str_t value)
{
    size_t i = 0;

    while (i < value.n && value.p[i] != ' ' && value.p[i] != '\t' &&
           value.p[i] != '(')
        i++;
    return ses_str_head(value, i);
}

static void
set(ses_str_t *field, ses_str_t value)
{
    if (field->n == 0)
        *field = value;
}

/* --- delivery status ----------------------------------------------------- */

static void
set_rcpt(ses_arena_t *a, report_rcpt_t *r, ses_str_t name, ses_str_t value)
{
    if (ses_str_caseeqc(name, "Final-Recipient"))
        set(&r->final, unbracketed(untyped(value)));
    else if (ses_str_caseeqc(name, "Original-Recipient"))
        set(&r->original, unbracketed(untyped(value)));
    else if (ses_str_caseeqc(name, "Action"))
        set(&r->action, ses_str_lower(a, first_word(value)));
    else if (ses_str_caseeqc(name, "Status"))
        set(&r->status, first_word(value));
    else if (ses_str_caseeqc(name, "Diagnostic-Code"))
        set(&r->diagnostic, value);
    else if (ses_str_caseeqc(name, "Remote-MTA"))
        set(&r->remote_mta, untyped(value));
}

static void
parse_delivery(ses_arena_t *a, ses_str_t text, report_t *out)
{
    ses_str_t name, value;

    out->kind = REPORT_DELIVERY;
    while (take_field(a, &text, &name, &value))
        if (ses_str_caseeqc(name, "Reporting-MTA"))
            set(&out->reporting_mta, untyped(value));

    while (text.n > 0 && out->nrcpts < REPORT_RCPTS) {
        report_rcpt_t r = {.final = SES_STR("")};

        while (take_field(a, &text, &name, &value))
            set_rcpt(a, &r, name, value);
        if (r.final.n > 0 || r.original.n > 0)
            out->rcpts[out->nrcpts++] = r;
    }
}

/* --- complaint ----------------------------------------------------------- */

static int64_t
parse_date(ses_arena_t *a, ses_str_t value)
{
    GDateTime *date = g_mime_utils_header_decode_date(ses_str_c(a, value));
    int64_t ms = 0;

    if (date != NULL) {
        ms = g_date_time_to_unix(date) * 1000;
        g_date_time_unref(date);
    }
    return ms;
}

static void
parse_complaint(ses_arena_t *a, ses_str_t text, report_t *out)
{
    ses_str_t name, value;

    out->kind = REPORT_COMPLAINT;
    while (take_field(a, &text, &name, &value)) {
        if (ses_str_caseeqc(name, "Feedback-Type"))
            set(&out->feedback_type, ses_str_lower(a, first_word(value)));
        else if (ses_str_caseeqc(name, "User-Agent"))
            set(&out->user_agent, value);
        else if (ses_str_caseeqc(name, "Original-Mail-From"))
            set(&out->mail_from, unbracketed(value));
        else if (ses_str_caseeqc(name, "Reporting-MTA"))
            set(&out->reporting_mta, untyped(value));
        else if (ses_str_caseeqc(name, "Original-Rcpt-To") &&
                 out->nrcpts < REPORT_RCPTS)
            out->rcpts[out->nrcpts++].final = unbracketed(value);
        else if (out->arrival == 0 && (ses_str_caseeqc(name, "Arrival-Date") ||
                                       ses_str_caseeqc(name, "Received-Date")))
            out->arrival = parse_date(a, value);
    }
}

/* --- MIME ---------------------------------------------------------------- */

/* A leaf's bytes, decoded, in the arena. */
static ses_str_t
content_of(ses_arena_t *a, GMimeObject *part)
{
    GMimeDataWrapper *content;
    GMimeStream *stream;
    GByteArray *bytes;
    ses_str_t text;

    if (!GMIME_IS_PART(part) ||
        (content = g_mime_part_get_content(GMIME_PART(part))) == NULL)
        return SES_STR("");

    stream = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, stream);
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    text = ses_str_dup(a, ses_str_n(bytes->data, bytes->len));
    g_object_unref(stream);
    return text;
}

static void
parse_part(ses_arena_t *a, GMimeObject *part, report_t *out)
{
    static const struct {
        const char *subtype;
        void (*parse)(ses_arena_t *a, ses_str_t text, report_t *out);
    } parts[] = {
        {"delivery-status", parse_delivery},
        {"global-delivery-status", parse_delivery},
        {"feedback-report", parse_complaint},
    };
    GMimeContentType *type = g_mime_object_get_content_type(part);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (g_mime_content_type_is_type(type, "message", parts[i].subtype)) {
            parts[i].parse(a, content_of(a, part), out);
            return;
        }
}

static void
parse_message(ses_arena_t *a, GMimeMessage *message, report_t *out)
{
    GMimeObject *root = g_mime_message_get_mime_part(message);
    GMimeMultipart *multipart;
    int n;

    if (root == NULL || !GMIME_IS_MULTIPART(root) ||
        !g_mime_content_type_is_type(g_mime_object_get_content_type(root),
                                     "multipart", "report"))
        return;

    multipart = GMIME_MULTIPART(root);
    n = g_mime_multipart_get_count(multipart);
    for (int i = 0; i < n && i < PARTS_MAX && out->kind == REPORT_NONE; i++)
        parse_part(a, g_mime_multipart_get_part(multipart, i), out);
}

void
report_parse(ses_arena_t *a, ses_str_t bytes, report_t *out)
{
    report_t r = {.kind = REPORT_NONE};
    GMimeMessage *message;
    GMimeParser *parser;
    GMimeStream *stream;

    r.rcpts = ses_calloc(a, REPORT_RCPTS * sizeof(*r.rcpts));
    stream = g_mime_stream_mem_new_with_buffer(bytes.p, bytes.n);
    parser = g_mime_parser_new_with_stream(stream);
    message = g_mime_parser_construct_message(parser, NULL);
    if (message != NULL) {
        parse_message(a, message, &r);
        g_object_unref(message);
    }
    g_object_unref(parser);
    g_object_unref(stream);
    *out = r;
}
