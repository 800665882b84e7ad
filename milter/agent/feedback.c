/*
 * feedback - a report that came to one of our addresses, as events
 */

#include "feedback.h"

#include <arpa/inet.h>

#include "base/log.h"
#include "model/counter.h"
#include "outcome.h"
#include "policy/address.h"
#include "policy/token.h"

/* One report and what came of it. */
struct job {
    agent_t *agent;
    const report_t *report;
    ses_msgid_t id;
    unsigned used;  /* recipients it was right about */
    unsigned added; /* new events */
};

/* --- which message ------------------------------------------------------- */

/* The token alone decides: it may be at an owner's MAIL FROM domain. */
static bool
token_of(const agent_t *a, ses_cx_t *cx, ses_str_t address, ses_msgid_t *id)
{
    ptrdiff_t at = ses_str_rfind(address, '@');

    return at > 0 &&
           ses_token_parse(cx, a->tokens, ses_str_head(address, (size_t) at),
                           id) == SES_OK;
}

/* Which of the message's recipients is meant?  NULL = none. */
static const ses_rcpt_t *
rcpt_of(ses_cx_t *cx, const ses_message_t *m, const report_rcpt_t *r)
{
    const ses_str_t named[] = {r->original, r->final};

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        ses_address_t addr;
        int n;

        if (named[i].n == 0)
            continue;
        if (ses_address_path(cx, named[i], &addr) != SES_OK) {
            ses_cx_clear(cx);
            continue;
        }
        n = ses_message_rcpt(m, addr.addr);
        if (n >= 0 && m->rcpts[n].removed == SES_RCPT_KEPT)
            return &m->rcpts[n];
    }
    return NULL;
}

/* --- bounces ------------------------------------------------------------- */

static ses_str_t
ip_of(ses_cx_t *cx, ses_str_t mta)
{
    unsigned char addr[16];
    char *text;

    if (mta.n > 2 && mta.p[0] == '[' && mta.p[mta.n - 1] == ']')
        mta = ses_str_n(mta.p + 1, mta.n - 2);
    text = ses_str_c(cx->arena, ses_str_head(mta, 64));
    if (inet_pton(AF_INET, text, addr) == 1 ||
        inet_pton(AF_INET6, text, addr) == 1)
        return mta;
    return SES_STR("");
}

static ses_str_t
said(ses_str_t diagnostic)
{
    ptrdiff_t semicolon = ses_str_find(diagnostic, ';');

    if (semicolon < 0)
        return diagnostic;
    return ses_str_trim(ses_str_from(diagnostic, (size_t) semicolon + 1));
}

/* A failure with a temporary status: somebody gave up trying. */
static bool
gave_up(const report_rcpt_t *r)
{
    return r->status.n > 0 && r->status.p[0] == '4';
}

static ses_rc_t
delivery(struct job *j, ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
         const report_rcpt_t *r)
{
    const ses_rcpt_t *rcpt = rcpt_of(cx, m, r);
    outcome_t o = {.when = cx->now,
                   .status = r->status,
                   .text = said(r->diagnostic),
                   .diagnostic = r->diagnostic,
                   .remote_ip = ip_of(cx, r->remote_mta),
                   .reporter = j->report->reporting_mta,
                   .key_extra = SES_STR("report"),
                   .expired = gave_up(r)};
    bool added = false;
    ses_rc_t rc;

    if (rcpt == NULL)
        return SES_OK;
    o.rcpt = rcpt->addr;

    if (ses_str_eqc(r->action, "failed"))
        rc = outcome_bounced(j->agent, cx, t, m, &o, &added);
    else if (ses_str_eqc(r->action, "delayed"))
        rc = outcome_delayed(j->agent, cx, t, m, &o, &added);
    else /* delivered, relayed, expanded: the log said so */
        rc = SES_OK;

    j->used++;
    j->added += added;
    return rc;
}

/* --- complaints ---------------------------------------------------------- */

/* Feedback-Type to complaintFeedbackType (contract 8.4), and whether it
 * means "no more". */
static void
classify(ses_str_t type, complaint_t *c)
{
    static const struct {
        const char *type;
        bool suppress;
    } types[] = {{"abuse", true},
                 {"fraud", true},
                 {"virus", true},
                 {"auth-failure", false},
                 {"not-spam", false}};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (ses_str_eqc(type, types[i].type)) {
            c->type = type;
            c->suppress = types[i].suppress;
            return;
        }
    c->type = SES_STR("other");
    c->suppress = true;
}

static ses_rc_t
complain(struct job *j, ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
         const ses_rcpt_t *rcpt)
{
    complaint_t c = {.rcpt = rcpt->addr,
                     .when = cx->now,
                     .user_agent = j->report->user_agent,
                     .arrival = j->report->arrival};
    bool added = false;
    ses_rc_t rc;

    classify(j->report->feedback_type, &c);
    rc = outcome_complained(j->agent, cx, t, m, &c, &added);
    j->used++;
    j->added += added;
    return rc;
}

/* Many reporters leave the recipient out: that of a message to one is known
 * all the same. */
static const ses_rcpt_t *
only_rcpt(const ses_message_t *m)
{
    if (m->nrcpts == 1 && m->rcpts[0].removed == SES_RCPT_KEPT)
        return &m->rcpts[0];
    return NULL;
}

/* --- the report ---------------------------------------------------------- */

static ses_rc_t
apply(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    struct job *j = arg;
    const report_t *r = j->report;
    const ses_rcpt_t *rcpt;
    ses_message_t m;
    ses_rc_t rc;

    j->used = j->added = 0; /* it may run twice */
    rc = ses_message_find(cx, t, SES_STR(""), j->id, &m);
    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;

    for (unsigned i = 0; i < r->nrcpts && rc == SES_OK; i++) {
        if (r->kind == REPORT_DELIVERY)
            rc = delivery(j, cx, t, &m, &r->rcpts[i]);
        else if ((rcpt = rcpt_of(cx, &m, &r->rcpts[i])) != NULL)
            rc = complain(j, cx, t, &m, rcpt);
    }

    if (rc == SES_OK && r->kind == REPORT_COMPLAINT && r->nrcpts == 0 &&
        (rcpt = only_rcpt(&m)) != NULL)
        rc = complain(j, cx, t, &m, rcpt);
    return rc;
}

ses_rc_t
feedback_take(agent_t *a, ses_cx_t *cx, ses_str_t to, const report_t *r)
{
    struct job j = {.agent = a, .report = r};
    ses_rc_t rc;

    if (!token_of(a, cx, to, &j.id) &&
        !(r->kind == REPORT_COMPLAINT &&
          token_of(a, cx, r->mail_from, &j.id))) {
        ses_tally(SES_TOKEN_FORGED);
        return SES_OK;
    }
    if (r->kind == REPORT_NONE) { /* an answering machine, a human */
        ses_tally(SES_REPORT_IGNORED);
        return SES_OK;
    }

    rc = ses_commit(a->committer, cx, apply, &j);
    if (rc != SES_OK) {
        agent_warn("report", rc, cx);
        return rc;
    }
    if (j.used == 0)
        ses_tally(SES_REPORT_IGNORED);
    ses_log(SES_LOG_INFO, "%.*s: report=%s recipients=%u used=%u new=%u",
            SES_FMT(ses_queueid_format(cx->arena, j.id)),
            r->kind == REPORT_DELIVERY ? "delivery" : "complaint", r->nrcpts,
            j.used, j.added);
    return SES_OK;
}
