/*
 * test_suppression_many - a long list: each look-up is one get of the store
 *
 * SESAME_LONG=1 builds a million entries, SESAME_ENTRIES=N that many.
 */
#include "model_store.h"

static unsigned gets; /* of control rows, in what is included below */

static ses_rc_t
counted_get(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t key,
            ses_str_t *value, uint64_t *version)
{
    gets++;
    return ses_control_get(cx, t, db, key, value, version);
}

#define ses_control_get counted_get
#include "../../shared/model/suppression.c"
#undef ses_control_get

static unsigned
entries(void)
{
    const char *given = getenv("SESAME_ENTRIES");

    if (given != NULL)
        return (unsigned) strtoul(given, NULL, 10);
    return getenv("SESAME_LONG") != NULL ? 1000000 : 20000;
}

/* The n-th entry: of the account, or every third of the site. */
static ses_suppression_t
entry(ses_arena_t *a, unsigned n)
{
    return (ses_suppression_t){
        .account = n % 3 == 0 ? SES_SITE : ACCOUNT,
        .address = ses_str_printf(a, "user%u+l@d%u.example", n, n % 1000),
        .reason = n % 2 == 0 ? SES_REASON_BOUNCE : SES_REASON_COMPLAINT,
        .since = NOW + n,
        .message_id = SES_STR(""),
        .feedback_id = SES_STR(""),
        .version = SES_VERSION_NONE};
}

static void
build(fixture_t *f, unsigned count)
{
    ses_change_t c = {0};
    ses_suppression_t s;
    unsigned i;

    for (i = 0; i < count; i++) {
        s = entry(f->arena, i);
        ses_suppression_put(&f->cx, &c, &s);
        if (c.n < SES_CHANGE_ROWS && i + 1 < count)
            continue;
        apply(f, &c);
        ses_arena_reset(f->arena);
    }
}

static ses_rc_t
count_one(ses_cx_t *cx, const ses_suppression_t *s, void *arg)
{
    (void) cx;
    (void) s;
    ++*(unsigned *) arg;
    return SES_OK;
}

static void
test_many(void **state)
{
    const unsigned count = entries();
    fixture_t *f = *state;
    ses_suppression_t want, got;
    unsigned i, n;

    build(f, count);
    for (i = 0; i < count; i += count / 5000 + 1) {
        want = entry(f->arena, i);
        gets = 0;
        assert_int_equal(ses_suppression_find(&f->cx, f->t, want.account,
                                              want.address, SES_REASON_ANY,
                                              &got),
                         SES_OK);
        assert_int_equal(gets, 1);
        assert_true(ses_str_eq(got.address, want.address));
        assert_true(ses_str_eq(got.account, want.account));
        assert_int_equal(got.since, want.since);
        /* nobody else's, and no other spelling */
        assert_int_equal(ses_suppression_find(&f->cx, f->t, OTHER, want.address,
                                              SES_REASON_ANY, &got),
                         SES_NOT_FOUND);
        assert_int_equal(
            ses_suppression_find(&f->cx, f->t, want.account,
                                 ses_str_upper(f->arena, want.address),
                                 SES_REASON_ANY, &got),
            SES_NOT_FOUND);
        assert_int_equal(gets, 3);
        ses_arena_reset(f->arena);
    }
    n = 0;
    assert_int_equal(ses_suppression_list(&f->cx, f->t, SES_SITE, SES_STR(""),
                                          count_one, &n),
                     SES_OK);
    assert_int_equal(n, (count + 2) / 3);
}

/* A map that a million entries fit in. */
static int
setup_large(void **state)
{
    fixture_t *f;

    if (setup(state) != 0)
        return -1;
    f = *state;
    ses_txn_end(f->t);
    ses_store_close(f->store);
    if (ses_store_open(&f->cx, f->dir, UINT64_C(16) << 30, SES_STORE_CREATE,
                       &f->store) != SES_OK)
        return -1;
    return ses_txn_write(&f->cx, f->store, &f->t) == SES_OK ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many, setup_large, teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
