/*
 * send - the ledger decides whether a message was sent
 */
#include "api/dispatch.h"

#include "base/clock.h"
#include "base/log.h"
#include "policy/ticket.h"

#define KEY_HEADER "idempotency-key"
#define INVOCATION_HEADER "amz-sdk-invocation-id"

/* The client's name for this send. */
static ses_str_t
name_of(const api_call_t *c)
{
    ses_str_t name = api_request_header(&c->req, KEY_HEADER);

    if (name.n == 0)
        name = api_request_header(&c->req, INVOCATION_HEADER);
    return name.n > 0 ? name : c->cx.request_id;
}

/* An address that can be written between angle brackets on one line. */
static bool
is_path(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~')
            return false;
    return s.n <= 512;
}

/*
 * Does the content begin with a header field?  A leading blank would make
 * it part of the ticket, "From " would end the header.
 */
static bool
begins_with_field(ses_str_t data)
{
    size_t i;

    for (i = 0; i < data.n && data.p[i] > ' ' && data.p[i] <= '~'; i++)
        if (data.p[i] == ':')
            return i > 0;
    while (i < data.n && (data.p[i] == ' ' || data.p[i] == '\t'))
        i++;
    return i > 0 && i < data.n && data.p[i] == ':' && data.p[0] != ' ' &&
           data.p[0] != '\t';
}

ses_rc_t
send_prepare(api_call_t *c)
{
    const op_send_t *m = &c->message;
    unsigned i;

    if (!begins_with_field(m->data))
        return ses_fail(&c->cx, SES_INVALID,
                        "The message does not begin with a header field.");
    if (m->nrcpts == 0)
        return ses_fail(&c->cx, SES_INVALID, "No recipients are given.");
    if (!is_path(m->mail))
        return ses_fail(&c->cx, SES_INVALID,
                        "The sender's address cannot be written in SMTP.");
    for (i = 0; i < m->nrcpts; i++)
        if (m->rcpts[i].n == 0 || !is_path(m->rcpts[i]))
            return ses_fail(&c->cx, SES_INVALID,
                            "A recipient's address cannot be written in "
                            "SMTP.");

    ses_send_key(c->key.id, name_of(c), 0, c->send.key);
    memcpy(c->send.body, c->body_hash, SES_BODY_HASH);
    return SES_OK;
}

static send_next_t
done(api_call_t *c, ses_rc_t rc)
{
    c->rc = rc;
    return SEND_DONE;
}

send_next_t
send_failed(api_call_t *c, const char *why)
{
    ses_log(SES_LOG_WARN, "%.*s: account=%.*s not sent: %s",
            SES_FMT(c->cx.request_id), SES_FMT(c->cx.account), why);
    return done(c, ses_fail(&c->cx, SES_BUSY, "%s", why));
}

static send_next_t
sent(api_call_t *c, ses_msgid_t id)
{
    c->send.message_id = ses_msgid_format(c->arena, id, c->env->conf.region);
    return done(c, SES_OK);
}

/* Send it, or send it once more. */
static send_next_t
inject(api_call_t *c, bool first)
{
    if (!first && c->send.again)
        return send_failed(c, "it was aborted twice");
    c->send.again = c->send.again || !first;
    c->send.look_until = 0;
    return SEND_INJECT;
}

/* An entry that nobody has proved: look again, for a while. */
static send_next_t
wait(api_call_t *c)
{
    int64_t now = ses_clock_mono_us();

    if (c->send.look_until == 0)
        c->send.look_until = now + SEND_LOOK_MAX * INT64_C(1000);
    if (now >= c->send.look_until)
        return send_failed(c, "its ledger entry stays prepared");
    return SEND_LOOK;
}

static send_next_t
look(api_call_t *c, ses_txn_t *t, bool first)
{
    ses_send_key_t key;
    ses_message_t m;
    ses_rc_t rc;

    if (t == NULL)
        return send_failed(c, "the store cannot be read");
    rc = ses_send_key_find(&c->cx, t, ses_str_n(c->send.key, SES_SEND_KEY),
                           &key);
    if (rc == SES_NOT_FOUND)
        return inject(c, first);
    if (rc != SES_OK)
        return done(c, rc);
    if (memcmp(key.body_hash, c->send.body, SES_BODY_HASH) != 0)
        return done(c, ses_fail(&c->cx, SES_INVALID,
                                "The idempotency key was used before with a "
                                "different request."));

    rc = ses_message_find(&c->cx, t, c->cx.account, key.id, &m);
    if (rc == SES_NOT_FOUND)
        return inject(c, first);
    if (rc != SES_OK)
        return done(c, rc);
    switch (m.state) {
    case SES_MESSAGE_QUEUED:
        return sent(c, m.id);
    case SES_MESSAGE_ABORTED:
        return inject(c, first);
    default:
        return wait(c);
    }
}

send_next_t
send_first(api_call_t *c, ses_txn_t *t)
{
    return look(c, t, true);
}

send_next_t
send_look(api_call_t *c, ses_txn_t *t)
{
    return look(c, t, false);
}

/* Once more on a new connection: nothing was queued. */
static send_next_t
renew(api_call_t *c, const char *why)
{
    if (c->send.fresh)
        return send_failed(c, why);
    c->send.fresh = true;
    return SEND_FRESH;
}

/* "250 2.0.0 Ok: 62 bytes queued as QUEUEID" */
static send_next_t
accepted(api_call_t *c, ses_txn_t *t, ses_str_t line)
{
    static const char words[] = "queued as ";
    ptrdiff_t at = ses_str_search(line, SES_STR("queued as "));
    ses_msgid_t id;

    if (at >= 0 && ses_queueid_parse(ses_str_trim(ses_str_from(
                                         line, (size_t) at + strlen(words))),
                                     c->env->conf.node, &id))
        return sent(c, id);
    ses_log(SES_LOG_ERROR,
            "%.*s: no long queue id in the answer \"%.*s\": is "
            "enable_long_queue_ids set?",
            SES_FMT(c->cx.request_id), SES_FMT(ses_str_head(line, 200)));
    return send_look(c, t);
}

send_next_t
send_answer(api_call_t *c, ses_txn_t *t, ses_str_t line)
{
    ses_str_t why;
    ses_rc_t rc;

    if (ses_str_starts(line, SES_STR("451 4.7.1 ")) ||
        ses_str_starts(line, SES_STR("421 ")))
        return renew(c, "Postfix has no gate");

    rc = ses_rc_from_smtp(c->arena, line, &why);
    switch (rc) {
    case SES_OK:
        return accepted(c, t, line);
    case SES_DUPLICATE:
        return send_look(c, t);
    case SES_STALE:
        if (c->send.stamped)
            return send_failed(c, "its ticket was stale twice");
        c->send.stamped = true;
        return SEND_INJECT;
    case SES_BUSY:
        return send_failed(c, ses_str_c(c->arena, ses_str_head(line, 200)));
    case SES_FORGED:
        return done(c, ses_fail(&c->cx, SES_FAULT,
                                "the gate refused our ticket: is ticket.key "
                                "the same?"));
    default:
        return done(c, ses_fail(&c->cx, rc, "%.*s", SES_FMT(why)));
    }
}

send_next_t
send_lost(api_call_t *c, ses_txn_t *t, bool data)
{
    return data ? send_look(c, t) : renew(c, "Postfix closed the connection");
}

ses_str_t
send_ticket(api_call_t *c)
{
    const op_send_t *m = &c->message;
    ses_ticket_t t = {.access_key = c->key.id,
                      .account = c->cx.account,
                      .client = c->req.client,
                      .request_id = c->cx.request_id,
                      .operation = ses_str(m->operation),
                      .when = ses_clock_ms()};

    memcpy(t.send_key, c->send.key, SES_SEND_KEY);
    memcpy(t.body_hash, c->send.body, SES_BODY_HASH);
    return ses_str_printf(
        c->arena, SES_TICKET_HEADER ": %.*s\r\n" SES_CALLER_HEADER ": %.*s\r\n",
        SES_FMT(ses_ticket_format(c->arena, &c->env->ticket, &t, m->mail,
                                  m->rcpts, m->nrcpts)),
        SES_FMT(ses_caller_format(c->arena, c->req.tls, c->op.user_agent,
                                  c->protocol == OP_QUERY)));
}
