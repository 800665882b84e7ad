/*
 * test_iam_set - users, groups and policies as rows, and their compiled form
 */
#include "model_store.h"

#include "model/identity.h"
#include "model/user.h"
#include "policy/iam_send.h"

#define ALLOW                                                                  \
    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"ses:Get*\","            \
    "\"Resource\":\"*\"}}"
#define DENY                                                                   \
    "{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"ses:Get*\","             \
    "\"Resource\":\"*\"}}"

static ses_iam_effect_t
effect(fixture_t *f)
{
    ses_caller_t caller = {.user = SES_STR("ann"), .iam = true};
    ses_iam_ask_t ask = {.cx = &f->cx,
                         .action = SES_STR("ses:GetAccount"),
                         .resource = SES_STR("*"),
                         .account = ACCOUNT};
    ses_iam_effect_t e = SES_IAM_DENY;

    assert_int_equal(
        ses_iam_caller(&f->cx, f->t, ACCOUNT, &caller, &ask, NULL, NULL, &e),
        SES_OK);
    return e;
}

static void
put(fixture_t *f, ses_db_t db, const ses_user_t *u)
{
    ses_user_t old;
    ses_user_t next = *u;
    ses_change_t c = {0};

    next.account = ACCOUNT;
    if (ses_user_find(&f->cx, f->t, db, ACCOUNT, u->name, &old) == SES_OK)
        next.version = old.version;
    ses_user_put(&f->cx, &c, db, &next);
    apply(f, &c);
}

static void
managed(fixture_t *f, const char *text)
{
    ses_managed_policy_t p, old;
    ses_change_t c = {0};

    p = (ses_managed_policy_t){
        .account = ACCOUNT, .name = SES_STR("read"), .text = ses_str(text)};
    if (ses_managed_policy_find(&f->cx, f->t, ACCOUNT, p.name, &old) == SES_OK)
        p.version = old.version;
    ses_managed_policy_put(&f->cx, &c, &p);
    apply(f, &c);
}

/* Every change of a row that a decision rests on is seen, and nothing else
 * makes it compile again. */
static void
test_versions(void **state)
{
    fixture_t *f = *state;
    ses_str_t groups[] = {SES_STR("readers")}, attached[] = {SES_STR("read")};
    ses_named_policy_t own[] = {{SES_STR("own"), SES_STR(DENY)}};
    ses_user_t user = {.name = SES_STR("ann")};
    ses_user_t group = {.name = SES_STR("readers")};
    ses_change_t c = {0};
    uint64_t compiled;
    int i;

    assert_int_equal(effect(f), SES_IAM_NONE); /* no such user */
    put(f, SES_DB_USER, &user);
    assert_int_equal(effect(f), SES_IAM_NONE);

    managed(f, ALLOW);
    put(f, SES_DB_GROUP, &group);
    user.groups = groups;
    user.ngroups = 1;
    put(f, SES_DB_USER, &user);
    assert_int_equal(effect(f), SES_IAM_NONE);
    group.attached = attached;
    group.nattached = 1;
    put(f, SES_DB_GROUP, &group);
    assert_int_equal(effect(f), SES_IAM_ALLOW);

    compiled = ses_iam_set_compiled();
    for (i = 0; i < 10; i++)
        assert_int_equal(effect(f), SES_IAM_ALLOW);
    assert_true(ses_iam_set_compiled() == compiled);

    managed(f, DENY);
    assert_int_equal(effect(f), SES_IAM_DENY);
    managed(f, ALLOW);
    assert_int_equal(effect(f), SES_IAM_ALLOW);
    user.inlines = own;
    user.ninlines = 1;
    put(f, SES_DB_USER, &user);
    assert_int_equal(effect(f), SES_IAM_DENY);

    assert_int_equal(
        ses_user_find(&f->cx, f->t, SES_DB_USER, ACCOUNT, user.name, &user),
        SES_OK);
    assert_true(same(user.groups[0], "readers"));
    assert_true(same(user.inlines[0].name, "own"));
    ses_user_del(&f->cx, &c, SES_DB_USER, &user);
    apply(f, &c);
    assert_int_equal(effect(f), SES_IAM_NONE);
}

static ses_iam_effect_t
identity(fixture_t *f, ses_str_t account)
{
    ses_str_t arn = ses_identity_arn(f->arena, SES_STR("us-east-1"), ACCOUNT,
                                     SES_STR("shop.test"));
    ses_iam_ask_t ask = {.cx = &f->cx,
                         .action = SES_STR("ses:SendEmail"),
                         .resource = arn,
                         .account = account,
                         .principal = SES_STR("arn:aws:iam::x:user/y")};
    ses_iam_effect_t e;
    ses_iam_set_t *set;

    assert_int_equal(ses_iam_set_identity(&f->cx, f->t, SES_STR("us-east-1"),
                                          ACCOUNT, SES_STR("shop.test"), &set),
                     SES_OK);
    e = ses_iam_set_eval(set, &ask, NULL, NULL);
    ses_iam_set_release(set);
    return e;
}

static void
test_identity(void **state)
{
    fixture_t *f = *state;
    ses_named_policy_t v[] = {
        {SES_STR("p"),
         SES_STR("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":"
                 "{\"AWS\":\"210987654321\"},\"Action\":\"ses:Send*\","
                 "\"Resource\":\"arn:aws:ses:us-east-1:123456789012:"
                 "identity/shop.test\"}}")}};
    ses_identity_policies_t p = {
        .account = ACCOUNT, .identity = SES_STR("shop.test"), .v = v, .n = 1};
    ses_identity_t i;
    ses_change_t c = {0};

    ses_identity_init(&f->cx, &i, ACCOUNT, SES_STR("shop.test"), true);
    ses_identity_put(&f->cx, &c, &i);
    apply(f, &c);
    assert_int_equal(identity(f, OTHER), SES_IAM_NONE);
    ses_identity_policies_put(&f->cx, &c, &p);
    apply(f, &c);
    assert_int_equal(identity(f, OTHER), SES_IAM_ALLOW);
    assert_int_equal(identity(f, SES_STR("999999999999")), SES_IAM_NONE);

    /* They go with the identity. */
    assert_int_equal(ses_identity_find(&f->cx, f->t, ACCOUNT, i.name, &i),
                     SES_OK);
    assert_int_equal(ses_identity_del(&f->cx, f->t, &c, &i), SES_OK);
    apply(f, &c);
    assert_int_equal(count(f, SES_DB_IDENTITY_POLICY), 0);
    assert_int_equal(identity(f, OTHER), SES_IAM_NONE);
}

static void
test_names(void **state)
{
    (void) state;
    assert_true(ses_user_name(SES_STR("a.B-9+=,@_"), 64));
    assert_false(ses_user_name(SES_STR(""), 64));
    assert_false(ses_user_name(SES_STR("a/b"), 64));
    assert_false(ses_user_name(SES_STR("a b"), 64));
    assert_false(ses_user_name(SES_STR("a\0"), 64));
    assert_false(ses_user_name(SES_STR("abc"), 2));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_versions), TEST(test_identity),
                                       TEST(test_names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
