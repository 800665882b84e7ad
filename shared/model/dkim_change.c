/*
 * dkim_change - from one key to the next without a signature that fails
 *
 * No store and no DNS in here: what was asked and what was seen come in,
 * the slots' new states go out.  A key signs only after every name server
 * has shown it for a while; the one before stays published, and signs again
 * when the new one is taken out of DNS.
 */
#include "model/dkim.h"

#define DAY_MS INT64_C(86400000)
#define TRIES_MAX 16u

static void
set_state(ses_dkim_key_t *k, ses_dkim_state_t state, int64_t now)
{
    k->state = state;
    k->since = now;
    k->seen = 0;
}

/* Nothing of the key stays; a token does. */
static void
empty(ses_dkim_t *d, unsigned slot, int64_t now)
{
    ses_dkim_key_t *k = &d->keys[slot];

    *k = (ses_dkim_key_t){
        .selector = slot < SES_DKIM_TOKENS ? k->selector : SES_STR(""),
        .public_key = SES_STR(""),
        .since = now,
    };
}

/* Give up keys of a kind that never signed. */
static void
forget_coming(ses_dkim_t *d, ses_dkim_kind_t kind, int64_t now)
{
    unsigned n;

    for (n = 0; n < SES_DKIM_SLOTS; n++)
        if (d->keys[n].kind == kind && (d->keys[n].state == SES_DKIM_WANTED ||
                                        d->keys[n].state == SES_DKIM_NEXT))
            empty(d, n, now);
}

static int
empty_slot(const ses_dkim_t *d, unsigned from, unsigned to)
{
    unsigned n;

    for (n = from; n < to; n++)
        if (d->keys[n].state == SES_DKIM_EMPTY)
            return (int) n;
    return -1;
}

/* The next key of a kind is wanted: false when no slot is empty. */
static bool
want(ses_dkim_t *d, ses_dkim_kind_t kind, int64_t now)
{
    int n = empty_slot(d, 0, SES_DKIM_TOKENS);

    if (n < 0)
        return false;
    d->keys[n].kind = kind;
    d->keys[n].bits = kind == SES_DKIM_RSA ? d->bits : 256;
    set_state(&d->keys[n], SES_DKIM_WANTED, now);
    return true;
}

/* --- what the owner asks for ------------------------------------------- */

/* Is the next key of a kind on its way, and the one that is asked for? */
static bool
coming(const ses_dkim_t *d, ses_dkim_kind_t kind)
{
    int n = ses_dkim_slot(d, kind, SES_DKIM_WANTED);

    if (n < 0)
        n = ses_dkim_slot(d, kind, SES_DKIM_NEXT);
    return n >= 0 && n < SES_DKIM_TOKENS &&
           (kind != SES_DKIM_RSA || d->keys[n].bits == d->bits);
}

static void
begin_due(ses_dkim_t *d, int64_t now)
{
    static const ses_dkim_kind_t order[] = {SES_DKIM_RSA, SES_DKIM_ED25519};
    size_t i;

    for (i = 0; i < SES_DKIM_KINDS; i++) {
        if (!(d->due & 1u << order[i]))
            continue;
        if (!coming(d, order[i])) {
            forget_coming(d, order[i], now);
            if (!want(d, order[i], now))
                continue;
        }
        d->due &= ~(1u << order[i]);
    }
}

void
ses_dkim_rotate(ses_dkim_t *d, unsigned which, int64_t now)
{
    if (!d->ed25519)
        which &= ~(1u << SES_DKIM_ED25519);
    d->due |= which;
    d->check = now;
    begin_due(d, now);
}

unsigned
ses_dkim_bring(ses_dkim_t *d, ses_str_t selector, unsigned bits,
               ses_str_t public_key, bool live, int64_t now)
{
    int n, oldest = SES_DKIM_TOKENS;
    unsigned k;

    forget_coming(d, SES_DKIM_RSA, now);
    for (k = 0; k < SES_DKIM_SLOTS; k++)
        if (!live)
            empty(d, k, now);
        else if (d->keys[k].state == SES_DKIM_PREVIOUS && k >= SES_DKIM_TOKENS)
            oldest = (int) k;
    d->external = true;
    d->due = 0;
    n = empty_slot(d, SES_DKIM_TOKENS, SES_DKIM_SLOTS);
    if (n < 0) { /* one signs, the one before it has to go */
        n = oldest;
        empty(d, (unsigned) n, now);
    }
    d->keys[n] = (ses_dkim_key_t){
        .selector = selector,
        .state = SES_DKIM_WANTED,
        .kind = SES_DKIM_RSA,
        .bits = bits,
    };
    ses_dkim_fill(d, (unsigned) n, public_key, now);
    return (unsigned) n;
}

void
ses_dkim_return(ses_dkim_t *d, bool live, int64_t now)
{
    unsigned k;

    forget_coming(d, SES_DKIM_RSA, now);
    for (k = 0; k < SES_DKIM_SLOTS && !live; k++)
        empty(d, k, now);
    d->external = false;
    ses_dkim_rotate(d, 1u << SES_DKIM_RSA, now);
}

/* --- one step ---------------------------------------------------------- */

typedef struct {
    ses_dkim_t *d;
    const ses_dkim_seen_t *seen;
    const ses_dkim_rules_t *rules;
    bool live;
    int64_t now;
} step_t;

bool
ses_dkim_look(const ses_dkim_t *d, unsigned slot)
{
    const ses_dkim_key_t *k = &d->keys[slot];
    bool alone = true;
    unsigned n;

    if (k->state < SES_DKIM_NEXT)
        return false;
    for (n = 0; n < SES_DKIM_SLOTS; n++)
        if (n != slot && d->keys[n].kind == k->kind &&
            d->keys[n].state >= SES_DKIM_NEXT)
            alone = false;
    return !alone || k->kind == SES_DKIM_ED25519;
}

/* Since when does every server show the next key? */
static void
note_seen(const step_t *s)
{
    ses_dkim_key_t *k;
    unsigned n;

    for (n = 0; n < SES_DKIM_SLOTS; n++) {
        k = &s->d->keys[n];
        if (k->state != SES_DKIM_NEXT)
            continue;
        if (s->seen[n] == SES_DKIM_SEEN && k->seen == 0)
            k->seen = s->now;
        else if (s->seen[n] == SES_DKIM_UNSEEN)
            k->seen = 0;
    }
}

/* The next key takes over: it was seen long enough, or the one that signs is
 * gone anyway. */
static bool
go_on(const step_t *s, ses_dkim_kind_t kind)
{
    int next = ses_dkim_slot(s->d, kind, SES_DKIM_NEXT);
    int current = ses_dkim_slot(s->d, kind, SES_DKIM_CURRENT);
    bool gone = current < 0 || s->seen[current] == SES_DKIM_UNSEEN;

    if (next < 0 || s->seen[next] != SES_DKIM_SEEN)
        return false;
    if (s->live && !(gone && kind == SES_DKIM_RSA) &&
        s->now - s->d->keys[next].seen < s->rules->settle)
        return false;
    if (current >= 0)
        set_state(&s->d->keys[current], SES_DKIM_PREVIOUS, s->now);
    set_state(&s->d->keys[next], SES_DKIM_CURRENT, s->now);
    return true;
}

/* The one that signs has vanished: back to the one before, which is there;
 * an Ed25519 key without one waits until it is seen again. */
static void
go_back(const step_t *s, ses_dkim_kind_t kind)
{
    int current = ses_dkim_slot(s->d, kind, SES_DKIM_CURRENT);
    int before = ses_dkim_slot(s->d, kind, SES_DKIM_PREVIOUS);

    if (current < 0 || s->seen[current] != SES_DKIM_UNSEEN)
        return;
    if (before >= 0 && s->seen[before] == SES_DKIM_SEEN)
        set_state(&s->d->keys[before], SES_DKIM_CURRENT, s->now);
    else if (kind == SES_DKIM_RSA)
        return;
    set_state(&s->d->keys[current], SES_DKIM_NEXT, s->now);
}

/* Old keys go when their time is over and the one that signs is seen. */
static void
expire(const step_t *s)
{
    const ses_dkim_key_t *k;
    unsigned n;
    int current;

    for (n = 0; n < SES_DKIM_SLOTS; n++) {
        k = &s->d->keys[n];
        current = ses_dkim_slot(s->d, k->kind, SES_DKIM_CURRENT);
        if (k->state == SES_DKIM_PREVIOUS &&
            s->now - k->since >= s->rules->keep &&
            (current < 0 || s->seen[current] == SES_DKIM_SEEN))
            empty(s->d, n, s->now);
    }
}

static bool
has_kind(const ses_dkim_t *d, ses_dkim_kind_t kind)
{
    unsigned n;

    for (n = 0; n < SES_DKIM_SLOTS; n++)
        if (d->keys[n].state != SES_DKIM_EMPTY && d->keys[n].kind == kind)
            return true;
    return false;
}

/* The second signature is on or off. */
static void
second(const step_t *s)
{
    ses_dkim_t *d = s->d;
    int n;

    if (s->rules->ed25519 && d->ed25519 && !d->external) {
        if (s->live && !has_kind(d, SES_DKIM_ED25519))
            d->due |= 1u << SES_DKIM_ED25519;
        return;
    }
    d->due &= ~(1u << SES_DKIM_ED25519);
    forget_coming(d, SES_DKIM_ED25519, s->now);
    if ((n = ses_dkim_slot(d, SES_DKIM_ED25519, SES_DKIM_CURRENT)) >= 0)
        set_state(&d->keys[n], SES_DKIM_PREVIOUS, s->now);
}

/* Keys that are old enough. */
static void
by_age(const step_t *s)
{
    ses_dkim_kind_t kind;
    int n;

    if (s->rules->rotate_after == 0 || s->d->external || !s->live)
        return;
    for (kind = SES_DKIM_RSA; kind < SES_DKIM_KINDS; kind++) {
        n = ses_dkim_slot(s->d, kind, SES_DKIM_CURRENT);
        if (n >= 0 && !coming(s->d, kind) &&
            s->now - s->d->keys[n].made >= s->rules->rotate_after)
            s->d->due |= 1u << kind;
    }
}

static int64_t
next_look(const step_t *s)
{
    int64_t at = s->now + DAY_MS, end, wait = s->rules->retry_min;
    const ses_dkim_key_t *k;
    unsigned n;

    for (n = 0; n < s->d->tries && wait < s->rules->retry_max; n++)
        wait *= 2;
    if (wait > s->rules->retry_max)
        wait = s->rules->retry_max;
    for (n = 0; n < SES_DKIM_SLOTS; n++) {
        k = &s->d->keys[n];
        end = at;
        if (k->state == SES_DKIM_NEXT)
            end = s->now + wait;
        else if (k->state == SES_DKIM_PREVIOUS)
            end = s->now + s->rules->retry_max;
        else if (k->state == SES_DKIM_CURRENT && s->rules->rotate_after > 0 &&
                 k->made + s->rules->rotate_after > s->now)
            end = k->made + s->rules->rotate_after;
        if (k->state == SES_DKIM_NEXT && k->seen > 0 &&
            k->seen + s->rules->settle > s->now &&
            k->seen + s->rules->settle < end)
            end = k->seen + s->rules->settle;
        if (end < at)
            at = end;
    }
    return at;
}

void
ses_dkim_step(ses_dkim_t *d, const ses_dkim_seen_t seen[SES_DKIM_SLOTS],
              const ses_dkim_rules_t *rules, bool live, int64_t now)
{
    step_t s = {d, seen, rules, live, now};
    ses_dkim_kind_t kind;

    note_seen(&s);
    d->tries = d->tries < TRIES_MAX ? d->tries + 1 : TRIES_MAX;
    for (kind = SES_DKIM_RSA; kind < SES_DKIM_KINDS; kind++)
        if (go_on(&s, kind))
            d->tries = 0;
        else
            go_back(&s, kind);
    expire(&s);
    second(&s);
    by_age(&s);
    if (!d->external)
        begin_due(d, now);
    d->check = next_look(&s);
}
