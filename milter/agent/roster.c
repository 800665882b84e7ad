/*
 * roster - the outlets there are: sinks, each with the confirmed
 * subscriptions of its topic
 */
#include "roster.h"

#include <stdlib.h>

#include "model/sink.h"
#include "model/topic.h"

/* What the store says, while it is read. */
typedef struct {
    ses_txn_t *txn;
    ses_str_t region;
    const ses_sink_t *sink;
    outlet_info_t *infos;
    size_t n, cap;
} reading_t;

static int
compare_keys(const ses_cursor_key_t *a, const ses_cursor_key_t *b)
{
    const ses_str_t *x[] = {&a->account, &a->set, &a->destination,
                            &a->subscription};
    const ses_str_t *y[] = {&b->account, &b->set, &b->destination,
                            &b->subscription};
    int i, c = 0;

    for (i = 0; c == 0 && i < 4; i++)
        c = ses_str_cmp(*x[i], *y[i]);
    return c;
}

static int
compare_infos(const void *a, const void *b)
{
    return compare_keys(&((const outlet_info_t *) a)->key,
                        &((const outlet_info_t *) b)->key);
}

static ses_rc_t
read_subscription(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    reading_t *rd = arg;
    const ses_sink_t *d = rd->sink;
    outlet_info_t *i;

    if (!s->confirmed)
        return SES_OK;
    if (rd->n == rd->cap) {
        rd->infos =
            ses_regrow(cx->arena, rd->infos, rd->cap * sizeof(*rd->infos),
                       (rd->cap + 16) * 2 * sizeof(*rd->infos));
        rd->cap = (rd->cap + 16) * 2;
    }
    i = &rd->infos[rd->n++];
    *i = (outlet_info_t){
        .key = {ses_str_dup(cx->arena, d->account),
                ses_str_dup(cx->arena, d->set), ses_str_dup(cx->arena, d->name),
                ses_str_dup(cx->arena, s->id)},
        .topic_arn = ses_str_dup(cx->arena, d->topic_arn),
        .arn = ses_subscription_arn(cx->arena, rd->region, s),
        .endpoint = ses_str_dup(cx->arena, s->endpoint),
        .raw = s->raw,
        .notification = d->notification,
        .headers = d->headers,
        .types = d->types,
        .start = d->start > s->start ? d->start : s->start,
    };
    return SES_OK;
}

static ses_rc_t
read_sink(ses_cx_t *cx, const ses_sink_t *s, void *arg)
{
    reading_t *rd = arg;

    rd->sink = s;
    return ses_subscription_list(cx, rd->txn, s->account, s->topic, SES_STR(""),
                                 read_subscription, rd);
}

ses_rc_t
roster_cursor(ses_cx_t *cx, ses_txn_t *t, const outlet_t *o, bool *has,
              uint64_t *stored)
{
    ses_rc_t rc = ses_cursor_get(cx, t, &o->info.key, stored);

    *has = rc == SES_OK;
    if (rc == SES_NOT_FOUND) {
        *stored = 0;
        return SES_OK;
    }
    return rc;
}

static ses_rc_t
make(ses_cx_t *cx, ses_txn_t *t, const outlet_info_t *info,
     const outlet_limits_t *l, outlet_t **out)
{
    outlet_t *o = outlet_new(info, l);
    ses_rc_t rc;

    if ((rc = roster_cursor(cx, t, o, &o->has_cursor, &o->stored)) != SES_OK) {
        outlet_free(o);
        return rc;
    }
    outlet_reset(o, o->stored > info->start ? o->stored : info->start);
    *out = o;
    return SES_OK;
}

/* The outlet that goes on as `info`, or NULL; *at moves over the old list. */
static outlet_t *
keep(const roster_t *r, size_t *at, const outlet_info_t *info)
{
    int c = -1;

    while (*at < r->n &&
           (c = compare_keys(&r->outlets[*at]->info.key, &info->key)) < 0)
        (*at)++;
    /* Enabled again: what lies before its start is not owed any more. */
    if (*at == r->n || c != 0 || r->outlets[*at]->info.start != info->start)
        return NULL;
    return r->outlets[*at];
}

ses_rc_t
roster_load(ses_cx_t *cx, ses_txn_t *t, roster_t *r, ses_str_t region,
            const outlet_limits_t *l, roster_fn_t gone, roster_fn_t born,
            void *arg)
{
    reading_t rd = {.txn = t, .region = region};
    outlet_t **list, **fresh, *o;
    size_t i, at = 0;
    ses_rc_t rc;

    if ((rc = ses_sink_each(cx, t, read_sink, &rd)) != SES_OK)
        return rc;
    if (rd.n > 0)
        qsort(rd.infos, rd.n, sizeof(*rd.infos), compare_infos);

    /* First what can fail: the new ones. */
    list = ses_xcalloc((rd.n + 1) * sizeof(*list));
    fresh = ses_calloc(cx->arena, (rd.n + 1) * sizeof(*fresh));
    for (i = 0; rc == SES_OK && i < rd.n; i++)
        if ((list[i] = keep(r, &at, &rd.infos[i])) == NULL)
            if ((rc = make(cx, t, &rd.infos[i], l, &fresh[i])) == SES_OK)
                list[i] = fresh[i];
    if (rc != SES_OK) {
        for (i = 0; i < rd.n; i++)
            if (fresh[i] != NULL)
                outlet_free(fresh[i]);
        ses_xfree(list);
        return rc;
    }

    for (at = 0, i = 0; at < r->n; at++) {
        o = r->outlets[at];
        while (i < rd.n && compare_keys(&list[i]->info.key, &o->info.key) < 0)
            i++;
        if (i == rd.n || list[i] != o)
            gone(arg, o);
    }
    for (i = 0; i < rd.n; i++) {
        if (fresh[i] != NULL)
            born(arg, list[i]);
        else
            outlet_update(list[i], &rd.infos[i]);
    }
    ses_xfree(r->outlets);
    r->outlets = list;
    r->n = rd.n;
    return SES_OK;
}

static int
compare_set(const outlet_t *o, ses_str_t account, ses_str_t set)
{
    int c = ses_str_cmp(o->info.key.account, account);

    return c != 0 ? c : ses_str_cmp(o->info.key.set, set);
}

bool
roster_of(const outlet_t *o, ses_str_t account, ses_str_t set)
{
    return compare_set(o, account, set) == 0;
}

size_t
roster_find(const roster_t *r, ses_str_t account, ses_str_t set)
{
    size_t low = 0, high = r->n, mid;

    while (low < high) {
        mid = low + (high - low) / 2;
        if (compare_set(r->outlets[mid], account, set) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void
roster_free(roster_t *r)
{
    ses_xfree(r->outlets);
    *r = (roster_t){0};
}
