/*
 * autoreply - the answer of the mailbox simulator's "ooto"
 *
 * Who is out of the office answers once, to the envelope sender (Postfix
 * drops a Return-Path field before anybody sees it; nginx makes an envelope
 * sender of it), with "Auto-Submitted: auto-replied" and the original's
 * Message-ID (RFC 3834).
 * From is the mailbox itself where that is below service_domain; elsewhere,
 * in the service's own simulator for one, it would be a forged sender, so the
 * mailbox is only the name.
 */
#include "autoreply.h"

#include "base/domain.h"
#include "base/json.h"
#include "forward.h"
#include "letter.h"

#define SUBJECT_SHOWN 900

/* The mailbox that was written to. */
static ses_str_t
mailbox(const cJSON *event)
{
    const cJSON *list =
        ses_json_get(ses_json_get(event, "delivery"), "recipients");
    const char *s = cJSON_GetStringValue(cJSON_GetArrayItem(list, 0));

    return s == NULL ? SES_STR("") : ses_str(s);
}

static void
put_from(ses_buf_t *b, const ses_conf_t *conf, ses_str_t box)
{
    ptrdiff_t at = ses_str_rfind(box, '@');

    if (at > 0 && ses_domain_within(ses_str_from(box, (size_t) at + 1),
                                    conf->service_domain)) {
        ses_buf_printf(b, "From: <%.*s>\r\n", SES_FMT(box));
        return;
    }
    if (ses_str_find(box, '"') >= 0 || ses_str_find(box, '\\') >= 0)
        box = SES_STR("Mailbox simulator");
    ses_buf_printf(b, "From: \"%.*s\" <%.*s>\r\n", SES_FMT(box),
                   SES_FMT(letter_from(b->arena, conf)));
}

static void
put_subject(ses_buf_t *b, ses_str_t subject)
{
    size_t i;

    ses_buf_c(b, "Subject: Auto: ");
    subject = ses_str_head(subject, SUBJECT_SHOWN);
    for (i = 0; i < subject.n; i++)
        ses_buf_char(b, subject.p[i] < ' '   ? ' '
                        : subject.p[i] > '~' ? '?'
                                             : subject.p[i]);
    ses_buf_c(b, "\r\n");
}

static void
compose(ses_buf_t *b, const ses_conf_t *conf, const cJSON *event, ses_str_t to)
{
    const cJSON *mail = ses_json_get(event, "mail");
    const cJSON *headers = ses_json_get(mail, "commonHeaders");
    ses_str_t box = mailbox(event), id;

    id = ses_str_printf(b->arena, "<%.*s@%.*s.%.*s>",
                        SES_FMT(ses_json_str(mail, "messageId")),
                        SES_FMT(conf->region), SES_FMT(conf->service_domain));
    put_from(b, conf, box);
    ses_buf_printf(b, "To: <%.*s>\r\n", SES_FMT(to));
    put_subject(b, ses_json_str(headers, "subject"));
    ses_buf_printf(b,
                   "In-Reply-To: %.*s\r\n"
                   "References: %.*s\r\n"
                   "Auto-Submitted: auto-replied\r\n"
                   "X-Auto-Response-Suppress: All\r\n"
                   "MIME-Version: 1.0\r\n"
                   "Content-Type: text/plain; charset=us-ascii\r\n"
                   "Content-Transfer-Encoding: 7bit\r\n\r\n"
                   "This is the automatic reply of the mailbox simulator,\r\n"
                   "%.*s:\r\n\r\n"
                   "I am out of the office.\r\n",
                   SES_FMT(id), SES_FMT(id), SES_FMT(box));
}

ses_rc_t
autoreply_compose(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                  const ses_outbox_t *m, ses_buf_t *b)
{
    ses_event_type_t type;
    cJSON *event;
    ses_rc_t rc = forward_find(cx, t, m, &event, &type);

    if (rc == SES_OK) {
        compose(b, a->conf, event, m->to);
        ses_json_free(event);
    }
    return rc;
}
