/*
 * commit - the one durable step: send key, quota, ledger entry
 *
 * Runs inside a group commit, on whichever thread leads it; the session's
 * own thread sleeps meanwhile.  The verdict was given on a snapshot: when
 * any control object has changed since, it is given again in here, and holds
 * or fails with the state that the entry is committed with.  A signature
 * that was made for another signer cannot be made here: the client tries
 * again.
 */
#include "commit.h"

#include "judge.h"
#include "mail.h"
#include "policy/quota.h"
#include "recipient.h"

#define DAY_MS 86400000

typedef struct {
    session_t *s;
    uint32_t rcpts; /* of the sending rate */
    ses_message_t entry;
} work_t;

/* --- inside the transaction -------------------------------------------- */

/* Is the key that signed still in DNS?  Another may sign meanwhile. */
static bool
published(const ses_dkim_t *d, const ses_dkim_key_t *k)
{
    unsigned n;

    for (n = 0; k != NULL && n < SES_DKIM_SLOTS; n++)
        if (d->keys[n].state >= SES_DKIM_CURRENT &&
            ses_str_eq(d->keys[n].selector, k->selector) &&
            ses_str_eq(d->keys[n].public_key, k->public_key))
            return true;
    return false;
}

static bool
same_signer(const ses_verdict_t *a, const ses_verdict_t *b)
{
    if (!a->sign || !b->sign)
        return a->sign == b->sign;
    return ses_str_eq(a->signer.name, b->signer.name) &&
           published(&b->signer.dkim, ses_dkim_current(&a->signer.dkim));
}

static ses_rc_t
judge_again(session_t *s, ses_txn_t *t)
{
    ses_verdict_t before = s->m.verdict;
    uint64_t now;
    ses_rc_t rc;

    if ((rc = ses_journal_last(&s->m.cx, t, &now)) != SES_OK)
        return rc;
    if (now == s->m.journal)
        return SES_OK;
    if ((rc = recipient_judge(s, t)) != SES_OK)
        return rc;
    if (!ses_str_eq(before.return_domain, s->m.verdict.return_domain))
        s->m.verdict.return_domain = before.return_domain; /* a moment ago */
    if (!same_signer(&before, &s->m.verdict)) {
        s->m.verdict = before;
        return ses_fail(&s->m.cx, SES_MODIFIED, "the signer has changed");
    }
    s->m.journal = now;
    return SES_OK;
}

static ses_rc_t
check_send_key(ses_cx_t *cx, ses_txn_t *t, const session_t *s)
{
    const ses_ticket_t *ticket = &s->m.ticket;
    ses_send_key_t found;
    ses_rc_t rc;

    if (!s->m.has_ticket)
        return SES_OK;
    rc = ses_send_key_find(cx, t, ses_str_n(ticket->send_key, SES_SEND_KEY),
                           &found);
    if (rc == SES_NOT_FOUND || (rc == SES_OK && found.when + DAY_MS <= cx->now))
        return SES_OK;
    if (rc != SES_OK)
        return rc;
    if (memcmp(found.body_hash, ticket->body_hash, SES_BODY_HASH) != 0)
        return ses_fail(cx, SES_INVALID,
                        "The idempotency key of this request was used for "
                        "another request.");
    return ses_fail(
        cx, SES_DUPLICATE, "%.*s",
        SES_FMT(ses_msgid_format(cx->arena, found.id, s->gate->conf.region)));
}

/* Recipients that count in the 24 hours: not the simulator's, but all of a
 * message that is rejected. */
static uint32_t
charge(const message_t *m)
{
    uint32_t n = 0;
    unsigned i;

    for (i = 0; i < m->verdict.nrcpts; i++)
        n += m->rejected || m->verdict.rcpts[i].removed != SES_RCPT_SIMULATED;
    return n;
}

/* Recipients as the ledger has them.  The verdict stays as it is: it does not
 * depend on content, and may be given again. */
static ses_rcpt_t *
recipients(const message_t *m)
{
    const ses_verdict_t *v = &m->verdict;
    ses_rcpt_t *rcpts;
    unsigned i;

    if (!m->rejected)
        return v->rcpts;
    rcpts = ses_calloc(m->cx.arena, v->nrcpts * sizeof(*rcpts));
    for (i = 0; i < v->nrcpts; i++)
        rcpts[i] = (ses_rcpt_t){.addr = v->rcpts[i].addr,
                                .removed = SES_RCPT_REJECTED};
    return rcpts;
}

static void
fill(work_t *w)
{
    session_t *s = w->s;
    message_t *m = &s->m;
    ses_message_t *e = &w->entry;

    w->rcpts = m->verdict.nrcpts;

    *e = (ses_message_t){
        .id = m->id,
        .state = SES_MESSAGE_PREPARED,
        .account = m->cx.account,
        .config_set = m->verdict.set,
        .committed = m->cx.now,
        .charged = charge(m),
        .max_delivery = m->verdict.max_delivery,
        .send_key = m->has_ticket ? ses_str_n(m->ticket.send_key, SES_SEND_KEY)
                                  : SES_STR(""),
        .identity = m->verdict.identity,
        .source = m->verdict.source.addr,
        .subject = mail_subject(s),
        .size = judge_size(s),
        .mail_base = mail_base(s),
        .mail_headers = mail_headers(s),
        .mail_tags = mail_tags(s),
        .rcpts = recipients(m),
        .nrcpts = m->verdict.nrcpts,
    };
}

static ses_rc_t
run(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    work_t *w = arg;
    message_t *m = &w->s->m;
    uint64_t seen = m->journal;
    ses_rc_t rc;

    if ((rc = check_send_key(cx, t, w->s)) != SES_OK ||
        (rc = judge_again(w->s, t)) != SES_OK)
        return rc;
    if (m->access_key.n > 0 &&
        (rc = ses_credential_used(cx, t, m->access_key)) != SES_OK)
        return rc;
    if (m->journal != seen)
        fill(w);
    rc = ses_quota_take(cx, t, &m->verdict.account, w->rcpts, w->entry.charged,
                        &w->entry.minute);
    if (rc != SES_OK)
        return rc;
    return ses_message_insert(
        cx, t, &w->entry,
        m->has_ticket ? ses_str_n(m->ticket.body_hash, SES_BODY_HASH)
                      : SES_STR(""));
}

/* --- outside ----------------------------------------------------------- */

ses_rc_t
commit_message(session_t *s)
{
    work_t w = {.s = s};

    fill(&w);
    return ses_commit(s->gate->committer, &s->m.cx, run, &w);
}
