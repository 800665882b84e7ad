/*
 * bookmark - cursors and dead letters of outlets, kept in the store
 */
#include "bookmark.h"

#define BATCH 256u /* outlets in one operation */

typedef struct {
    outlet_t *outlet;
    uint64_t cursor; /* to be stored */
    bool moved;      /* out: it stands elsewhere */
    bool has;        /* out: there is one */
    uint64_t stored; /* out */
} mark_t;

typedef struct {
    mark_t marks[BATCH];
    size_t n;
} batch_t;

/* May run twice; touches nothing but the batch. */
static ses_rc_t
put_batch(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    batch_t *b = arg;
    const outlet_t *o;
    const dead_t *d;
    mark_t *m;
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < b->n; i++) {
        m = &b->marks[i];
        o = m->outlet;
        if ((rc = roster_cursor(cx, t, o, &m->has, &m->stored)) != SES_OK)
            return rc;
        m->moved = m->has != o->has_cursor || m->stored != o->stored;
        if (!m->moved && (!m->has || m->cursor != m->stored)) {
            rc = ses_cursor_put(cx, t, &o->info.key, m->cursor);
            if (rc != SES_OK)
                return rc;
        }
        for (d = o->dead; d != NULL; d = d->next) {
            rc = ses_dead_put(cx, t, &o->info.key, d->seq, d->when,
                              ses_str(d->why));
            if (rc != SES_OK)
                return rc;
        }
    }
    return SES_OK;
}

static void
free_dead(outlet_t *o)
{
    dead_t *d;

    while ((d = o->dead) != NULL) {
        o->dead = d->next;
        ses_xfree(d);
    }
}

static ses_rc_t
store_batch(ses_cx_t *cx, ses_committer_t *c, batch_t *b,
            bookmark_moved_t moved, void *arg)
{
    ses_rc_t rc;
    size_t i;

    if (b->n == 0)
        return SES_OK;
    if ((rc = ses_commit(c, cx, put_batch, b)) != SES_OK)
        return rc;
    for (i = 0; i < b->n; i++) {
        mark_t *m = &b->marks[i];
        outlet_t *o = m->outlet;

        free_dead(o);
        o->has_cursor = m->moved ? m->has : true;
        o->stored = m->moved ? m->stored : m->cursor;
        if (m->moved)
            moved(arg, o);
        else
            o->acked = false;
    }
    b->n = 0;
    return SES_OK;
}

ses_rc_t
bookmark_store(ses_cx_t *cx, ses_committer_t *c, const roster_t *r,
               uint64_t log_end, bool all, bookmark_moved_t moved, void *arg)
{
    batch_t *b = ses_calloc(cx->arena, sizeof(*b));
    uint64_t cursor;
    outlet_t *o;
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < r->n; i++) {
        o = r->outlets[i];
        if (!o->acked && !all)
            continue;
        cursor = outlet_cursor(o, log_end);
        if (o->dead == NULL && o->has_cursor && cursor == o->stored) {
            o->acked = false;
            continue;
        }
        b->marks[b->n++] = (mark_t){.outlet = o, .cursor = cursor};
        if (b->n == BATCH) {
            rc = store_batch(cx, c, b, moved, arg);
            if (rc != SES_OK)
                return rc;
        }
    }
    return store_batch(cx, c, b, moved, arg);
}

ses_rc_t
bookmark_look(ses_cx_t *cx, ses_txn_t *t, const roster_t *r,
              bookmark_moved_t moved, void *arg)
{
    uint64_t stored;
    outlet_t *o;
    ses_rc_t rc;
    size_t i;
    bool has;

    for (i = 0; i < r->n; i++) {
        o = r->outlets[i];
        if ((rc = roster_cursor(cx, t, o, &has, &stored)) != SES_OK)
            return rc;
        if (has == o->has_cursor && stored == o->stored)
            continue;
        o->has_cursor = has;
        o->stored = stored;
        moved(arg, o);
    }
    return SES_OK;
}

typedef struct {
    const ses_cursor_key_t *keys;
    size_t n;
} forget_t;

static ses_rc_t
del_keys(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    const forget_t *f = arg;
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < f->n; i++) {
        rc = ses_cursor_del(cx, t, &f->keys[i]);
        if (rc != SES_OK && rc != SES_NOT_FOUND)
            return rc;
    }
    return SES_OK;
}

ses_rc_t
bookmark_forget(ses_cx_t *cx, ses_committer_t *c, const ses_cursor_key_t *keys,
                size_t n)
{
    forget_t f = {keys, n};

    return n == 0 ? SES_OK : ses_commit(c, cx, del_keys, &f);
}
