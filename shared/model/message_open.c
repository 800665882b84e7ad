/*
 * message_open - queued entries of the ledger that are not at an end
 *
 * Stored in SES_DB_OPEN by message id: nothing, or the 8 bytes of a time.
 */
#include "model/message_open.h"

struct walk {
    ses_message_open_fn_t fn;
    void *arg;
};

ses_rc_t
ses_message_removed(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id, int64_t when)
{
    uint8_t key[SES_MSGID_KEY];
    ses_str_t k = ses_str_n(key, sizeof(key)), val;
    ses_rc_t rc;

    ses_msgid_key(id, key);
    if ((rc = ses_store_get(cx, t, SES_DB_OPEN, k, &val)) == SES_OK &&
        val.n == 0)
        rc = ses_store_put(cx, t, SES_DB_OPEN, k,
                           ses_str_n(&when, sizeof(when)));
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

ses_rc_t
ses_message_close(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id)
{
    uint8_t key[SES_MSGID_KEY];
    ses_rc_t rc;

    ses_msgid_key(id, key);
    rc = ses_store_del(cx, t, SES_DB_OPEN, ses_str_n(key, sizeof(key)));
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

ses_rc_t
ses_message_undecided(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id, bool *out)
{
    uint8_t key[SES_MSGID_KEY];
    ses_str_t k = ses_str_n(key, sizeof(key)), val;
    ses_rc_t rc;

    ses_msgid_key(id, key);
    rc = ses_store_get(cx, t, SES_DB_OPEN, k, &val);
    if (rc == SES_NOT_FOUND)
        rc = ses_store_get(cx, t, SES_DB_PREPARED, k, &val);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    *out = rc == SES_OK;
    return SES_OK;
}

static ses_rc_t
walk_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    const struct walk *w = arg;
    int64_t removed = 0;
    ses_msgid_t id;

    if (!ses_msgid_from_key(key, &id) ||
        (val.n != 0 && val.n != sizeof(removed)))
        return ses_fail(cx, SES_FAULT, "message: damaged row of an open one");
    memcpy(&removed, val.p, val.n);
    return w->fn(cx, id, removed, w->arg);
}

ses_rc_t
ses_message_open(ses_cx_t *cx, ses_txn_t *t, ses_message_open_fn_t fn,
                 void *arg)
{
    struct walk w = {fn, arg};

    return ses_store_walk(cx, t, SES_DB_OPEN, SES_STR(""), SES_STR(""),
                          walk_one, &w);
}
