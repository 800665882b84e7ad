/*
 * message - the ledger
 *
 * Stored, by message id (18 bytes that sort by time):
 *   SES_DB_MESSAGE   struct entry, one struct rcpt a recipient, strings
 *   SES_DB_PREPARED  nothing; entries without proof
 *   SES_DB_OPEN      queued, a recipient's end is not known: message_open.c
 *
 * What changes after an entry is born (its state, how recipients ended)
 * stands at fixed offsets, so that a change is a copy and a patch.
 */
#include "model/message.h"

#include <stddef.h>

#include "base/assert.h"
#include "base/buf.h"
#include "model/deadline.h"
#include "model/message_open.h"

#define ENTRY_VERSION 1
#define ENTRY_MAX (4U << 20)

/* The stored form.  Host byte order: a store never leaves its machine. */
struct entry {
    uint8_t version;
    uint8_t state;
    uint16_t unused;
    uint32_t nrcpts;
    int64_t committed;
    int64_t minute;
    uint64_t size;
    uint32_t charged;
    uint32_t max_delivery;
};

struct rcpt {
    uint8_t removed;
    uint8_t reason;
    uint8_t end;
    uint8_t unused;
};

_Static_assert(sizeof(struct entry) == 40, "stored form must not change");
_Static_assert(sizeof(struct rcpt) == 4, "stored form must not change");

/* The strings of an entry, in order. */
static const size_t strings[] = {
    offsetof(ses_message_t, account),   offsetof(ses_message_t, config_set),
    offsetof(ses_message_t, send_key),  offsetof(ses_message_t, identity),
    offsetof(ses_message_t, source),    offsetof(ses_message_t, subject),
    offsetof(ses_message_t, mail_base), offsetof(ses_message_t, mail_headers),
    offsetof(ses_message_t, mail_tags),
};

#define NSTRINGS (sizeof(strings) / sizeof(strings[0]))

static inline ses_str_t
id_str(const uint8_t key[SES_MSGID_KEY])
{
    return ses_str_n(key, SES_MSGID_KEY);
}

/* --- stored form ------------------------------------------------------- */

static void
add_str(ses_buf_t *b, ses_str_t s)
{
    uint32_t n = (uint32_t) s.n;

    if (s.n > ENTRY_MAX) {
        b->overflow = true;
        return;
    }
    ses_buf_add(b, &n, sizeof(n));
    ses_buf_str(b, s);
}

static ses_rc_t
encode(ses_cx_t *cx, const ses_message_t *m, ses_str_t *out)
{
    struct entry e = {.version = ENTRY_VERSION,
                      .state = (uint8_t) m->state,
                      .nrcpts = m->nrcpts,
                      .committed = m->committed,
                      .minute = m->minute,
                      .size = m->size,
                      .charged = m->charged,
                      .max_delivery = m->max_delivery};
    ses_buf_t b;
    size_t i;

    ses_buf_init(&b, cx->arena, ENTRY_MAX);
    ses_buf_add(&b, &e, sizeof(e));
    for (i = 0; i < m->nrcpts; i++) {
        struct rcpt r = {m->rcpts[i].removed, m->rcpts[i].reason,
                         m->rcpts[i].end, 0};

        ses_buf_add(&b, &r, sizeof(r));
    }
    for (i = 0; i < NSTRINGS; i++)
        add_str(&b, *(const ses_str_t *) ((const char *) m + strings[i]));
    for (i = 0; i < m->nrcpts; i++)
        add_str(&b, m->rcpts[i].addr);
    if (b.overflow)
        return ses_fail(cx, SES_FAULT, "message: entry above %u bytes",
                        ENTRY_MAX);
    *out = ses_buf_get(&b);
    return SES_OK;
}

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
damaged(ses_cx_t *cx, ses_str_t val)
{
    return ses_fail(cx, SES_FAULT, "message: damaged entry of %zu bytes",
                    val.n);
}

/* The fixed part; values in the map may be unaligned. */
static ses_rc_t
head(ses_cx_t *cx, ses_str_t val, struct entry *e)
{
    if (val.n < sizeof(*e))
        return damaged(cx, val);
    memcpy(e, val.p, sizeof(*e));
    if (e->version != ENTRY_VERSION)
        return ses_fail(cx, SES_FAULT, "message: entry version %u", e->version);
    if (e->nrcpts > (val.n - sizeof(*e)) / sizeof(struct rcpt))
        return damaged(cx, val);
    return SES_OK;
}

/* Strings of out point into val; recipients' array is in the arena. */
static ses_rc_t
decode(ses_cx_t *cx, ses_arena_t *a, ses_str_t key, ses_str_t val,
       ses_message_t *out)
{
    ses_message_t m = {.state = SES_MESSAGE_PREPARED};
    struct entry e;
    struct rcpt r;
    ses_str_t rest;
    ses_rc_t rc;
    uint32_t i;

    if ((rc = head(cx, val, &e)) != SES_OK)
        return rc;
    m.state = (ses_message_state_t) e.state;
    m.committed = e.committed;
    m.minute = e.minute;
    m.size = e.size;
    m.charged = e.charged;
    m.max_delivery = e.max_delivery;
    m.nrcpts = e.nrcpts;
    m.rcpts = ses_calloc(a, (size_t) e.nrcpts * sizeof(*m.rcpts));

    rest = ses_str_from(val, sizeof(e) + e.nrcpts * sizeof(r));
    for (i = 0; i < NSTRINGS; i++)
        if (!take_str(&rest, (ses_str_t *) ((char *) &m + strings[i])))
            return damaged(cx, val);
    for (i = 0; i < e.nrcpts; i++) {
        memcpy(&r, val.p + sizeof(e) + i * sizeof(r), sizeof(r));
        m.rcpts[i] = (ses_rcpt_t){
            .removed = r.removed, .reason = r.reason, .end = r.end};
        if (!take_str(&rest, &m.rcpts[i].addr))
            return damaged(cx, val);
    }
    if (!ses_msgid_from_key(key, &m.id))
        return damaged(cx, val);
    *out = m;
    return SES_OK;
}

/* --- entries ----------------------------------------------------------- */

/* In the map until the next write; belongs to whomever. */
static ses_rc_t
get_raw(ses_cx_t *cx, ses_txn_t *t, const uint8_t key[SES_MSGID_KEY],
        ses_str_t *val)
{
    return ses_store_get(cx, t, SES_DB_MESSAGE, id_str(key), val);
}

/* Write one byte of an entry at an offset within its fixed part. */
static ses_rc_t
patch(ses_cx_t *cx, ses_txn_t *t, const uint8_t key[SES_MSGID_KEY],
      ses_str_t val, size_t at, uint8_t byte)
{
    ses_str_t copy = ses_str_dup(cx->arena, val);

    ses_assert(at < copy.n);
    ((char *) (uintptr_t) copy.p)[at] = (char) byte;
    return ses_store_put(cx, t, SES_DB_MESSAGE, id_str(key), copy);
}

ses_rc_t
ses_message_insert(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
                   ses_str_t body_hash)
{
    uint8_t key[SES_MSGID_KEY];
    ses_str_t val;
    ses_rc_t rc;

    ses_assert(m->state == SES_MESSAGE_PREPARED);
    ses_msgid_key(m->id, key);
    rc = get_raw(cx, t, key, &val);
    if (rc == SES_OK)
        return ses_fail(cx, SES_EXISTS, "message: id is in the ledger");
    if (rc != SES_NOT_FOUND || (rc = encode(cx, m, &val)) != SES_OK)
        return rc;

    rc = ses_store_put(cx, t, SES_DB_MESSAGE, id_str(key), val);
    if (rc == SES_OK)
        rc = ses_store_put(cx, t, SES_DB_PREPARED, id_str(key), SES_STR(""));
    if (rc == SES_OK)
        rc = ses_deadline_add(cx, t, m);
    if (rc == SES_OK && m->send_key.n > 0)
        rc = ses_send_key_put(cx, t, m, body_hash);
    return rc;
}

ses_rc_t
ses_message_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_msgid_t id,
                 ses_message_t *out)
{
    uint8_t key[SES_MSGID_KEY];
    ses_message_t m;
    ses_str_t val;
    ses_rc_t rc;

    ses_msgid_key(id, key);
    if ((rc = get_raw(cx, t, key, &val)) != SES_OK)
        return rc;
    val = ses_str_dup(cx->arena, val);
    if ((rc = decode(cx, cx->arena, id_str(key), val, &m)) != SES_OK)
        return rc;
    if (account.n > 0 && !ses_str_eq(account, m.account))
        return SES_NOT_FOUND;
    *out = m;
    return SES_OK;
}

/* Has a recipient of this entry no end yet? */
static bool
is_open(ses_str_t val, const struct entry *e)
{
    struct rcpt r;

    for (uint32_t i = 0; i < e->nrcpts; i++) {
        memcpy(&r, val.p + sizeof(*e) + i * sizeof(r), sizeof(r));
        if (r.removed == SES_RCPT_KEPT && r.end == SES_RCPT_OPEN)
            return true;
    }
    return false;
}

/* PREPARED -> state; *changed = false when it was not PREPARED. */
static ses_rc_t
settle(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id, ses_message_state_t state,
       bool *changed)
{
    uint8_t key[SES_MSGID_KEY];
    struct entry e;
    ses_str_t val;
    ses_rc_t rc;
    bool open;

    ses_msgid_key(id, key);
    if ((rc = get_raw(cx, t, key, &val)) != SES_OK ||
        (rc = head(cx, val, &e)) != SES_OK)
        return rc;
    if (e.state != SES_MESSAGE_PREPARED) {
        *changed = false;
        return SES_OK;
    }
    open = state == SES_MESSAGE_QUEUED && is_open(val, &e);
    rc = patch(cx, t, key, val, offsetof(struct entry, state), (uint8_t) state);
    if (rc == SES_OK)
        rc = ses_store_del(cx, t, SES_DB_PREPARED, id_str(key));
    if (rc == SES_NOT_FOUND)
        rc = SES_OK;
    if (rc == SES_OK && open)
        rc = ses_store_put(cx, t, SES_DB_OPEN, id_str(key), SES_STR(""));
    if (rc == SES_OK)
        *changed = true;
    return rc;
}

ses_rc_t
ses_message_queued(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id, bool *changed)
{
    return settle(cx, t, id, SES_MESSAGE_QUEUED, changed);
}

ses_rc_t
ses_message_abort(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id, bool *changed)
{
    ses_message_t m;
    bool did = false;
    ses_rc_t rc;

    if ((rc = ses_message_find(cx, t, SES_STR(""), id, &m)) != SES_OK ||
        (rc = settle(cx, t, id, SES_MESSAGE_ABORTED, &did)) != SES_OK)
        return rc;
    if (did && m.send_key.n > 0)
        rc = ses_send_key_del(cx, t, m.send_key, id);
    if (rc == SES_OK)
        *changed = did;
    return rc;
}

ses_rc_t
ses_message_ended(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id, unsigned rcpt,
                  ses_rcpt_end_t end)
{
    uint8_t key[SES_MSGID_KEY];
    struct entry e;
    ses_str_t val;
    ses_rc_t rc;

    ses_msgid_key(id, key);
    if ((rc = get_raw(cx, t, key, &val)) != SES_OK ||
        (rc = head(cx, val, &e)) != SES_OK)
        return rc;
    if (rcpt >= e.nrcpts)
        return SES_NOT_FOUND;
    rc = patch(cx, t, key, val,
               sizeof(struct entry) + rcpt * sizeof(struct rcpt) +
                   offsetof(struct rcpt, end),
               (uint8_t) end);
    if (rc == SES_OK && (rc = get_raw(cx, t, key, &val)) == SES_OK &&
        !is_open(val, &e))
        rc = ses_message_close(cx, t, id);
    return rc;
}

int
ses_message_rcpt(const ses_message_t *m, ses_str_t addr)
{
    unsigned i;

    for (i = 0; i < m->nrcpts; i++)
        if (ses_str_eq(m->rcpts[i].addr, addr))
            return (int) i;
    return -1;
}

/* --- walking ----------------------------------------------------------- */

struct walk {
    ses_txn_t *txn;
    ses_arena_t *arena; /* of one entry */
    ses_message_fn_t fn;
    void *arg;
};

static ses_rc_t
walk_entry(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct walk *w = arg;
    ses_message_t m;
    ses_rc_t rc;

    ses_arena_reset(w->arena);
    rc = decode(cx, w->arena, key, val, &m);
    return rc == SES_OK ? w->fn(cx, &m, w->arg) : rc;
}

static ses_rc_t
walk_prepared(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct walk *w = arg;
    ses_rc_t rc = ses_store_get(cx, w->txn, SES_DB_MESSAGE, key, &val);

    if (rc == SES_NOT_FOUND)
        return SES_OK;
    return rc == SES_OK ? walk_entry(cx, key, val, arg) : rc;
}

static ses_rc_t
walk(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_walk_fn_t step,
     ses_message_fn_t fn, void *arg)
{
    struct walk w = {t, ses_arena_new(), fn, arg};
    ses_rc_t rc;

    rc = ses_store_walk(cx, t, db, SES_STR(""), SES_STR(""), step, &w);
    ses_arena_free(w.arena);
    return rc;
}

ses_rc_t
ses_message_prepared(ses_cx_t *cx, ses_txn_t *t, ses_message_fn_t fn, void *arg)
{
    return walk(cx, t, SES_DB_PREPARED, walk_prepared, fn, arg);
}

ses_rc_t
ses_message_list(ses_cx_t *cx, ses_txn_t *t, ses_message_fn_t fn, void *arg)
{
    return walk(cx, t, SES_DB_MESSAGE, walk_entry, fn, arg);
}
