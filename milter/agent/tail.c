/*
 * tail - bring events from the log to the outlets they are owed to
 */
#include "tail.h"

#include "model/notify.h"

#define STEP 4000u       /* events looked at in one step, of each kind */
#define OUTLET_STEP 500u /* of these, for one outlet */

typedef struct {
    tail_t *tail;
    roster_t *roster;
    const outlet_limits_t *limits;
    outlet_t *outlet;
    unsigned left;
    bool stopped;
} step_t;

/* To the live outlets of a set, or of an identity. */
static void
offer(step_t *s, const ses_event_t *e, ses_str_t account, ses_str_t set)
{
    outlet_t *o;
    size_t i;

    for (i = roster_find(s->roster, account, set); i < s->roster->n; i++) {
        o = s->roster->outlets[i];
        if (!roster_of(o, account, set))
            break;
        if (!o->live || !outlet_wants(o, e))
            continue;
        if (outlet_room(o, s->limits)) {
            outlet_add(o, e);
        } else {
            o->live = false;
            o->read = e->seq - 1;
        }
    }
}

static ses_rc_t
follow_one(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    step_t *s = arg;

    if (s->left-- == 0) {
        s->stopped = true;
        return SES_NOT_FOUND;
    }
    offer(s, e, e->account, e->set);
    if (e->identity.n > 0)
        offer(s, e, e->owner, ses_notify_set(cx->arena, e->identity));
    s->tail->end = e->seq;
    return SES_OK;
}

/* Live outlets: what is new at the end of the log. */
static ses_rc_t
follow(ses_cx_t *cx, ses_txn_t *t, step_t *s, uint64_t last)
{
    ses_rc_t rc = SES_OK;
    bool any = false;
    size_t i;

    for (i = 0; !any && i < s->roster->n; i++)
        any = s->roster->outlets[i]->live;
    s->left = STEP;
    s->stopped = false;
    if (any)
        rc = ses_event_walk(cx, t, SES_STR(""), s->tail->end, follow_one, s);
    if (rc == SES_OK && !s->stopped)
        s->tail->end = last;
    return rc;
}

static ses_rc_t
catch_one(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    step_t *s = arg;
    outlet_t *o = s->outlet;

    (void) cx;
    if (s->left == 0 || !outlet_room(o, s->limits)) {
        s->stopped = true;
        return SES_NOT_FOUND;
    }
    s->left--;
    if (outlet_wants(o, e))
        outlet_add(o, e);
    o->read = e->seq;
    return SES_OK;
}

/* One outlet that is behind: what its set has after what it read. */
static ses_rc_t
catch_up(ses_cx_t *cx, ses_txn_t *t, step_t *s, uint64_t last)
{
    outlet_t *o = s->outlet;
    ses_rc_t rc;

    s->stopped = false;
    rc = ses_event_walk_set(cx, t, o->info.key.account, o->info.key.set,
                            o->read, catch_one, s);
    if (rc != SES_OK || s->stopped)
        return rc;
    if (o->read < last)
        o->read = last;
    o->live = o->read == s->tail->end;
    return SES_OK;
}

ses_rc_t
tail_read(ses_cx_t *cx, ses_txn_t *t, tail_t *tail, roster_t *r,
          const outlet_limits_t *l, bool *more)
{
    step_t s = {.tail = tail, .roster = r, .limits = l};
    unsigned budget = STEP, given;
    ses_rc_t rc, one;
    uint64_t last;
    size_t i;

    *more = false;
    if ((rc = ses_event_last(cx, t, &last)) != SES_OK)
        return rc;
    if (last != tail->end) {
        rc = follow(cx, t, &s, last);
        *more = rc == SES_OK && s.stopped;
    }
    for (i = 0; i < r->n && budget > 0; i++) {
        s.outlet = r->outlets[(tail->turn + i) % r->n];
        if (s.outlet->live || !outlet_room(s.outlet, l))
            continue;
        given = budget < OUTLET_STEP ? budget : OUTLET_STEP;
        s.left = given;
        one = catch_up(cx, t, &s, last);
        rc = rc != SES_OK ? rc : one; /* no reason to leave the others */
        budget -= given - s.left;
        *more = *more || (s.stopped && s.left == 0);
    }
    tail->turn = r->n == 0 ? 0 : (tail->turn + i) % r->n;
    return rc;
}
