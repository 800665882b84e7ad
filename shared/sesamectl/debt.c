/*
 * debt - what each subscriber of each destination is still owed
 *
 * By the rules the publisher follows: events of the set, of the types that
 * the destination matches, after the cursor, or where there is none after
 * the later start of destination and subscription.
 */
#include "debt.h"

#include "model/destination.h"
#include "model/topic.h"

typedef struct {
    ses_txn_t *t;
    const ses_destination_t *destination;
    debt_t *debt;
    debt_fn_t fn;
    void *arg;
} count_t;

static ses_rc_t
count_event(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    count_t *c = arg;
    bool wanted = e->type == SES_EVENT_NOTICE
                      ? ses_str_eq(e->destination, c->destination->name)
                      : (c->destination->types >> e->type & 1u) != 0;

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
    const ses_destination_t *d = c->destination;
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
each_destination(ses_cx_t *cx, const ses_destination_t *d, void *arg)
{
    ses_str_t region, account, topic, id;
    count_t *c = arg;

    if (!d->enabled ||
        !ses_topic_arn_parse(d->topic_arn, &region, &account, &topic, &id) ||
        id.n > 0 || !ses_str_eq(account, d->account))
        return SES_OK;
    c->destination = d;
    return ses_subscription_list(cx, c->t, account, topic, SES_STR(""),
                                 each_subscription, c);
}

ses_rc_t
debt_list(ses_cx_t *cx, ses_txn_t *t, debt_fn_t fn, void *arg)
{
    count_t c = {.t = t, .fn = fn, .arg = arg};

    return ses_destination_list(cx, t, SES_STR(""), SES_STR(""),
                                each_destination, &c);
}
