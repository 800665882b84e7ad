/*
 * sink - what publishes to a topic
 */
#include "model/sink.h"

#include "model/destination.h"
#include "model/identity.h"
#include "model/topic.h"

typedef struct {
    ses_txn_t *txn;
    ses_sink_fn_t fn;
    void *arg;
} walk_t;

/* Its topic's name: a topic belongs to the account that names it. */
static bool
find_topic(ses_sink_t *s)
{
    ses_str_t region, account, id;

    return ses_topic_arn_parse(s->topic_arn, &region, &account, &s->topic,
                               &id) &&
           id.n == 0 && ses_str_eq(account, s->account);
}

static bool
of_destination(const ses_destination_t *d, ses_sink_t *s)
{
    *s = (ses_sink_t){.account = d->account,
                      .set = d->set,
                      .name = d->name,
                      .topic_arn = d->topic_arn,
                      .types = d->types,
                      .start = d->start};
    return find_topic(s);
}

static bool
of_identity(ses_cx_t *cx, const ses_identity_t *i, ses_notify_kind_t k,
            ses_sink_t *s)
{
    *s = (ses_sink_t){.account = i->account,
                      .set = ses_notify_set(cx->arena, i->name),
                      .name = ses_str(ses_notify_name(k)),
                      .topic_arn = i->notify[k].topic_arn,
                      .types = 1u << ses_notify_event(k),
                      .start = i->notify[k].start,
                      .notification = true,
                      .headers = i->notify[k].headers};
    return s->topic_arn.n > 0 && find_topic(s);
}

static ses_rc_t
each_destination(ses_cx_t *cx, const ses_destination_t *d, void *arg)
{
    walk_t *w = arg;
    ses_sink_t s;

    if (!d->enabled || !of_destination(d, &s))
        return SES_OK;
    return w->fn(cx, &s, w->arg);
}

static ses_rc_t
each_identity(ses_cx_t *cx, ses_str_t account, ses_str_t name, void *arg)
{
    walk_t *w = arg;
    ses_identity_t i;
    unsigned k;
    ses_sink_t s;
    ses_rc_t rc = ses_identity_find(cx, w->txn, account, name, &i);

    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    for (k = 0; k < SES_NOTIFY_MAX && rc == SES_OK; k++)
        if (of_identity(cx, &i, (ses_notify_kind_t) k, &s))
            rc = w->fn(cx, &s, w->arg);
    return rc;
}

ses_rc_t
ses_sink_each(ses_cx_t *cx, ses_txn_t *t, ses_sink_fn_t fn, void *arg)
{
    walk_t w = {t, fn, arg};
    ses_rc_t rc = ses_destination_list(cx, t, SES_STR(""), SES_STR(""),
                                       each_destination, &w);

    return rc == SES_OK ? ses_notify_list(cx, t, each_identity, &w) : rc;
}

ses_rc_t
ses_sink_find(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k,
              ses_sink_t *out)
{
    ses_notify_kind_t kind;
    ses_destination_t d;
    ses_identity_t i;
    ses_str_t name;
    ses_sink_t s;
    ses_rc_t rc;

    if (!ses_notify_set_parse(k->set, &name)) {
        rc =
            ses_destination_find(cx, t, k->account, k->set, k->destination, &d);
        if (rc == SES_OK && !of_destination(&d, &s))
            rc = SES_NOT_FOUND;
    } else {
        rc = ses_identity_find(cx, t, k->account, name, &i);
        if (rc == SES_OK && (!ses_notify_parse(k->destination, &kind) ||
                             !of_identity(cx, &i, kind, &s)))
            rc = SES_NOT_FOUND;
    }
    if (rc == SES_OK)
        *out = s;
    return rc;
}

ses_rc_t
ses_sink_disable(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k,
                 ses_change_t *c)
{
    ses_notify_kind_t kind;
    ses_destination_t d;
    ses_identity_t i;
    ses_str_t name;
    ses_rc_t rc;

    if (!ses_notify_set_parse(k->set, &name)) {
        rc =
            ses_destination_find(cx, t, k->account, k->set, k->destination, &d);
        if (rc != SES_OK)
            return rc;
        d.enabled = false;
        ses_destination_put(cx, c, &d);
        return SES_OK;
    }
    rc = ses_identity_find(cx, t, k->account, name, &i);
    if (rc != SES_OK)
        return rc;
    if (!ses_notify_parse(k->destination, &kind))
        return SES_NOT_FOUND;
    i.notify[kind].topic_arn = SES_STR("");
    if (kind != SES_NOTIFY_DELIVERY) /* by mail, then (contract 4.6) */
        i.feedback = true;
    ses_identity_put(cx, c, &i);
    return SES_OK;
}
