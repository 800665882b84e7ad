/*
 * debt - what each subscriber of each sink is still owed
 *
 * By the rules the publisher follows: events of the set or the identity, of
 * the types that the sink matches, after the cursor, or where there is none
 * after the later start of sink and subscription.
 */
#include "debt.h"

#include "model/sink.h"
#include "model/topic.h"

typedef struct {
    ses_txn_t *t;
    const ses_sink_t *sink;
    debt_t *debt;
    debt_fn_t fn;
    void *arg;
} count_t;

static ses_rc_t
count_event(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    count_t *c = arg;
    bool wanted = e->type == SES_EVENT_NOTICE
                      ? ses_str_eq(e->destination, c->sink->name)
                      : (c->sink->types >> e->type & 1u) != 0;

    (void) cx;
    if (wanted && c->debt->lag++ == 0)
        c->debt->oldest = e->when;
    return SES_OK;
}

static ses_rc_t
count_dead(ses_cx_t *cx, uint64_t seq, int64_t when, ses_str_t why, void *arg)
{
    (void) cx;
    (void) seq;
    (void) when;
    (void) why;
    ++*(uint64_t *) arg;
    return SES_OK;
}

static ses_rc_t
each_subscription(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    count_t *c = arg;
    const ses_sink_t *d = c->sink;
    debt_t debt = {.key = {d->account, d->set, d->name, s->id},
                   .endpoint = s->endpoint};
    ses_rc_t rc;

    if (!s->confirmed)
        return SES_OK;
    rc = ses_cursor_get(cx, c->t, &debt.key, &debt.cursor);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    if (debt.cursor < d->start)
        debt.cursor = d->start;
    if (debt.cursor < s->start)
        debt.cursor = s->start;
    c->debt = &debt;
    rc = ses_event_walk_set(cx, c->t, d->account, d->set, debt.cursor,
                            count_event, c);
    if (rc == SES_OK)
        rc = ses_dead_list(cx, c->t, &debt.key, count_dead, &debt.dead);
    return rc == SES_OK ? c->fn(cx, &debt, c->arg) : rc;
}

static ses_rc_t
each_sink(ses_cx_t *cx, const ses_sink_t *s, void *arg)
{
    count_t *c = arg;

    c->sink = s;
    return ses_subscription_list(cx, c->t, s->account, s->topic, SES_STR(""),
                                 each_subscription, c);
}

ses_rc_t
debt_list(ses_cx_t *cx, ses_txn_t *t, debt_fn_t fn, void *arg)
{
    count_t c = {.t = t, .fn = fn, .arg = arg};

    return ses_sink_each(cx, t, each_sink, &c);
}
