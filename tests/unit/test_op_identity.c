/* op_identity: create, show, list, delete; addresses and their domains */
#include "../../nginx-module/api/op_identity.c"
#include "op_store.h"

#define TABLE ops_identity

static void
test_domain(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateEmailIdentity",
           "{\"EmailIdentity\":\"Example.COM\",\"Tags\":[{\"Key\":\"k\","
           "\"Value\":\"v\"}]}",
           SES_OK, "*");
    HOLDS("{\"IdentityType\":\"DOMAIN\",\"VerifiedForSendingStatus\":false,"
          "\"DkimAttributes\":{\"SigningEnabled\":true,\"Status\":\"PENDING\","
          "\"Tokens\":[\"");
    HOLDS("\"SigningHostedZone\":\"dkim.ses.example.net\","
          "\"SigningAttributesOrigin\":\"AWS_SES\"");
    EXPECT("CreateEmailIdentity", "{\"EmailIdentity\":\"example.com\"}",
           SES_EXISTS, "Email identity example.com already exist.");

    EXPECT("GetEmailIdentity", "{\"EmailIdentity\":\"EXAMPLE.com\"}", SES_OK,
           "*");
    HOLDS("\"IdentityType\":\"DOMAIN\",\"FeedbackForwardingStatus\":true,"
          "\"VerifiedForSendingStatus\":false,\"VerificationStatus\":"
          "\"PENDING\"");
    HOLDS("\"MailFromAttributes\":{\"BehaviorOnMxFailure\":"
          "\"USE_DEFAULT_VALUE\"},\"Policies\":{},\"Tags\":[{\"Key\":\"k\","
          "\"Value\":\"v\"}]}");

    EXPECT("DeleteEmailIdentity", "{\"EmailIdentity\":\"example.com\"}", SES_OK,
           "{}");
    EXPECT("DeleteEmailIdentity", "{\"EmailIdentity\":\"example.com\"}",
           SES_NOT_FOUND, "Email identity example.com does not exist.");
    EXPECT("GetEmailIdentity", "{\"EmailIdentity\":\"no such/name\"}",
           SES_NOT_FOUND, "Email identity no such/name does not exist.");
}

static void
verify(fixture_t *f, const char *name)
{
    ses_change_t c = {0};
    ses_identity_t i;

    assert_int_equal(
        ses_identity_find(&f->cx, f->t, ACCOUNT, ses_str(name), &i), SES_OK);
    ses_identity_checked(&i, NOW + 5000, true, false);
    ses_identity_put(&f->cx, &c, &i);
    apply(f, &c);
}

/* An address is usable by its domain, and shows that domain's DKIM. */
static void
test_address(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateEmailIdentity", "{\"EmailIdentity\":\"Ann@example.com\"}",
           SES_OK,
           "{\"IdentityType\":\"EMAIL_ADDRESS\",\"VerifiedForSendingStatus\":"
           "false,\"DkimAttributes\":{\"SigningEnabled\":false,\"Status\":"
           "\"NOT_STARTED\",\"Tokens\":[],\"SigningAttributesOrigin\":"
           "\"AWS_SES\"}}");
    EXPECT("CreateEmailIdentity", "{\"EmailIdentity\":\"example.com\"}", SES_OK,
           "*");
    verify(f, "example.com");
    EXPECT("GetEmailIdentity", "{\"EmailIdentity\":\"Ann@EXAMPLE.com\"}",
           SES_OK, "*");
    HOLDS("\"VerifiedForSendingStatus\":true,\"VerificationStatus\":"
          "\"PENDING\"");
    HOLDS("\"DkimAttributes\":{\"SigningEnabled\":true,\"Status\":\"SUCCESS\"");
    EXPECT("GetEmailIdentity", "{\"EmailIdentity\":\"example.com\"}", SES_OK,
           "*");
    HOLDS("\"VerificationInfo\":{\"LastCheckedTimestamp\":1795500005");
    EXPECT("GetEmailIdentity", "{\"EmailIdentity\":\"ann@example.com\"}",
           SES_NOT_FOUND, "Email identity ann@example.com does not exist.");
    EXPECT("CreateEmailIdentity",
           "{\"EmailIdentity\":\"b@example.com\",\"DkimSigningAttributes\":"
           "{\"NextSigningKeyLength\":\"RSA_2048_BIT\"}}",
           SES_INVALID, "The EmailIdentity value must be a valid domain.");
}

static void
test_refused(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateEmailIdentity", "{\"EmailIdentity\":\"-bad-.com\"}",
           SES_INVALID, "Domain -bad-.com is invalid.");
    EXPECT("CreateEmailIdentity", "{\"EmailIdentity\":\"a b@c.com\"}",
           SES_INVALID, "Invalid email address<a b@c.com>.");
    EXPECT("CreateEmailIdentity",
           "{\"EmailIdentity\":\"x.com\",\"ConfigurationSetName\":\"none\"}",
           SES_NOT_FOUND, "Configuration set <none> does not exist.");
    EXPECT("CreateEmailIdentity",
           "{\"EmailIdentity\":\"x.com\",\"Tags\":[{\"Key\":\"a\",\"Value\":"
           "\"1\"},{\"Key\":\"a\",\"Value\":\"2\"}]}",
           SES_INVALID, "Duplicate tag key 'a'.");
    EXPECT("GetEmailIdentity", "{\"EmailIdentity\":\"x.com\"}", SES_NOT_FOUND,
           "Email identity x.com does not exist.");
}

static void
create(fixture_t *f, const char *name)
{
    char json[256];

    snprintf(json, sizeof(json), "{\"EmailIdentity\":\"%s\"}", name);
    EXPECT("CreateEmailIdentity", json, SES_OK, "*");
}

static void
test_list(void **state)
{
    fixture_t *f = *state;
    char token[512], json[640];
    const char *at;

    create(f, "b.com");
    create(f, "a.com");
    create(f, "c@a.com");
    verify(f, "a.com");
    EXPECT("ListEmailIdentities", "{}", SES_OK,
           "{\"EmailIdentities\":[{\"IdentityType\":\"DOMAIN\","
           "\"IdentityName\":\"a.com\",\"SendingEnabled\":true,"
           "\"VerificationStatus\":\"SUCCESS\"},{\"IdentityType\":\"DOMAIN\","
           "\"IdentityName\":\"b.com\",\"SendingEnabled\":false,"
           "\"VerificationStatus\":\"PENDING\"},{\"IdentityType\":"
           "\"EMAIL_ADDRESS\",\"IdentityName\":\"c@a.com\",\"SendingEnabled\":"
           "true,\"VerificationStatus\":\"PENDING\"}]}");
    expect_op(f, find_op(TABLE, "ListEmailIdentities", "POST"),
              "{\"Filter\":{\"IDENTITY_TYPE\":\"DOMAIN\","
              "\"VERIFICATION_STATUS\":\"PENDING\","
              "\"IDENTITY_NAME_CONTAINS\":\"B.\"}}",
              SES_OK,
              "{\"EmailIdentities\":[{\"IdentityType\":\"DOMAIN\","
              "\"IdentityName\":\"b.com\",\"SendingEnabled\":false,"
              "\"VerificationStatus\":\"PENDING\"}]}",
              __FILE__, __LINE__);
    expect_op(f, find_op(TABLE, "ListEmailIdentities", "POST"),
              "{\"Filter\":{\"IDENTITY_TYPE\":\"PLANET\"}}", SES_INVALID,
              "Filter IDENTITY_TYPE has an invalid value <PLANET>.", __FILE__,
              __LINE__);

    EXPECT("ListEmailIdentities", "{\"PageSize\":2}", SES_OK, "*");
    HOLDS("b.com");
    at = strstr(text_c, "\"NextToken\":\"");
    assert_non_null(at);
    snprintf(token, sizeof(token), "%s", at + strlen("\"NextToken\":\""));
    *strchr(token, '"') = '\0';
    snprintf(json, sizeof(json), "{\"PageSize\":2,\"NextToken\":\"%s\"}",
             token);
    EXPECT("ListEmailIdentities", json, SES_OK,
           "{\"EmailIdentities\":[{\"IdentityType\":\"EMAIL_ADDRESS\","
           "\"IdentityName\":\"c@a.com\",\"SendingEnabled\":true,"
           "\"VerificationStatus\":\"PENDING\"}]}");

    f->cx.account = OTHER;
    EXPECT("ListEmailIdentities", json, SES_BAD_TOKEN, "*");
    EXPECT("ListEmailIdentities", "{}", SES_OK, "{\"EmailIdentities\":[]}");
    EXPECT("GetEmailIdentity", "{\"EmailIdentity\":\"a.com\"}", SES_NOT_FOUND,
           "*");
    EXPECT("DeleteEmailIdentity", "{\"EmailIdentity\":\"a.com\"}",
           SES_NOT_FOUND, "*");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        OP_TEST(test_domain), OP_TEST(test_address), OP_TEST(test_refused),
        OP_TEST(test_list)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
