/*
 * send_key - which message a send made, for 24 hours
 *
 * Stored in SES_DB_SEND_KEY as  send key -> struct send,  and in
 * SES_DB_SEND_DUE as  expiry, send key -> nothing.
 */
#include "model/message.h"

#include "store/record.h"

#define SEND_VERSION 1
#define SEND_KEPT 86400000 /* ms */

/* The stored form.  Host byte order: a store never leaves its machine. */
struct send {
    uint8_t version;
    uint8_t unused[5];
    uint8_t id[SES_MSGID_KEY];
    int64_t when;
    uint8_t body_hash[SES_BODY_HASH];
};

_Static_assert(sizeof(struct send) == 48, "stored form must not change");

static ses_str_t
due_key(ses_cx_t *cx, int64_t when, ses_str_t key)
{
    return ses_str_cat(
        cx->arena,
        ses_key_seq(cx->arena, SES_STR(""), (uint64_t) (when + SEND_KEPT)),
        key);
}

static ses_rc_t
send_get(ses_cx_t *cx, ses_txn_t *t, ses_str_t key, struct send *out)
{
    ses_str_t val;
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_SEND_KEY, key, &val);

    if (rc != SES_OK)
        return rc;
    if (val.n != sizeof(*out) || (uint8_t) val.p[0] != SEND_VERSION)
        return ses_fail(cx, SES_FAULT, "message: damaged send key");
    memcpy(out, val.p, sizeof(*out));
    return SES_OK;
}

static ses_rc_t
send_drop(ses_cx_t *cx, ses_txn_t *t, ses_str_t key, int64_t when)
{
    ses_rc_t rc = ses_store_del(cx, t, SES_DB_SEND_KEY, key);

    if (rc == SES_OK || rc == SES_NOT_FOUND)
        rc = ses_store_del(cx, t, SES_DB_SEND_DUE, due_key(cx, when, key));
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

ses_rc_t
ses_send_key_put(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
                 ses_str_t body_hash)
{
    struct send s = {.version = SEND_VERSION, .when = cx->now}, old;
    ses_rc_t rc;

    if (m->send_key.n != SES_SEND_KEY || body_hash.n > SES_BODY_HASH)
        return ses_fail(cx, SES_FAULT, "message: send key of %zu bytes",
                        m->send_key.n);
    rc = send_get(cx, t, m->send_key, &old);
    if (rc == SES_OK) {
        if (old.when + SEND_KEPT > cx->now)
            return ses_fail(cx, SES_EXISTS, "message: send key is in use");
        rc = send_drop(cx, t, m->send_key, old.when);
    }
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;

    ses_msgid_key(m->id, s.id);
    if (body_hash.n > 0)
        memcpy(s.body_hash, body_hash.p, body_hash.n);
    rc = ses_store_put(cx, t, SES_DB_SEND_KEY, m->send_key,
                       ses_str_n(&s, sizeof(s)));
    if (rc != SES_OK)
        return rc;
    return ses_store_put(cx, t, SES_DB_SEND_DUE,
                         due_key(cx, s.when, m->send_key), SES_STR(""));
}

/* Only if it still names this message: it may have been used again. */
ses_rc_t
ses_send_key_del(ses_cx_t *cx, ses_txn_t *t, ses_str_t key, ses_msgid_t id)
{
    uint8_t mine[SES_MSGID_KEY];
    struct send s;
    ses_rc_t rc = send_get(cx, t, key, &s);

    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    ses_msgid_key(id, mine);
    if (memcmp(mine, s.id, sizeof(mine)) != 0)
        return SES_OK;
    return send_drop(cx, t, key, s.when);
}

ses_rc_t
ses_send_key_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t key,
                  ses_send_key_t *out)
{
    struct send s;
    ses_rc_t rc = send_get(cx, t, key, &s);

    if (rc != SES_OK)
        return rc;
    if (s.when + SEND_KEPT <= cx->now)
        return SES_NOT_FOUND;
    if (!ses_msgid_from_key(ses_str_n(s.id, SES_MSGID_KEY), &out->id))
        return ses_fail(cx, SES_FAULT, "message: damaged send key");
    memcpy(out->body_hash, s.body_hash, SES_BODY_HASH);
    out->when = s.when;
    return SES_OK;
}

/* The oldest due rows, copied: a walk must not write. */
struct due {
    int64_t now;
    unsigned max, n;
    ses_str_t *keys;
};

static ses_rc_t
due_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct due *d = arg;

    (void) val;
    if (key.n <= 8)
        return ses_fail(cx, SES_FAULT, "message: damaged key");
    if (d->n == d->max || (int64_t) ses_key_u64(key) > d->now)
        return SES_NOT_FOUND;
    d->keys[d->n++] = ses_str_dup(cx->arena, key);
    return SES_OK;
}

ses_rc_t
ses_send_key_purge(ses_cx_t *cx, ses_txn_t *t, int64_t now, unsigned max,
                   unsigned *n)
{
    struct due o = {now, max, 0, NULL};
    struct send s;
    ses_str_t key;
    ses_rc_t rc;
    unsigned i;

    o.keys = ses_alloc(cx->arena, max * sizeof(*o.keys));
    rc = ses_store_walk(cx, t, SES_DB_SEND_DUE, SES_STR(""), SES_STR(""),
                        due_one, &o);
    if (rc != SES_OK)
        return rc;
    for (i = 0; i < o.n; i++) {
        key = ses_str_from(o.keys[i], 8);
        rc = send_get(cx, t, key, &s);
        /* a key that was used again has a later due row of its own */
        if (rc == SES_OK && s.when + SEND_KEPT <= now)
            rc = ses_store_del(cx, t, SES_DB_SEND_KEY, key);
        if (rc == SES_OK || rc == SES_NOT_FOUND)
            rc = ses_store_del(cx, t, SES_DB_SEND_DUE, o.keys[i]);
        if (rc != SES_OK)
            return rc;
    }
    *n = o.n;
    return SES_OK;
}
