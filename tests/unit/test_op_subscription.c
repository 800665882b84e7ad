/* op_subscription: subscribe, confirm by token, unsubscribe, lists */
#include "../../nginx-module/api/op_subscription.c"
#include "op_store.h"

#define TABLE ops_subscription
#define T "arn:aws:sns:us-east-1:123456789012:t"
#define SUB(more)                                                              \
    "{\"TopicArn\":\"" T "\",\"Protocol\":\"https\",\"Endpoint\":"             \
    "\"https://hook.example.com/x\"" more "}"

static void
prepare(fixture_t *f)
{
    ses_change_t c = {0};

    ses_topic_put(&f->cx, &c,
                  &(ses_topic_t){.account = ACCOUNT, .name = SES_STR("t")});
    apply(f, &c);
}

static ses_rc_t
take_one(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    (void) cx;
    *(ses_subscription_t *) arg = *s;
    return SES_OK;
}

/* The only subscription. */
static ses_subscription_t
stored(fixture_t *f)
{
    ses_subscription_t s = {.id = SES_STR("")};

    assert_int_equal(ses_subscription_list(&f->cx, f->t, ACCOUNT, SES_STR("t"),
                                           SES_STR(""), take_one, &s),
                     SES_OK);
    return s;
}

static const char *
json1(fixture_t *f, const char *name, ses_str_t value, const char *more)
{
    return ses_str_printf(f->arena, "{\"%s\":\"%.*s\"%s}", name, SES_FMT(value),
                          more)
        .p;
}

static void
test_handshake(void **state)
{
    fixture_t *f = *state;
    ses_subscription_t s, again;
    const char *confirm_in;

    prepare(f);
    EXPECT("Subscribe", SUB(""), SES_OK, "*");
    HOLDS("<SubscriptionArn>pending confirmation</SubscriptionArn>");
    s = stored(f);
    assert_int_equal(s.token.n, 128);
    assert_false(s.confirmed || s.asked);
    assert_int_equal(s.ask_at, NOW);
    EXPECT("ListSubscriptionsByTopic", "{\"TopicArn\":\"" T "\"}", SES_OK, "*");
    HOLDS("<SubscriptionArn>PendingConfirmation</SubscriptionArn><Owner>"
          "123456789012</Owner><Protocol>https</Protocol><Endpoint>"
          "https://hook.example.com/x</Endpoint><TopicArn>" T "</TopicArn>");

    f->cx.now = NOW + 1000; /* again: asked again, the token stays good */
    EXPECT("Subscribe", SUB(",\"ReturnSubscriptionArn\":\"true\""), SES_OK,
           "*");
    HOLDS("<SubscriptionArn>" T ":");
    again = stored(f);
    assert_true(ses_str_eq(s.token, again.token));
    assert_true(ses_str_eq(s.id, again.id));
    assert_int_equal(again.ask_at, NOW + 1000);

    f->cx.account = SES_STR(""); /* by link */
    EXPECT("ConfirmSubscription",
           json1(f, "Token", SES_STR("00"), ",\"TopicArn\":\"" T "\""),
           SES_INVALID, "Invalid parameter: Token");
    confirm_in = json1(f, "Token", s.token, ",\"TopicArn\":\"" T "\"");
    EXPECT("ConfirmSubscription", confirm_in, SES_OK, "*");
    HOLDS("<SubscriptionArn>" T ":");
    assert_true(stored(f).confirmed);
    EXPECT("ConfirmSubscription", confirm_in, SES_OK, "*");

    f->cx.account = ACCOUNT;
    EXPECT("Subscribe", SUB(""), SES_OK, "*");
    HOLDS("<SubscriptionArn>" T ":");
    EXPECT("Subscribe",
           SUB(",\"Attributes\":{\"RawMessageDelivery\":\"true\"}"),
           SES_INVALID,
           "Invalid parameter: Attributes Reason: Subscription already exists "
           "with different attributes");
    EXPECT("ListSubscriptions", "{}", SES_OK, "*");
    HOLDS("<SubscriptionArn>" T ":");
}

static void
test_expired(void **state)
{
    fixture_t *f = *state;
    ses_subscription_t s;

    prepare(f);
    EXPECT("Subscribe", SUB(""), SES_OK, "*");
    s = stored(f);
    f->cx.now = NOW + 3 * INT64_C(86400000);
    EXPECT("ConfirmSubscription",
           json1(f, "Token", s.token, ",\"TopicArn\":\"" T "\""), SES_INVALID,
           "Invalid parameter: Token");
    EXPECT("Subscribe", SUB(""), SES_OK, "*");
    assert_false(ses_str_eq(s.token, stored(f).token));
}

static void
test_attributes(void **state)
{
    fixture_t *f = *state;
    ses_str_t arn;
    ses_subscription_t s;

    prepare(f);
    EXPECT("Subscribe",
           SUB(",\"Attributes\":{\"RawMessageDelivery\":\"true\"}"), SES_OK,
           "*");
    s = stored(f);
    assert_true(s.raw);
    arn = ses_subscription_arn(f->arena, SES_STR("us-east-1"), &s);
    EXPECT("SetSubscriptionAttributes",
           json1(f, "SubscriptionArn", arn,
                 ",\"AttributeName\":\"RawMessageDelivery\","
                 "\"AttributeValue\":\"false\""),
           SES_OK, "*");
    assert_false(stored(f).raw);
    EXPECT("SetSubscriptionAttributes",
           json1(f, "SubscriptionArn", arn,
                 ",\"AttributeName\":\"FilterPolicy\",\"AttributeValue\":"
                 "\"{}\""),
           SES_INVALID,
           "Invalid parameter: AttributeName Reason: FilterPolicy is not "
           "supported yet.");
    EXPECT("GetSubscriptionAttributes", json1(f, "SubscriptionArn", arn, ""),
           SES_OK, "*");
    HOLDS("<entry><key>PendingConfirmation</key><value>true</value></entry>");

    f->cx.account = OTHER;
    EXPECT("GetSubscriptionAttributes", json1(f, "SubscriptionArn", arn, ""),
           SES_DENIED, "*");
    EXPECT("Unsubscribe", json1(f, "SubscriptionArn", arn, ""), SES_DENIED,
           "*");
    f->cx.account = SES_STR(""); /* the link in a message */
    EXPECT("Unsubscribe", json1(f, "SubscriptionArn", arn, ""), SES_OK, "*");
    EXPECT("Unsubscribe", json1(f, "SubscriptionArn", arn, ""), SES_OK, "*");
    assert_int_equal(count(f, SES_DB_SUBSCRIPTION), 0);
    f->cx.account = ACCOUNT;
    EXPECT("GetSubscriptionAttributes", json1(f, "SubscriptionArn", arn, ""),
           SES_NOT_FOUND, "Subscription does not exist");
    EXPECT("Unsubscribe", "{\"SubscriptionArn\":\"PendingConfirmation\"}",
           SES_INVALID, "*");
}

static void
test_refused(void **state)
{
    fixture_t *f = *state;
    char json[256];
    unsigned i;

    prepare(f);
    EXPECT("Subscribe",
           "{\"TopicArn\":\"" T "\",\"Protocol\":\"sqs\",\"Endpoint\":\"x\"}",
           SES_INVALID,
           "Invalid parameter: Protocol Reason: sqs is not supported yet, only "
           "http and https are.");
    EXPECT("Subscribe",
           "{\"TopicArn\":\"" T "x\",\"Protocol\":\"http\",\"Endpoint\":\"x\"}",
           SES_NOT_FOUND, "Topic does not exist");
    EXPECT("Subscribe",
           "{\"TopicArn\":\"" T "\",\"Protocol\":\"http\",\"Endpoint\":"
           "\"http://127.0.0.1/\"}",
           SES_INVALID,
           "Invalid parameter: Endpoint Reason: the address is private");
    EXPECT("Subscribe", SUB(",\"Attributes\":{\"FilterPolicy\":\"{}\"}"),
           SES_INVALID,
           "Invalid parameter: Attributes Reason: FilterPolicy is not "
           "supported yet.");
    op_env.conf.allow_private_destinations = true;
    for (i = 0; i <= SNS_SUBSCRIPTIONS_MAX; i++) {
        snprintf(json, sizeof(json),
                 "{\"TopicArn\":\"" T "\",\"Protocol\":\"http\",\"Endpoint\":"
                 "\"http://127.0.0.1/%u\"}",
                 i);
        EXPECT("Subscribe", json,
               i < SNS_SUBSCRIPTIONS_MAX ? SES_OK : SES_LIMIT, "*");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        OP_TEST(test_handshake), OP_TEST(test_expired),
        OP_TEST(test_attributes), OP_TEST(test_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
