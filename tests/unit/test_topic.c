/*
 * test_topic - ARNs, topics, subscriptions and when they are asked
 */
#include "model_store.h"

#include "../../shared/model/topic.c"

static const struct {
    const char *arn;
    const char *name; /* NULL = none */
    const char *id;
} arns[] = {
    {"arn:aws:sns:us-east-1:123456789012:t", "t", ""},
    {"arn:aws:sns:us-east-1:123456789012:T_1-x:0c9c", "T_1-x", "0c9c"},
    {"arn:aws:sns:us-east-1:123456789012:t:", NULL, NULL},
    {"arn:aws:sns:us-east-1:123456789012:", NULL, NULL},
    {"arn:aws:sns:us-east-1:123456789012", NULL, NULL},
    {"arn:aws:sns:us-east-1:123456789012:t:a:b", NULL, NULL},
    {"arn:aws:sns:us-east-1:123456789012:t.fifo", NULL, NULL},
    {"arn:aws:sqs:us-east-1:123456789012:t", NULL, NULL},
    {"arn:aws:sns::123456789012:t", NULL, NULL},
    {"", NULL, NULL},
};

static void
test_arn(void **state)
{
    ses_str_t region, account, name, id;
    fixture_t *f = *state;
    size_t i;
    bool ok;

    for (i = 0; i < sizeof(arns) / sizeof(arns[0]); i++) {
        ok = ses_topic_arn_parse(ses_str(arns[i].arn), &region, &account, &name,
                                 &id);
        if (ok != (arns[i].name != NULL))
            fail_msg("%s", arns[i].arn);
        if (!ok)
            continue;
        assert_true(same(region, "us-east-1"));
        assert_true(same(name, arns[i].name));
        assert_true(same(id, arns[i].id));
    }
    assert_true(same(
        ses_topic_arn(f->arena, SES_STR("us-east-1"), ACCOUNT, SES_STR("t")),
        arns[0].arn));
    assert_false(ses_topic_name_valid(SES_STR("")));
    assert_false(ses_topic_name_valid(SES_STR("a b")));
}

static ses_rc_t
collect(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    strncat(arg, ses_str_c(cx->arena, s->topic), 100);
    strncat(arg, "/", 2);
    strncat(arg, ses_str_c(cx->arena, s->id), 100);
    strncat(arg, " ", 2);
    return SES_OK;
}

static void
subscribe(fixture_t *f, ses_str_t account, const char *topic, const char *id,
          int64_t ask_at)
{
    ses_subscription_t s = {.account = account,
                            .topic = ses_str(topic),
                            .id = ses_str(id),
                            .protocol = SES_STR("http"),
                            .endpoint = SES_STR("http://x/?a=\"b\""),
                            .token = SES_STR("tok"),
                            .token_expires = NOW + 1,
                            .ask_at = ask_at,
                            .start = 7,
                            .created = NOW};
    ses_change_t c = {0};

    ses_subscription_put(&f->cx, &c, &s);
    apply(f, &c);
}

static const char *
listing(fixture_t *f, ses_str_t account, const char *topic, const char *after)
{
    static char seen[200];

    seen[0] = '\0';
    assert_int_equal(ses_subscription_list(&f->cx, f->t, account,
                                           ses_str(topic), ses_str(after),
                                           collect, seen),
                     SES_OK);
    return seen;
}

static void
test_subscriptions(void **state)
{
    ses_subscription_t s;
    fixture_t *f = *state;
    ses_change_t c = {0};
    char seen[200] = "";

    subscribe(f, ACCOUNT, "t", "2", NOW + 5);
    subscribe(f, ACCOUNT, "t", "1", NOW + 9);
    subscribe(f, ACCOUNT, "t2", "3", NOW);
    subscribe(f, OTHER, "t", "4", NOW + 99);
    assert_string_equal(listing(f, ACCOUNT, "t", ""), "t/1 t/2 ");
    assert_string_equal(listing(f, ACCOUNT, "t", "1"), "t/2 ");
    assert_string_equal(listing(f, ACCOUNT, "", ""), "t/1 t/2 t2/3 ");
    assert_string_equal(listing(f, SES_STR(""), "", ""), "t/1 t/2 t2/3 t/4 ");

    assert_int_equal(ses_subscription_due(&f->cx, f->t, NOW + 9, collect, seen),
                     SES_OK);
    assert_string_equal(seen, "t2/3 t/2 t/1 ");

    assert_int_equal(ses_subscription_find(&f->cx, f->t, ACCOUNT, SES_STR("t"),
                                           SES_STR("2"), &s),
                     SES_OK);
    assert_true(same(s.endpoint, "http://x/?a=\"b\""));
    assert_int_equal(s.start, 7);
    assert_false(s.confirmed);
    s.asked = true;
    ses_subscription_put(&f->cx, &c, &s);
    apply(f, &c);
    seen[0] = '\0';
    assert_int_equal(ses_subscription_due(&f->cx, f->t, NOW + 9, collect, seen),
                     SES_OK);
    assert_string_equal(seen, "t2/3 t/1 ");
    assert_int_equal(ses_subscription_find(&f->cx, f->t, OTHER, SES_STR("t"),
                                           SES_STR("2"), &s),
                     SES_NOT_FOUND);
}

static ses_rc_t
count_topic(ses_cx_t *cx, const ses_topic_t *x, void *arg)
{
    (void) cx;
    (void) x;
    ++*(int *) arg;
    return SES_OK;
}

static void
test_topics(void **state)
{
    ses_topic_t x = {.account = ACCOUNT, .name = SES_STR("t"), .created = NOW};
    fixture_t *f = *state;
    ses_change_t c = {0};
    int n = 0;

    ses_topic_put(&f->cx, &c, &x);
    apply(f, &c);
    assert_int_equal(ses_topic_find(&f->cx, f->t, ACCOUNT, SES_STR("t"), &x),
                     SES_OK);
    assert_int_equal(x.created, NOW);
    assert_int_equal(
        ses_topic_list(&f->cx, f->t, ACCOUNT, SES_STR(""), count_topic, &n),
        SES_OK);
    assert_int_equal(n, 1);
    assert_int_equal(
        ses_topic_list(&f->cx, f->t, ACCOUNT, SES_STR("t"), count_topic, &n),
        SES_OK);
    assert_int_equal(n, 1);
    ses_topic_del(&f->cx, &c, &x);
    apply(f, &c);
    assert_int_equal(ses_topic_find(&f->cx, f->t, ACCOUNT, SES_STR("t"), &x),
                     SES_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_arn),
        TEST(test_topics),
        TEST(test_subscriptions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
