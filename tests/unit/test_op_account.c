/* op_account: what GetAccount shows, and the account's own switches */
#include "../../nginx-module/api/op_account.c"
#include "op_store.h"

#define TABLE ops_account

static void
test_get(void **state)
{
    fixture_t *f = *state;

    EXPECT("GetAccount", "{}", SES_OK,
           "{\"DedicatedIpAutoWarmupEnabled\":false,"
           "\"EnforcementStatus\":\"HEALTHY\",\"ProductionAccessEnabled\":true,"
           "\"SendQuota\":{\"Max24HourSend\":200.0,\"MaxSendRate\":1.0,"
           "\"SentLast24Hours\":0.0},\"SendingEnabled\":true,"
           "\"SuppressionAttributes\":{\"SuppressedReasons\":[\"BOUNCE\","
           "\"COMPLAINT\"]}}");
}

static void
test_sending(void **state)
{
    fixture_t *f = *state;

    EXPECT("PutAccountSendingAttributes", "{}", SES_OK, "{}");
    EXPECT("GetAccount", "{}", SES_OK, "*");
    HOLDS("\"SendingEnabled\":false");
    EXPECT("PutAccountSendingAttributes", "{\"SendingEnabled\":true}", SES_OK,
           "{}");
    EXPECT("GetAccount", "{}", SES_OK, "*");
    HOLDS("\"SendingEnabled\":true");
}

static void
test_suppression(void **state)
{
    fixture_t *f = *state;

    EXPECT("PutAccountSuppressionAttributes",
           "{\"SuppressedReasons\":[\"COMPLAINT\"]}", SES_OK, "{}");
    EXPECT("GetAccount", "{}", SES_OK, "*");
    HOLDS("\"SuppressedReasons\":[\"COMPLAINT\"]");
    EXPECT("PutAccountSuppressionAttributes", "{\"SuppressedReasons\":[]}",
           SES_OK, "{}");
    EXPECT("GetAccount", "{}", SES_OK, "*");
    HOLDS("\"SuppressedReasons\":[]");
    EXPECT("PutAccountSuppressionAttributes",
           "{\"ValidationAttributes\":{\"ConditionThreshold\":"
           "{\"ConditionThresholdEnabled\":\"ENABLED\"}}}",
           SES_INVALID, "ValidationAttributes is not supported yet.");

    f->cx.account = OTHER; /* nothing of it is the other account's */
    EXPECT("GetAccount", "{}", SES_OK, "*");
    HOLDS("\"SuppressedReasons\":[\"BOUNCE\",\"COMPLAINT\"]");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {OP_TEST(test_get), OP_TEST(test_sending),
                                       OP_TEST(test_suppression)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
