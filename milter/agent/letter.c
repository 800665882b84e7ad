/*
 * letter - the text of Sesame's own mail
 *
 * 7-bit plain text that no answering machine should answer (RFC 3834).  The
 * gate adds Date and Message-ID and signs with the service's key.
 */
#include "letter.h"

#include "autoreply.h"
#include "base/buf.h"
#include "forward.h"
#include "model/service.h"
#include "policy/confirm.h"

#define LETTER_MAX (256 * 1024)

ses_str_t
letter_from(ses_arena_t *a, const ses_conf_t *conf)
{
    return ses_str_printf(a, "%.*s@%.*s", SES_FMT(conf->service_from),
                          SES_FMT(conf->service_domain));
}

static void
fields(ses_buf_t *b, const ses_conf_t *conf, ses_str_t to, const char *name,
       const char *subject)
{
    ses_str_t from = letter_from(b->arena, conf);

    ses_buf_printf(b,
                   "From: %s <%.*s>\r\n"
                   "To: <%.*s>\r\n"
                   "Subject: %s\r\n"
                   "Auto-Submitted: auto-generated\r\n"
                   "X-Auto-Response-Suppress: All\r\n"
                   "MIME-Version: 1.0\r\n",
                   name, SES_FMT(from), SES_FMT(to), subject);
}

/* --- is this address yours? -------------------------------------------- */

static ses_rc_t
verification(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
             const ses_outbox_t *m, ses_buf_t *b)
{
    ses_confirm_t link = {.account = m->account,
                          .address = m->to,
                          .date = m->created,
                          .template = SES_STR("")};
    long long hours =
        (long long) ((a->conf->verify_link_lifetime + 3599999) / 3600000);
    ses_identity_t i;
    ses_str_t url;
    ses_rc_t rc;

    rc = ses_identity_find(cx, t, m->account, m->to, &i);
    if (rc != SES_OK)
        return rc;
    if (!ses_confirm_good(a->conf, &link, &i, cx->now))
        return SES_NOT_FOUND; /* created anew, or too late */

    url = ses_confirm_url(cx->arena, a->conf, a->site, &link);
    fields(b, a->conf, m->to, "Email verification",
           "Email address verification request");
    ses_buf_c(b, "Content-Type: text/plain; charset=us-ascii\r\n"
                 "Content-Transfer-Encoding: 7bit\r\n\r\n");
    ses_buf_printf(
        b,
        "Somebody asked to send email from this address:\r\n"
        "\r\n"
        "    %.*s\r\n"
        "\r\n"
        "The request was made for account %.*s at %.*s.\r\n"
        "If it was you, open this page and confirm it there:\r\n"
        "\r\n"
        "%.*s\r\n"
        "\r\n"
        "The link is good for %lld hour%s after the request.\r\n"
        "\r\n"
        "If it was not you, do nothing: without the confirmation nobody can\r\n"
        "send from your address there, and the request expires.\r\n",
        SES_FMT(m->to), SES_FMT(m->account), SES_FMT(a->conf->service_domain),
        SES_FMT(url), hours, hours == 1 ? "" : "s");
    return SES_OK;
}

/* --- a bounce or a complaint ------------------------------------------- */

static ses_rc_t
notice(const agent_t *a, ses_cx_t *cx, ses_txn_t *t, const ses_outbox_t *m,
       ses_buf_t *b)
{
    const char *subject;
    ses_buf_t report;
    ses_rc_t rc;

    ses_buf_init(&report, cx->arena, LETTER_MAX);
    rc = forward_compose(a, cx, t, m, &report, &subject);
    if (rc != SES_OK)
        return rc;
    fields(b, a->conf, m->to, "Mail Delivery Subsystem", subject);
    ses_buf_str(b, ses_buf_get(&report));
    b->overflow = b->overflow || report.overflow;
    return SES_OK;
}

/* --- all kinds --------------------------------------------------------- */

ses_rc_t
letter_compose(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
               const ses_outbox_t *m, ses_str_t *out)
{
    ses_rc_t rc = SES_NOT_FOUND;
    ses_buf_t b;

    ses_buf_init(&b, cx->arena, LETTER_MAX);
    if (m->kind == SES_OUTBOX_VERIFY)
        rc = verification(a, cx, t, m, &b);
    else if (m->kind == SES_OUTBOX_FORWARD)
        rc = notice(a, cx, t, m, &b);
    else if (m->kind == SES_OUTBOX_REPLY)
        rc = autoreply_compose(a, cx, t, m, &b);
    if (rc == SES_OK && b.overflow)
        rc = ses_fail(cx, SES_FAULT, "letter: above %d bytes", LETTER_MAX);
    if (rc == SES_OK)
        *out = ses_buf_get(&b);
    return rc;
}
