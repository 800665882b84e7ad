/*
 * quota - minute buckets, their total, and the bucket of the rate
 *
 * Stored in SES_DB_QUOTA:
 *   account                     struct quota
 *   account NUL minute          recipients, 32 bits
 *
 * Time never goes back behind the last charge: the clocks of concurrent
 * messages differ, and a small step back must not open the window.  After a
 * step back of more than an hour the clock is believed, and everything counted
 * in what is now the future is moved into the present minute: it leaves 24
 * hours from now, so that nothing is forgotten and nothing stays for ever.
 */
#include "policy/quota.h"

#include <math.h>

#include "base/assert.h"
#include "store/record.h"

#define RECORD_VERSION 1
#define MINUTE 60000     /* ms */
#define WINDOW 1440      /* minutes */
#define BACK_MAX 3600000 /* ms the clock may step back unnoticed */
#define EPSILON 1e-9

/* The stored form.  Host byte order: a store never leaves its machine. */
struct quota {
    uint8_t version;
    uint8_t unused[7];
    uint64_t total; /* of all buckets */
    int64_t last;   /* ms: the time of the last charge */
    int64_t folded; /* minute into which the future was moved, 0 = never */
    double tokens;  /* recipients that may be sent at once; < 0 = debt */
};

_Static_assert(sizeof(struct quota) == 40, "stored form must not change");

/* --- rows -------------------------------------------------------------- */

static ses_rc_t
load(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, struct quota *q)
{
    ses_str_t val;
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_QUOTA, account, &val);

    if (rc == SES_NOT_FOUND) {
        *q = (struct quota){.version = RECORD_VERSION, .tokens = HUGE_VAL};
        return SES_OK;
    }
    if (rc != SES_OK)
        return rc;
    if (val.n != sizeof(*q) || (uint8_t) val.p[0] != RECORD_VERSION)
        return ses_fail(cx, SES_FAULT, "quota: damaged record of %.*s",
                        SES_FMT(account));
    memcpy(q, val.p, sizeof(*q));
    return SES_OK;
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

/* --- time -------------------------------------------------------------- */

static bool
stepped_back(const struct quota *q, int64_t now)
{
    return now < q->last - BACK_MAX;
}

/* The time to count with. */
static int64_t
time_of(const struct quota *q, int64_t now)
{
    return now >= q->last || stepped_back(q, now) ? now : q->last;
}

/* Move what stands in the future into the present minute. */
static ses_rc_t
fold(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, struct quota *q,
     int64_t now)
{
    struct range r = {.from = now / MINUTE, .to = INT64_MAX};
    ses_rc_t rc;

    if ((rc = range_find(cx, t, account, &r)) != SES_OK ||
        (rc = range_del(cx, t, account, &r)) != SES_OK ||
        (rc = bucket_put(cx, t, account, r.from, r.sum)) != SES_OK)
        return rc;
    q->folded = r.from;
    q->last = now;
    return SES_OK;
}

/* --- rate -------------------------------------------------------------- */

/* One second's worth, but at least one recipient. */
static double
capacity(double rate)
{
    return rate < 1 ? 1 : rate;
}

static double
refilled(const struct quota *q, double rate, int64_t now)
{
    double tokens = q->tokens + (double) (now - q->last) * rate / 1000;
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
    int64_t now;
    ses_rc_t rc;

    ses_assert(cx->now >= 0);
    if ((rc = load(cx, t, a->id, &q)) != SES_OK)
        return rc;
    if (stepped_back(&q, cx->now) &&
        (rc = fold(cx, t, a->id, &q, cx->now)) != SES_OK)
        return rc;
    now = time_of(&q, cx->now);

    if (a->rate >= 0) {
        q.tokens = refilled(&q, a->rate, now);
        if (!rate_fits(q.tokens, a->rate, n))
            return ses_fail(cx, SES_THROTTLED,
                            "Maximum sending rate exceeded.");
        q.tokens -= n;
    } else {
        q.tokens = HUGE_VAL;
    }

    old = expired(now);
    if ((rc = range_find(cx, t, a->id, &old)) != SES_OK)
        return rc;
    q.total -= old.sum < q.total ? old.sum : q.total;
    if (counted > 0 && a->max24 >= 0 &&
        (double) q.total + (double) counted > a->max24)
        return ses_fail(cx, SES_QUOTA, "Daily message quota exceeded.");

    if ((rc = range_del(cx, t, a->id, &old)) != SES_OK ||
        (rc = bucket_get(cx, t, a->id, now / MINUTE, &count)) != SES_OK ||
        (rc = bucket_put(cx, t, a->id, now / MINUTE,
                         (uint64_t) count + counted)) != SES_OK)
        return rc;
    q.total += counted;
    q.last = now;
    if ((rc = save(cx, t, a->id, &q)) == SES_OK)
        *minute = now / MINUTE;
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
    if (count == 0 && q.folded > 0 && minute > q.folded) { /* moved there */
        minute = q.folded;
        if ((rc = bucket_get(cx, t, account, minute, &count)) != SES_OK)
            return rc;
    }
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
    old = expired(time_of(&q, cx->now));
    if ((rc = range_find(cx, t, account, &old)) != SES_OK)
        return rc;
    *used = old.sum < q.total ? q.total - old.sum : 0;
    return SES_OK;
}
