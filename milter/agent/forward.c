/*
 * forward - bounces and complaints as mail to whoever sent the message
 *
 * On is the default of an identity.  One that has it off is forwarded all
 * the same while neither a topic of its own nor an enabled destination of the
 * message's configuration set takes the event: nobody is left without notice.
 * Mail of the service itself makes no further mail.
 *
 * A bounce is a DSN (RFC 3464), a complaint an ARF report (RFC 5965), both
 * with the original's header as the event has it.  What remote hosts said is
 * made one line of printable ASCII first.
 */
#include "forward.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "model/destination.h"
#include "model/identity.h"
#include "model/service.h"
#include "model/topic.h"

#define LINE_SHOWN 900

/* --- whether ----------------------------------------------------------- */

typedef struct {
    ses_event_type_t type;
    bool covered;
} covered_t;

static ses_rc_t
covers(ses_cx_t *cx, const ses_destination_t *d, void *arg)
{
    covered_t *c = arg;

    (void) cx;
    if (d->enabled && (d->types & 1u << c->type))
        c->covered = true;
    return SES_OK;
}

/* Has the identity a topic for it, and is that there? */
static ses_rc_t
notifies(ses_cx_t *cx, ses_txn_t *t, const ses_identity_t *i,
         ses_event_type_t type, bool *out)
{
    ses_str_t region, account, name, id;
    ses_notify_kind_t kind;
    ses_topic_t topic;
    ses_rc_t rc;

    if (!ses_notify_of(type, &kind) ||
        !ses_topic_arn_parse(i->notify[kind].topic_arn, &region, &account,
                             &name, &id))
        return SES_OK;
    rc = ses_topic_find(cx, t, account, name, &topic);
    *out = rc == SES_OK;
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

static ses_rc_t
is_wanted(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
          ses_event_type_t type, bool *out)
{
    covered_t c = {.type = type};
    ses_identity_t i;
    ses_rc_t rc;

    *out = true;
    rc = ses_identity_find(cx, t, m->account, m->identity, &i);
    if (rc == SES_NOT_FOUND || (rc == SES_OK && i.feedback))
        return SES_OK;
    if (rc == SES_OK)
        rc = notifies(cx, t, &i, type, &c.covered);
    if (rc == SES_OK && m->config_set.n > 0)
        rc = ses_destination_list(cx, t, m->account, m->config_set, covers, &c);
    *out = !c.covered;
    return rc;
}

ses_rc_t
forward_event(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
              ses_event_type_t type)
{
    uint64_t seq = 0;
    bool wanted;
    ses_rc_t rc;

    if (ses_service_is(m->account) || m->source.n == 0)
        return SES_OK;
    if ((rc = is_wanted(cx, t, m, type, &wanted)) != SES_OK || !wanted ||
        (rc = ses_event_last(cx, t, &seq)) != SES_OK)
        return rc;
    return ses_outbox_add(cx, t, SES_OUTBOX_FORWARD, m->account, m->source,
                          seq);
}

/* --- the text ---------------------------------------------------------- */

static void
put_line(ses_buf_t *b, const char *name, ses_str_t s)
{
    size_t i;

    if (s.n == 0)
        return;
    ses_buf_printf(b, "%s: ", name);
    s = ses_str_head(s, LINE_SHOWN);
    for (i = 0; i < s.n; i++)
        ses_buf_char(b, s.p[i] < ' ' ? ' ' : s.p[i] > '~' ? '?' : s.p[i]);
    ses_buf_c(b, "\r\n");
}

/* Field names are what the gate let pass; values are folded text. */
static void
original_header(ses_buf_t *b, const cJSON *mail)
{
    const cJSON *e;
    ses_str_t name;

    cJSON_ArrayForEach(e, ses_json_get(mail, "headers"))
    {
        name = ses_str_head(ses_json_str(e, "name"), 64);
        put_line(b, ses_str_c(b->arena, name), ses_json_str(e, "value"));
    }
}

static void
bounced(ses_buf_t *b, const agent_t *a, const cJSON *event)
{
    const cJSON *bounce = ses_json_get(event, "bounce"), *e;

    put_line(b, "Reporting-MTA",
             ses_str_cat(b->arena, SES_STR("dns; "), a->hostname));
    cJSON_ArrayForEach(e, ses_json_get(bounce, "bouncedRecipients"))
    {
        ses_buf_c(b, "\r\n");
        put_line(b, "Final-Recipient",
                 ses_str_cat(b->arena, SES_STR("rfc822; "),
                             ses_json_str(e, "emailAddress")));
        put_line(b, "Action", SES_STR("failed"));
        put_line(b, "Status",
                 ses_json_str(e, "status").n > 0 ? ses_json_str(e, "status")
                                                 : SES_STR("5.0.0"));
        put_line(b, "Diagnostic-Code", ses_json_str(e, "diagnosticCode"));
    }
}

static void
complained(ses_buf_t *b, const cJSON *event)
{
    const cJSON *c = ses_json_get(event, "complaint"), *e;
    ses_str_t type = ses_json_str(c, "complaintFeedbackType");

    put_line(b, "Feedback-Type", type.n > 0 ? type : SES_STR("other"));
    put_line(b, "User-Agent", SES_STR("Sesame/1.0"));
    put_line(b, "Version", SES_STR("1"));
    cJSON_ArrayForEach(e, ses_json_get(c, "complainedRecipients"))
        put_line(b, "Original-Rcpt-To", ses_json_str(e, "emailAddress"));
}

/* For people: who it was, and what was said. */
static void
words(ses_buf_t *b, const cJSON *event, bool bounce)
{
    const cJSON *o = ses_json_get(event, bounce ? "bounce" : "complaint"), *e;

    ses_buf_c(b, bounce ? "Your message could not be delivered to:\r\n\r\n"
                        : "A recipient complained about your message:\r\n\r\n");
    cJSON_ArrayForEach(e, ses_json_get(o, bounce ? "bouncedRecipients"
                                                 : "complainedRecipients"))
    {
        put_line(b, "Recipient", ses_json_str(e, "emailAddress"));
        put_line(b, "Answer", ses_json_str(e, "diagnosticCode"));
    }
    ses_buf_c(b, "\r\n");
    put_line(b, "Message id",
             ses_json_str(ses_json_get(event, "mail"), "messageId"));
}

static void
report(ses_buf_t *b, const agent_t *a, const cJSON *event, bool bounce)
{
    uint8_t bytes[12];
    ses_str_t cut;

    ses_random(bytes, sizeof(bytes));
    cut = ses_hex(b->arena, ses_str_n(bytes, sizeof(bytes)));
    ses_buf_printf(b,
                   "Content-Type: multipart/report; report-type=%s;\r\n"
                   " boundary=\"%.*s\"\r\n\r\n"
                   "--%.*s\r\n"
                   "Content-Type: text/plain; charset=us-ascii\r\n\r\n",
                   bounce ? "delivery-status" : "feedback-report", SES_FMT(cut),
                   SES_FMT(cut));
    words(b, event, bounce);
    ses_buf_printf(b, "\r\n--%.*s\r\nContent-Type: message/%s\r\n\r\n",
                   SES_FMT(cut),
                   bounce ? "delivery-status" : "feedback-report");
    if (bounce)
        bounced(b, a, event);
    else
        complained(b, event);
    ses_buf_printf(b, "\r\n--%.*s\r\nContent-Type: text/rfc822-headers\r\n\r\n",
                   SES_FMT(cut));
    original_header(b, ses_json_get(event, "mail"));
    ses_buf_printf(b, "\r\n--%.*s--\r\n", SES_FMT(cut));
}

typedef struct {
    const ses_outbox_t *m;
    ses_str_t body; /* "" = it is no more */
    ses_event_type_t type;
} wanted_t;

static ses_rc_t
take_event(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    wanted_t *w = arg;

    if (e->seq == w->m->event) {
        w->body = ses_str_dup(cx->arena, e->body);
        w->type = e->type;
    }
    return SES_NOT_FOUND;
}

ses_rc_t
forward_find(ses_cx_t *cx, ses_txn_t *t, const ses_outbox_t *m, cJSON **event,
             ses_event_type_t *type)
{
    wanted_t w = {.m = m, .body = SES_STR("")};
    ses_rc_t rc;

    rc = ses_event_walk(cx, t, m->account, m->event - 1, take_event, &w);
    if (rc != SES_OK)
        return rc;
    if (w.body.n == 0)
        return SES_NOT_FOUND;
    *type = w.type;
    return ses_json_parse(cx, w.body, event);
}

ses_rc_t
forward_compose(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                const ses_outbox_t *m, ses_buf_t *b, const char **subject)
{
    ses_event_type_t type;
    cJSON *event;
    bool bounce;
    ses_rc_t rc;

    if ((rc = forward_find(cx, t, m, &event, &type)) != SES_OK)
        return rc;
    bounce = type == SES_EVENT_BOUNCE;
    *subject = bounce ? "Delivery Status Notification (Failure)" : "Complaint";
    report(b, a, event, bounce);
    ses_json_free(event);
    return SES_OK;
}
