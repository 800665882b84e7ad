/* op_event_destination: sinks, topics, where a destination starts */
#include "../../nginx-module/api/op_event_destination.c"
#include "op_store.h"

#define TABLE ops_event_destination
#define T "arn:aws:sns:us-east-1:123456789012:t"
#define HEAD "{\"ConfigurationSetName\":\"s\",\"EventDestinationName\":\"d\","
#define SNS "\"SnsDestination\":{\"TopicArn\":\"" T "\"}"
#define TYPES "\"MatchingEventTypes\":[\"SEND\",\"BOUNCE\"]"
#define D(members) HEAD "\"EventDestination\":{" members "}}"

static void
prepare(fixture_t *f)
{
    ses_change_t c = {0};

    ses_topic_put(&f->cx, &c,
                  &(ses_topic_t){.account = ACCOUNT, .name = SES_STR("t")});
    ses_config_set_put(
        &f->cx, &c,
        &(ses_config_set_t){.account = ACCOUNT, .name = SES_STR("s")});
    apply(f, &c);
}

static ses_destination_t
stored(fixture_t *f)
{
    ses_destination_t d;

    assert_int_equal(ses_destination_find(&f->cx, f->t, ACCOUNT, SES_STR("s"),
                                          SES_STR("d"), &d),
                     SES_OK);
    return d;
}

static uint64_t
last(fixture_t *f)
{
    uint64_t seq = 0;

    assert_int_equal(ses_event_last(&f->cx, f->t, &seq), SES_OK);
    return seq;
}

static void
test_life(void **state)
{
    fixture_t *f = *state;

    prepare(f);
    EXPECT("CreateConfigurationSetEventDestination",
           D("\"Enabled\":true," TYPES "," SNS), SES_OK, "{}");
    assert_int_equal(stored(f).start, 0);
    assert_int_equal(last(f), 1); /* the notice: owed to it */
    EXPECT("CreateConfigurationSetEventDestination", D(TYPES "," SNS),
           SES_EXISTS,
           "An event destination with name <d> already exists for "
           "configuration set <s>.");
    EXPECT("GetConfigurationSetEventDestinations",
           "{\"ConfigurationSetName\":\"s\"}", SES_OK,
           "{\"EventDestinations\":[{\"Name\":\"d\",\"Enabled\":true,"
           "\"MatchingEventTypes\":[\"SEND\",\"BOUNCE\"],\"SnsDestination\":"
           "{\"TopicArn\":\"" T "\"}}]}");

    EXPECT("UpdateConfigurationSetEventDestination",
           D("\"MatchingEventTypes\":[\"DELIVERY\"]," SNS), SES_OK, "{}");
    assert_false(stored(f).enabled); /* absent is false */
    assert_int_equal(last(f), 1);
    EXPECT("UpdateConfigurationSetEventDestination",
           D("\"Enabled\":true," TYPES "," SNS), SES_OK, "{}");
    assert_int_equal(stored(f).start, 1); /* nothing from its dark time */
    assert_int_equal(last(f), 2);
    EXPECT("UpdateConfigurationSetEventDestination",
           D("\"Enabled\":true," TYPES "," SNS), SES_OK, "{}");
    assert_int_equal(stored(f).start, 1);
    assert_int_equal(last(f), 2);

    EXPECT("DeleteConfigurationSetEventDestination",
           "{\"ConfigurationSetName\":\"s\",\"EventDestinationName\":\"d\"}",
           SES_OK, "{}");
    EXPECT("DeleteConfigurationSetEventDestination",
           "{\"ConfigurationSetName\":\"s\",\"EventDestinationName\":\"d\"}",
           SES_NOT_FOUND,
           "An event destination with name <d> does not exist for "
           "configuration set <s>.");
    EXPECT("UpdateConfigurationSetEventDestination", D(TYPES "," SNS),
           SES_NOT_FOUND,
           "An event destination with name <d> does not exist for "
           "configuration set <s>.");
}

#define FIREHOSE                                                               \
    "\"KinesisFirehoseDestination\":{\"IamRoleArn\":\"r\","                    \
    "\"DeliveryStreamArn\":\"s\"}"

static void
test_refused(void **state)
{
    fixture_t *f = *state;
    static const struct {
        const char *in;
        ses_rc_t rc;
        const char *why;
    } cases[] = {
        {D("\"Enabled\":true," TYPES), SES_INVALID,
         "Event destination is not provided."},
        {D(SNS), SES_INVALID, "At least one event type must be specified."},
        {D("\"MatchingEventTypes\":[]," SNS), SES_INVALID,
         "At least one event type must be specified."},
        {D(TYPES "," SNS "," FIREHOSE), SES_INVALID,
         "Please provide only one destination with each request. Either a "
         "Firehose Destination or a Cloudwatch Destination or an SNS "
         "Destination or an EventBridge Destination."},
        {D(TYPES "," FIREHOSE), SES_INVALID,
         "EventDestination.KinesisFirehoseDestination is not supported yet."},
        {D(TYPES ",\"EventBridgeDestination\":{\"EventBusArn\":\"x\"}"),
         SES_INVALID,
         "EventDestination.EventBridgeDestination is not supported yet."},
        {D(TYPES ",\"SnsDestination\":{\"TopicArn\":\"nonsense\"}"),
         SES_INVALID, "SNS topic <nonsense> not found."},
        {D(TYPES ",\"SnsDestination\":{\"TopicArn\":\"" T "t\"}"), SES_INVALID,
         "SNS topic <" T "t> not found."},
        {D(TYPES ",\"SnsDestination\":{\"TopicArn\":"
                 "\"arn:aws:sns:us-east-1:210987654321:t\"}"),
         SES_INVALID,
         "SNS topic <arn:aws:sns:us-east-1:210987654321:t> not found."},
        {D(TYPES ",\"SnsDestination\":{\"TopicArn\":"
                 "\"arn:aws:sns:eu-west-1:123456789012:t\"}"),
         SES_INVALID,
         "SNS topic <arn:aws:sns:eu-west-1:123456789012:t> not found."},
        {D("\"MatchingEventTypes\":[\"send\"]," SNS), SES_INVALID,
         "1 validation error detected: Value at "
         "'eventDestination.matchingEventTypes' failed to satisfy constraint: "
         "Member must satisfy constraint: [Member must satisfy enum value "
         "set: [SEND, REJECT, BOUNCE, COMPLAINT, DELIVERY, OPEN, CLICK, "
         "RENDERING_FAILURE, DELIVERY_DELAY, SUBSCRIPTION]]"},
        {"{\"ConfigurationSetName\":\"s\",\"EventDestinationName\":\"d d\","
         "\"EventDestination\":{}}",
         SES_INVALID,
         "Invalid event destination name <d d>: only alphanumeric ASCII "
         "characters, '_', and '-' are allowed."},
        {"{\"ConfigurationSetName\":\"x\",\"EventDestinationName\":\"d\","
         "\"EventDestination\":{}}",
         SES_NOT_FOUND, "Configuration set <x> does not exist."},
    };
    size_t i;

    prepare(f);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        EXPECT("CreateConfigurationSetEventDestination", cases[i].in,
               cases[i].rc, cases[i].why);
    assert_int_equal(count(f, SES_DB_DESTINATION), 0);
    assert_int_equal(last(f), 0);
}

static void
test_limit(void **state)
{
    fixture_t *f = *state;
    char json[512];
    unsigned i;

    prepare(f);
    for (i = 0; i < 11; i++) {
        snprintf(json, sizeof(json),
                 "{\"ConfigurationSetName\":\"s\",\"EventDestinationName\":"
                 "\"d%u\",\"EventDestination\":{" TYPES "," SNS "}}",
                 i);
        EXPECT("CreateConfigurationSetEventDestination", json,
               i < 10 ? SES_OK : SES_LIMIT, "*");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        OP_TEST(test_life), OP_TEST(test_refused), OP_TEST(test_limit)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
