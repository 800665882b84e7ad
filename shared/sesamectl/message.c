/*
 * message - sesamectl message and id: what is known of a message
 */
#include "base/clock.h"
#include "ledger.h"
#include "model/suppression.h"
#include "stream.h"

static const char *const states[] = {
    [SES_MESSAGE_PREPARED] = "PREPARED",
    [SES_MESSAGE_QUEUED] = "QUEUED",
    [SES_MESSAGE_ABORTED] = "ABORTED",
};
static const char *const ends[] = {
    [SES_RCPT_OPEN] = "OPEN",
    [SES_RCPT_DELIVERED] = "DELIVERED",
    [SES_RCPT_BOUNCED] = "BOUNCED",
};

/* A message id, also as it stands in a Message-ID, or a queue id. */
static ses_rc_t
parse_id(ctl_t *c, ses_str_t s, ses_msgid_t *id)
{
    ses_str_t text = ses_str_trim(s);
    ptrdiff_t at;

    if (text.n > 0 && text.p[0] == '<')
        text = ses_str_from(text, 1);
    if ((at = ses_str_find(text, '@')) >= 0)
        text = ses_str_head(text, (size_t) at);
    if (text.n > 0 && text.p[text.n - 1] == '>')
        text.n--;
    if (ses_msgid_parse(text, id) || ses_queueid_parse(text, c->conf.node, id))
        return SES_OK;
    return ses_fail(&c->cx, SES_INVALID,
                    "\"%.*s\" is neither a message id of ours nor a long "
                    "queue id",
                    SES_FMT(s));
}

/* --- one entry --------------------------------------------------------- */

static void
recipients(emit_t *e, const ses_message_t *m)
{
    static const char *const why[] = {"", "SUPPRESSED", "SIMULATED", "SITE",
                                      "REJECTED"};
    const ses_rcpt_t *r;
    unsigned i;

    emit_list(e, "recipients");
    for (i = 0; i < m->nrcpts; i++) {
        r = &m->rcpts[i];
        emit_open(e, NULL);
        emit_str(e, "address", r->addr);
        emit_c(e, "end", r->end <= SES_RCPT_BOUNCED ? ends[r->end] : "");
        emit_c(e, "removed",
               r->removed <= SES_RCPT_REJECTED ? why[r->removed] : "");
        emit_c(e, "reason",
               r->removed == SES_RCPT_SUPPRESSED ? ses_reason_name(r->reason)
                                                 : "");
        emit_close(e);
    }
    emit_end(e);
}

/* The entry's members; the object is the caller's. */
static void
entry(emit_t *e, const ctl_t *c, const ses_message_t *m)
{
    emit_str(e, "message_id",
             ses_msgid_format(e->arena, m->id, c->conf.region));
    emit_str(e, "queue_id", ses_queueid_format(e->arena, m->id));
    emit_str(e, "account", m->account);
    emit_c(e, "state", states[m->state]);
    emit_time(e, "committed", m->committed);
    emit_str(e, "identity", m->identity);
    emit_str(e, "source", m->source);
    emit_str(e, "subject", m->subject);
    emit_str(e, "configuration_set", m->config_set);
    emit_int(e, "size", (int64_t) m->size);
    emit_int(e, "charged", m->charged);
    recipients(e, m);
}

static ses_rc_t
event(ses_cx_t *cx, const ses_event_t *ev, void *arg)
{
    ses_str_t *rcpts;
    emit_t *e = arg;
    unsigned n, i;

    ledger_recipients(cx, ev, &rcpts, &n);
    emit_open(e, NULL);
    emit_int(e, "sequence", (int64_t) ev->seq);
    emit_time(e, "time", ev->when);
    emit_c(e, "type", ses_event_name(ev->type));
    emit_list(e, "recipients");
    for (i = 0; i < n; i++)
        emit_str(e, NULL, rcpts[i]);
    emit_end(e);
    if (e->json)
        emit_raw(e, "event", ses_str_dup(cx->arena, ev->body));
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
read_message(ctl_t *c, ses_txn_t *t, void *arg)
{
    const ses_msgid_t *asked = arg;
    emit_t *e = &c->out;
    ses_message_t m;
    ses_msgid_t id;
    ses_rc_t rc;

    if ((rc = ses_message_resolve(&c->cx, t, *asked, &id)) != SES_OK)
        return rc;
    rc = ses_message_find(&c->cx, t, SES_STR(""), id, &m);
    if (rc == SES_NOT_FOUND)
        return ses_fail(&c->cx, rc,
                        "there is no entry of this message: it was never "
                        "accepted, or is older than ledger_retention");
    if (rc != SES_OK)
        return rc;
    emit_open(e, NULL);
    entry(e, c, &m);
    emit_list(e, "events");
    rc = ledger_events(&c->cx, t, id, event, e);
    emit_end(e);
    emit_close(e);
    return rc;
}

/* --- all of them ------------------------------------------------------- */

typedef struct {
    ctl_t *c;
    stream_t stream;
    ses_str_t account;
} all_t;

static ses_rc_t
row(ses_cx_t *cx, const ses_message_t *m, void *arg)
{
    all_t *a = arg;
    emit_t item;
    unsigned i;

    if (a->account.n > 0 && !ses_str_eq(a->account, m->account))
        return SES_OK;
    if (a->stream.json) {
        item = stream_item(cx->arena);
        emit_open(&item, NULL);
        entry(&item, a->c, m);
        emit_close(&item);
        stream_put(&a->stream, &item);
        return SES_OK;
    }
    printf("%.*s %.*s %.*s %s", SES_FMT(ses_clock_iso(cx->arena, m->committed)),
           SES_FMT(m->account),
           SES_FMT(ses_msgid_format(cx->arena, m->id, a->c->conf.region)),
           states[m->state]);
    for (i = 0; i < m->nrcpts; i++)
        printf("%c%.*s", i == 0 ? ' ' : ',', SES_FMT(m->rcpts[i].addr));
    putchar('\n');
    return SES_OK;
}

static ses_rc_t
read_all(ctl_t *c, ses_txn_t *t, void *arg)
{
    all_t *a = arg;
    ses_rc_t rc;

    stream_begin(&a->stream, c, false);
    rc = ledger_walk(&c->cx, t, 0, row, a);
    stream_end(&a->stream);
    return rc;
}

static int
message(ctl_t *c)
{
    bool all = ctl_option(c, "all") != NULL;
    all_t a = {.c = c, .account = ses_str(ctl_option(c, "account"))};
    ses_msgid_t id;
    ses_rc_t rc;

    if (all == (c->nargs > 0)) {
        ctl_error(c, "message needs either ID or --all");
        return 2;
    }
    if (all)
        rc = ctl_read(c, read_all, &a);
    else if ((rc = parse_id(c, ctl_arg(c, 0), &id)) == SES_OK)
        rc = ctl_read(c, read_message, &id);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

/* --- ids --------------------------------------------------------------- */

static int
convert(ctl_t *c)
{
    emit_t *e = &c->out;
    ses_str_t message_id, queue_id;
    ses_msgid_t id;
    ses_rc_t rc = parse_id(c, ctl_arg(c, 0), &id);

    if (rc != SES_OK)
        return ctl_failed(c, rc);
    message_id = ses_msgid_format(c->arena, id, c->conf.region);
    queue_id =
        id.node >> 15 != 0 ? SES_STR("") : ses_queueid_format(c->arena, id);
    if (c->json) {
        emit_open(e, NULL);
        emit_str(e, "message_id", message_id);
        emit_str(e, "queue_id", queue_id);
        emit_time(e, "time", id.ms);
        emit_int(e, "node", id.node & 0x7fff);
        emit_close(e);
        return 0;
    }
    if (ses_str_find(ctl_arg(c, 0), '-') < 0)
        printf("%.*s\n", SES_FMT(message_id));
    else if (queue_id.n > 0)
        printf("%.*s\n", SES_FMT(queue_id));
    else
        return ctl_error(c, "this message never reached Postfix");
    return 0;
}

const ctl_command_t ctl_message[] = {
    {"",
     "[ID]",
     0,
     1,
     "Show all that is known of a message, by message id or queue id: its\n"
     "ledger entry, its recipients and its events.",
     CTL_STORE,
     message,
     {{"all", NULL, "list every entry of the ledger instead"},
      {"account", "ACCOUNT", "with --all: of one account only"}}},
    {0},
};

const ctl_command_t ctl_id[] = {
    {"",
     "ID",
     1,
     1,
     "Print the message id of a queue id, or the queue id of a message id.",
     CTL_CONF,
     convert,
     {{0}}},
    {0},
};
