/*
 * rotate - from one DKIM key to the next, by what DNS shows
 *
 * Which step follows from what was seen is the model's business
 * (dkim_change.c).  Here the identities whose keys are due are taken from
 * the work index, their records looked at on every name server, and the step
 * written down, unless the identity has changed meanwhile.  Look-ups wait,
 * so the domains are shared among threads by their names: one whose servers
 * are dead delays only those beside it.
 */
#include "rotate.h"

#include <stdatomic.h>

#include "authority.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/identity.h"

#define ROUND_MS 200
#define BATCH 32

typedef struct {
    agent_t *agent;
    authority_t *authority;
    unsigned share; /* of ROTATE_THREADS */
    ses_arena_t *arena;
    ses_identity_t due[BATCH];
    unsigned n;
} rotator_t;

/* One identity's step, to be written. */
typedef struct {
    const rotator_t *r;
    const ses_identity_t *taken;
    ses_dkim_seen_t seen[SES_DKIM_SLOTS];
    ses_dkim_t before, after;
    bool stored;
} turn_t;

static unsigned
share_of(const ses_identity_t *i)
{
    unsigned h = 5381;
    size_t k;

    for (k = 0; k < i->name.n; k++)
        h = h * 33 + (unsigned char) i->name.p[k];
    return h % ROTATE_THREADS;
}

static ses_rc_t
take(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    rotator_t *r = arg;

    (void) cx; /* what was found is in its arena, which is ours */
    if (!i->domain || share_of(i) != r->share)
        return SES_OK;
    r->due[r->n++] = *i;
    return r->n < BATCH ? SES_OK : SES_NOT_FOUND;
}

/* The verifier, who waits for nobody, had no answer about it: nor would we,
 * and others' keys are due. */
static bool
is_dead(const ses_identity_t *i)
{
    return ses_str_eqc(i->error, "DNS_SERVER_ERROR");
}

static void
look(const rotator_t *r, turn_t *u)
{
    const ses_dkim_t *d = &u->taken->dkim;
    ses_str_t name;
    unsigned slot;

    for (slot = 0; slot < SES_DKIM_SLOTS; slot++) {
        u->seen[slot] = SES_DKIM_UNSURE;
        if (!ses_dkim_look(d, slot) || is_dead(u->taken) ||
            agent_stopping(r->agent))
            continue;
        name = ses_str_printf(r->arena, "%.*s._domainkey.%.*s.",
                              SES_FMT(d->keys[slot].selector),
                              SES_FMT(u->taken->name));
        u->seen[slot] =
            authority_look(r->authority, r->arena, name, &d->keys[slot]);
    }
}

static ses_rc_t
step(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    turn_t *u = arg;
    const ses_conf_t *conf = u->r->agent->conf;
    const ses_dkim_rules_t rules = {
        .ed25519 = conf->dkim_ed25519,
        .settle = conf->dkim_settle,
        .keep = conf->dkim_keep,
        .rotate_after = conf->dkim_rotate_after,
        .retry_min = conf->verify_retry_min,
        .retry_max = conf->verify_retry_max,
    };
    ses_change_t change = {0};
    ses_identity_t i;
    ses_rc_t rc;

    u->stored = false;
    rc = ses_identity_find(cx, t, u->taken->account, u->taken->name, &i);
    if (rc == SES_NOT_FOUND || (rc == SES_OK && i.version != u->taken->version))
        return SES_OK; /* still due, if it is there */
    if (rc != SES_OK)
        return rc;
    u->before = i.dkim;
    ses_dkim_step(&i.dkim, u->seen, &rules, ses_identity_dkim_live(&i),
                  cx->now);
    u->after = i.dkim;
    if (ses_dkim_slot(&u->before, SES_DKIM_RSA, SES_DKIM_CURRENT) !=
            ses_dkim_slot(&u->after, SES_DKIM_RSA, SES_DKIM_CURRENT) &&
        !ses_identity_dkim_live(&i))
        i.next_check = cx->now; /* another record is the proof */
    if ((rc = ses_dkim_drop(cx, t, &change, &i)) != SES_OK)
        return rc;
    ses_identity_put(cx, &change, &i);
    rc = ses_journal_apply(cx, t, &change, "DKIM keys looked at");
    u->stored = rc == SES_OK;
    return rc;
}

static void
tell(const turn_t *u)
{
    const ses_dkim_key_t *a, *b;
    unsigned slot;

    for (slot = 0; slot < SES_DKIM_SLOTS; slot++) {
        a = &u->before.keys[slot];
        b = &u->after.keys[slot];
        if (a->state != b->state)
            ses_log(SES_LOG_INFO,
                    "dkim: account=%.*s identity=%.*s selector=%.*s %s %s -> "
                    "%s",
                    SES_FMT(u->taken->account), SES_FMT(u->taken->name),
                    SES_FMT(a->selector),
                    ses_dkim_kind_name(a->state == SES_DKIM_EMPTY ? b->kind
                                                                  : a->kind),
                    ses_dkim_state_name(a->state),
                    ses_dkim_state_name(b->state));
    }
}

/* False on failure: wait before the next try. */
static bool
round_of(rotator_t *r)
{
    ses_cx_t cx = agent_cx(r->arena);
    turn_t u = {.r = r};
    ses_txn_t *t;
    ses_rc_t rc;
    unsigned k;

    r->n = 0;
    if ((rc = ses_txn_read(&cx, r->agent->store, &t)) == SES_OK) {
        rc = ses_identity_keys_due(&cx, t, cx.now, take, r);
        ses_txn_end(t);
    }
    for (k = 0; k < r->n && rc == SES_OK && !agent_stopping(r->agent); k++) {
        u.taken = &r->due[k];
        look(r, &u);
        cx.now = ses_clock_ms();
        rc = ses_commit(r->agent->committer, &cx, step, &u);
        if (rc == SES_OK && u.stored)
            tell(&u);
    }
    authority_forget(r->authority);
    if (rc != SES_OK)
        agent_warn("rotate: keys", rc, &cx);
    return rc == SES_OK;
}

void
rotate_run(agent_t *a)
{
    static atomic_uint shares;
    rotator_t *r = ses_xcalloc(sizeof(*r));
    bool good = true;

    r->agent = a;
    r->share = atomic_fetch_add(&shares, 1) % ROTATE_THREADS;
    r->arena = ses_arena_new();
    while (agent_wait(a, good ? (r->n < BATCH ? ROUND_MS : 0) : 1000)) {
        if (agent_renew(a)) {
            authority_free(r->authority);
            r->authority = NULL;
        }
        if (r->authority == NULL &&
            (r->authority = authority_new(a->conf)) == NULL) {
            if (good)
                ses_log(SES_LOG_ERROR, "rotate: no resolver");
            good = false;
            continue;
        }
        good = round_of(r);
    }
    authority_free(r->authority);
    ses_arena_free(r->arena);
    ses_xfree(r);
}
