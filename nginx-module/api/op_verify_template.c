/*
 * op_verify_template - verification mail in the customer's own words
 *
 * The mail is the account's: from a verified address of its own, within its
 * limits, signed by its domain.  Our link and a sentence about it stand at
 * the end of the customer's HTML, which must leave it alone (verify_html.h).
 * Whoever gets the link can confirm the address, and that must not be who
 * asks: the operation's name makes the gate have reports come to the service
 * alone, not to the customer's MAIL FROM domain, and the agent leave out of
 * events what other hosts say of the mail.
 * SendCustomVerificationEmail first commits the identity, then sends.
 */
#include "api/op_verify_template.h"

#include "api/mime.h"
#include "api/op_identity.h"
#include "api/verify_html.h"
#include "model/account.h"
#include "model/verify_template.h"
#include "policy/confirm.h"
#include "policy/cover.h"
#include "policy/shapes_v2.h"

#define TEMPLATES_MAX 50 /* contract 5.2 */
#define PAGE_MAX 50
#define FROM_MAX 998 /* a line of a header */
#define SUBJECT_MAX 998
#define URL_MAX 2048
#define MAIL_ROOM 8192 /* of our own words in a mail, and its header */
#define NOTICE                                                                 \
    "If you did not request to verify this email address, please disregard "   \
    "this message."

/* --- input ------------------------------------------------------------- */

/* http or https, with a host, and nothing that could end a header field. */
static bool
url_valid(ses_str_t url)
{
    ses_str_t rest;
    size_t i;

    if (url.n > URL_MAX)
        return false;
    for (i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] > '~' ||
            strchr("\"<>\\^`{|}", url.p[i]) != NULL)
            return false;
    if (ses_str_casestarts(url, SES_STR("https://")))
        rest = ses_str_from(url, 8);
    else if (ses_str_casestarts(url, SES_STR("http://")))
        rest = ses_str_from(url, 7);
    else
        return false;
    return rest.n > 0 && strchr("/?#:@", rest.p[0]) == NULL;
}

/* A sender that the account may use, "Name <a@b>" or "a@b". */
static ses_rc_t
check_from(op_t *op, ses_str_t from, ses_address_t *out)
{
    ses_cover_t cover = {.verified = false};
    ses_rc_t rc;

    if ((rc = ses_address_parse(op->cx, from, out)) != SES_OK ||
        (rc = ses_cover_find(op->cx, op->txn, op->cx->account, out, &cover)) !=
            SES_OK)
        return rc;
    if (cover.verified)
        return SES_OK;
    op_about(op, OP_ABOUT_VERIFY_FROM, from, SES_STR(""));
    return ses_fail(op->cx, SES_INVALID,
                    "The from email address <%.*s> is not verified",
                    SES_FMT(from));
}

static ses_rc_t
check_html(op_t *op, ses_str_t html)
{
    const char *wrong = verify_html_check(op->cx->arena, html);

    if (wrong == NULL)
        return SES_OK;
    op_about(op, OP_ABOUT_VERIFY_CONTENT, SES_STR(""), SES_STR(""));
    return ses_fail(op->cx, SES_INVALID,
                    "The template content is not valid: %s.", wrong);
}

/* What the call does not name stays what it was. */
static void
given(op_t *op, const char *member, ses_str_t *out)
{
    if (op_has(op, member))
        *out = op_str(op, member);
}

static ses_rc_t
read_template(op_t *op, ses_verify_template_t *v, ses_str_t *html)
{
    ses_address_t from;
    ses_rc_t rc;

    given(op, "FromEmailAddress", &v->from);
    given(op, "TemplateSubject", &v->subject);
    given(op, "SuccessRedirectionURL", &v->success_url);
    given(op, "FailureRedirectionURL", &v->failure_url);
    given(op, "TemplateContent", html);
    if (v->from.n > FROM_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "The from email address can have up to %d bytes.",
                        FROM_MAX);
    if (!url_valid(v->success_url))
        return ses_fail(op->cx, SES_INVALID,
                        "The success redirection URL is invalid");
    if (!url_valid(v->failure_url))
        return ses_fail(op->cx, SES_INVALID,
                        "The failure redirection URL is invalid");
    if (v->subject.n == 0 || v->subject.n > SUBJECT_MAX ||
        ses_str_find(v->subject, '\n') >= 0 ||
        ses_str_find(v->subject, '\r') >= 0)
        return ses_fail(op->cx, SES_INVALID,
                        "The template subject must be one line of 1 to %d "
                        "bytes.",
                        SUBJECT_MAX);
    if (html->n == 0 || html->n > SES_VERIFY_CONTENT_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "The template content must have 1 byte to 10 MB.");
    if ((rc = check_html(op, *html)) != SES_OK)
        return rc;
    return check_from(op, v->from, &from);
}

/* v1 has another text when a mail is to be sent. */
static ses_rc_t
find(op_t *op, ses_verify_template_t *v)
{
    bool brief =
        op->def->protocol == OP_QUERY && op->def->kind == OP_WRITE_SEND;
    ses_str_t name = op_str(op, "TemplateName");
    ses_rc_t rc;

    rc = ses_verify_template_find(op->cx, op->txn, op->cx->account, name, v);
    if (rc != SES_NOT_FOUND)
        return rc;
    op_about(op, OP_ABOUT_VERIFY_TEMPLATE, name, SES_STR(""));
    return ses_fail(op->cx, SES_NOT_FOUND, "%s <%.*s> does not exist",
                    brief ? "Template" : "Custom verification email template",
                    SES_FMT(name));
}

/* --- create, update, delete -------------------------------------------- */

ses_rc_t
op_verify_create(op_t *op)
{
    ses_verify_template_t v = {.account = op->cx->account,
                               .name = op_str(op, "TemplateName"),
                               .created = op->cx->now,
                               .version = SES_VERSION_NONE},
                          old;
    ses_str_t html = SES_STR("");
    unsigned n = 0;
    ses_rc_t rc;

    if ((rc = op_name(op, "template", v.name)) != SES_OK)
        return rc;
    rc = ses_verify_template_find(op->cx, op->txn, v.account, v.name, &old);
    if (rc == SES_OK) {
        op_about(op, OP_ABOUT_VERIFY_TEMPLATE, v.name, SES_STR(""));
        return ses_fail(op->cx, SES_EXISTS,
                        "Custom verification email template <%.*s> already "
                        "exists",
                        SES_FMT(v.name));
    }
    if (rc != SES_NOT_FOUND)
        return rc;
    if ((rc = read_template(op, &v, &html)) != SES_OK ||
        (rc = op_tags(op, &v.tags, &v.ntags)) != SES_OK ||
        (rc = op_count(op, SES_DB_VERIFY_TEMPLATE, TEMPLATES_MAX, &n)) !=
            SES_OK)
        return rc;
    if (n >= TEMPLATES_MAX)
        return ses_fail(op->cx, SES_LIMIT,
                        "An account cannot have more than %d custom "
                        "verification email templates.",
                        TEMPLATES_MAX);
    ses_verify_template_put(op->cx, op->change, &v, html);
    return SES_OK;
}

ses_rc_t
op_verify_update(op_t *op)
{
    ses_verify_template_t v;
    ses_str_t html;
    ses_rc_t rc;

    if ((rc = find(op, &v)) != SES_OK ||
        (rc = ses_verify_template_content(op->cx, op->txn, &v, &html)) !=
            SES_OK)
        return rc;
    html = ses_str_dup(op->cx->arena, html);
    if ((rc = read_template(op, &v, &html)) != SES_OK)
        return rc;
    ses_verify_template_put(op->cx, op->change, &v, html);
    return SES_OK;
}

ses_rc_t
op_verify_delete(op_t *op)
{
    ses_verify_template_t v;
    ses_rc_t rc = find(op, &v);

    if (rc == SES_OK)
        ses_verify_template_del(op->cx, op->change, &v);
    if (rc != SES_NOT_FOUND || op->def->protocol == OP_REST)
        return rc;
    ses_cx_clear(op->cx); /* v1 has no error for it */
    return SES_OK;
}

/* --- get, list --------------------------------------------------------- */

static void
put_head(out_t *out, const ses_verify_template_t *v)
{
    out_str(out, "TemplateName", v->name);
    out_str(out, "FromEmailAddress", v->from);
    out_str(out, "TemplateSubject", v->subject);
    out_str(out, "SuccessRedirectionURL", v->success_url);
    out_str(out, "FailureRedirectionURL", v->failure_url);
}

ses_rc_t
op_verify_get(op_t *op)
{
    ses_verify_template_t v;
    ses_str_t html;
    ses_rc_t rc;

    if ((rc = find(op, &v)) != SES_OK ||
        (rc = ses_verify_template_content(op->cx, op->txn, &v, &html)) !=
            SES_OK)
        return rc;
    put_head(op->out, &v);
    out_str(op->out, "TemplateContent", html);
    if (op->def->protocol == OP_REST) /* v1 knows no tags of resources */
        op_put_tags(op, v.tags, v.ntags);
    return SES_OK;
}

static ses_rc_t
list_row(ses_cx_t *cx, const ses_verify_template_t *v, void *arg)
{
    op_list_t *l = arg;

    (void) cx;
    if (!op_list_look(l, v->name))
        return SES_NOT_FOUND;
    l->n++;
    out_open(l->op->out, NULL);
    put_head(l->op->out, v);
    out_close(l->op->out);
    return SES_OK;
}

ses_rc_t
op_verify_list(op_t *op)
{
    op_list_t l;
    ses_rc_t rc;

    rc = op_list_open(&l, op, PAGE_MAX, 0, SES_STR(""));
    if (rc != SES_OK)
        return rc;
    out_list(op->out, "CustomVerificationEmailTemplates");
    rc = ses_verify_template_list(op->cx, op->txn, op->cx->account, l.after,
                                  list_row, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l);
    return SES_OK;
}

/* --- send -------------------------------------------------------------- */

/* The customer's HTML, our link and notice before its end. */
static ses_str_t
with_link(op_t *op, ses_str_t html, ses_str_t url)
{
    size_t cut = verify_html_place(op->cx->arena, html);
    ses_str_t link;
    ses_buf_t b;
    size_t i;

    ses_buf_init(&b, op->cx->arena, html.n + MAIL_ROOM);
    ses_buf_str(&b, ses_str_head(html, cut));
    ses_buf_c(&b, "\r\n<p><a href=\"");
    for (link = url, i = 0; i < link.n; i++)
        if (link.p[i] == '&')
            ses_buf_c(&b, "&amp;");
        else
            ses_buf_char(&b, link.p[i]);
    ses_buf_c(&b,
              "\">Verify this email address</a></p>\r\n<p>" NOTICE "</p>\r\n");
    ses_buf_str(&b, ses_str_from(html, cut));
    return ses_buf_get(&b);
}

static ses_rc_t
compose(op_t *op, const ses_verify_template_t *v, const ses_address_t *from,
        const ses_address_t *to, ses_str_t url)
{
    const mime_charset_t *utf8 = mime_charset(SES_STR("UTF-8"));
    ses_header_t automatic = {.name = SES_STR("Auto-Submitted"),
                              .value = SES_STR("auto-generated")};
    mime_message_t m = {.from = from,
                        .to = to,
                        .nto = 1,
                        .subject = {utf8, v->subject},
                        .headers = &automatic,
                        .nheaders = 1};
    ses_str_t set = op_str(op, "ConfigurationSetName"), html, *rcpt;
    ses_buf_t b;
    ses_rc_t rc;

    rc = ses_verify_template_content(op->cx, op->txn, v, &html);
    if (rc != SES_OK || (rc = check_html(op, html)) != SES_OK)
        return rc; /* an older one was not checked when it came */
    m.html =
        (mime_text_t){utf8, mime_crlf(op->cx->arena, with_link(op, html, url))};
    m.text = (mime_text_t){
        utf8,
        ses_str_printf(op->cx->arena,
                       "Verify this email address:\r\n\r\n%.*s\r\n\r\n" NOTICE
                       "\r\n",
                       SES_FMT(url))};

    ses_buf_init(&b, op->cx->arena, 4 * m.html.utf8.n + 4 * MAIL_ROOM);
    if (set.n > 0)
        ses_buf_printf(&b, "X-SES-CONFIGURATION-SET: %.*s\r\n", SES_FMT(set));
    mime_compose(op->cx, &b, &m);
    if (b.overflow)
        return ses_fail(op->cx, SES_FAULT, "verification mail: too large");
    rcpt = ses_alloc(op->cx->arena, sizeof(*rcpt));
    *rcpt = to->addr;
    *op->send = (op_send_t){.mail = from->addr,
                            .rcpts = rcpt,
                            .nrcpts = 1,
                            .data = ses_buf_get(&b),
                            .operation = "SendCustomVerificationEmail"};
    return SES_OK;
}

/* The identity that is asked: made unless it is there. */
static ses_rc_t
asked(op_t *op, ses_identity_t *i)
{
    ses_rc_t rc = op_identity_address(op, op_str(op, "EmailAddress"), i);

    if (rc == SES_OK)
        rc = ses_confirm_begin(op->cx, op->txn, &op->env->conf, i);
    if (rc == SES_OK)
        ses_identity_put(op->cx, op->change, i);
    return rc;
}

static ses_rc_t
production(op_t *op)
{
    ses_account_t a;
    ses_rc_t rc = ses_account_find(op->cx, op->txn, op->cx->account, &a);

    if (rc == SES_OK && !a.production) {
        op_about(op, OP_ABOUT_PRODUCTION, SES_STR(""), SES_STR(""));
        return ses_fail(op->cx, SES_REJECTED,
                        "The account is in the sandbox: custom verification "
                        "emails need production access.");
    }
    return rc;
}

ses_rc_t
op_verify_send(op_t *op)
{
    ses_str_t set_name = op_str(op, "ConfigurationSetName"), url;
    ses_address_t from, to;
    ses_verify_template_t v;
    ses_config_set_t set;
    ses_confirm_t link;
    ses_identity_t i;
    ses_rc_t rc;

    if ((rc = production(op)) != SES_OK || (rc = find(op, &v)) != SES_OK ||
        (rc = check_from(op, v.from, &from)) != SES_OK)
        return rc;
    if (set_name.n > 0 && (rc = op_set(op, set_name, &set)) != SES_OK)
        return rc;
    if ((rc = asked(op, &i)) != SES_OK ||
        (rc = ses_address_parse(op->cx, i.name, &to)) != SES_OK)
        return rc;
    op_about(op, OP_ABOUT_SEND, set_name, SES_STR(""));
    link = (ses_confirm_t){.account = i.account,
                           .address = i.name,
                           .date = op->cx->now,
                           .template = v.name};
    url = ses_confirm_url(op->cx->arena, &op->env->conf, &op->env->site, &link);
    return compose(op, &v, &from, &to, url);
}

#define BASE "/v2/email/custom-verification-email-templates"

const op_def_t ops_verify_template[] = {
    {"CreateCustomVerificationEmailTemplate", OP_REST, "POST", BASE,
     "ses:CreateCustomVerificationEmailTemplate", OP_WRITE, op_verify_create,
     ses_v2_create_verify_template, 0},
    {"UpdateCustomVerificationEmailTemplate", OP_REST, "PUT",
     BASE "/{TemplateName}", "ses:UpdateCustomVerificationEmailTemplate",
     OP_WRITE, op_verify_update, ses_v2_update_verify_template, 0},
    {"DeleteCustomVerificationEmailTemplate", OP_REST, "DELETE",
     BASE "/{TemplateName}", "ses:DeleteCustomVerificationEmailTemplate",
     OP_WRITE, op_verify_delete, ses_v2_verify_template, 0},
    {"GetCustomVerificationEmailTemplate", OP_REST, "GET",
     BASE "/{TemplateName}", "ses:GetCustomVerificationEmailTemplate", OP_READ,
     op_verify_get, ses_v2_verify_template, 0},
    {"ListCustomVerificationEmailTemplates", OP_REST, "GET", BASE,
     "ses:ListCustomVerificationEmailTemplates", OP_READ, op_verify_list,
     ses_v2_list_verify_templates, 0},
    {"SendCustomVerificationEmail", OP_REST, "POST",
     "/v2/email/outbound-custom-verification-emails",
     "ses:SendCustomVerificationEmail", OP_WRITE_SEND, op_verify_send,
     ses_v2_send_verify, 0},
    {0},
};
