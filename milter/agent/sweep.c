/*
 * sweep - cursors and dead letters of subscribers that are gone
 *
 * Destinations and subscriptions are deleted through the journal, which
 * knows nothing of this host's cursors: they are found here, later.
 */

#include "sweep.h"

#include "model/event.h"
#include "model/sink.h"
#include "model/topic.h"

#define GONE_MAX 100    /* cursors removed in one commit */
#define LETTERS_MAX 200 /* dead letters of one of them */

struct gone {
    ses_txn_t *txn;
    unsigned n;
    ses_cursor_key_t keys[GONE_MAX];
};

static ses_rc_t
subscription_of(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k)
{
    ses_subscription_t s;
    ses_sink_t sink;
    ses_rc_t rc = ses_sink_find(cx, t, k, &sink);

    if (rc != SES_OK)
        return rc;
    return ses_subscription_find(cx, t, sink.account, sink.topic,
                                 k->subscription, &s);
}

static ses_rc_t
collect_gone(ses_cx_t *cx, const ses_cursor_key_t *k, uint64_t seq, void *arg)
{
    struct gone *g = arg;
    ses_rc_t rc = subscription_of(cx, g->txn, k);

    (void) seq;
    if (rc != SES_NOT_FOUND)
        return rc;
    if (g->n == GONE_MAX)
        return SES_NOT_FOUND;
    g->keys[g->n++] = (ses_cursor_key_t){
        ses_str_dup(cx->arena, k->account), ses_str_dup(cx->arena, k->set),
        ses_str_dup(cx->arena, k->destination),
        ses_str_dup(cx->arena, k->subscription)};
    return SES_OK;
}

/* Up to LETTERS_MAX dead letters of one key. */
struct letters {
    unsigned n;
    uint64_t seqs[LETTERS_MAX];
};

static ses_rc_t
collect_letter(ses_cx_t *cx, uint64_t seq, int64_t when, ses_str_t why,
               void *arg)
{
    struct letters *l = arg;

    (void) cx;
    (void) when;
    (void) why;
    if (l->n == LETTERS_MAX)
        return SES_NOT_FOUND;
    l->seqs[l->n++] = seq;
    return SES_OK;
}

/* The cursor goes last: until then the next round finds the rest. */
static ses_rc_t
remove_one(ses_cx_t *cx, ses_txn_t *t, const ses_cursor_key_t *k)
{
    struct letters l = {.n = 0};
    ses_rc_t rc = ses_dead_list(cx, t, k, collect_letter, &l);

    for (unsigned i = 0; i < l.n && rc == SES_OK; i++)
        rc = ses_dead_del(cx, t, k, l.seqs[i]);
    if (rc != SES_OK || l.n == LETTERS_MAX)
        return rc;
    return ses_cursor_del(cx, t, k);
}

static ses_rc_t
remove_gone(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    const struct gone *g = arg;
    ses_rc_t rc = SES_OK;

    for (unsigned i = 0; i < g->n && rc == SES_OK; i++) {
        rc = subscription_of(cx, t, &g->keys[i]);
        if (rc == SES_NOT_FOUND) /* still */
            rc = remove_one(cx, t, &g->keys[i]);
    }
    return rc;
}

void
sweep_cursors(agent_t *a, ses_cx_t *cx)
{
    struct gone *g = ses_calloc(cx->arena, sizeof(*g));
    ses_rc_t rc;

    if ((rc = ses_txn_read(cx, a->store, &g->txn)) == SES_OK) {
        rc = ses_cursor_list(cx, g->txn, collect_gone, g);
        ses_txn_end(g->txn);
    }
    if (rc == SES_OK && g->n > 0)
        rc = ses_commit(a->committer, cx, remove_gone, g);
    if (rc != SES_OK)
        agent_warn("cursors", rc, cx);
}
