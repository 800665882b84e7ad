/*
 * outlet - one subscriber of one destination, and what it is still owed
 *
 * The list holds what was read and is not done, in order; so the cursor is
 * just below its head, however many later events are acknowledged already.
 * After a crash those are sent again, under the same id.
 */
#include "outlet.h"

#include "backoff.h"

#include <stdio.h>

#define WINDOW_START 4u /* grows with every success */

/* Room for events that wait behind others of their message. */
#define ITEMS_PER_SLOT 8u

static ses_str_t
copy(char **at, ses_str_t s)
{
    char *p = *at;

    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    *at += s.n + 1;
    return ses_str_n(p, s.n);
}

/* All strings in one allocation, whose start is the account's. */
static void
copy_info(outlet_info_t *to, const outlet_info_t *from)
{
    const ses_str_t *in[] = {&from->key.account,     &from->key.set,
                             &from->key.destination, &from->key.subscription,
                             &from->topic_arn,       &from->arn,
                             &from->endpoint};
    ses_str_t *out[] = {&to->key.account,     &to->key.set,
                        &to->key.destination, &to->key.subscription,
                        &to->topic_arn,       &to->arn,
                        &to->endpoint};
    size_t i, n = 0;
    char *p;

    for (i = 0; i < sizeof(in) / sizeof(in[0]); i++)
        n += in[i]->n + 1;
    p = ses_xmalloc(n);
    *to = *from;
    for (i = 0; i < sizeof(in) / sizeof(in[0]); i++)
        *out[i] = copy(&p, *in[i]);
}

static void
free_info(outlet_info_t *info)
{
    ses_xfree((void *) (uintptr_t) info->key.account.p);
}

static unsigned
window_start(const outlet_limits_t *l)
{
    return l->window < WINDOW_START ? l->window : WINDOW_START;
}

outlet_t *
outlet_new(const outlet_info_t *info, const outlet_limits_t *l)
{
    outlet_t *o = ses_xcalloc(sizeof(*o));

    copy_info(&o->info, info);
    o->window = window_start(l);
    return o;
}

void
outlet_free(outlet_t *o)
{
    dead_t *d;

    outlet_reset(o, 0);
    while ((d = o->dead) != NULL) {
        o->dead = d->next;
        ses_xfree(d);
    }
    free_info(&o->info);
    ses_xfree(o);
}

void
outlet_update(outlet_t *o, const outlet_info_t *info)
{
    outlet_info_t old = o->info;

    copy_info(&o->info, info);
    if (!ses_str_eq(old.endpoint, o->info.endpoint))
        o->breaker = (breaker_t){0};
    free_info(&old);
}

static void
drop(outlet_t *o, item_t *it)
{
    item_t *later;

    for (later = it->down; later != NULL; later = later->down)
        if (later->after == it)
            later->after = NULL;
    *(it->up != NULL ? &it->up->down : &o->head) = it->down;
    *(it->down != NULL ? &it->down->up : &o->tail) = it->up;
    o->items--;
    ses_xfree(it);
}

void
outlet_reset(outlet_t *o, uint64_t seq)
{
    while (o->head != NULL)
        drop(o, o->head);
    o->in_flight = 0;
    o->breaker.probing = false;
    o->live = false;
    o->read = seq;
}

bool
outlet_wants(const outlet_t *o, const ses_event_t *e)
{
    if (e->type == SES_EVENT_NOTICE)
        return ses_str_eq(e->destination, o->info.key.destination);
    return (o->info.types >> e->type & 1u) != 0;
}

bool
outlet_room(const outlet_t *o, const outlet_limits_t *l)
{
    return o->items < l->window * ITEMS_PER_SLOT;
}

void
outlet_add(outlet_t *o, const ses_event_t *e)
{
    item_t *it = ses_xcalloc(sizeof(*it)), *prev;

    it->outlet = o;
    it->seq = e->seq;
    it->single = e->type == SES_EVENT_NOTICE;
    ses_msgid_key(e->id, it->message);
    for (prev = o->tail; !it->single && prev != NULL; prev = prev->up)
        if (!prev->single &&
            memcmp(prev->message, it->message, SES_MSGID_KEY) == 0) {
            it->after = prev;
            break;
        }
    it->up = o->tail;
    *(o->tail != NULL ? &o->tail->down : &o->head) = it;
    o->tail = it;
    o->items++;
}

item_t *
outlet_next(outlet_t *o, int64_t now, bool *probe)
{
    item_t *it;

    if (o->head == NULL || !breaker_allows(&o->breaker, now, probe) ||
        (!*probe && o->in_flight >= o->window))
        return NULL;
    for (it = o->head; it != NULL; it = it->down)
        if (it->job == NULL && it->after == NULL && it->next <= now)
            return it;
    return NULL;
}

void
outlet_sent(outlet_t *o, item_t *it, bool probe, int64_t now, void *job)
{
    it->job = job;
    it->probe = probe;
    if (it->first == 0)
        it->first = now;
    o->in_flight++;
    breaker_sent(&o->breaker, probe);
}

/* The endpoint answered as it should. */
static bool
alive(outlet_t *o, const outlet_limits_t *l)
{
    bool closed = breaker_ok(&o->breaker);
    item_t *it;

    if (o->window < l->window)
        o->window++;
    /* What failed with the endpoint need not wait any longer. */
    for (it = o->head; closed && it != NULL; it = it->down)
        it->next = 0;
    return closed;
}

static void
landed(outlet_t *o, item_t *it)
{
    if (it->job != NULL) {
        it->job = NULL;
        o->in_flight--;
    }
}

static void
bury(outlet_t *o, item_t *it, int64_t now, const char *why)
{
    dead_t *d = ses_xcalloc(sizeof(*d));

    d->seq = it->seq;
    d->when = now;
    snprintf(d->why, sizeof(d->why), "%s", why);
    d->next = o->dead;
    o->dead = d;
    o->acked = true;
    drop(o, it);
}

bool
outlet_done(outlet_t *o, const outlet_limits_t *l, item_t *it)
{
    bool closed = it->job != NULL && alive(o, l);

    landed(o, it);
    o->acked = true;
    drop(o, it);
    return closed;
}

bool
outlet_refused(outlet_t *o, const outlet_limits_t *l, item_t *it, int64_t now,
               const char *why)
{
    bool closed = alive(o, l);

    landed(o, it);
    bury(o, it, now, why);
    return closed;
}

bool
outlet_failed(outlet_t *o, const outlet_limits_t *l, item_t *it, int64_t now,
              const char *why)
{
    bool opened =
        breaker_failed(&o->breaker, it->probe, now, l->retry_min, l->retry_max);

    landed(o, it);
    if (opened)
        o->window = window_start(l);
    if (++it->tries >= l->max_tries || now - it->first >= l->max_age)
        bury(o, it, now, why);
    else
        it->next = now + backoff_ms(l->retry_min, l->retry_max, it->tries);
    return opened;
}

uint64_t
outlet_cursor(const outlet_t *o, uint64_t log_end)
{
    if (o->head != NULL)
        return o->head->seq - 1;
    return o->live ? log_end : o->read;
}
