/*
 * outbox - Sesame's own mail that is still to be sent
 *
 * Stored
 *   SES_DB_OUTBOX  due (8 bytes, big endian), id -> struct entry, then
 *                  account and address, each ended by NUL
 *   SES_DB_ASKED   day (8 bytes, big endian), hash -> count, 32 bits
 */
#include "model/outbox.h"

#include "base/encode.h"
#include "store/record.h"

#define ENTRY_VERSION 1
#define DAY_MS 86400000

/* Host byte order: a store never leaves its machine. */
struct entry {
    uint8_t version;
    uint8_t kind;
    uint16_t unused;
    uint32_t tries;
    int64_t created;
    uint64_t event;
};

_Static_assert(sizeof(struct entry) == 24, "stored form must not change");

/* --- entries ----------------------------------------------------------- */

static ses_str_t
key_of(ses_cx_t *cx, const ses_outbox_t *m)
{
    return ses_str_cat(cx->arena,
                       ses_key_seq(cx->arena, SES_STR(""), (uint64_t) m->due),
                       ses_str_n(m->id, SES_OUTBOX_ID));
}

static ses_rc_t
put(ses_cx_t *cx, ses_txn_t *t, const ses_outbox_t *m)
{
    struct entry e = {.version = ENTRY_VERSION,
                      .kind = (uint8_t) m->kind,
                      .tries = m->tries,
                      .created = m->created,
                      .event = m->event};
    ses_str_t names = ses_key_prefix2(cx->arena, m->account, m->to);

    return ses_store_put(
        cx, t, SES_DB_OUTBOX, key_of(cx, m),
        ses_str_cat(cx->arena, ses_str_n(&e, sizeof(e)), names));
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, ses_str_t val, ses_outbox_t *m)
{
    struct entry e;
    ses_str_t rest;

    if (key.n != 8 + SES_OUTBOX_ID || val.n < sizeof(e))
        return ses_fail(cx, SES_FAULT, "outbox: damaged entry of %zu bytes",
                        val.n);
    memcpy(&e, val.p, sizeof(e));
    if (e.version != ENTRY_VERSION)
        return ses_fail(cx, SES_FAULT, "outbox: entry version %u", e.version);
    rest = ses_str_dup(cx->arena, ses_str_from(val, sizeof(e)));
    *m = (ses_outbox_t){.kind = e.kind,
                        .tries = e.tries,
                        .due = (int64_t) ses_key_u64(ses_str_head(key, 8)),
                        .created = e.created,
                        .event = e.event};
    memcpy(m->id, key.p + 8, SES_OUTBOX_ID);
    if (!ses_str_cut(&rest, '\0', &m->account) ||
        !ses_str_cut(&rest, '\0', &m->to))
        return ses_fail(cx, SES_FAULT, "outbox: an entry without names");
    return SES_OK;
}

ses_rc_t
ses_outbox_add(ses_cx_t *cx, ses_txn_t *t, ses_outbox_kind_t kind,
               ses_str_t account, ses_str_t to, uint64_t event)
{
    ses_outbox_t m = {.kind = kind,
                      .due = cx->now,
                      .created = cx->now,
                      .event = event,
                      .account = account,
                      .to = to};

    ses_random(m.id, sizeof(m.id));
    return put(cx, t, &m);
}

ses_rc_t
ses_outbox_del(ses_cx_t *cx, ses_txn_t *t, const ses_outbox_t *m)
{
    ses_rc_t rc = ses_store_del(cx, t, SES_DB_OUTBOX, key_of(cx, m));

    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

ses_rc_t
ses_outbox_retry(ses_cx_t *cx, ses_txn_t *t, const ses_outbox_t *m, int64_t due)
{
    ses_outbox_t again = *m;
    ses_rc_t rc;

    if ((rc = ses_outbox_del(cx, t, m)) != SES_OK)
        return rc;
    again.tries++;
    again.due = due;
    return put(cx, t, &again);
}

struct due {
    uint64_t now;
    ses_outbox_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct due *d = arg;
    ses_outbox_t m;
    ses_rc_t rc;

    if (key.n < 8 || ses_key_u64(ses_str_head(key, 8)) > d->now)
        return SES_NOT_FOUND;
    rc = decode(cx, key, val, &m);
    return rc == SES_OK ? d->fn(cx, &m, d->arg) : rc;
}

ses_rc_t
ses_outbox_due(ses_cx_t *cx, ses_txn_t *t, int64_t now, ses_outbox_fn_t fn,
               void *arg)
{
    struct due d = {(uint64_t) now, fn, arg};

    return ses_store_walk(cx, t, SES_DB_OUTBOX, SES_STR(""), SES_STR(""), each,
                          &d);
}

/* --- counts ------------------------------------------------------------ */

ses_rc_t
ses_asked_add(ses_cx_t *cx, ses_txn_t *t, ses_str_t what, uint32_t *n)
{
    uint64_t day = (uint64_t) (cx->now / DAY_MS);
    ses_str_t hash = ses_key_hash(cx->arena, what, SES_STR(""), SES_STR(""));
    ses_str_t key =
        ses_str_cat(cx->arena, ses_key_seq(cx->arena, SES_STR(""), day), hash);
    uint32_t count = 0;
    ses_str_t val;
    ses_rc_t rc;

    rc = ses_store_get(cx, t, SES_DB_ASKED, key, &val);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    if (rc == SES_OK && val.n == sizeof(count))
        memcpy(&count, val.p, sizeof(count));
    *n = ++count;
    return ses_store_put(cx, t, SES_DB_ASKED, key,
                         ses_str_n(&count, sizeof(count)));
}

struct old {
    uint64_t before; /* day */
    unsigned max, n;
    ses_str_t *keys;
};

static ses_rc_t
collect(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct old *o = arg;

    (void) val;
    if (o->n == o->max ||
        (key.n >= 8 && ses_key_u64(ses_str_head(key, 8)) >= o->before))
        return SES_NOT_FOUND;
    o->keys[o->n++] = ses_str_dup(cx->arena, key);
    return SES_OK;
}

ses_rc_t
ses_asked_purge(ses_cx_t *cx, ses_txn_t *t, int64_t now, unsigned max,
                unsigned *n)
{
    struct old o = {.before = (uint64_t) (now / DAY_MS - 1), .max = max};
    ses_rc_t rc;

    o.keys = ses_alloc(cx->arena, (max + 1) * sizeof(*o.keys));
    rc = ses_store_walk(cx, t, SES_DB_ASKED, SES_STR(""), SES_STR(""), collect,
                        &o);
    for (*n = 0; rc == SES_OK && *n < o.n; (*n)++)
        rc = ses_store_del(cx, t, SES_DB_ASKED, o.keys[*n]);
    return rc;
}
