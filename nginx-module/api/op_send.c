/*
 * op_send - SendEmail: a message out of its parts, or as it is
 *
 * This makes envelope and message; whether the account may send it is the
 * gate's to say, by the same code as for SMTP.
 */
#include "api/op_send.h"

#include "api/compose.h"
#include "api/raw.h"
#include "base/encode.h"
#include "policy/shapes_v2.h"

#define V1_MAX ((size_t) 10 << 20) /* contract 4.3 */

static size_t
size_max(const op_t *op)
{
    size_t max = (size_t) op->env->conf.max_message_size;

    return op->def->protocol == OP_QUERY && max > V1_MAX ? V1_MAX : max;
}

static ses_rc_t
check_size(op_t *op, size_t n)
{
    size_t max = size_max(op);

    if (n <= max)
        return SES_OK;
    return ses_fail(
        op->cx, op->def->protocol == OP_QUERY ? SES_INVALID : SES_TOO_LARGE,
        "Message length is more than %zu bytes long: '%zu'.", max, n);
}

/* --- Simple ------------------------------------------------------------ */

ses_rc_t
op_send_simple(envelope_t *e, const cJSON *simple, const char *at)
{
    op_t *op = e->op;
    mime_message_t m = {.from = &e->from,
                        .to = e->to,
                        .nto = e->nto,
                        .cc = e->cc,
                        .ncc = e->ncc,
                        .reply_to = e->reply_to,
                        .nreply_to = e->nreply_to};
    size_t max = size_max(op), fields;
    ses_buf_t b;
    ses_rc_t rc;

    if (!e->has_from)
        return op_has(op, e->names->from)
                   ? ses_fail(op->cx, SES_INVALID, "Source cannot be empty")
                   : ses_fail_null(op->cx, SES_INVALID);
    if ((rc = envelope_check_arns(e, &e->from)) != SES_OK ||
        (rc = compose_read(op->cx, simple, at, max, &m)) != SES_OK)
        return rc;
    ses_buf_init(&b, op->cx->arena, max + ENVELOPE_FIELDS);
    if ((rc = envelope_fields(e, &b)) != SES_OK)
        return rc;
    fields = b.n;
    mime_compose(op->cx, &b, &m);
    if ((rc = check_size(op, b.overflow ? max + 1 : b.n - fields)) != SES_OK)
        return rc;

    op->send->operation = "SendEmail";
    op->send->mail = e->has_feedback ? e->feedback.addr : e->from.addr;
    op->send->data = ses_buf_get(&b);
    return SES_OK;
}

/* --- Raw --------------------------------------------------------------- */

/* Recipients are the call's, or else those of the message's own fields. */
static ses_rc_t
raw_recipients(envelope_t *e, const raw_t *raw)
{
    ses_cx_t *cx = e->op->cx;
    unsigned max = (unsigned) e->op->env->conf.max_recipients;
    ses_rc_t rc;

    if (e->nto + e->ncc + e->nbcc > 0)
        return SES_OK;
    if ((rc = raw_mailboxes(cx, raw, "To", max, &e->to, &e->nto)) != SES_OK ||
        (rc = raw_mailboxes(cx, raw, "Cc", max, &e->cc, &e->ncc)) != SES_OK)
        return rc;
    return raw_mailboxes(cx, raw, "Bcc", max, &e->bcc, &e->nbcc);
}

/* Who the bounces are for: contract 4.6. */
static ses_rc_t
raw_source(envelope_t *e, const raw_t *raw, const ses_address_t *from,
           ses_str_t *out)
{
    ses_str_t path;
    ses_address_t a;
    ses_rc_t rc;

    if (e->has_feedback) {
        *out = e->feedback.addr;
        return SES_OK;
    }
    *out = from->addr;
    if (e->has_from)
        return SES_OK;
    path = ses_headers_value(e->op->cx->arena, &raw->headers, "Return-Path");
    if (path.n == 0)
        return SES_OK;
    rc = ses_address_path(e->op->cx, path, &a);
    if (rc == SES_OK && a.addr.n > 0)
        *out = a.addr;
    return rc;
}

/* Fields of the call that the message has not. */
static ses_rc_t
raw_fields(envelope_t *e, const raw_t *raw, ses_buf_t *b)
{
    ses_rc_t rc = envelope_fields(e, b);

    if (rc != SES_OK)
        return rc;
    if (ses_headers_find(&raw->headers, "From") == NULL)
        mime_addresses(b, "From", &e->from, 1);
    if (e->nreply_to == 0)
        return SES_OK;
    if (ses_headers_find(&raw->headers, "Reply-To") != NULL)
        return ses_fail(e->op->cx, SES_INVALID,
                        "ReplyToAddresses cannot be given: the message has a "
                        "Reply-To header.");
    mime_addresses(b, "Reply-To", e->reply_to, e->nreply_to);
    return SES_OK;
}

ses_rc_t
op_send_raw(envelope_t *e, const cJSON *in)
{
    op_t *op = e->op;
    ses_address_t *from = NULL;
    unsigned nfrom = 0;
    ses_str_t bytes;
    ses_buf_t b;
    raw_t raw;
    ses_rc_t rc;

    if (!ses_base64_parse(op->cx->arena, ses_json_str(in, "Data"), &bytes))
        return ses_fail_null(op->cx, SES_SERIALIZATION);
    if ((rc = check_size(op, bytes.n)) != SES_OK ||
        (rc = raw_parse(op->cx, bytes, &raw)) != SES_OK ||
        (rc = check_size(op, raw.data.n)) != SES_OK ||
        (rc = raw_mailboxes(op->cx, &raw, "From", 100, &from, &nfrom)) !=
            SES_OK)
        return rc;
    if (nfrom == 0 &&
        (!e->has_from || ses_headers_find(&raw.headers, "From") != NULL))
        return ses_fail(op->cx, SES_INVALID, "Missing required header 'From'.");
    if ((rc = envelope_check_arns(e, e->has_from ? &e->from : from)) !=
            SES_OK ||
        (rc = raw_recipients(e, &raw)) != SES_OK)
        return rc;

    ses_buf_init(&b, op->cx->arena, raw.data.n + ENVELOPE_FIELDS);
    if ((rc = raw_fields(e, &raw, &b)) != SES_OK)
        return rc;
    if (b.n > 0)
        ses_buf_str(&b, raw.data);
    op->send->data = b.n > 0 ? ses_buf_get(&b) : raw.data;
    op->send->operation = "SendRawEmail";
    return raw_source(e, &raw, e->has_from ? &e->from : from, &op->send->mail);
}

/* --- SendEmail --------------------------------------------------------- */

static ses_rc_t
send_email(op_t *op)
{
    const cJSON *content = ses_json_get(op->in, "Content");
    const cJSON *simple = ses_json_get(content, "Simple");
    const cJSON *raw = ses_json_get(content, "Raw");
    const cJSON *template = ses_json_get(content, "Template");
    envelope_t e;
    ses_rc_t rc;

    if ((simple != NULL) + (raw != NULL) + (template != NULL) != 1)
        return ses_fail(op->cx, SES_INVALID,
                        "Content must have exactly one of Simple, Raw and "
                        "Template.");
    if (template != NULL)
        return ses_shape_later(op->cx, "Content.Template");
    if ((rc = envelope_read(&e, op, &envelope_v2)) != SES_OK)
        return rc;
    rc = simple != NULL ? op_send_simple(&e, simple, "Content.Simple")
                        : op_send_raw(&e, raw);
    return rc == SES_OK ? envelope_recipients(&e) : rc;
}

const op_def_t ops_send[] = {
    {"SendEmail", OP_REST, "POST", "/v2/email/outbound-emails", "ses:SendEmail",
     OP_SEND, send_email, ses_v2_send, 0},
    {0},
};
