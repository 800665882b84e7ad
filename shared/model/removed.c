/*
 * removed - the events of recipients that the gate took off a message
 *
 * They never get to Postfix: the agent writes their events with the message's
 * Send event.  Suppressed ones bounce (contract 9.2).  Those of the mailbox
 * simulator end as their name says (contract 4.13), suppress nobody, and are
 * counted apart; bounces of one message that are alike are one event.  A
 * message with bad content was removed as a whole: it is rejected, whoever its
 * recipients are.
 */
#include "model/event_log.h"

#include "base/clock.h"
#include "base/json.h"
#include "model/outbox.h"
#include "model/service.h"

#define EVENT_MAX (1U << 20)

/* How a recipient bounces.  The first sentences are the service's. */
typedef struct {
    uint8_t removed, reason; /* ses_rcpt_removed_t; ses_simulated_t, 0 = any */
    bool together;           /* several in one event */
    const char *subtype, *counted_as, *diagnostic;
} bounce_t;

static const bounce_t bounces[] = {
    {SES_RCPT_SUPPRESSED, 0, false, "OnAccountSuppressionList", "SUPPRESSED",
     "Amazon SES did not send the message to this address because it is on "
     "the suppression list for your account. DeleteSuppressedDestination "
     "removes it from there."},
    {SES_RCPT_SITE, 0, false, "Suppressed", "SUPPRESSED",
     "Amazon SES has suppressed sending to this address because it has a "
     "recent history of bouncing as an invalid address. The operator of this "
     "site can remove it from there."},
    {SES_RCPT_SIMULATED, SES_SIM_BOUNCE, true, "General", "SIMULATED",
     "smtp; 550 5.1.1 user unknown"},
    {SES_RCPT_SIMULATED, SES_SIM_SUPPRESSED, true, "Suppressed", "SIMULATED",
     "Amazon SES has suppressed sending to this address because it has a "
     "recent history of bouncing as an invalid address."},
};

#define NBOUNCES (sizeof(bounces) / sizeof(bounces[0]))

static const bounce_t *
bounce_of(const ses_rcpt_t *r)
{
    size_t i;

    for (i = 0; i < NBOUNCES; i++)
        if (bounces[i].removed == r->removed &&
            (bounces[i].reason == 0 || bounces[i].reason == r->reason))
            return &bounces[i];
    return NULL;
}

bool
ses_removed_simulated(const ses_message_t *m)
{
    unsigned i;

    for (i = 0; i < m->nrcpts; i++)
        if (m->rcpts[i].removed != SES_RCPT_SIMULATED)
            return false;
    return m->nrcpts > 0;
}

static ses_fact_t
fact_of(const ses_message_t *m, unsigned i, ses_event_type_t type, int64_t when)
{
    return (ses_fact_t){.type = type,
                        .id = m->id,
                        .recipient = m->rcpts[i].addr,
                        .key_extra = SES_STR(""),
                        .when = when};
}

/* --- bounces ----------------------------------------------------------- */

/* The Bounce of recipient i, and of those behind it that go with it. */
static ses_rc_t
bounce(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m, unsigned i,
       const bounce_t *b, int64_t when)
{
    ses_fact_t f = fact_of(m, i, SES_EVENT_BOUNCE, when);
    unsigned end = b->together ? m->nrcpts : i + 1;
    ses_rc_t rc = SES_OK;
    ses_jsonw_t w;

    f.feedback_id =
        ses_fact_feedback_id(cx->arena, m, f.recipient, SES_EVENT_BOUNCE);
    ses_jsonw_init(&w, cx->arena, EVENT_MAX);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "feedbackId", f.feedback_id);
    ses_jsonw_c(&w, "bounceType", "Permanent");
    ses_jsonw_c(&w, "bounceSubType", b->subtype);
    ses_jsonw_list(&w, "bouncedRecipients");
    for (; i < end && rc == SES_OK; i++) {
        if (bounce_of(&m->rcpts[i]) != b)
            continue;
        ses_jsonw_open(&w, NULL);
        ses_jsonw_str(&w, "emailAddress", m->rcpts[i].addr);
        ses_jsonw_c(&w, "action", "failed");
        ses_jsonw_c(&w, "status", "5.1.1");
        ses_jsonw_c(&w, "diagnosticCode", b->diagnostic);
        ses_jsonw_close(&w);
        rc = ses_message_ended(cx, t, m->id, i, SES_RCPT_BOUNCED);
    }
    ses_jsonw_end(&w);
    ses_jsonw_str(&w, "timestamp", ses_clock_iso(cx->arena, when));
    ses_jsonw_close(&w);
    f.detail = ses_jsonw_get(&w);
    return rc == SES_OK ? ses_fact_enter(cx, t, m, &f, b->counted_as) : rc;
}

/* Has an earlier recipient's event told of this one already? */
static bool
told(const ses_message_t *m, unsigned i, const bounce_t *b)
{
    unsigned k;

    for (k = 0; b->together && k < i; k++)
        if (bounce_of(&m->rcpts[k]) == b)
            return true;
    return false;
}

/* --- the simulator's deliveries ---------------------------------------- */

static ses_rc_t
deliver(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m, unsigned i,
        int64_t when)
{
    ses_fact_t f = fact_of(m, i, SES_EVENT_DELIVERY, when);
    ses_jsonw_t w;
    ses_rc_t rc;

    ses_jsonw_init(&w, cx->arena, EVENT_MAX);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "timestamp", ses_clock_iso(cx->arena, when));
    ses_jsonw_int(&w, "processingTimeMillis", when - m->committed);
    ses_jsonw_list(&w, "recipients");
    ses_jsonw_str(&w, NULL, f.recipient);
    ses_jsonw_end(&w);
    ses_jsonw_c(&w, "smtpResponse", "250 2.6.0 Message received");
    ses_jsonw_close(&w);
    f.detail = ses_jsonw_get(&w);
    if ((rc = ses_fact_enter(cx, t, m, &f, "SIMULATED")) != SES_OK)
        return rc;
    return ses_message_ended(cx, t, m->id, i, SES_RCPT_DELIVERED);
}

/* ooto answers what was just delivered, unless that was a machine's. */
static ses_rc_t
reply(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m)
{
    uint64_t seq = 0;
    ses_rc_t rc;

    if (ses_service_is(m->account) || m->source.n == 0)
        return SES_OK;
    if ((rc = ses_event_last(cx, t, &seq)) != SES_OK)
        return rc;
    return ses_outbox_add(cx, t, SES_OUTBOX_REPLY, m->account, m->source, seq);
}

static ses_rc_t
complain(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m, unsigned i,
         int64_t when)
{
    ses_fact_t f = fact_of(m, i, SES_EVENT_COMPLAINT, when);
    ses_str_t at = ses_clock_iso(cx->arena, when);
    ses_jsonw_t w;

    f.feedback_id =
        ses_fact_feedback_id(cx->arena, m, f.recipient, SES_EVENT_COMPLAINT);
    ses_jsonw_init(&w, cx->arena, EVENT_MAX);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "feedbackId", f.feedback_id);
    ses_jsonw_null(&w, "complaintSubType");
    ses_jsonw_list(&w, "complainedRecipients");
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "emailAddress", f.recipient);
    ses_jsonw_close(&w);
    ses_jsonw_end(&w);
    ses_jsonw_str(&w, "timestamp", at);
    ses_jsonw_c(&w, "userAgent", "Amazon SES Mailbox Simulator");
    ses_jsonw_c(&w, "complaintFeedbackType", "abuse");
    ses_jsonw_str(&w, "arrivalDate", at);
    ses_jsonw_close(&w);
    f.detail = ses_jsonw_get(&w);
    return ses_fact_enter(cx, t, m, &f, "SIMULATED");
}

/* --- a message that goes to nobody ------------------------------------- */

static bool
is_rejected(const ses_message_t *m)
{
    return m->nrcpts > 0 && m->rcpts[0].removed == SES_RCPT_REJECTED;
}

static ses_rc_t
reject(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m, int64_t when)
{
    ses_fact_t f = {.type = SES_EVENT_REJECT,
                    .id = m->id,
                    .recipient = SES_STR(""),
                    .key_extra = SES_STR(""),
                    .when = when,
                    .detail = SES_STR("{\"reason\":\"Bad content\"}")};

    return ses_fact_enter(cx, t, m, &f, ses_event_enum(SES_EVENT_REJECT));
}

/* --- all of them ------------------------------------------------------- */

ses_rc_t
ses_removed_enter(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
                  int64_t when)
{
    const bounce_t *b;
    ses_rc_t rc = SES_OK;
    unsigned i;

    if (is_rejected(m))
        return reject(cx, t, m, when);
    for (i = 0; i < m->nrcpts && rc == SES_OK; i++) {
        if (m->rcpts[i].removed == SES_RCPT_KEPT)
            continue;
        if ((b = bounce_of(&m->rcpts[i])) != NULL) {
            if (!told(m, i, b))
                rc = bounce(cx, t, m, i, b, when);
            continue;
        }
        rc = deliver(cx, t, m, i, when);
        if (rc == SES_OK && m->rcpts[i].reason == SES_SIM_COMPLAINT)
            rc = complain(cx, t, m, i, when);
        if (rc == SES_OK && m->rcpts[i].reason == SES_SIM_OOTO)
            rc = reply(cx, t, m);
    }
    return rc;
}
