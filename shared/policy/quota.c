/*
 * quota - minute buckets, their total, and the bucket of the rate
 *
 * Stored in SES_DB_QUOTA:
 *   account                     struct quota
 *   account NUL minute          recipients, 32 bits
 *
 * Time is the quota's own: it begins as the clock's and then advances by what
 * has passed on the steady clock (base/clock.h), which all processes share.
 * So setting the clock, forward or back, neither opens a window nor closes
 * one.  Only across a start of the machine is the difference of the clock
 * believed, and never less than nothing.
 */
#include "policy/quota.h"

#include <math.h>

#include "base/assert.h"
#include "base/clock.h"
#include "store/record.h"

#define RECORD_VERSION 2
#define MINUTE 60000 /* ms */
#define WINDOW 1440  /* minutes */
#define EPSILON 1e-9

/* The stored form.  Host byte order: a store never leaves its machine. */
struct quota {
    uint8_t version;
    uint8_t unused[7];
    uint64_t total; /* of all buckets */
    int64_t time;   /* ms: the quota's own time of the last charge */
    double tokens;  /* recipients that may be sent at once; < 0 = debt */
    int64_t wall;   /* what the clock said then */
    int64_t steady; /* what the steady clock said then, and of which start */
    uint64_t boot;
};

/* As builds before this one wrote it. */
struct quota_v1 {
    uint8_t version; /* 1 */
    uint8_t unused[7];
    uint64_t total;
    int64_t last;
    int64_t folded;
    double tokens;
};

_Static_assert(sizeof(struct quota) == 56, "stored form must not change");
_Static_assert(sizeof(struct quota_v1) == 40, "stored form must not change");

/* --- rows -------------------------------------------------------------- */

static ses_rc_t
load(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, struct quota *q)
{
    struct quota_v1 old;
    ses_str_t val;
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_QUOTA, account, &val);

    if (rc == SES_NOT_FOUND) {
        *q = (struct quota){.version = RECORD_VERSION,
                            .tokens = HUGE_VAL,
                            .time = cx->now,
                            .wall = cx->now};
        return SES_OK;
    }
    if (rc != SES_OK)
        return rc;
    if (val.n == sizeof(old) && (uint8_t) val.p[0] == 1) {
        memcpy(&old, val.p, sizeof(old));
        *q = (struct quota){.version = RECORD_VERSION,
                            .total = old.total,
                            .tokens = old.tokens,
                            .time = old.last,
                            .wall = old.last};
        return SES_OK;
    }
    if (val.n != sizeof(*q) || (uint8_t) val.p[0] != RECORD_VERSION)
        return ses_fail(cx, SES_FAULT, "quota: damaged record of %.*s",
                        SES_FMT(account));
    memcpy(q, val.p, sizeof(*q));
    return SES_OK;
}

/* Advance to the present; returns how much time (ms) that took. */
static int64_t
advance(struct quota *q, int64_t wall)
{
    ses_steady_t now = ses_clock_steady();
    int64_t passed = now.boot == q->boot ? now.ms - q->steady : wall - q->wall;

    if (passed < 0)
        passed = 0;
    q->time += passed;
    q->wall = wall;
    q->steady = now.ms;
    q->boot = now.boot;
    return passed;
}

static ses_rc_t
save(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, const struct quota *q)
{
    return ses_store_put(cx, t, SES_DB_QUOTA, account,
                         ses_str_n(q, sizeof(*q)));
}

static ses_str_t
bucket_key(ses_cx_t *cx, ses_str_t account, int64_t minute)
{
    return ses_key_seq(cx->arena, ses_key_prefix1(cx->arena, account),
                       (uint64_t) minute);
}

static ses_rc_t
bucket_get(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, int64_t minute,
           uint32_t *n)
{
    ses_str_t val;
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_QUOTA,
                                bucket_key(cx, account, minute), &val);

    *n = 0;
    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    if (val.n != sizeof(*n))
        return ses_fail(cx, SES_FAULT, "quota: damaged bucket of %.*s",
                        SES_FMT(account));
    memcpy(n, val.p, sizeof(*n));
    return SES_OK;
}

static ses_rc_t
bucket_put(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, int64_t minute,
           uint64_t n)
{
    uint32_t small = n > UINT32_MAX ? UINT32_MAX : (uint32_t) n;
    ses_str_t key = bucket_key(cx, account, minute);
    ses_rc_t rc;

    if (n == 0) {
        rc = ses_store_del(cx, t, SES_DB_QUOTA, key);
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    }
    return ses_store_put(cx, t, SES_DB_QUOTA, key,
                         ses_str_n(&small, sizeof(small)));
}

/* --- buckets outside the window ---------------------------------------- */

/* Buckets in a range of minutes: how many recipients, and which. */
struct range {
    int64_t from, to; /* to is not included */
    uint64_t sum;
    int64_t *minutes;
    size_t n, cap;
};

static ses_rc_t
range_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct range *r = arg;
    uint32_t count;
    int64_t minute;
    size_t cap;

    if (key.n < 9 || val.n != sizeof(count))
        return ses_fail(cx, SES_FAULT, "quota: damaged bucket");
    minute = (int64_t) ses_key_u64(ses_str_from(key, key.n - 8));
    if (minute >= r->to)
        return SES_NOT_FOUND;
    memcpy(&count, val.p, sizeof(count));
    if (r->n == r->cap) {
        cap = r->cap == 0 ? 64 : r->cap * 2;
        r->minutes =
            ses_regrow(cx->arena, r->minutes, r->n * sizeof(*r->minutes),
                       cap * sizeof(*r->minutes));
        r->cap = cap;
    }
    r->minutes[r->n++] = minute;
    r->sum += count;
    return SES_OK;
}

static ses_rc_t
range_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, struct range *r)
{
    return ses_store_walk(cx, t, SES_DB_QUOTA,
                          ses_key_prefix1(cx->arena, account),
                          bucket_key(cx, account, r->from), range_one, r);
}

static ses_rc_t
range_del(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, const struct range *r)
{
    ses_rc_t rc = SES_OK;
    size_t i;

    for (i = 0; i < r->n && rc == SES_OK; i++)
        rc = bucket_put(cx, t, account, r->minutes[i], 0);
    return rc;
}

/* Those that are older than the window, all of each. */
static struct range
expired(int64_t now)
{
    return (struct range){.from = 0, .to = now / MINUTE - WINDOW};
}

/* --- rate -------------------------------------------------------------- */

/* One second's worth, but at least one recipient. */
static double
capacity(double rate)
{
    return rate < 1 ? 1 : rate;
}

static double
refilled(const struct quota *q, double rate, int64_t passed)
{
    double tokens = q->tokens + (double) passed * rate / 1000;
    double cap = capacity(rate);

    return tokens < cap ? tokens : cap;
}

static bool
rate_fits(double tokens, double rate, uint32_t n)
{
    double need = capacity(rate);

    if ((double) n < need)
        need = (double) n;
    return rate > 0 && tokens + EPSILON >= need;
}

/* --- what others call -------------------------------------------------- */

ses_rc_t
ses_quota_take(ses_cx_t *cx, ses_txn_t *t, const ses_account_t *a, uint32_t n,
               uint32_t counted, int64_t *minute)
{
    struct range old;
    struct quota q;
    uint32_t count;
    int64_t passed;
    ses_rc_t rc;

    ses_assert(cx->now >= 0);
    if ((rc = load(cx, t, a->id, &q)) != SES_OK)
        return rc;
    passed = advance(&q, cx->now);

    if (a->rate >= 0) {
        q.tokens = refilled(&q, a->rate, passed);
        if (!rate_fits(q.tokens, a->rate, n))
            return ses_fail(cx, SES_THROTTLED,
                            "Maximum sending rate exceeded.");
        q.tokens -= n;
    } else {
        q.tokens = HUGE_VAL;
    }

    old = expired(q.time);
    if ((rc = range_find(cx, t, a->id, &old)) != SES_OK)
        return rc;
    q.total -= old.sum < q.total ? old.sum : q.total;
    if (counted > 0 && a->max24 >= 0 &&
        (double) q.total + (double) counted > a->max24)
        return ses_fail(cx, SES_QUOTA, "Daily message quota exceeded.");

    if ((rc = range_del(cx, t, a->id, &old)) != SES_OK ||
        (rc = bucket_get(cx, t, a->id, q.time / MINUTE, &count)) != SES_OK ||
        (rc = bucket_put(cx, t, a->id, q.time / MINUTE,
                         (uint64_t) count + counted)) != SES_OK)
        return rc;
    q.total += counted;
    if ((rc = save(cx, t, a->id, &q)) == SES_OK)
        *minute = q.time / MINUTE;
    return rc;
}

ses_rc_t
ses_quota_return(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, int64_t minute,
                 uint32_t n)
{
    struct quota q;
    uint32_t count;
    ses_rc_t rc;

    if ((rc = load(cx, t, account, &q)) != SES_OK ||
        (rc = bucket_get(cx, t, account, minute, &count)) != SES_OK)
        return rc;
    if (n > count) /* it left the window already */
        n = count;
    if (n == 0)
        return SES_OK;
    q.total -= n < q.total ? n : q.total;
    rc = bucket_put(cx, t, account, minute, count - n);
    return rc == SES_OK ? save(cx, t, account, &q) : rc;
}

ses_rc_t
ses_quota_abort(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id, bool *changed)
{
    ses_message_t m;
    bool did = false;
    ses_rc_t rc;

    if ((rc = ses_message_find(cx, t, SES_STR(""), id, &m)) != SES_OK ||
        (rc = ses_message_abort(cx, t, id, &did)) != SES_OK)
        return rc;
    if (did)
        rc = ses_quota_return(cx, t, m.account, m.minute, m.charged);
    if (rc == SES_OK)
        *changed = did;
    return rc;
}

ses_rc_t
ses_quota_used(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, uint64_t *used)
{
    struct range old;
    struct quota q;
    ses_rc_t rc;

    if ((rc = load(cx, t, account, &q)) != SES_OK)
        return rc;
    (void) advance(&q, cx->now);
    old = expired(q.time);
    if ((rc = range_find(cx, t, account, &old)) != SES_OK)
        return rc;
    *used = old.sum < q.total ? q.total - old.sum : 0;
    return SES_OK;
}

ses_rc_t
ses_quota_time(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, int64_t *now)
{
    struct quota q;
    ses_rc_t rc;

    if ((rc = load(cx, t, account, &q)) != SES_OK)
        return rc;
    (void) advance(&q, cx->now);
    *now = q.time;
    return SES_OK;
}
