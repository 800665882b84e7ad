/*
 * judge - the message from its first header field to its last body byte
 *
 * The steps before end of message give no reply, so the first refusal is
 * kept in the session and the rest of the message is not looked at.  The
 * verdict falls at the end of the header, where Postfix's queue id and with
 * it the message id are known: so the header can be signed as it will leave
 * and the body be hashed while it streams by.
 */
#include "judge.h"

#include "base/clock.h"
#include "recipient.h"
#include "sender.h"
#include "signers.h"

void
judge_header(session_t *s, ses_str_t name, ses_str_t value)
{
    message_t *m = &s->m;

    if (!m->header_seen && m->owner == OWNER_TICKET) {
        m->cx.now = ses_clock_ms(); /* freshness counts from here */
        (void) sender_ticket(s, name, value);
    }
    m->header_seen = true;
    if (m->refused == SES_OK)
        (void) session_refuse(s,
                              ses_headers_add(&m->cx, &m->header, name, value));
}

/* --- end of header ----------------------------------------------------- */

static ses_rc_t
name_message(session_t *s, ses_str_t queue_id)
{
    message_t *m = &s->m;

    if (!ses_queueid_parse(queue_id, s->gate->conf.node, &m->id))
        return ses_fail(&m->cx, SES_FAULT,
                        "queue id %.*s: Postfix needs "
                        "enable_long_queue_ids = yes",
                        SES_FMT(queue_id));
    m->id_text = ses_msgid_format(m->cx.arena, m->id, s->gate->conf.region);
    return SES_OK;
}

/* The verdict, what it was given on, and the signers' sealed keys. */
static ses_rc_t
look_up(session_t *s)
{
    message_t *m = &s->m;
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(&m->cx, s->gate->store, &t)) != SES_OK)
        return rc;
    if ((rc = ses_journal_last(&m->cx, t, &m->journal)) == SES_OK &&
        (rc = recipient_judge(s, t)) == SES_OK)
        rc = signers_find(&m->cx, t, &s->gate->conf, &m->verdict, m->keys,
                          &m->nkeys);
    ses_txn_end(t);
    return rc;
}

static stamp_t
stamp_of(const session_t *s)
{
    const ses_conf_t *conf = &s->gate->conf;
    const message_t *m = &s->m;
    ses_arena_t *a = m->cx.arena;

    return (stamp_t){
        .message_id = rewrite_message_id(a, m->id_text, conf->region,
                                         conf->service_domain),
        .date = ses_clock_rfc5322(a, m->cx.now),
        .feedback_id = rewrite_feedback_id(a, conf->region, m->cx.account,
                                           m->verdict.tags, m->verdict.ntags),
    };
}

static ses_rc_t
begin_signature(session_t *s)
{
    message_t *m = &s->m;
    ses_rc_t rc;

    m->stamp = stamp_of(s);
    rc = rewrite_leaving(&m->cx, &m->header, &m->stamp, &m->leaving);
    if (rc != SES_OK || m->nkeys == 0)
        return rc;
    return sign_begin(&m->cx, m->keys, m->nkeys, m->id_text, &m->leaving,
                      &m->sign);
}

void
judge_eoh(session_t *s, ses_str_t queue_id)
{
    message_t *m = &s->m;
    ses_rc_t rc;

    if (!m->header_seen && m->owner == OWNER_TICKET)
        (void) sender_ticket(s, SES_STR(""), SES_STR(""));
    if (m->refused != SES_OK)
        return;
    parts_begin(&m->parts,
                ses_headers_value(m->cx.arena, &m->header, "Content-Type"),
                ses_headers_value(m->cx.arena, &m->header,
                                  "Content-Transfer-Encoding"));
    if ((rc = name_message(s, queue_id)) == SES_OK &&
        (rc = look_up(s)) == SES_OK)
        rc = begin_signature(s);
    (void) session_refuse(s, rc);
}

/* --- body and end ------------------------------------------------------ */

void
judge_body(session_t *s, const void *p, size_t n)
{
    message_t *m = &s->m;

    if (m->refused != SES_OK || n == 0)
        return;
    body_scan(&m->body, p, n);
    parts_scan(&m->cx, &m->parts, p, n);
    if (judge_size(s) > s->gate->conf.max_message_size)
        (void) session_refuse(
            s, ses_fail(&m->cx, SES_TOO_LARGE, "Message is too long."));
    else if (m->sign != NULL)
        (void) session_refuse(s, sign_body(&m->cx, m->sign, p, n));
}

uint64_t
judge_size(const session_t *s)
{
    const ses_headers_t *h = &s->m.header;
    uint64_t n = h->bytes + 2 + s->m.body.bytes;
    unsigned i;

    /* Ticket and caller are nginx's, not the sender's. */
    for (i = 0; s->m.has_ticket && i < 2 && i < h->n; i++)
        if (ses_header_sesame(h->v[i].name))
            n -= h->v[i].name.n + 1 + h->v[i].value.n + 2;
    return n;
}

ses_rc_t
judge_end(session_t *s)
{
    message_t *m = &s->m;
    ses_rc_t rc;

    if (m->refused != SES_OK)
        return m->refused;
    m->cx.now = ses_clock_ms();
    if (m->id_text.n == 0) /* no end of header was shown */
        return ses_fail(&m->cx, SES_FAULT, "end of message without a header");
    if ((rc = body_check(&m->cx, &m->body)) != SES_OK ||
        (rc = parts_end(&m->cx, &m->parts)) != SES_OK)
        return rc;
    m->rejected = m->parts.content.bad;
    if (m->sign == NULL || m->rejected) /* or nobody will see it */
        return SES_OK;
    /* Postfix ends the last line when it delivers. */
    if (!body_closed(&m->body) &&
        (rc = sign_body(&m->cx, m->sign, "\r\n", 2)) != SES_OK)
        return rc;
    return sign_end(&m->cx, m->sign, m->signatures, &m->nsignatures);
}
