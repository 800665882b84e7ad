/*
 * logbook - what a line of the log means for the ledger
 *
 * A message is known by its envelope sender, our token, which qmgr logs
 * before any attempt; lines without it are taken by their queue id.  After a
 * restart the queue id itself is asked of the ledger, through the aliases of
 * files that postsuper -r made anew.
 */

#include "logbook.h"

#include "base/log.h"
#include "model/message_open.h"
#include "outcome.h"
#include "policy/address.h"
#include "policy/quota.h"
#include "policy/token.h"

#define EXPIRED_STATUS "4.4.7" /* RFC 3463: delivery time expired */

void
logbook_init(logbook_t *b, agent_t *agent)
{
    b->agent = agent;
    b->ids = idmap_new();
    b->deferrals = deferral_new();
}

void
logbook_free(logbook_t *b)
{
    idmap_free(b->ids);
    deferral_free(b->deferrals);
}

/* --- whose line is it ---------------------------------------------------- */

static bool
same_id(ses_msgid_t x, ses_msgid_t y)
{
    return x.ms == y.ms && x.us == y.us && x.node == y.node &&
           x.inode == y.inode;
}

/* Our token as an envelope sender?  In whatever domain, an owner's MAIL FROM
 * domain among them: the gate lets nobody else send with one. */
static bool
by_sender(const logbook_t *b, ses_cx_t *cx, ses_str_t sender, ses_msgid_t *id)
{
    ptrdiff_t at = ses_str_rfind(sender, '@');

    return at > 0 &&
           ses_token_parse(cx, b->agent->tokens,
                           ses_str_head(sender, (size_t) at), id) == SES_OK;
}

static bool
by_queue_id(const logbook_t *b, ses_str_t queue_id, ses_msgid_t *id)
{
    return ses_queueid_parse(queue_id, b->agent->conf->node, id);
}

/* What qmgr and pickup say: the sender decides, and is remembered.  A second
 * from= line of a queue file (every attempt has one) says nothing new. */
static bool
identify(logbook_t *b, ses_cx_t *cx, logbook_entry_t *e)
{
    ses_str_t queue_id = e->line.queue_id;

    if (e->line.kind == MAILLOG_QUEUED &&
        idmap_find(b->ids, queue_id, &e->id) != IDMAP_UNKNOWN)
        return false;

    if (!by_sender(b, cx, e->line.sender, &e->id)) {
        if (e->line.kind == MAILLOG_QUEUED)
            idmap_put(b->ids, queue_id, IDMAP_FOREIGN, e->id);
        return false;
    }

    idmap_put(b->ids, queue_id, IDMAP_OURS, e->id);
    e->has_own = by_queue_id(b, queue_id, &e->own) && !same_id(e->own, e->id);
    return true;
}

/* Everything else: the queue id, remembered or not. */
static bool
look_up(logbook_t *b, logbook_entry_t *e)
{
    idmap_kind_t kind = idmap_find(b->ids, e->line.queue_id, &e->id);

    e->proven = kind == IDMAP_OURS;

    if (e->line.kind == MAILLOG_REMOVED || e->line.kind == MAILLOG_DELETED)
        idmap_del(b->ids, e->line.queue_id);
    return e->proven ||
           (kind == IDMAP_UNKNOWN && by_queue_id(b, e->line.queue_id, &e->id));
}

bool
logbook_read(logbook_t *b, ses_cx_t *cx, ses_str_t line, logbook_entry_t *out)
{
    logbook_entry_t e = {.has_own = false};
    bool ours;

    if (!maillog_parse(line, &e.line))
        return false;

    switch (e.line.kind) {
    case MAILLOG_QUEUED:
    case MAILLOG_EXPIRED:
    case MAILLOG_REQUEUED:
        ours = identify(b, cx, &e);
        break;
    case MAILLOG_REFUSED: /* no sender of ours was seen yet */
        ours = by_queue_id(b, e.line.queue_id, &e.id);
        break;
    case MAILLOG_LOST:
        agent_log_doubted(b->agent, cx->now);
        return false;
    default:
        ours = look_up(b, &e);
    }
    if (!ours)
        return false;

    e.when = maillog_time(e.line.stamp, cx->now);
    *out = e;
    return true;
}

/* --- what follows from it ------------------------------------------------ */

/* Cleanup did not take it: nothing was sent, the charge goes back. */
static ses_rc_t
refused(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id)
{
    bool changed = false;
    ses_rc_t rc = ses_quota_abort(cx, t, id, &changed);

    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

/* The recipient's index, by the address as it was or is. */
static int
find_rcpt(ses_cx_t *cx, const ses_message_t *m, const maillog_t *line)
{
    const ses_str_t spelled[] = {line->rcpt, line->orig_rcpt};

    for (size_t i = 0; i < sizeof(spelled) / sizeof(spelled[0]); i++) {
        ses_address_t addr;
        int n;

        if (spelled[i].n == 0)
            continue;
        if (ses_address_path(cx, spelled[i], &addr) != SES_OK) {
            ses_cx_clear(cx);
            continue;
        }
        n = ses_message_rcpt(m, addr.addr);
        if (n >= 0)
            return n;
    }
    return -1;
}

/* As Postfix's own DSN spells it, so that both sources agree. */
static ses_str_t
diagnostic(ses_cx_t *cx, ses_str_t text, ses_str_t said)
{
    if (said.n > 0)
        return ses_str_cat(cx->arena, SES_STR("smtp; "), said);
    return ses_str_cat(cx->arena, SES_STR("X-Postfix; "), text);
}

static ses_rc_t
rcpt_line(logbook_t *b, ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
          const logbook_entry_t *e, int64_t when)
{
    const maillog_t *line = &e->line;
    ses_str_t said = maillog_said(line->text);
    outcome_t o = {.when = when,
                   .status = line->dsn,
                   .text = said.n > 0 ? said : line->text,
                   .remote_ip = maillog_relay_ip(line->relay),
                   .reporter = b->agent->hostname};
    int i = find_rcpt(cx, m, line);
    bool added;

    if (i < 0 || m->rcpts[i].removed != SES_RCPT_KEPT)
        return SES_OK;
    o.rcpt = m->rcpts[i].addr;

    switch (line->kind) {
    case MAILLOG_SENT:
        return outcome_delivered(b->agent, cx, t, m, &o, &added);
    case MAILLOG_BOUNCED:
        o.diagnostic = diagnostic(cx, line->text, said);
        return outcome_bounced(b->agent, cx, t, m, &o, &added);
    default:
        o.diagnostic = diagnostic(cx, line->text, said);
        o.key_extra = line->delay;
        deferral_put(b->deferrals, m->id, o.rcpt, o.text);
        return outcome_delayed(b->agent, cx, t, m, &o, &added);
    }
}

/* The queue lifetime is over for everybody who is still waiting. */
static ses_rc_t
expired(logbook_t *b, ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
        int64_t when)
{
    ses_rc_t rc = SES_OK;

    for (unsigned i = 0; i < m->nrcpts && rc == SES_OK; i++) {
        outcome_t o = {.rcpt = m->rcpts[i].addr,
                       .when = when,
                       .status = SES_STR(EXPIRED_STATUS),
                       .reporter = b->agent->hostname,
                       .expired = true};
        bool added;

        if (m->rcpts[i].removed != SES_RCPT_KEPT ||
            m->rcpts[i].end != SES_RCPT_OPEN)
            continue;
        o.text = deferral_find(b->deferrals, m->id, o.rcpt);
        o.diagnostic = ses_str_printf(
            cx->arena,
            "smtp; 550 " EXPIRED_STATUS " Message expired: unable to deliver "
            "in %lld minutes.<%.*s>",
            (long long) (outcome_patience(b->agent, m) / 60000),
            SES_FMT(o.text));
        rc = outcome_bounced(b->agent, cx, t, m, &o, &added);
    }
    return rc;
}

/* It left the queue.  That says nothing new when its from= line was seen and
 * all its recipients have ended; else it is remembered. */
static ses_rc_t
gone_from_queue(ses_cx_t *cx, ses_txn_t *t, const logbook_entry_t *e,
                ses_msgid_t id)
{
    if (e->line.kind == MAILLOG_DELETED) /* an operator did, with intent */
        return ses_message_close(cx, t, id);
    return ses_message_removed(cx, t, id, cx->now);
}

ses_rc_t
logbook_apply(logbook_t *b, ses_cx_t *cx, ses_txn_t *t,
              const logbook_entry_t *e)
{
    ses_message_t m;
    ses_msgid_t id;
    int64_t when;
    ses_rc_t rc;

    if (e->line.kind == MAILLOG_REFUSED)
        return refused(cx, t, e->id);

    if ((rc = ses_message_resolve(cx, t, e->id, &id)) != SES_OK)
        return rc;
    if (e->line.kind == MAILLOG_REMOVED && e->proven) /* the usual case */
        return ses_message_removed(cx, t, id, cx->now);
    rc = ses_message_find(cx, t, SES_STR(""), id, &m);
    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;

    when = e->when < m.committed ? m.committed : e->when;
    if (m.state == SES_MESSAGE_ABORTED)
        ses_log(SES_LOG_WARN, "%.*s: Postfix has a message that was aborted",
                SES_FMT(e->line.queue_id));

    if (e->has_own && (rc = ses_message_alias(cx, t, e->own, id)) != SES_OK)
        return rc;
    if ((rc = ses_event_queued(cx, t, id, when)) != SES_OK)
        return rc;

    switch (e->line.kind) {
    case MAILLOG_SENT:
    case MAILLOG_DEFERRED:
    case MAILLOG_BOUNCED:
        return rcpt_line(b, cx, t, &m, e, when);
    case MAILLOG_EXPIRED:
        return expired(b, cx, t, &m, when);
    case MAILLOG_REMOVED:
    case MAILLOG_DELETED:
        return gone_from_queue(cx, t, e, id);
    default:
        return SES_OK;
    }
}
