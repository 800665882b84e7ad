/*
 * outcome - what became of one recipient, as an event
 */

#include "outcome.h"

#include "forward.h"

#include "base/clock.h"
#include "base/json.h"
#include "model/deadline.h"
#include "policy/classify.h"

#define DETAIL_MAX 32768
#define STRANGER_MAX 1000 /* of what a stranger said */
#define SECRET_OPERATION "\"ses:operation\":[\"SendCustomVerificationEmail\"]"

static ses_str_t
when_str(ses_cx_t *cx, int64_t ms)
{
    return ses_clock_iso(cx->arena, ms);
}

/* An optional member. */
static void
add_str(ses_jsonw_t *w, const char *name, ses_str_t s)
{
    if (s.n > 0)
        ses_jsonw_str(w, name, ses_str_head(s, STRANGER_MAX));
}

/* Does the mail hold a link that its sender must not see?  No tag of a
 * sender's has a quote in it. */
static bool
is_secret(const ses_message_t *m)
{
    return ses_str_search(m->mail_tags, SES_STR(SECRET_OPERATION)) >= 0;
}

/* The remote's words; of such a mail, which they may quote, its code alone:
 * "250", "smtp; 550 5.1.1". */
static ses_str_t
remote_words(const ses_message_t *m, ses_str_t s)
{
    size_t n = ses_str_starts(s, SES_STR("smtp; ")) ? 6 : 0;

    if (!is_secret(m))
        return s;
    while (n < s.n && n < 32 && strchr("0123456789. -", s.p[n]) != NULL)
        n++;
    return ses_str_trim(ses_str_head(s, n));
}

static ses_rc_t
append(ses_cx_t *cx, ses_txn_t *t, ses_fact_t *f, const ses_jsonw_t *w,
       bool *added)
{
    f->detail = ses_jsonw_get(w);
    return ses_event_append(cx, t, f, added);
}

int64_t
outcome_patience(const agent_t *a, const ses_message_t *m)
{
    int64_t own = (int64_t) m->max_delivery * 1000;

    return own > 0 && own < a->queue_lifetime ? own : a->queue_lifetime;
}

ses_rc_t
outcome_delivered(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                  const ses_message_t *m, const outcome_t *o, bool *added)
{
    ses_fact_t f = {.type = SES_EVENT_DELIVERY,
                    .id = m->id,
                    .recipient = o->rcpt,
                    .when = o->when};
    ses_jsonw_t w;

    (void) a;
    ses_jsonw_init(&w, cx->arena, DETAIL_MAX);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "timestamp", when_str(cx, o->when));
    ses_jsonw_int(&w, "processingTimeMillis", o->when - m->committed);
    ses_jsonw_list(&w, "recipients");
    ses_jsonw_str(&w, NULL, o->rcpt);
    ses_jsonw_end(&w);
    ses_jsonw_str(&w, "smtpResponse",
                  ses_str_head(remote_words(m, o->text), STRANGER_MAX));
    add_str(&w, "remoteMtaIp", o->remote_ip);
    add_str(&w, "reportingMTA", o->reporter);
    ses_jsonw_close(&w);
    return append(cx, t, &f, &w, added);
}

ses_rc_t
outcome_delayed(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                const ses_message_t *m, const outcome_t *o, bool *added)
{
    ses_fact_t f = {.type = SES_EVENT_DELIVERY_DELAY,
                    .id = m->id,
                    .recipient = o->rcpt,
                    .key_extra = o->key_extra,
                    .when = o->when};
    ses_jsonw_t w;

    ses_jsonw_init(&w, cx->arena, DETAIL_MAX);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "timestamp", when_str(cx, o->when));
    ses_jsonw_c(&w, "delayType", ses_classify_delay(o->status, o->text));
    ses_jsonw_str(&w, "expirationTime",
                  when_str(cx, m->committed + outcome_patience(a, m)));
    add_str(&w, "reportingMTA", o->reporter);
    ses_jsonw_list(&w, "delayedRecipients");
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "emailAddress", o->rcpt);
    add_str(&w, "status", o->status);
    add_str(&w, "diagnosticCode", remote_words(m, o->diagnostic));
    ses_jsonw_close(&w);
    ses_jsonw_end(&w);
    ses_jsonw_close(&w);
    return append(cx, t, &f, &w, added);
}

/* The sender learns of it by mail, too. */
static ses_rc_t
append_forward(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
               ses_fact_t *f, ses_jsonw_t *w, bool *added)
{
    bool is = false;
    ses_rc_t rc = append(cx, t, f, w, &is);

    if (rc == SES_OK && is)
        rc = forward_event(cx, t, m, f->type);
    if (rc == SES_OK)
        *added = is;
    return rc;
}

/* Was it the limit of its configuration set that ended it?  Then Postfix gave
 * it up because we asked (contract 13.1). */
static ses_rc_t
classify_expired(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
                 ses_bounce_class_t *class)
{
    ses_deadline_t d;
    ses_rc_t rc = ses_deadline_find(cx, t, m, &d);

    if (rc == SES_OK && d.asked != 0)
        class->subtype = "CustomTimeoutExceeded";
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

ses_rc_t
outcome_bounced(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                const ses_message_t *m, const outcome_t *o, bool *added)
{
    ses_bounce_class_t class =
        ses_classify_bounce(o->status, o->text, o->expired);
    ses_fact_t f = {.type = SES_EVENT_BOUNCE,
                    .id = m->id,
                    .recipient = o->rcpt,
                    .when = o->when,
                    .hard = class.hard};
    ses_jsonw_t w;
    ses_rc_t rc;

    if (o->expired && (rc = classify_expired(cx, t, m, &class)) != SES_OK)
        return rc;
    f.feedback_id = ses_event_feedback_id(cx->arena, a->conf->region, m->id,
                                          o->rcpt, SES_EVENT_BOUNCE);
    ses_jsonw_init(&w, cx->arena, DETAIL_MAX);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "feedbackId", f.feedback_id);
    ses_jsonw_c(&w, "bounceType", class.type);
    ses_jsonw_c(&w, "bounceSubType", class.subtype);
    ses_jsonw_list(&w, "bouncedRecipients");
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "emailAddress", o->rcpt);
    ses_jsonw_c(&w, "action", "failed");
    add_str(&w, "status", o->status);
    add_str(&w, "diagnosticCode", remote_words(m, o->diagnostic));
    ses_jsonw_close(&w);
    ses_jsonw_end(&w);
    ses_jsonw_str(&w, "timestamp", when_str(cx, o->when));
    add_str(&w, "remoteMtaIp", o->remote_ip);
    if (o->reporter.n > 0)
        ses_jsonw_str(&w, "reportingMTA",
                      ses_str_printf(cx->arena, "dns; %.*s",
                                     SES_FMT(ses_str_head(o->reporter, 255))));
    ses_jsonw_close(&w);
    return append_forward(cx, t, m, &f, &w, added);
}

ses_rc_t
outcome_complained(const agent_t *a, ses_cx_t *cx, ses_txn_t *t,
                   const ses_message_t *m, const complaint_t *c, bool *added)
{
    ses_fact_t f = {.type = SES_EVENT_COMPLAINT,
                    .id = m->id,
                    .recipient = c->rcpt,
                    .when = c->when,
                    .hard = c->suppress};
    ses_jsonw_t w;

    f.feedback_id = ses_event_feedback_id(cx->arena, a->conf->region, m->id,
                                          c->rcpt, SES_EVENT_COMPLAINT);
    ses_jsonw_init(&w, cx->arena, DETAIL_MAX);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "feedbackId", f.feedback_id);
    ses_jsonw_null(&w, "complaintSubType");
    ses_jsonw_list(&w, "complainedRecipients");
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "emailAddress", c->rcpt);
    ses_jsonw_close(&w);
    ses_jsonw_end(&w);
    ses_jsonw_str(&w, "timestamp", when_str(cx, c->when));
    add_str(&w, "userAgent", c->user_agent);
    ses_jsonw_str(&w, "complaintFeedbackType", c->type);
    if (c->arrival != 0)
        ses_jsonw_str(&w, "arrivalDate", when_str(cx, c->arrival));
    ses_jsonw_close(&w);
    return append_forward(cx, t, m, &f, &w, added);
}
