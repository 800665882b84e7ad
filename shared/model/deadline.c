/*
 * deadline - until when a message may be on its way
 *
 * Stored in SES_DB_DEADLINE:
 *   time (8 bytes, big endian), message id -> when it was asked (8 bytes)
 */
#include "model/deadline.h"

#include "store/record.h"

#define KEY (8 + SES_MSGID_KEY)

struct walk {
    int64_t now;
    ses_deadline_fn_t fn;
    void *arg;
};

static ses_str_t
key_of(ses_cx_t *cx, int64_t when, ses_msgid_t id)
{
    uint8_t *key = ses_alloc(cx->arena, KEY);

    ses_put_u64(key, (uint64_t) when);
    ses_msgid_key(id, key + 8);
    return ses_str_n(key, KEY);
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, ses_str_t val, ses_deadline_t *out)
{
    ses_deadline_t d;

    if (key.n != KEY || val.n != sizeof(d.asked) ||
        !ses_msgid_from_key(ses_str_from(key, 8), &d.id))
        return ses_fail(cx, SES_FAULT, "deadline: damaged row");
    d.when = (int64_t) ses_key_u64(key);
    memcpy(&d.asked, val.p, sizeof(d.asked));
    *out = d;
    return SES_OK;
}

static ses_rc_t
put(ses_cx_t *cx, ses_txn_t *t, const ses_deadline_t *d)
{
    return ses_store_put(cx, t, SES_DB_DEADLINE, key_of(cx, d->when, d->id),
                         ses_str_n(&d->asked, sizeof(d->asked)));
}

static int64_t
limit(const ses_message_t *m)
{
    return m->committed + (int64_t) m->max_delivery * 1000;
}

ses_rc_t
ses_deadline_add(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m)
{
    const ses_deadline_t d = {.when = limit(m), .id = m->id};

    return m->max_delivery == 0 ? SES_OK : put(cx, t, &d);
}

ses_rc_t
ses_deadline_find(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
                  ses_deadline_t *out)
{
    ses_str_t key, val;
    ses_rc_t rc;

    if (m->max_delivery == 0)
        return SES_NOT_FOUND;
    key = key_of(cx, limit(m), m->id);
    rc = ses_store_get(cx, t, SES_DB_DEADLINE, key, &val);
    return rc == SES_OK ? decode(cx, key, val, out) : rc;
}

ses_rc_t
ses_deadline_ask(ses_cx_t *cx, ses_txn_t *t, const ses_deadline_t *d)
{
    ses_str_t val;
    ses_rc_t rc =
        ses_store_get(cx, t, SES_DB_DEADLINE, key_of(cx, d->when, d->id), &val);

    if (rc == SES_NOT_FOUND)
        return SES_OK;
    return rc == SES_OK ? put(cx, t, d) : rc;
}

ses_rc_t
ses_deadline_del(ses_cx_t *cx, ses_txn_t *t, const ses_deadline_t *d)
{
    ses_rc_t rc =
        ses_store_del(cx, t, SES_DB_DEADLINE, key_of(cx, d->when, d->id));

    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

static ses_rc_t
walk_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    const struct walk *w = arg;
    ses_deadline_t d;
    ses_rc_t rc = decode(cx, key, val, &d);

    if (rc != SES_OK)
        return rc;
    return d.when > w->now ? SES_NOT_FOUND : w->fn(cx, &d, w->arg);
}

ses_rc_t
ses_deadline_over(ses_cx_t *cx, ses_txn_t *t, int64_t now, ses_deadline_fn_t fn,
                  void *arg)
{
    struct walk w = {now, fn, arg};

    return ses_store_walk(cx, t, SES_DB_DEADLINE, SES_STR(""), SES_STR(""),
                          walk_one, &w);
}
