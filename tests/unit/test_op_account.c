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

#define DETAILS                                                                \
    "{\"MailType\":\"TRANSACTIONAL\",\"WebsiteURL\":\"https://shop.test\","    \
    "\"ContactLanguage\":\"EN\",\"UseCaseDescription\":\"orders\","            \
    "\"AdditionalContactEmailAddresses\":[\"ops@shop.test\"]"

static void
test_details(void **state)
{
    fixture_t *f = *state;

    EXPECT("PutAccountDetails", "{\"MailType\":\"x\"}", SES_INVALID,
           "2 validation errors detected: Value at 'mailType' failed to "
           "satisfy constraint: Member must satisfy enum value set: "
           "[MARKETING, TRANSACTIONAL]; Value at 'websiteURL' failed to "
           "satisfy constraint: Member must not be null");
    EXPECT("PutAccountDetails",
           "{\"MailType\":\"MARKETING\",\"WebsiteURL\":\"x\","
           "\"AdditionalContactEmailAddresses\":[\"a.b.c.d\"]}",
           SES_INVALID, "*");
    HOLDS("^(.+)@(.+)$");
    /* in production already: nothing to ask for */
    EXPECT("PutAccountDetails", DETAILS ",\"ProductionAccessEnabled\":true}",
           SES_OK, "{}");
    EXPECT("GetAccount", "{}", SES_OK, "*");
    HOLDS("\"Details\":{\"MailType\":\"TRANSACTIONAL\",\"WebsiteURL\":"
          "\"https://shop.test\",\"ContactLanguage\":\"EN\","
          "\"UseCaseDescription\":\"orders\","
          "\"AdditionalContactEmailAddresses\":[\"ops@shop.test\"]}}");

    f->cx.account = SES_STR("333333333333");
    add_account(f, f->cx.account, false);
    EXPECT("PutAccountDetails", DETAILS "}", SES_OK, "{}");
    EXPECT("PutAccountDetails", DETAILS ",\"ProductionAccessEnabled\":true}",
           SES_OK, "{}");
    EXPECT("GetAccount", "{}", SES_OK, "*");
    HOLDS("\"ReviewDetails\":{\"Status\":\"PENDING\",\"CaseId\":\"");
    EXPECT("PutAccountDetails", DETAILS "}", SES_CONFLICT,
           "Your account details are under review and cannot be changed until "
           "it is complete.");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {OP_TEST(test_get), OP_TEST(test_sending),
                                       OP_TEST(test_suppression),
                                       OP_TEST(test_details)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
