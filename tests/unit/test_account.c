/*
 * test_account - accounts as rows; what a damaged row is taken for
 */
#include "model_store.h"

#include "../../shared/model/account.c"

static ses_rc_t
collect(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    strncat(arg, ses_str_c(cx->arena, a->id), 20);
    return SES_OK;
}

static void
test_rows(void **state)
{
    fixture_t *f = *state;
    ses_account_t a, back;
    ses_change_t c = {0};
    char seen[100] = "";

    ses_account_init(&a, ACCOUNT, NOW);
    ses_account_put(&f->cx, &c, &a);
    ses_account_init(&a, OTHER, NOW);
    a.production = true;
    a.max24 = -1;
    a.rate = 0.5;
    a.reasons = SES_REASON_COMPLAINT;
    ses_account_put(&f->cx, &c, &a);
    apply(f, &c);

    assert_int_equal(ses_account_find(&f->cx, f->t, ACCOUNT, &back), SES_OK);
    assert_true(ses_str_eq(back.id, ACCOUNT));
    assert_true(back.sending);
    assert_false(back.suspended);
    assert_false(back.production);
    assert_true(back.max24 == 200);
    assert_true(back.rate == 1);
    assert_int_equal(back.reasons, SES_REASON_ANY);
    assert_int_equal(back.created, NOW);

    assert_int_equal(ses_account_find(&f->cx, f->t, OTHER, &back), SES_OK);
    assert_true(back.production);
    assert_true(back.max24 == -1);
    assert_true(back.rate == 0.5);
    assert_int_equal(back.reasons, SES_REASON_COMPLAINT);
    assert_int_equal(ses_account_list(&f->cx, f->t, collect, seen), SES_OK);
    assert_string_equal(seen, "123456789012210987654321");
}

static const struct {
    const char *id;
    bool valid;
} ids[] = {
    {"123456789012", true},   {"000000000000", true},  {"12345678901", false},
    {"1234567890123", false}, {"12345678901a", false}, {"", false},
};

static void
test_valid(void **state)
{
    ses_account_t back;
    fixture_t *f = *state;
    size_t i;

    for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_int_equal(ses_account_valid(ses_str(ids[i].id)), ids[i].valid);
        assert_int_equal(
            ses_account_find(&f->cx, f->t, ses_str(ids[i].id), &back),
            SES_NOT_FOUND);
    }
}

static const char *const damaged[] = {
    "",          "{",  "{\"v\":2,\"max24\":1,\"rate\":1}",
    "{\"v\":1}", "[]", "{\"v\":1,\"v\":1,\"max24\":1,\"rate\":1}",
};

static void
test_damaged(void **state)
{
    fixture_t *f = *state;
    ses_change_t c = {0};
    ses_account_t back;
    size_t i;

    for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        ses_change_put(&c, SES_DB_ACCOUNT, ACCOUNT, SES_VERSION_ANY,
                       ses_str(damaged[i]));
        apply(f, &c);
        assert_int_equal(ses_account_find(&f->cx, f->t, ACCOUNT, &back),
                         SES_FAULT);
        ses_cx_clear(&f->cx);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rows),
        TEST(test_valid),
        TEST(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
