/*
 * event - the log: numbered rows and their index by configuration set
 *
 * Stored:
 *   SES_DB_EVENT      sequence -> struct event, strings, the body
 *   SES_DB_EVENT_SET  account NUL set NUL sequence -> nothing, and the same
 *                     for the identity whose owner is told (notify.h)
 *
 * What enters the log, and once only, is fact.c's business.
 */
#include "model/event.h"

#include "base/assert.h"
#include "base/buf.h"
#include "model/event_log.h"
#include "model/notify.h"
#include "store/record.h"

#define RECORD_VERSION 1
#define RECORD_NOTIFIED 2 /* and owner and identity after the other strings */
#define SEQUENCE "event"

/* The stored form.  Host byte order: a store never leaves its machine. */
struct event {
    uint8_t version;
    uint8_t type;
    uint8_t id[SES_MSGID_KEY];
    uint8_t unused[4];
    int64_t when;   /* of the fact */
    int64_t logged; /* when it was entered: events are kept from then on */
    uint8_t hash[SES_EVENT_HASH];
};

_Static_assert(sizeof(struct event) == 56, "stored form must not change");

static const struct {
    const char *v2; /* enumeration */
    const char *name;
} types[SES_EVENT_MAX] = {
    [SES_EVENT_SEND] = {"SEND", "Send"},
    [SES_EVENT_REJECT] = {"REJECT", "Reject"},
    [SES_EVENT_BOUNCE] = {"BOUNCE", "Bounce"},
    [SES_EVENT_COMPLAINT] = {"COMPLAINT", "Complaint"},
    [SES_EVENT_DELIVERY] = {"DELIVERY", "Delivery"},
    [SES_EVENT_OPEN] = {"OPEN", "Open"},
    [SES_EVENT_CLICK] = {"CLICK", "Click"},
    [SES_EVENT_RENDERING_FAILURE] = {"RENDERING_FAILURE", "Rendering Failure"},
    [SES_EVENT_DELIVERY_DELAY] = {"DELIVERY_DELAY", "DeliveryDelay"},
    [SES_EVENT_SUBSCRIPTION] = {"SUBSCRIPTION", "Subscription"},
    [SES_EVENT_NOTICE] = {"NOTICE", "Notice"},
};

const char *
ses_event_enum(ses_event_type_t t)
{
    ses_assert((unsigned) t < SES_EVENT_MAX);
    return types[t].v2;
}

const char *
ses_event_name(ses_event_type_t t)
{
    ses_assert((unsigned) t < SES_EVENT_MAX);
    return types[t].name;
}

int
ses_event_type_parse(ses_str_t v2_enum)
{
    int i;

    for (i = 0; i < SES_EVENT_NOTICE; i++)
        if (ses_str_eqc(v2_enum, types[i].v2))
            return i;
    return -1;
}

/* --- writing ----------------------------------------------------------- */

static ses_str_t
seq_key(ses_arena_t *a, uint64_t seq)
{
    return ses_key_seq(a, SES_STR(""), seq);
}

static ses_str_t
set_key(ses_arena_t *a, const ses_event_t *e)
{
    return ses_key_seq(a, ses_key_prefix2(a, e->account, e->set), e->seq);
}

static ses_str_t
identity_key(ses_arena_t *a, const ses_event_t *e)
{
    return ses_key_seq(
        a, ses_key_prefix2(a, e->owner, ses_notify_set(a, e->identity)),
        e->seq);
}

static void
add_str(ses_buf_t *b, ses_str_t s)
{
    uint32_t n = (uint32_t) s.n;

    ses_buf_add(b, &n, sizeof(n));
    ses_buf_str(b, s);
}

ses_rc_t
ses_event_write(ses_cx_t *cx, ses_txn_t *t, ses_event_t *e)
{
    struct event rec = {.version = RECORD_VERSION,
                        .type = (uint8_t) e->type,
                        .when = e->when,
                        .logged = cx->now};
    ses_buf_t b;
    ses_rc_t rc;

    if ((rc = ses_store_next(cx, t, SEQUENCE, &e->seq)) != SES_OK)
        return rc;
    if (e->identity.n > 0)
        rec.version = RECORD_NOTIFIED;
    ses_msgid_key(e->id, rec.id);
    memcpy(rec.hash, e->hash, sizeof(rec.hash));
    ses_buf_init(&b, cx->arena, SES_EVENT_BODY_MAX + 4096);
    ses_buf_add(&b, &rec, sizeof(rec));
    add_str(&b, e->account);
    add_str(&b, e->set);
    add_str(&b, e->destination);
    if (e->identity.n > 0) {
        add_str(&b, e->owner);
        add_str(&b, e->identity);
    }
    ses_buf_str(&b, e->body);
    if (b.overflow)
        return ses_fail(cx, SES_FAULT, "event: %zu bytes", e->body.n);

    rc = ses_store_put(cx, t, SES_DB_EVENT, seq_key(cx->arena, e->seq),
                       ses_buf_get(&b));
    if (rc == SES_OK && e->set.n > 0)
        rc = ses_store_put(cx, t, SES_DB_EVENT_SET, set_key(cx->arena, e),
                           SES_STR(""));
    if (rc == SES_OK && e->identity.n > 0)
        rc = ses_store_put(cx, t, SES_DB_EVENT_SET, identity_key(cx->arena, e),
                           SES_STR(""));
    return rc;
}

ses_rc_t
ses_event_notice(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t set,
                 ses_str_t destination, ses_str_t text)
{
    ses_event_t e = {.type = SES_EVENT_NOTICE,
                     .when = cx->now,
                     .account = account,
                     .set = set,
                     .destination = destination,
                     .body = text};
    uint64_t last;
    ses_rc_t rc;

    if ((rc = ses_event_last(cx, t, &last)) != SES_OK)
        return rc;
    memcpy(e.hash,
           ses_key_hash(cx->arena, ses_key2(cx->arena, account, set),
                        destination, seq_key(cx->arena, last + 1))
               .p,
           sizeof(e.hash));
    return ses_event_write(cx, t, &e);
}

/* --- reading ----------------------------------------------------------- */

static bool
take_str(ses_str_t *rest, ses_str_t *out)
{
    uint32_t n;

    if (rest->n < sizeof(n))
        return false;
    memcpy(&n, rest->p, sizeof(n));
    *rest = ses_str_from(*rest, sizeof(n));
    if (n > rest->n)
        return false;
    *out = ses_str_head(*rest, n);
    *rest = ses_str_from(*rest, n);
    return true;
}

static ses_rc_t
decode(ses_cx_t *cx, uint64_t seq, ses_str_t val, ses_event_t *out,
       int64_t *logged)
{
    ses_event_t e = {.seq = seq, .owner = SES_STR(""), .identity = SES_STR("")};
    struct event rec;
    ses_str_t rest;

    if (val.n < sizeof(rec) || ((uint8_t) val.p[0] != RECORD_VERSION &&
                                (uint8_t) val.p[0] != RECORD_NOTIFIED))
        return ses_fail(cx, SES_FAULT, "event %llu: damaged",
                        (unsigned long long) seq);
    memcpy(&rec, val.p, sizeof(rec));
    rest = ses_str_from(val, sizeof(rec));
    if (rec.type >= SES_EVENT_MAX || !take_str(&rest, &e.account) ||
        !take_str(&rest, &e.set) || !take_str(&rest, &e.destination) ||
        (rec.version == RECORD_NOTIFIED &&
         (!take_str(&rest, &e.owner) || !take_str(&rest, &e.identity))) ||
        !ses_msgid_from_key(ses_str_n(rec.id, sizeof(rec.id)), &e.id))
        return ses_fail(cx, SES_FAULT, "event %llu: damaged",
                        (unsigned long long) seq);
    e.type = (ses_event_type_t) rec.type;
    e.when = rec.when;
    e.body = rest;
    memcpy(e.hash, rec.hash, sizeof(e.hash));
    *logged = rec.logged;
    *out = e;
    return SES_OK;
}

ses_rc_t
ses_event_last(ses_cx_t *cx, ses_txn_t *t, uint64_t *seq)
{
    return ses_store_last(cx, t, SEQUENCE, seq);
}

struct walk {
    ses_txn_t *txn;
    ses_str_t account; /* "" = all */
    bool owner;        /* that account may be the identity's, too */
    ses_event_fn_t fn;
    void *arg;
};

static ses_rc_t
walk_event(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct walk *w = arg;
    ses_event_t e;
    int64_t logged;
    ses_rc_t rc;

    if (key.n != 8)
        return ses_fail(cx, SES_FAULT, "event: damaged key");
    if ((rc = decode(cx, ses_key_u64(key), val, &e, &logged)) != SES_OK)
        return rc;
    if (w->account.n > 0 && !ses_str_eq(w->account, e.account) &&
        !(w->owner && ses_str_eq(w->account, e.owner)))
        return SES_OK;
    return w->fn(cx, &e, w->arg);
}

ses_rc_t
ses_event_walk(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, uint64_t after,
               ses_event_fn_t fn, void *arg)
{
    struct walk w = {t, account, false, fn, arg};

    if (after == UINT64_MAX)
        return SES_OK;
    return ses_store_walk(cx, t, SES_DB_EVENT, SES_STR(""),
                          seq_key(cx->arena, after + 1), walk_event, &w);
}

static ses_rc_t
walk_index(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct walk *w = arg;
    ses_str_t seq;
    ses_rc_t rc;

    if (key.n < 8)
        return ses_fail(cx, SES_FAULT, "event: damaged index");
    seq = ses_str_from(key, key.n - 8);
    rc = ses_store_get(cx, w->txn, SES_DB_EVENT, seq, &val);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, SES_FAULT, "event: index without a row");
    return rc == SES_OK ? walk_event(cx, seq, val, arg) : rc;
}

ses_rc_t
ses_event_walk_set(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t set,
                   uint64_t after, ses_event_fn_t fn, void *arg)
{
    struct walk w = {t, account, true, fn, arg};
    ses_str_t prefix = ses_key_prefix2(cx->arena, account, set);

    if (after == UINT64_MAX)
        return SES_OK;
    return ses_store_walk(cx, t, SES_DB_EVENT_SET, prefix,
                          ses_key_seq(cx->arena, prefix, after + 1), walk_index,
                          &w);
}

/* --- purging ----------------------------------------------------------- */

/* The oldest rows and their index rows, copied: a walk must not write. */
struct oldest {
    int64_t before;
    uint64_t upto;
    unsigned max, n;
    struct {
        ses_str_t key;
        ses_str_t index[2]; /* "" = none */
    } * rows;
};

static ses_rc_t
oldest_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct oldest *o = arg;
    ses_event_t e;
    int64_t logged;
    ses_rc_t rc;

    if (key.n != 8)
        return ses_fail(cx, SES_FAULT, "event: damaged key");
    if (o->n == o->max || ses_key_u64(key) > o->upto)
        return SES_NOT_FOUND;
    if ((rc = decode(cx, ses_key_u64(key), val, &e, &logged)) != SES_OK)
        return rc;
    if (logged >= o->before)
        return SES_NOT_FOUND;
    o->rows[o->n].key = ses_str_dup(cx->arena, key);
    o->rows[o->n].index[0] = e.set.n > 0 ? set_key(cx->arena, &e) : SES_STR("");
    o->rows[o->n].index[1] =
        e.identity.n > 0 ? identity_key(cx->arena, &e) : SES_STR("");
    o->n++;
    return SES_OK;
}

static ses_rc_t
drop_index(ses_cx_t *cx, ses_txn_t *t, ses_str_t key)
{
    ses_rc_t rc =
        key.n > 0 ? ses_store_del(cx, t, SES_DB_EVENT_SET, key) : SES_OK;

    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

ses_rc_t
ses_event_purge(ses_cx_t *cx, ses_txn_t *t, int64_t when, uint64_t upto,
                unsigned max, unsigned *n)
{
    struct oldest o = {.before = when, .upto = upto, .max = max};
    ses_rc_t rc;
    unsigned i;

    o.rows = ses_alloc(cx->arena, max * sizeof(*o.rows));
    rc = ses_store_walk(cx, t, SES_DB_EVENT, SES_STR(""), SES_STR(""),
                        oldest_one, &o);
    for (i = 0; i < o.n && rc == SES_OK; i++) {
        rc = ses_store_del(cx, t, SES_DB_EVENT, o.rows[i].key);
        if (rc == SES_OK)
            rc = drop_index(cx, t, o.rows[i].index[0]);
        if (rc == SES_OK)
            rc = drop_index(cx, t, o.rows[i].index[1]);
    }
    if (rc == SES_OK)
        *n = o.n;
    return rc;
}
