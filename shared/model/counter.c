/*
 * counter - in the store, and in memory until flushed
 *
 * Stored in SES_DB_COUNTER as  name -> 8 bytes, big endian.
 *
 * A tally is taken out of memory by the flush that writes it and put back
 * when the write fails.  What a commit loses that fails afterwards is lost:
 * at most what hostile input did in a second.
 */
#include "model/counter.h"

#include <stdatomic.h>

#include "base/assert.h"
#include "store/record.h"

static const char *const tally_names[SES_TALLY_MAX] = {
    [SES_TICKET_FORGED] = "ticket.forged",
    [SES_TICKET_STALE] = "ticket.stale",
    [SES_TICKET_MISSING] = "ticket.missing",
    [SES_TOKEN_FORGED] = "token.forged",
    [SES_REPORT_IGNORED] = "report.ignored",
    [SES_UNBOUND_PASSED] = "unbound.passed",
    [SES_UNBOUND_REFUSED] = "unbound.refused",
    [SES_LOGIN_REFUSED] = "login.refused",
    [SES_SIGN_FAILED] = "sign.failed",
    [SES_SESSION_CUT] = "session.cut",
};

static _Atomic uint64_t tallies[SES_TALLY_MAX];

ses_rc_t
ses_counter_get(ses_cx_t *cx, ses_txn_t *t, ses_str_t name, uint64_t *n)
{
    ses_str_t val;
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_COUNTER, name, &val);

    if (rc == SES_NOT_FOUND) {
        *n = 0;
        return SES_OK;
    }
    if (rc != SES_OK)
        return rc;
    if (val.n != 8)
        return ses_fail(cx, SES_FAULT, "counter %.*s is damaged",
                        SES_FMT(name));
    *n = ses_key_u64(val);
    return SES_OK;
}

ses_rc_t
ses_counter_add(ses_cx_t *cx, ses_txn_t *t, ses_str_t name, uint64_t n)
{
    uint64_t old;
    uint8_t val[8];
    ses_rc_t rc = ses_counter_get(cx, t, name, &old);

    if (rc != SES_OK)
        return rc;
    ses_put_u64(val, old + n);
    return ses_store_put(cx, t, SES_DB_COUNTER, name, ses_str_n(val, 8));
}

struct list {
    ses_counter_fn_t fn;
    void *arg;
};

static ses_rc_t
list_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct list *l = arg;

    if (val.n != 8)
        return ses_fail(cx, SES_FAULT, "counter %.*s is damaged", SES_FMT(key));
    return l->fn(cx, key, ses_key_u64(val), l->arg);
}

ses_rc_t
ses_counter_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t prefix,
                 ses_counter_fn_t fn, void *arg)
{
    struct list l = {fn, arg};

    return ses_store_walk(cx, t, SES_DB_COUNTER, prefix, SES_STR(""), list_one,
                          &l);
}

const char *
ses_tally_name(ses_tally_t t)
{
    ses_assert((unsigned) t < SES_TALLY_MAX);
    return tally_names[t];
}

void
ses_tally(ses_tally_t t)
{
    ses_assert((unsigned) t < SES_TALLY_MAX);
    tallies[t]++;
}

bool
ses_tally_dirty(void)
{
    unsigned i;

    for (i = 0; i < SES_TALLY_MAX; i++)
        if (tallies[i] > 0)
            return true;
    return false;
}

ses_rc_t
ses_tally_flush(ses_cx_t *cx, ses_txn_t *t, void *unused)
{
    uint64_t taken[SES_TALLY_MAX];
    ses_rc_t rc = SES_OK;
    unsigned i;

    (void) unused;
    for (i = 0; i < SES_TALLY_MAX; i++)
        taken[i] = atomic_exchange(&tallies[i], 0);
    for (i = 0; i < SES_TALLY_MAX && rc == SES_OK; i++)
        if (taken[i] > 0)
            rc = ses_counter_add(cx, t, ses_str(tally_names[i]), taken[i]);
    if (rc != SES_OK)
        for (i = 0; i < SES_TALLY_MAX; i++)
            tallies[i] += taken[i];
    return rc;
}
