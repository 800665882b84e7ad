/* op_topic: idempotent create, attributes, list, delete with subscriptions */
#include "../../nginx-module/api/op_topic.c"
#include "op_store.h"

#define TABLE ops_topic
#define T "arn:aws:sns:us-east-1:123456789012:t"
#define FOREIGN "arn:aws:sns:us-east-1:210987654321:t"

static void
test_create(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateTopic", "{\"Name\":\"t\"}", SES_OK, "*");
    HOLDS("<TopicArn>" T "</TopicArn>");
    EXPECT("CreateTopic",
           "{\"Name\":\"t\",\"Attributes\":{\"FifoTopic\":\"false\"}}", SES_OK,
           "*");
    assert_int_equal(count(f, SES_DB_TOPIC), 1);
    EXPECT("CreateTopic", "{\"Name\":\"t t\"}", SES_INVALID,
           "Invalid parameter: Topic Name");
    EXPECT("CreateTopic", "{\"Name\":\"t.fifo\"}", SES_INVALID,
           "Invalid parameter: Topic Name Reason: FIFO topics are not "
           "supported yet.");
    EXPECT("CreateTopic",
           "{\"Name\":\"u\",\"Attributes\":{\"DisplayName\":\"x\"}}",
           SES_INVALID,
           "Invalid parameter: Attributes Reason: DisplayName is not "
           "supported yet.");
    EXPECT("CreateTopic",
           "{\"Name\":\"u\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"}]}",
           SES_INVALID, "Tags is not supported yet.");
    assert_int_equal(count(f, SES_DB_TOPIC), 1);
}

static void
test_list_delete(void **state)
{
    fixture_t *f = *state;
    ses_change_t c = {0};
    char id[16];
    unsigned i;

    EXPECT("CreateTopic", "{\"Name\":\"t\"}", SES_OK, "*");
    EXPECT("CreateTopic", "{\"Name\":\"a\"}", SES_OK, "*");
    EXPECT("ListTopics", "{}", SES_OK, "*");
    HOLDS("<Topics><member><TopicArn>arn:aws:sns:us-east-1:123456789012:a"
          "</TopicArn></member><member><TopicArn>" T "</TopicArn></member>"
          "</Topics>");
    for (i = 0; i < SNS_SUBSCRIPTIONS_MAX; i++) {
        snprintf(id, sizeof(id), "s%u", i);
        ses_subscription_put(&f->cx, &c,
                             &(ses_subscription_t){.account = ACCOUNT,
                                                   .topic = SES_STR("t"),
                                                   .id = ses_str(id),
                                                   .confirmed = i > 0});
        apply(f, &c);
    }
    EXPECT("GetTopicAttributes", "{\"TopicArn\":\"" T "\"}", SES_OK, "*");
    HOLDS("<entry><key>SubscriptionsPending</key><value>1</value></entry>");

    f->cx.account = OTHER;
    EXPECT("ListTopics", "{}", SES_OK, "*");
    HOLDS("<Topics");
    assert_null(strstr(text_c, "TopicArn"));
    EXPECT("DeleteTopic", "{\"TopicArn\":\"" T "\"}", SES_DENIED,
           "User: arn:aws:iam::123456789012:user/mailer is not authorized to "
           "perform: SNS:DeleteTopic on resource: " T);
    f->cx.account = ACCOUNT;
    EXPECT("DeleteTopic", "{\"TopicArn\":\"" T "\"}", SES_OK, "*");
    assert_int_equal(count(f, SES_DB_SUBSCRIPTION), 0);
    assert_int_equal(count(f, SES_DB_TOPIC), 1);
    EXPECT("DeleteTopic", "{\"TopicArn\":\"" T "\"}", SES_OK, "*");
    EXPECT("DeleteTopic", "{\"TopicArn\":\"t\"}", SES_INVALID, "*");
    EXPECT("GetTopicAttributes", "{\"TopicArn\":\"" T "\"}", SES_NOT_FOUND,
           "Topic does not exist");
    EXPECT("GetTopicAttributes", "{}", SES_INVALID, "*");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {OP_TEST(test_create),
                                       OP_TEST(test_list_delete)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
