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

static unsigned nwarned;

static void
warned(ses_log_level_t level, const char *text)
{
    assert_int_equal(level, SES_LOG_WARN);
    assert_non_null(strstr(text, "/etc/x.conf:7: bind: account 123456789012 "
                                 "has no IAM user nobody"));
    nwarned++;
}

static void
put_user(fixture_t *f, ses_str_t name, bool there)
{
    ses_change_t c = {.n = 0};
    ses_user_t u = {.account = ACCOUNT,
                    .name = name,
                    .created = NOW,
                    .version = SES_VERSION_NONE};

    if (there)
        ses_user_put(&f->cx, &c, SES_DB_USER, &u);
    else if (ses_user_find(&f->cx, f->t, SES_DB_USER, ACCOUNT, name, &u) ==
             SES_OK)
        ses_user_del(&f->cx, &c, SES_DB_USER, &u);
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

    assert_null(ses_binding_parse(
        f->arena, SES_STR("123456789012 user=nobody daemon=B"), &v[1]));
    nwarned = 0;
    ses_log_open("test", warned);
    assert_int_equal(bind_check(&f->cx, f->t, &conf), SES_OK);
    assert_int_equal(nwarned, 1);
    put_user(f, SES_STR("nobody"), true);
    assert_int_equal(bind_check(&f->cx, f->t, &conf), SES_OK);
    assert_int_equal(nwarned, 1);
    ses_log_open("test", NULL);
}

static void
test_caller(void **state)
{
    fixture_t *f = *state;
    gate_t gate = {.conf = {.file = "/etc/x.conf"}};
    session_t s = {.arena = f->arena, .gate = &gate};

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
    assert_false(s.m.iam);

    /* A user that is none never stands for the account. */
    s.m.bound.user = SES_STR("shop");
    assert_int_equal(bind_caller(&s, f->t), SES_DENIED);
    ses_cx_clear(&s.m.cx);
    put_user(f, SES_STR("shop"), true);
    assert_int_equal(bind_caller(&s, f->t), SES_OK);
    assert_string_equal(s.m.cx.caller.p, "arn:aws:iam::123456789012:user/shop");
    assert_true(ses_str_eqc(s.m.user, "shop"));
    assert_true(s.m.iam);
    put_user(f, SES_STR("shop"), false);
    assert_int_equal(bind_caller(&s, f->t), SES_DENIED);
    assert_true(s.m.iam);
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
