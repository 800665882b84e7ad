/*
 * post - sends Sesame's own mail, and lets unconfirmed addresses expire
 *
 * An entry of the outbox leaves it when Postfix has the mail, when there is
 * no reason any more to send it, or when it was refused for good.  Whoever
 * kills us in between makes us send again: then the gate, which keeps the
 * send key, says "duplicate", and the ledger says whether the first mail is
 * in the queue.  So each is sent once, whatever dies.
 */
#include "post.h"

#include "backoff.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "injector.h"
#include "letter.h"
#include "model/outbox.h"
#include "model/service.h"
#include "policy/confirm.h"
#include "policy/ticket.h"

#define ROUND_MS 200
#define BATCH 32
#define EXPIRE_MAX 16u /* in one commit */
#define PURGE_MAX 200u
#define PURGE_MS (10 * 60 * INT64_C(1000))
#define RETRY_MIN INT64_C(1000)
#define RETRY_MAX (15 * 60 * INT64_C(1000))
#define GIVE_UP (23 * 3600 * INT64_C(1000)) /* before the send key goes */

typedef enum { LEAVE, SENT, DROP, RETRY } fate_t;

typedef struct {
    ses_outbox_t m;
    fate_t fate;
    int64_t due; /* of a RETRY */
} item_t;

typedef struct {
    agent_t *agent;
    injector_t *injector;
    ses_keyring_t ring; /* agent-ticket.key */
    item_t items[BATCH];
    unsigned n;
    int64_t purge_at;
    ses_arena_t *arena;   /* of a round */
    ses_arena_t *message; /* of one mail */
} post_t;

/* --- sending one ------------------------------------------------------- */

static ses_str_t
stamp(const post_t *p, ses_cx_t *cx, const ses_outbox_t *m, ses_str_t from)
{
    ses_str_t id = ses_str_n(m->id, SES_OUTBOX_ID);
    ses_ticket_t t = {.access_key = SES_STR("SESAME-AGENT"),
                      .account = SES_STR(SES_SERVICE_ACCOUNT),
                      .client = SES_STR("127.0.0.1"),
                      .request_id = ses_uuid_from(cx->arena, m->id),
                      .operation = SES_STR("SendServiceEmail"),
                      .when = ses_clock_ms()};

    ses_send_key(t.access_key, id, 0, t.send_key);
    memcpy(t.body_hash, m->id, SES_BODY_HASH);
    return ses_str_printf(
        cx->arena, SES_TICKET_HEADER ": %.*s\r\n",
        SES_FMT(ses_ticket_format(cx->arena, &p->ring, &t, from, &m->to, 1)));
}

/* The gate has this send key already: is that message in the queue? */
static fate_t
look_up(const post_t *p, ses_cx_t *cx, const ses_outbox_t *m)
{
    uint8_t key[SES_SEND_KEY];
    ses_send_key_t found;
    ses_message_t e;
    ses_txn_t *t;
    fate_t fate = RETRY;

    ses_cx_clear(cx);
    ses_send_key(SES_STR("SESAME-AGENT"), ses_str_n(m->id, SES_OUTBOX_ID), 0,
                 key);
    if (ses_txn_read(cx, p->agent->store, &t) != SES_OK)
        return RETRY;
    if (ses_send_key_find(cx, t, ses_str_n(key, sizeof(key)), &found) ==
            SES_OK &&
        ses_message_find(cx, t, SES_STR(SES_SERVICE_ACCOUNT), found.id, &e) ==
            SES_OK &&
        e.state == SES_MESSAGE_QUEUED)
        fate = SENT;
    ses_txn_end(t);
    return fate;
}

static ses_rc_t
compose(const post_t *p, ses_cx_t *cx, const ses_outbox_t *m, ses_str_t *out)
{
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(cx, p->agent->store, &t)) != SES_OK)
        return rc;
    rc = letter_compose(p->agent, cx, t, m, out);
    ses_txn_end(t);
    return rc;
}

static fate_t
send_one(post_t *p, ses_cx_t *cx, const ses_outbox_t *m)
{
    ses_str_t from = letter_from(cx->arena, p->agent->conf), text, reply;
    ses_rc_t rc = compose(p, cx, m, &text);
    fate_t fate;

    if (rc == SES_NOT_FOUND)
        return DROP;
    if (rc != SES_OK) {
        agent_warn("own mail", rc, cx);
        return RETRY;
    }
    text = ses_str_cat(cx->arena, stamp(p, cx, m, from), text);
    rc = injector_send(p->injector, cx, from, m->to, text, &reply);
    if (rc == SES_OK)
        fate = SENT;
    else if (rc == SES_DUPLICATE)
        return look_up(p, cx, m);
    else
        fate =
            reply.n > 0 && reply.p[0] == '5' && rc != SES_FORGED ? DROP : RETRY;
    ses_log(fate == SENT ? SES_LOG_INFO : SES_LOG_WARN,
            "own mail: account=%.*s to=%.*s tries=%u: %.*s",
            SES_FMT(m->account), SES_FMT(m->to), (unsigned) m->tries + 1,
            SES_FMT(rc == SES_OK ? reply : cx->why));
    return fate;
}

/* --- a round ----------------------------------------------------------- */

static ses_rc_t
take(ses_cx_t *cx, const ses_outbox_t *m, void *arg)
{
    post_t *p = arg;

    (void) cx;
    if (p->n == BATCH)
        return SES_NOT_FOUND;
    p->items[p->n++] = (item_t){.m = *m, .fate = LEAVE};
    return SES_OK;
}

static ses_rc_t
store(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    const post_t *p = arg;
    ses_rc_t rc = SES_OK;
    unsigned i;

    for (i = 0; rc == SES_OK && i < p->n; i++)
        if (p->items[i].fate == RETRY)
            rc = ses_outbox_retry(cx, t, &p->items[i].m, p->items[i].due);
        else if (p->items[i].fate != LEAVE)
            rc = ses_outbox_del(cx, t, &p->items[i].m);
    return rc;
}

static void
deliver(post_t *p, int64_t now, item_t *item)
{
    ses_cx_t cx;

    ses_arena_reset(p->message);
    cx = ses_cx(p->message, now);
    item->fate = send_one(p, &cx, &item->m);
    if (item->fate != RETRY)
        return;
    item->due = now + backoff_ms(RETRY_MIN, RETRY_MAX, item->m.tries);
    if (item->due > item->m.created + GIVE_UP) {
        item->fate = DROP;
        ses_log(SES_LOG_WARN, "own mail: account=%.*s to=%.*s: given up",
                SES_FMT(item->m.account), SES_FMT(item->m.to));
    }
}

/* Send what is due; true when there may be more. */
static bool
send_due(post_t *p)
{
    ses_cx_t cx = agent_cx(p->arena);
    ses_txn_t *t;
    unsigned i;
    ses_rc_t rc;

    p->n = 0;
    if ((rc = ses_txn_read(&cx, p->agent->store, &t)) == SES_OK) {
        rc = ses_outbox_due(&cx, t, cx.now, take, p);
        ses_txn_end(t);
    }
    for (i = 0; rc == SES_OK && i < p->n && !agent_stopping(p->agent); i++)
        deliver(p, ses_clock_ms(), &p->items[i]);
    if (rc == SES_OK && p->n > 0)
        rc = ses_commit(p->agent->committer, &cx, store, p);
    if (rc != SES_OK)
        agent_warn("own mail", rc, &cx);
    return rc == SES_OK && p->n == BATCH;
}

/* --- addresses --------------------------------------------------------- */

typedef struct {
    ses_change_t change;
} expired_t;

static ses_rc_t
expire_one(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    expired_t *x = arg;
    ses_identity_t failed = *i;

    if (x->change.n == EXPIRE_MAX)
        return SES_NOT_FOUND;
    if (i->next_check > cx->now)
        return SES_OK;
    if (ses_identity_verified(i))
        failed.next_check = 0;
    else
        ses_confirm_failed(&failed, cx->now);
    ses_identity_put(cx, &x->change, &failed);
    ses_log(SES_LOG_INFO, "identity: account=%.*s name=%.*s not confirmed",
            SES_FMT(i->account), SES_FMT(i->name));
    return SES_OK;
}

static ses_rc_t
apply(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    expired_t *x = arg;

    return ses_journal_apply(cx, t, &x->change, "identity expire");
}

static void
expire(post_t *p)
{
    ses_cx_t cx = agent_cx(p->arena);
    expired_t x = {{0}};
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(&cx, p->agent->store, &t)) == SES_OK) {
        rc = ses_identity_unconfirmed(&cx, t, cx.now, expire_one, &x);
        ses_txn_end(t);
    }
    if (rc == SES_OK && x.change.n > 0)
        rc = ses_commit(p->agent->committer, &cx, apply, &x);
    if (rc != SES_OK && rc != SES_MODIFIED) /* confirmed in that moment */
        agent_warn("identity expire", rc, &cx);
}

static ses_rc_t
purge_slice(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    return ses_asked_purge(cx, t, cx->now, PURGE_MAX, arg);
}

static void
purge(post_t *p)
{
    ses_cx_t cx = agent_cx(p->arena);
    unsigned n = 0;
    ses_rc_t rc;

    if (cx.now < p->purge_at && p->purge_at <= cx.now + PURGE_MS)
        return;
    p->purge_at = cx.now + PURGE_MS;
    rc = ses_commit(p->agent->committer, &cx, purge_slice, &n);
    if (rc != SES_OK)
        agent_warn("own mail: purge", rc, &cx);
    else if (n == PURGE_MAX)
        p->purge_at = cx.now;
}

/* --- the worker -------------------------------------------------------- */

/* The service's own identity, on hosts that were set up before it; one that
 * failed is looked for again. */
static ses_rc_t
make_identity(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    const ses_conf_t *conf = ((const agent_t *) arg)->conf;
    ses_change_t change = {0};
    ses_identity_t i;
    ses_rc_t rc;

    rc = ses_identity_find(cx, t, SES_STR(SES_SERVICE_ACCOUNT),
                           conf->service_domain, &i);
    if (rc == SES_OK && i.status == SES_VERIFY_FAILED) {
        i.status = i.dkim_status = SES_VERIFY_PENDING;
        i.pending_since = i.next_check = cx->now;
        ses_identity_put(cx, &change, &i);
    } else if (rc == SES_OK || rc == SES_NOT_FOUND) {
        rc = ses_service_identity(cx, t, conf, &change);
    }
    return rc == SES_OK ? ses_journal_apply(cx, t, &change, "service identity")
                        : rc;
}

/* Key and identity; says once what is missing. */
static bool
prepare(post_t *p)
{
    bool said = false;

    for (;;) {
        ses_cx_t cx = agent_cx(p->arena);
        ses_rc_t rc;

        rc = ses_keyring_load(
            &cx, ses_conf_key(&cx, p->agent->conf, "agent-ticket.key"),
            &p->ring);
        if (rc == SES_OK)
            rc = ses_commit(p->agent->committer, &cx, make_identity, p->agent);
        if (rc == SES_OK)
            return true;
        if (!said)
            ses_log(SES_LOG_WARN,
                    "%.*s: Sesame's own mail waits; sesamectl key files makes "
                    "missing key files",
                    SES_FMT(cx.why));
        said = true;
        if (!agent_wait(p->agent, 5000))
            return false;
        (void) agent_renew(p->agent);
    }
}

void
post_run(agent_t *a)
{
    post_t *p = ses_xcalloc(sizeof(*p));

    p->agent = a;
    p->arena = ses_arena_new();
    p->message = ses_arena_new();
    while (!agent_stopping(a) && prepare(p) &&
           (p->injector = injector_new(a)) != NULL) {
        while (!agent_renew(a) && !agent_stopping(a)) {
            if (!send_due(p) && !agent_wait(a, ROUND_MS))
                break;
            expire(p);
            purge(p);
        }
        injector_free(p->injector);
    }
    ses_keyring_wipe(&p->ring);
    ses_arena_free(p->message);
    ses_arena_free(p->arena);
    ses_xfree(p);
}
