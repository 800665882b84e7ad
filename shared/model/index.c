/*
 * index - the work index: what is due, found without reading every object
 */
#include "model/index.h"

#include "store/record.h"

#define HEAD (1 + 8) /* kind and time before the reference */

ses_str_t
ses_work_key(ses_arena_t *a, char kind, int64_t when, ses_str_t ref)
{
    ses_str_t key = ses_key_seq(a, ses_str_n(&kind, 1), (uint64_t) when);

    return ses_str_cat(a, key, ref);
}

struct walk {
    uint64_t now;
    ses_work_fn_t fn;
    void *arg;
};

static ses_rc_t
step(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct walk *w = arg;

    (void) val;
    if (key.n <= HEAD)
        return ses_fail(cx, SES_FAULT, "work: a damaged row");
    if (ses_key_u64(ses_str_from(key, 1)) > w->now)
        return SES_NOT_FOUND;
    return w->fn(cx, ses_str_from(key, HEAD), w->arg);
}

ses_rc_t
ses_work_between(ses_cx_t *cx, ses_txn_t *t, char kind, int64_t from,
                 int64_t now, ses_work_fn_t fn, void *arg)
{
    struct walk w = {(uint64_t) now, fn, arg};

    return ses_store_walk(cx, t, SES_DB_WORK, ses_str_n(&kind, 1),
                          ses_work_key(cx->arena, kind, from, SES_STR("")),
                          step, &w);
}

ses_rc_t
ses_work_walk(ses_cx_t *cx, ses_txn_t *t, char kind, int64_t now,
              ses_work_fn_t fn, void *arg)
{
    return ses_work_between(cx, t, kind, 0, now, fn, arg);
}
