/*
 * laggard - the oldest event that some subscriber is still owed
 *
 * A cursor alone does not tell: it may stand still because there was nothing
 * for its subscriber.  So each looks from its cursor for the first event of
 * its configuration set that its destination wants.
 */

#include "laggard.h"

#include "model/sink.h"
#include "model/topic.h"

struct search {
    ses_txn_t *txn;
    const ses_sink_t *sink;
    laggard_t best;
};

/* One subscriber's first owed event. */
struct first {
    const ses_sink_t *sink;
    bool found;
    uint64_t seq;
    int64_t when;
};

static ses_rc_t
wanted(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    struct first *f = arg;

    (void) cx;
    if (e->type == SES_EVENT_NOTICE ? !ses_str_eq(e->destination, f->sink->name)
                                    : (f->sink->types & 1u << e->type) == 0)
        return SES_OK;
    f->found = true;
    f->seq = e->seq;
    f->when = e->when;
    return SES_NOT_FOUND; /* enough */
}

static ses_rc_t
subscriber(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    struct search *x = arg;
    const ses_sink_t *d = x->sink;
    ses_cursor_key_t key = {d->account, d->set, d->name, s->id};
    struct first f = {.sink = d};
    uint64_t seq = 0;
    ses_rc_t rc;

    if (!s->confirmed)
        return SES_OK;

    rc = ses_cursor_get(cx, x->txn, &key, &seq);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    seq = seq > d->start ? seq : d->start;
    seq = seq > s->start ? seq : s->start;

    rc = ses_event_walk_set(cx, x->txn, d->account, d->set, seq, wanted, &f);
    if (rc != SES_OK || !f.found || (x->best.owes && f.seq >= x->best.seq))
        return rc;

    x->best = (laggard_t){.owes = true,
                          .seq = f.seq,
                          .when = f.when,
                          .key = {ses_str_dup(cx->arena, d->account),
                                  ses_str_dup(cx->arena, d->set),
                                  ses_str_dup(cx->arena, d->name),
                                  ses_str_dup(cx->arena, s->id)}};
    return SES_OK;
}

static ses_rc_t
each_sink(ses_cx_t *cx, const ses_sink_t *s, void *arg)
{
    struct search *x = arg;

    x->sink = s;
    return ses_subscription_list(cx, x->txn, s->account, s->topic, SES_STR(""),
                                 subscriber, x);
}

ses_rc_t
laggard_find(ses_cx_t *cx, ses_txn_t *t, laggard_t *out)
{
    struct search x = {.txn = t};
    ses_rc_t rc = ses_sink_each(cx, t, each_sink, &x);

    if (rc == SES_OK)
        *out = x.best;
    return rc;
}

ses_rc_t
laggard_disable(ses_cx_t *cx, ses_txn_t *t, const laggard_t *l)
{
    ses_change_t change = {.n = 0};
    ses_rc_t rc = ses_sink_disable(cx, t, &l->key, &change);

    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    if ((rc = ses_journal_apply(cx, t, &change, "disable laggard")) != SES_OK)
        return rc;
    return ses_dead_put(cx, t, &l->key, l->seq, cx->now,
                        SES_STR("destination disabled, the store was too "
                                "full: this event and those after it were "
                                "not delivered"));
}
