/* op_config_set: create, show, switch, list, delete with destinations */
#include "../../nginx-module/api/op_config_set.c"
#include "model/topic.h"
#include "op_store.h"

#define TABLE ops_config_set

static void
test_default(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateConfigurationSet", "{\"ConfigurationSetName\":\"plain\"}",
           SES_OK, "{}");
    EXPECT("CreateConfigurationSet", "{\"ConfigurationSetName\":\"plain\"}",
           SES_EXISTS, "Configuration set plain already exists.");
    EXPECT("GetConfigurationSet", "{\"ConfigurationSetName\":\"plain\"}",
           SES_OK,
           "{\"ConfigurationSetName\":\"plain\",\"DeliveryOptions\":"
           "{\"TlsPolicy\":\"OPTIONAL\"},\"ReputationOptions\":"
           "{\"ReputationMetricsEnabled\":true},\"SendingOptions\":"
           "{\"SendingEnabled\":true},\"Tags\":[]}");
    EXPECT("GetConfigurationSet", "{\"ConfigurationSetName\":\"none\"}",
           SES_NOT_FOUND, "Configuration set <none> does not exist.");
}

static void
test_options(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateConfigurationSet",
           "{\"ConfigurationSetName\":\"full\",\"SendingOptions\":"
           "{\"SendingEnabled\":false},\"ReputationOptions\":"
           "{\"ReputationMetricsEnabled\":false,\"LastFreshStart\":1795000000},"
           "\"SuppressionOptions\":{\"SuppressedReasons\":[\"BOUNCE\"]},"
           "\"DeliveryOptions\":{\"TlsPolicy\":\"OPTIONAL\"},"
           "\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"}]}",
           SES_OK, "{}");
    EXPECT("GetConfigurationSet", "{\"ConfigurationSetName\":\"full\"}", SES_OK,
           "*");
    HOLDS("\"ReputationOptions\":{\"ReputationMetricsEnabled\":false,"
          "\"LastFreshStart\":1795000000");
    HOLDS("\"SendingOptions\":{\"SendingEnabled\":false},\"Tags\":[{\"Key\":"
          "\"a\",\"Value\":\"b\"}],\"SuppressionOptions\":"
          "{\"SuppressedReasons\":[\"BOUNCE\"]}}");
    EXPECT("PutConfigurationSetSendingOptions",
           "{\"ConfigurationSetName\":\"full\",\"SendingEnabled\":\"x\"}",
           SES_OK, "{}");
    EXPECT("GetConfigurationSet", "{\"ConfigurationSetName\":\"full\"}", SES_OK,
           "*");
    HOLDS("\"LastFreshStart\":1795500000"); /* enabled again: starts anew */
    HOLDS("\"SendingEnabled\":true");
    EXPECT("PutConfigurationSetSendingOptions",
           "{\"ConfigurationSetName\":\"full\"}", SES_OK, "{}");
    EXPECT("GetConfigurationSet", "{\"ConfigurationSetName\":\"full\"}", SES_OK,
           "*");
    HOLDS("\"SendingEnabled\":false");

    EXPECT("CreateConfigurationSet",
           "{\"ConfigurationSetName\":\"e\",\"SuppressionOptions\":"
           "{\"SuppressedReasons\":[]}}",
           SES_OK, "{}");
    EXPECT("GetConfigurationSet", "{\"ConfigurationSetName\":\"e\"}", SES_OK,
           "*");
    HOLDS("\"SuppressionOptions\":{\"SuppressedReasons\":[]}");
    EXPECT("CreateConfigurationSet",
           "{\"ConfigurationSetName\":\"s\",\"SuppressionOptions\":"
           "{\"SuppressionScope\":\"ACCOUNT\"}}",
           SES_INVALID,
           "SuppressedReasons cannot be null when SuppressionScope is "
           "provided");
}

#define SECONDS(at, what)                                                      \
    "1 validation error detected: Value at '" at "' failed to satisfy "        \
    "constraint: Member must have value " what

/* The pool's texts come before the range of the seconds. */
static void
test_max_delivery(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateConfigurationSet",
           "{\"ConfigurationSetName\":\"s\",\"DeliveryOptions\":"
           "{\"MaxDeliverySeconds\":299}}",
           SES_INVALID,
           SECONDS("deliveryOptions.maxDeliverySeconds",
                   "greater than or equal to 300"));
    EXPECT("CreateConfigurationSet",
           "{\"ConfigurationSetName\":\"s\",\"DeliveryOptions\":"
           "{\"SendingPoolName\":\"none\",\"MaxDeliverySeconds\":299}}",
           SES_INVALID, "SendingPool <none> doesn't exist");
    EXPECT("CreateConfigurationSet",
           "{\"ConfigurationSetName\":\"s\",\"DeliveryOptions\":"
           "{\"MaxDeliverySeconds\":50400}}",
           SES_OK, "{}");
    EXPECT("GetConfigurationSet", "{\"ConfigurationSetName\":\"s\"}", SES_OK,
           "*");
    HOLDS("{\"TlsPolicy\":\"OPTIONAL\",\"MaxDeliverySeconds\":50400}");
    EXPECT("PutConfigurationSetDeliveryOptions",
           "{\"ConfigurationSetName\":\"s\",\"MaxDeliverySeconds\":50401}",
           SES_INVALID,
           SECONDS("maxDeliverySeconds", "less than or equal to 50400"));
    EXPECT("PutConfigurationSetDeliveryOptions",
           "{\"ConfigurationSetName\":\"s\",\"MaxDeliverySeconds\":300}",
           SES_OK, "{}");
    EXPECT("GetConfigurationSet", "{\"ConfigurationSetName\":\"s\"}", SES_OK,
           "*");
    HOLDS("\"MaxDeliverySeconds\":300}");
    EXPECT("PutConfigurationSetDeliveryOptions",
           "{\"ConfigurationSetName\":\"s\"}", SES_OK, "{}");
    EXPECT("GetConfigurationSet", "{\"ConfigurationSetName\":\"s\"}", SES_OK,
           "*");
    HOLDS("\"DeliveryOptions\":{\"TlsPolicy\":\"OPTIONAL\"}");
}

static void
test_names(void **state)
{
    fixture_t *f = *state;
    char json[256], name[66];

    EXPECT("CreateConfigurationSet", "{\"ConfigurationSetName\":\"\"}",
           SES_INVALID, "The configuration set name must be specified.");
    EXPECT("CreateConfigurationSet", "{\"ConfigurationSetName\":\"a.b\"}",
           SES_INVALID,
           "Invalid configuration set name <a.b>: only alphanumeric ASCII "
           "characters, '_', and '-' are allowed.");
    memset(name, 'n', 65);
    name[65] = '\0';
    snprintf(json, sizeof(json), "{\"ConfigurationSetName\":\"%s\"}", name);
    EXPECT("CreateConfigurationSet", json, SES_INVALID,
           "Configuration set name cannot exceed 64 characters.");
    name[64] = '\0';
    snprintf(json, sizeof(json), "{\"ConfigurationSetName\":\"%s\"}", name);
    EXPECT("CreateConfigurationSet", json, SES_OK, "{}");
}

static void
test_list(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateConfigurationSet", "{\"ConfigurationSetName\":\"b\"}", SES_OK,
           "{}");
    EXPECT("CreateConfigurationSet", "{\"ConfigurationSetName\":\"abc\"}",
           SES_OK, "{}");
    EXPECT("ListConfigurationSets", "{}", SES_OK,
           "{\"ConfigurationSets\":[\"abc\",\"b\"]}");
    expect_op(f, find_op(TABLE, "ListConfigurationSets", "POST"),
              "{\"Filter\":{\"CONFIGURATION_SET_NAME_CONTAINS\":\"C\"}}",
              SES_OK, "{\"ConfigurationSets\":[\"abc\"]}", __FILE__, __LINE__);
    EXPECT("ListConfigurationSets", "{\"PageSize\":1}", SES_OK, "*");
    HOLDS("{\"ConfigurationSets\":[\"abc\"],\"NextToken\":\"");
    EXPECT("ListConfigurationSets", "{\"PageSize\":-1}", SES_INVALID, "*");
    EXPECT("ListConfigurationSets", "{\"NextToken\":\"eA==\"}", SES_BAD_TOKEN,
           "The specified NextToken is invalid.");
    f->cx.account = OTHER;
    EXPECT("ListConfigurationSets", "{}", SES_OK, "{\"ConfigurationSets\":[]}");
    EXPECT("DeleteConfigurationSet", "{\"ConfigurationSetName\":\"b\"}",
           SES_NOT_FOUND, "Configuration set <b> does not exist.");
}

/* A set goes with its destinations, however many it can have. */
static void
test_delete(void **state)
{
    fixture_t *f = *state;
    ses_change_t c = {0};
    char name[16];
    unsigned i;

    EXPECT("CreateConfigurationSet", "{\"ConfigurationSetName\":\"s\"}", SES_OK,
           "{}");
    for (i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "d%u", i);
        ses_destination_put(&f->cx, &c,
                            &(ses_destination_t){.account = ACCOUNT,
                                                 .set = SES_STR("s"),
                                                 .name = ses_str(name),
                                                 .topic_arn = SES_STR("t")});
        apply(f, &c);
    }
    assert_int_equal(count(f, SES_DB_DESTINATION), 10);
    EXPECT("DeleteConfigurationSet", "{\"ConfigurationSetName\":\"s\"}", SES_OK,
           "{}");
    assert_int_equal(count(f, SES_DB_DESTINATION), 0);
    assert_int_equal(count(f, SES_DB_CONFIG_SET), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        OP_TEST(test_default),      OP_TEST(test_options),
        OP_TEST(test_max_delivery), OP_TEST(test_names),
        OP_TEST(test_list),         OP_TEST(test_delete)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
