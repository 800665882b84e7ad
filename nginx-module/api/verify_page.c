/*
 * verify_page - the page behind the link of a verification mail
 *
 * A link whose signature is wrong, and one whose identity is gone, look
 * alike: nobody learns here which identities exist.
 */
#include "api/verify_page.h"

#include "api/form.h"
#include "model/verify_template.h"
#include "policy/confirm.h"

#define PAGE_MAX 65536

static const char *const members[] = {"Context", "Identity", "Date", "Template",
                                      "Signature"};

#define NMEMBERS (sizeof(members) / sizeof(members[0]))

/* --- documents --------------------------------------------------------- */

/* Text between tags, or in a quoted attribute. */
static void
put_text(ses_buf_t *b, ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        switch (s.p[i]) {
        case '&':
            ses_buf_c(b, "&amp;");
            break;
        case '<':
            ses_buf_c(b, "&lt;");
            break;
        case '>':
            ses_buf_c(b, "&gt;");
            break;
        case '"':
            ses_buf_c(b, "&quot;");
            break;
        case '\'':
            ses_buf_c(b, "&#39;");
            break;
        default:
            ses_buf_char(b, s.p[i]);
        }
}

static void
open_page(ses_buf_t *b, ses_arena_t *a, const char *title)
{
    ses_buf_init(b, a, PAGE_MAX);
    ses_buf_printf(
        b,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n"
        "<title>%s</title>\n"
        "<style>body{font-family:sans-serif;max-width:36em;margin:3em auto;"
        "padding:0 1em;line-height:1.5}button{font-size:1.1em;padding:.5em "
        "1em}</style>\n</head>\n<body>\n<h1>%s</h1>\n",
        title, title);
}

static void
close_page(ses_buf_t *b, int status, op_page_t *out)
{
    ses_buf_c(b, "</body>\n</html>\n");
    *out = (op_page_t){
        .status = status, .html = ses_buf_get(b), .location = SES_STR("")};
}

/* A page of one paragraph. */
static void
say(ses_arena_t *a, int status, const char *title, const char *paragraph,
    op_page_t *out)
{
    ses_buf_t b;

    open_page(&b, a, title);
    ses_buf_printf(&b, "<p>%s</p>\n", paragraph);
    close_page(&b, status, out);
}

void
verify_page_failed(ses_arena_t *a, int status, op_page_t *out)
{
    say(a, status, "Please try again",
        "The request could not be handled just now. Try again in a moment.",
        out);
}

static void
unknown(op_t *op)
{
    say(op->cx->arena, 404, "This link is not valid",
        "The address cannot be verified with this link. Was it copied whole? "
        "If the request was withdrawn, or made anew, only the link in the "
        "latest email is good.",
        op->page);
}

static void
expired(op_t *op)
{
    say(op->cx->arena, 410, "This link has expired",
        "The address was not verified in time. Ask for another verification "
        "email.",
        op->page);
}

static void
confirmed(op_t *op, const ses_confirm_t *link)
{
    ses_buf_t b;

    open_page(&b, op->cx->arena, "Email address verified");
    ses_buf_c(&b, "<p>You have verified <strong>");
    put_text(&b, link->address);
    ses_buf_c(&b, "</strong>. Email can now be sent from this address. You "
                  "may close this page.</p>\n");
    close_page(&b, 200, op->page);
}

static void
ask(op_t *op, const ses_confirm_t *link)
{
    ses_buf_t b;
    size_t i;

    open_page(&b, op->cx->arena, "Verify your email address");
    ses_buf_c(&b, "<p>Account ");
    put_text(&b, link->account);
    ses_buf_c(&b, " wants to send email from <strong>");
    put_text(&b, link->address);
    ses_buf_c(&b, "</strong>. Confirm it only if this is your address and you "
                  "agree.</p>\n<form method=\"post\" action=\"" SES_CONFIRM_PATH
                  "\">\n");
    for (i = 0; i < NMEMBERS; i++) {
        ses_buf_printf(&b, "<input type=\"hidden\" name=\"%s\" value=\"",
                       members[i]);
        put_text(&b, op_str(op, members[i]));
        ses_buf_c(&b, "\">\n");
    }
    ses_buf_c(&b, "<button type=\"submit\">Verify this address</button>\n"
                  "</form>\n");
    close_page(&b, 200, op->page);
}

/* The customer of a custom mail has a page of his own for how it ended. */
static ses_rc_t
redirect(op_t *op, const ses_confirm_t *link, bool good)
{
    ses_verify_template_t v;
    ses_rc_t rc;

    if (link->template.n == 0)
        return SES_OK;
    rc = ses_verify_template_find(op->cx, op->txn, link->account,
                                  link->template, &v);
    if (rc == SES_OK) {
        op->page->status = 302;
        op->page->location = good ? v.success_url : v.failure_url;
    }
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

/* --- the link ---------------------------------------------------------- */

/* FORGED and GONE look alike, but what we signed may redirect. */
typedef enum { FORGED, GONE, EXPIRED, OPEN, VERIFIED } state_t;

/* What this link is worth now. */
static ses_rc_t
look(op_t *op, ses_confirm_t *link, ses_identity_t *i, state_t *state)
{
    ses_rc_t rc;

    *state = FORGED;
    *link = (ses_confirm_t){.account = op_str(op, "Context"),
                            .address = op_str(op, "Identity"),
                            .template = op_str(op, "Template")};
    if (!ses_str_i64(op_str(op, "Date"), &link->date) ||
        !ses_confirm_check(op->cx->arena, &op->env->site, link,
                           op_str(op, "Signature")))
        return SES_OK;
    *state = GONE;
    rc = ses_identity_find(op->cx, op->txn, link->account, link->address, i);
    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    if (ses_confirm_good(&op->env->conf, link, i, op->cx->now))
        *state = ses_identity_verified(i) ? VERIFIED : OPEN;
    else if (link->date >= i->created)
        *state = EXPIRED;
    return SES_OK;
}

/* How it ended, on our page or on the customer's. */
static ses_rc_t
tell(op_t *op, const ses_confirm_t *link, state_t state)
{
    if (state == OPEN || state == VERIFIED)
        confirmed(op, link);
    else if (state == EXPIRED)
        expired(op);
    else
        unknown(op);
    if (state == FORGED)
        return SES_OK;
    return redirect(op, link, state == OPEN || state == VERIFIED);
}

/* GET: nothing changes */
static ses_rc_t
show(op_t *op)
{
    ses_confirm_t link;
    ses_identity_t i;
    state_t state;
    ses_rc_t rc;

    if ((rc = look(op, &link, &i, &state)) != SES_OK)
        return rc;
    if (state != OPEN)
        return tell(op, &link, state);
    ask(op, &link);
    return SES_OK;
}

/* POST: the button; pressed twice it is the same */
static ses_rc_t
confirm(op_t *op)
{
    ses_confirm_t link;
    ses_identity_t i;
    state_t state;
    ses_rc_t rc;

    if ((rc = look(op, &link, &i, &state)) != SES_OK)
        return rc;
    if (state == OPEN) {
        ses_confirm_done(&i, op->cx->now);
        ses_identity_put(op->cx, op->change, &i);
    }
    return tell(op, &link, state);
}

/* --- the request ------------------------------------------------------- */

static const op_def_t pages[] = {
    {"ShowVerification", OP_PAGE, "GET", SES_CONFIRM_PATH, "", OP_READ, show,
     NULL, OP_ANONYMOUS},
    {"ShowVerification", OP_PAGE, "HEAD", SES_CONFIRM_PATH, "", OP_READ, show,
     NULL, OP_ANONYMOUS},
    {"ConfirmVerification", OP_PAGE, "POST", SES_CONFIRM_PATH, "", OP_WRITE,
     confirm, NULL, OP_ANONYMOUS},
};

const op_def_t *
verify_page_find(const api_request_t *r)
{
    size_t i;

    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (ses_str_eqc(r->path, pages[i].path) &&
            ses_str_eqc(r->method, pages[i].method))
            return &pages[i];
    return NULL;
}

ses_rc_t
verify_page_params(ses_cx_t *cx, const api_request_t *r, cJSON **in)
{
    bool post = ses_str_eqc(r->method, "POST");
    form_t form = {NULL, 0};
    size_t i;

    if ((*in = cJSON_CreateObject()) == NULL)
        return ses_fail(cx, SES_FAULT, "verify page: no memory");
    if (form_parse(cx, post ? r->body : r->query, &form) != SES_OK) {
        ses_cx_clear(cx); /* a link that somebody broke: it has no members */
        return SES_OK;
    }
    for (i = 0; i < NMEMBERS; i++)
        if (cJSON_AddStringToObject(
                *in, members[i],
                ses_str_c(cx->arena, form_get(&form, members[i]))) == NULL)
            return ses_fail(cx, SES_FAULT, "verify page: no memory");
    return SES_OK;
}
