/*
 * sender - whose message is it?
 *
 * Three ways to belong to an account: a ticket, on the injection service
 * only (nginx's, or the agent's for the service's own mail); a Sesame
 * credential, that is, a login by PLAIN or LOGIN on the service whose SASL
 * server is the gate (XCLIENT is never one); a binding.  What belongs to
 * nobody passes untouched, or is refused when sesame.conf says so.  Whoever
 * sends it: a sender in one of our bounce domains, or with one of our tokens,
 * is not his own.  Nor is one with the label of a source address, which
 * belongs to an account.
 */
#include "sender.h"

#include "bind.h"
#include "model/counter.h"
#include "model/service.h"
#include "model/session.h"
#include "policy/egress.h"

/* --- at MAIL ----------------------------------------------------------- */

static sender_t
refuse(session_t *s, ses_rc_t rc)
{
    (void) session_refuse(s, rc);
    return SENDER_REFUSE;
}

static ses_rc_t
not_himself(message_t *m)
{
    ses_tally(SES_UNBOUND_REFUSED);
    return ses_fail(&m->cx, SES_DENIED,
                    "nobody sends from this domain himself");
}

/* By a label Postfix chooses the way out: a path with one of ours would leave
 * by an account's address.  Few look so, and only they cost a look. */
static ses_rc_t
check_label(session_t *s, ses_str_t path)
{
    message_t *m = &s->m;
    bool taken = false;
    ses_str_t label;
    ses_txn_t *t;
    ses_rc_t rc;

    if (!ses_egress_looks(&m->cx, path, &label))
        return SES_OK;
    if ((rc = ses_txn_read(&m->cx, s->gate->store, &t)) != SES_OK)
        return rc;
    rc = ses_egress_taken(&m->cx, t, label, &taken);
    ses_txn_end(t);
    return rc == SES_OK && taken ? not_himself(m) : rc;
}

static sender_t
pass(session_t *s, const sender_macros_t *say)
{
    ses_rc_t rc;

    if ((rc = check_label(s, s->m.mail)) != SES_OK ||
        (rc = check_label(s, say->rewritten)) != SES_OK)
        return refuse(s, rc);
    ses_tally(SES_UNBOUND_PASSED);
    return SENDER_PASS;
}

static sender_t
unbound(session_t *s, const sender_macros_t *say)
{
    if (!s->gate->conf.unbound_reject)
        return pass(s, say);
    ses_tally(SES_UNBOUND_REFUSED);
    return refuse(s, ses_fail(&s->m.cx, SES_DENIED,
                              "this host takes mail of accounts only"));
}

/* An owner that is known now is looked at now. */
static sender_t
owned(session_t *s, owner_t owner)
{
    message_t *m = &s->m;
    ses_txn_t *t;
    ses_rc_t rc;

    m->owner = owner;
    if ((rc = ses_txn_read(&m->cx, s->gate->store, &t)) == SES_OK) {
        rc = sender_check(s, t);
        ses_txn_end(t);
    }
    return rc == SES_OK ? SENDER_OURS : refuse(s, rc);
}

static sender_t
login_mail(session_t *s, ses_str_t login)
{
    s->m.access_key = ses_str_dup(s->m.cx.arena, login);
    return owned(s, OWNER_LOGIN);
}

sender_t
sender_mail(session_t *s, const sender_macros_t *say)
{
    const ses_conf_t *conf = &s->gate->conf;
    message_t *m = &s->m;

    if (ses_verdict_reserved(&m->cx, conf, m->mail) ||
        ses_verdict_reserved(&m->cx, conf, say->rewritten) ||
        ses_verdict_token(&m->cx, &s->gate->token, m->mail) ||
        ses_verdict_token(&m->cx, &s->gate->token, say->rewritten))
        return refuse(s, not_himself(m));
    if (ses_str_eq(s->daemon, conf->api_daemon_name)) {
        m->owner = OWNER_TICKET;
        return SENDER_OURS;
    }
    if (ses_str_eq(s->daemon, conf->smtp_daemon_name) && say->login.n > 0 &&
        (ses_str_caseeqc(say->type, "PLAIN") ||
         ses_str_caseeqc(say->type, "LOGIN")))
        return login_mail(s, say->login);
    m->local = s->portless && say->queue_id.n > 0;
    if (!bind_find(s, say->type, say->login, &m->bound))
        return unbound(s, say);
    return m->bound.account.n == 0 ? pass(s, say) : owned(s, OWNER_BOUND);
}

/* --- the ticket -------------------------------------------------------- */

/* What stands between the brackets. */
static ses_str_t
inside(ses_str_t path)
{
    if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>')
        return ses_str_n(path.p + 1, path.n - 2);
    return path;
}

/* Each key is good for its own accounts only: the agent's for the service,
 * nginx's for everybody else. */
static ses_rc_t
parse_ticket(session_t *s, ses_str_t value)
{
    message_t *m = &s->m;
    const ses_keyring_t *ring = ses_service_is(ses_ticket_account(value))
                                    ? &s->gate->agent
                                    : &s->gate->ticket;
    ses_str_t *rcpts;
    unsigned i;

    rcpts = ses_alloc(m->cx.arena, (m->npaths + 1) * sizeof(*rcpts));
    for (i = 0; i < m->npaths; i++)
        rcpts[i] = inside(m->paths[i]);
    return ses_ticket_parse(&m->cx, ring, ses_str_trim(value), inside(m->mail),
                            rcpts, m->npaths, &m->ticket);
}

static ses_str_t
copy(const message_t *m, ses_str_t v)
{
    return ses_str_dup(m->cx.arena, v);
}

static void
ticket_failed(ses_rc_t rc)
{
    if (rc == SES_STALE)
        ses_tally(SES_TICKET_STALE);
    else if (rc == SES_FORGED)
        ses_tally(SES_TICKET_FORGED);
}

bool
sender_ticket(session_t *s, ses_str_t name, ses_str_t value)
{
    message_t *m = &s->m;
    ses_rc_t rc;

    if (!ses_str_caseeqc(name, SES_TICKET_HEADER)) {
        ses_tally(SES_TICKET_MISSING);
        (void) session_refuse(s, ses_fail(&m->cx, SES_FORGED,
                                          "no ticket on the injection "
                                          "service"));
        return false;
    }

    value = copy(m, value);
    if ((rc = parse_ticket(s, value)) != SES_OK) {
        ticket_failed(rc);
        (void) session_refuse(s, rc);
        return true;
    }
    m->has_ticket = true;
    m->access_key = m->ticket.access_key = copy(m, m->ticket.access_key);
    m->client = copy(m, m->ticket.client);
    m->operation = copy(m, m->ticket.operation);
    m->cx.account = m->ticket.account = copy(m, m->ticket.account);
    m->cx.request_id = copy(m, m->ticket.request_id);
    return true;
}

/* --- the caller -------------------------------------------------------- */

ses_rc_t
sender_check(session_t *s, ses_txn_t *t)
{
    message_t *m = &s->m;
    ses_credential_t key;
    ses_rc_t rc;

    if (m->owner == OWNER_BOUND)
        return bind_caller(s, t);
    if (m->has_ticket && ses_service_is(m->ticket.account)) {
        m->cx.caller = m->user = SES_STR("sesame-agent");
        return SES_OK; /* the key of its ticket was proof enough */
    }
    rc = ses_credential_find(&m->cx, t, m->access_key, &key);
    if (rc == SES_OK && ses_session_is(&key) && !m->has_ticket)
        rc = SES_NOT_FOUND; /* its token cannot be told over SMTP */
    if (rc == SES_OK)       /* nginx saw a ticket's while it was younger */
        rc = ses_session_live(
            &m->cx, t, &key, m->cx.now - (m->has_ticket ? SES_TICKET_SKEW : 0));
    if (rc == SES_NOT_FOUND || rc == SES_UNKNOWN_KEY || rc == SES_EXPIRED) {
        ses_cx_clear(&m->cx); /* SMTP has its own words */
        return ses_fail(&m->cx, SES_UNKNOWN_KEY,
                        "Authentication Credentials Invalid");
    }
    if (rc != SES_OK)
        return rc;
    if (m->has_ticket && !ses_str_eq(key.account, m->ticket.account)) {
        ses_tally(SES_TICKET_FORGED);
        return ses_fail(&m->cx, SES_FORGED, "key of another account");
    }
    m->cx.account = key.account;
    m->cx.caller = ses_credential_arn(m->cx.arena, &key);
    m->user = key.user;
    m->iam = key.iam;
    m->narrowed = key.policy.n > 0 ? key.id : SES_STR("");
    return SES_OK;
}
