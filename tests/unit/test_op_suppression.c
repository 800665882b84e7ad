/* op_suppression: put, show, list by reason and time, delete */
#include "../../nginx-module/api/op_suppression.c"
#include "op_store.h"

#define TABLE ops_suppression

static void
put(fixture_t *f, const char *address, const char *reason, int64_t now)
{
    char json[256];

    f->cx.now = now;
    snprintf(json, sizeof(json), "{\"EmailAddress\":\"%s\",\"Reason\":\"%s\"}",
             address, reason);
    EXPECT("PutSuppressedDestination", json, SES_OK, "{}");
}

static void
test_one(void **state)
{
    fixture_t *f = *state;

    put(f, "  Ann@EXAMPLE.com ", "BOUNCE", 1795500000000);
    EXPECT("GetSuppressedDestination", "{\"EmailAddress\":\"Ann@Example.com\"}",
           SES_OK, "*");
    HOLDS("{\"SuppressedDestination\":{\"EmailAddress\":\"Ann@example.com\","
          "\"Reason\":\"BOUNCE\",\"LastUpdateTime\":1795500000");
    put(f, "Ann@example.com", "COMPLAINT", 1795500001000);
    EXPECT("GetSuppressedDestination", "{\"EmailAddress\":\"Ann@example.com\"}",
           SES_OK, "*");
    HOLDS("\"Reason\":\"COMPLAINT\",\"LastUpdateTime\":1795500001");
    assert_int_equal(count(f, SES_DB_SUPPRESSION), 1);

    f->cx.account = OTHER;
    EXPECT("GetSuppressedDestination", "{\"EmailAddress\":\"Ann@example.com\"}",
           SES_NOT_FOUND,
           "Email address Ann@example.com does not exist on your suppression "
           "list.");
    EXPECT("DeleteSuppressedDestination",
           "{\"EmailAddress\":\"Ann@example.com\"}", SES_NOT_FOUND, "*");
    f->cx.account = ACCOUNT;
    EXPECT("DeleteSuppressedDestination",
           "{\"EmailAddress\":\"Ann@example.com\"}", SES_OK, "{}");
    EXPECT("DeleteSuppressedDestination",
           "{\"EmailAddress\":\"Ann@example.com\"}", SES_NOT_FOUND,
           "Email address Ann@example.com does not exist on your suppression "
           "list.");
}

static void
test_refused(void **state)
{
    fixture_t *f = *state;
    ses_change_t c = {0};
    ses_account_t a;

    EXPECT("PutSuppressedDestination",
           "{\"EmailAddress\":\" \",\"Reason\":\"BOUNCE\"}", SES_INVALID,
           "EmailAddress can't be blank.");
    EXPECT("PutSuppressedDestination",
           "{\"EmailAddress\":\"nobody\",\"Reason\":\"BOUNCE\"}", SES_INVALID,
           "EmailAddress <nobody> is invalid");
    EXPECT("PutSuppressedDestination",
           "{\"EmailAddress\":\"A <a@b.com>\",\"Reason\":\"BOUNCE\"}",
           SES_INVALID, "EmailAddress <A <a@b.com>> is invalid");

    assert_int_equal(ses_account_find(&f->cx, f->t, ACCOUNT, &a), SES_OK);
    a.production = false;
    ses_account_put(&f->cx, &c, &a);
    apply(f, &c);
    EXPECT("PutSuppressedDestination",
           "{\"EmailAddress\":\"a@b.com\",\"Reason\":\"BOUNCE\"}", SES_INVALID,
           "This operation is not available while your account is in the "
           "sandbox.");
}

static unsigned
listed_count(void)
{
    const char *p = text_c;
    unsigned n = 0;

    while ((p = strstr(p, "\"EmailAddress\"")) != NULL) {
        n++;
        p++;
    }
    return n;
}

static void
test_list(void **state)
{
    fixture_t *f = *state;

    put(f, "b@x.com", "BOUNCE", 1000000);
    put(f, "a@x.com", "COMPLAINT", 2000000);
    put(f, "c@x.com", "BOUNCE", 3000000);
    EXPECT("ListSuppressedDestinations", "{}", SES_OK, "*");
    assert_int_equal(listed_count(), 3);
    HOLDS("{\"SuppressedDestinationSummaries\":[{\"EmailAddress\":"
          "\"a@x.com\",\"Reason\":\"COMPLAINT\",\"LastUpdateTime\":2000");
    EXPECT("ListSuppressedDestinations", "{\"Reasons\":[\"BOUNCE\"]}", SES_OK,
           "*");
    assert_int_equal(listed_count(), 2);
    EXPECT("ListSuppressedDestinations",
           "{\"StartDate\":\"1970-01-01T00:30:00Z\",\"EndDate\":"
           "\"1970-01-01T00:40:00.000Z\"}",
           SES_OK, "*");
    assert_int_equal(listed_count(), 1);
    HOLDS("a@x.com");
    EXPECT("ListSuppressedDestinations", "{\"Reasons\":[\"SPAM\"]}",
           SES_INVALID,
           "Reason <SPAM> is invalid, must be one of [BOUNCE, COMPLAINT].");
    EXPECT("ListSuppressedDestinations", "{\"PageSize\":2}", SES_OK, "*");
    assert_int_equal(listed_count(), 2);
    HOLDS("\"NextToken\":\"");
    EXPECT("ListSuppressedDestinations", "{\"NextToken\":\"!\"}", SES_BAD_TOKEN,
           "*");
    EXPECT("ListSuppressedDestinations", "{\"TenantName\":\"t\"}", SES_INVALID,
           "TenantName is not supported yet.");
    f->cx.account = OTHER;
    EXPECT("ListSuppressedDestinations", "{}", SES_OK,
           "{\"SuppressedDestinationSummaries\":[]}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {OP_TEST(test_one), OP_TEST(test_refused),
                                       OP_TEST(test_list)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
