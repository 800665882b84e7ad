/*
 * reply - a call's result as status, headers and body
 *
 * JSON for v2 (contract 1.4, 1.5), XML for the Query protocol (2.2, 2.3).
 * The table in rc.c gives class, code and status; what is our own failure
 * keeps its text for the log.
 */
#include "api/dispatch.h"

#include "api/v1_error.h"
#include "api/verify_page.h"
#include "base/clock.h"
#include "base/log.h"

#define JSON_TYPE "application/json"
#define XML_TYPE "text/xml"
#define PEM_TYPE "application/x-pem-file"
#define PAGE_TYPE "text/html; charset=utf-8"
#define ERROR_MAX 65536

static const struct {
    op_protocol_t protocol;
    const char *xmlns;
} namespaces[] = {
    {OP_QUERY, "http://ses.amazonaws.com/doc/2010-12-01/"},
    {OP_SNS, "http://sns.amazonaws.com/doc/2010-03-31/"},
};

/* Where SNS has codes of its own. */
static const struct {
    ses_rc_t rc;
    int status;
    const char *code;
} sns_codes[] = {
    {SES_NOT_FOUND, 404, "NotFound"},
    {SES_INVALID, 400, "InvalidParameter"},
    {SES_BAD_TOKEN, 400, "InvalidParameter"},
    {SES_EXISTS, 400, "InvalidParameter"},
    {SES_DENIED, 403, "AuthorizationError"},
    {SES_FAULT, 500, "InternalError"},
};

/* Errors that the web server finds before there is a call. */
static const struct {
    int status;
    const char *error, *message;
} plain[] = {
    {400, "BadRequestException", "The request is malformed."},
    {404, "UnknownOperationException", "Unknown operation."},
    {405, "UnknownOperationException", "Unknown operation."},
    {408, "RequestTimeoutException", "The request took too long."},
    {413, "RequestEntityTooLarge", "The request body is too large."},
    {414, "BadRequestException", "The request target is too long."},
    {431, "BadRequestException", "The request headers are too large."},
    {500, "InternalFailure", "Internal failure."},
    {503, "ServiceUnavailable", "The service is unavailable."},
};

/* Failures of ours: nobody is told why but the log. */
static bool
is_ours(ses_rc_t rc)
{
    return rc == SES_FAULT || rc == SES_BUSY || rc == SES_MODIFIED ||
           rc == SES_STALE || rc == SES_FORGED;
}

/* The text for the client; p == NULL is null. */
static ses_str_t
text_of(const api_call_t *c)
{
    const ses_rc_row_t *row = ses_rc_row(c->rc);

    if (is_ours(c->rc) || c->cx.why_rc == SES_OK)
        return ses_str(row->text);
    return c->cx.why;
}

static const char *
xmlns(op_protocol_t protocol)
{
    size_t i;

    for (i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
        if (namespaces[i].protocol == protocol)
            return namespaces[i].xmlns;
    return "";
}

static ses_str_t
json_error(ses_arena_t *a, ses_str_t text)
{
    ses_jsonw_t w;

    ses_jsonw_init(&w, a, ERROR_MAX);
    ses_jsonw_open(&w, NULL);
    if (text.p == NULL)
        ses_jsonw_null(&w, "message");
    else
        ses_jsonw_str(&w, "message", ses_str_head(text, ERROR_MAX / 8));
    ses_jsonw_close(&w);
    return ses_jsonw_get(&w);
}

/* The names that a v1 error has beside its message. */
static void
xml_names(const api_call_t *c, const v1_error_t *e, ses_buf_t *b)
{
    size_t i;

    for (i = 0; e != NULL && i < 2; i++) {
        if (e->members[i] == NULL || c->op.about_names[i].n == 0)
            continue;
        ses_buf_printf(b, "<%s>", e->members[i]);
        out_xml_text(b, ses_str_head(c->op.about_names[i], ERROR_MAX / 128));
        ses_buf_printf(b, "</%s>", e->members[i]);
    }
}

/* XML has no null: the row's own words stand for it. */
static ses_str_t
xml_message(const api_call_t *c)
{
    ses_str_t text = text_of(c);

    if (text.p == NULL)
        text = ses_str(ses_rc_row(c->rc)->text);
    return ses_str_head(text, ERROR_MAX / 8);
}

static void
xml_error(api_call_t *c, api_response_t *out)
{
    const ses_rc_row_t *row = ses_rc_row(c->rc);
    const v1_error_t *own = NULL;
    const char *code = row->v1;
    ses_buf_t b;
    size_t i;

    out->status = row->v1_http;
    if (c->protocol == OP_QUERY &&
        (own = v1_error_find(c->op.about, c->rc)) != NULL) {
        code = own->code;
        out->status = 400;
    }
    for (i = 0; i < sizeof(sns_codes) / sizeof(sns_codes[0]); i++)
        if (c->protocol == OP_SNS && sns_codes[i].rc == c->rc) {
            code = sns_codes[i].code;
            out->status = sns_codes[i].status;
        }

    ses_buf_init(&b, c->arena, ERROR_MAX);
    ses_buf_printf(&b,
                   "<ErrorResponse xmlns=\"%s\"><Error><Type>%s</Type>"
                   "<Code>%s</Code><Message>",
                   xmlns(c->protocol),
                   out->status < 500 ? "Sender" : "Receiver", code);
    out_xml_text(&b, xml_message(c));
    ses_buf_c(&b, "</Message>");
    xml_names(c, own, &b);
    ses_buf_printf(&b,
                   "</Error><RequestId>%.*s</RequestId>"
                   "</ErrorResponse>",
                   SES_FMT(c->cx.request_id));
    out->type = XML_TYPE;
    out->error = code;
    out->body = ses_buf_get(&b);
}

static void
error(api_call_t *c, api_response_t *out)
{
    const ses_rc_row_t *row = ses_rc_row(c->rc);

    if (c->protocol != OP_REST) {
        xml_error(c, out);
        return;
    }
    out->status = row->http;
    out->type = JSON_TYPE;
    out->error = row->v2;
    out->body = json_error(c->arena, text_of(c));
}

static ses_str_t
xml_success(const api_call_t *c)
{
    ses_str_t result = out_get(&c->out);
    const char *name = c->def->name;
    ses_buf_t b;

    ses_buf_init(&b, c->arena, result.n + 1024);
    ses_buf_printf(&b, "<%sResponse xmlns=\"%s\">", name, xmlns(c->protocol));
    if (!(c->def->flags & OP_BARE)) {
        ses_buf_printf(&b, "<%sResult>", name);
        ses_buf_str(&b, result);
        ses_buf_printf(&b, "</%sResult>", name);
    }
    ses_buf_printf(&b,
                   "<ResponseMetadata><RequestId>%.*s</RequestId>"
                   "</ResponseMetadata></%sResponse>",
                   SES_FMT(c->cx.request_id), name);
    return ses_buf_get(&b);
}

static void
success(const api_call_t *c, api_response_t *out)
{
    out->status = 200;
    out->error = NULL;
    if (c->pem.n > 0) {
        out->type = PEM_TYPE;
        out->body = c->pem;
        return;
    }
    out->type = c->protocol == OP_REST ? JSON_TYPE : XML_TYPE;
    out->body = c->protocol == OP_REST ? out_get(&c->out) : xml_success(c);
}

/* A page is one also when it could not be made. */
static void
page(api_call_t *c, api_response_t *out)
{
    if (c->rc != SES_OK)
        verify_page_failed(c->arena, ses_rc_row(c->rc)->http, &c->page);
    out->status = c->page.status;
    out->type = PAGE_TYPE;
    out->error = NULL;
    out->body = c->page.html;
    out->page = true;
    out->location = c->page.location;
}

/* The answer to a send, once its id is known. */
static void
write_message_id(api_call_t *c)
{
    out_str(&c->out, "MessageId", c->send.message_id);
    out_close(&c->out);
}

/* One line a call, its id first. */
static void
log_line(const api_call_t *c, int status)
{
    ses_str_t none = SES_STR("-"), id = c->send.message_id;

    ses_log(SES_LOG_INFO,
            "%.*s: account=%.*s op=%s key=%.*s client=%.*s rc=%s status=%d "
            "ms=%lld%s%.*s",
            SES_FMT(c->cx.request_id),
            SES_FMT(c->cx.account.n > 0 ? c->cx.account : none),
            c->def == NULL ? "-" : c->def->name,
            SES_FMT(c->cx.account.n > 0 ? c->key.id : none),
            SES_FMT(c->req.client), ses_rc_name(c->rc), status,
            (long long) ((ses_clock_mono_us() - c->started_us) / 1000),
            id.n > 0 ? " id=" : "", SES_FMT(id));
}

void
api_finish(api_call_t *c, api_response_t *out)
{
    if (c->rc == SES_OK && c->def != NULL &&
        (c->def->kind == OP_SEND || c->def->kind == OP_WRITE_SEND))
        write_message_id(c);
    if (c->rc == SES_OK && c->def != NULL && out_overflow(&c->out))
        c->rc = ses_fail(&c->cx, SES_FAULT, "the response is too large");

    *out = (api_response_t){.request_id = c->cx.request_id};
    if (c->protocol == OP_PAGE)
        page(c, out);
    else if (c->rc == SES_OK)
        success(c, out);
    else
        error(c, out);
    log_line(c, out->status);
}

void
api_plain_error(ses_arena_t *a, int status, api_response_t *out)
{
    const char *message =
        status < 500 ? "The request is malformed." : "Internal failure.";
    size_t i;

    *out = (api_response_t){.status = status, .type = JSON_TYPE};
    out->error = status < 500 ? "BadRequestException" : "InternalFailure";
    for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (plain[i].status == status) {
            out->error = plain[i].error;
            message = plain[i].message;
        }
    out->request_id = ses_uuid(a);
    out->body = json_error(a, ses_str(message));
}
