/*
 * quota_clock - the quota with a steady clock that the test moves
 */
#ifndef TESTS_UNIT_QUOTA_CLOCK_H
#define TESTS_UNIT_QUOTA_CLOCK_H

#include "base/clock.h"
#include "model_store.h"
#include "seeded.h"

static ses_steady_t steady = {1, 1};

static ses_steady_t
fake_steady(void)
{
    return steady;
}

#define ses_clock_steady fake_steady
#include "../../shared/policy/quota.c"

#define DAY INT64_C(86400000)

/* Take when the clock says wall and the steady one ms.  Not in a transaction
 * of its own: thousands of nested ones take minutes under ASan. */
static inline ses_rc_t
take_at(fixture_t *f, const ses_account_t *a, uint32_t n, int64_t wall,
        int64_t ms, int64_t *minute)
{
    ses_cx_clear(&f->cx);
    f->cx.now = wall;
    steady.ms = ms;
    return ses_quota_take(&f->cx, f->t, a, n, n, minute);
}

#endif
