/*
 * recipient - to whom, and whether it may be sent: the verdict
 *
 * Recipients are kept as the client spelled them, because the protocol wants
 * them so for their removal; everything else (look-up, ledger, quota) uses the
 * canonical form that the verdict makes.
 */
#include "recipient.h"

#include "sender.h"

void
recipient_add(session_t *s, ses_str_t path)
{
    message_t *m = &s->m;

    m->nrcpts++;
    if (m->npaths <= s->gate->conf.max_recipients)
        m->paths[m->npaths++] = ses_str_dup(m->cx.arena, path);
}

/* What the operations of nginx and the agent mean here; any other is
 * SendRawEmail. */
static const struct {
    const char *name, *action;
    bool own_return;
} operations[] = {
    {"SendEmail", "ses:SendEmail", false},
    {"SendCustomVerificationEmail", "ses:SendCustomVerificationEmail", true},
    {"SendServiceEmail", NULL, true},
};

/* Who asks, for the policies: what nginx says of an API call stands in the
 * field after the ticket. */
static ses_caller_t
caller(const session_t *s)
{
    const message_t *m = &s->m;
    ses_caller_t c = {.user = m->user,
                      .iam = m->iam,
                      .session = m->narrowed,
                      .client = m->client,
                      .tls = s->tls.n > 0,
                      .agent = SES_STR("")};
    bool v1 = false;

    if (m->has_ticket && m->header.n > 1 &&
        ses_str_caseeqc(m->header.v[1].name, SES_CALLER_HEADER))
        ses_caller_parse(m->cx.arena, m->header.v[1].value, &c.tls, &c.agent,
                         &v1);
    c.version = v1 ? "1" : "2";
    return c;
}

static void
add_operation(const session_t *s, ses_ask_t *ask)
{
    size_t i;

    for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (ses_str_eqc(s->m.operation, operations[i].name)) {
            ask->caller.action = operations[i].action;
            ask->own_return = operations[i].own_return;
        }
}

ses_rc_t
recipient_judge(session_t *s, ses_txn_t *t)
{
    message_t *m = &s->m;
    ses_ask_t ask;
    ses_rc_t rc;

    if ((rc = sender_check(s, t)) != SES_OK)
        return rc;
    ask = (ses_ask_t){.conf = &s->gate->conf,
                      .account = m->cx.account,
                      .source = m->mail,
                      .paths = m->paths,
                      .npaths = m->npaths,
                      .nrcpts = m->nrcpts,
                      .headers = &m->header,
                      .caller = caller(s),
                      .seed = (uint64_t) m->id.ms * 1000 + m->id.us};
    add_operation(s, &ask);
    return ses_verdict(&m->cx, t, &ask, &m->verdict);
}

const char *
recipient_removed(const session_t *s, unsigned *at)
{
    const ses_verdict_t *v = &s->m.verdict;

    for (; *at < s->m.npaths; (*at)++)
        if (s->m.rejected || v->rcpts[v->rcpt_of[*at]].removed != SES_RCPT_KEPT)
            return s->m.paths[(*at)++].p; /* ses_str_dup ended it */
    return NULL;
}
