/*
 * test_bind - accounts that bindings name, and the caller of a bound message
 */
#include "model_store.h"

#include "../../milter/gate/bind.c"

static void
add_account(fixture_t *f, ses_str_t id)
{
    ses_change_t c = {.n = 0};
    ses_account_t a;

    ses_account_init(&a, id, NOW);
    ses_account_put(&f->cx, &c, &a);
    assert_int_equal(ses_journal_apply(&f->cx, f->t, &c, "test"), SES_OK);
}

static void
test_check(void **state)
{
    fixture_t *f = *state;
    unsigned lines[] = {3, 7};
    ses_binding_t v[2];
    ses_conf_t conf = {.file = "/etc/x.conf",
                       .bind = {.v = v, .lines = lines, .n = 2}};

    assert_null(ses_binding_parse(f->arena, SES_STR("none daemon=A"), &v[0]));
    assert_null(
        ses_binding_parse(f->arena, SES_STR("123456789012 daemon=B"), &v[1]));
    assert_int_equal(bind_check(&f->cx, f->t, &conf), SES_INVALID);
    assert_string_equal(f->cx.why.p,
                        "/etc/x.conf:7: bind: no account 123456789012");
    ses_cx_clear(&f->cx);
    add_account(f, ACCOUNT);
    assert_int_equal(bind_check(&f->cx, f->t, &conf), SES_OK);
}

static void
test_caller(void **state)
{
    fixture_t *f = *state;
    session_t s = {.arena = f->arena};

    s.m.cx = ses_cx(f->arena, NOW);
    s.m.bound = (bound_t){.account = ACCOUNT, .user = SES_STR("")};

    /* The account has gone: wait, do not pass unchecked, do not lose it. */
    assert_int_equal(bind_caller(&s, f->t), SES_FAULT);
    ses_cx_clear(&s.m.cx);
    add_account(f, ACCOUNT);
    assert_int_equal(bind_caller(&s, f->t), SES_OK);
    assert_true(ses_str_eq(s.m.cx.account, ACCOUNT));
    assert_string_equal(s.m.cx.caller.p, "arn:aws:iam::123456789012:root");
    assert_int_equal(s.m.user.n, 0);

    s.m.bound.user = SES_STR("shop");
    assert_int_equal(bind_caller(&s, f->t), SES_OK);
    assert_string_equal(s.m.cx.caller.p, "arn:aws:iam::123456789012:user/shop");
    assert_true(ses_str_eqc(s.m.user, "shop"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_check, setup, teardown),
        cmocka_unit_test_setup_teardown(test_caller, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
