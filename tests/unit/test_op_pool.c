/* op_pool: pools and addresses, as far as boto3 does not show them */
#include "../../nginx-module/api/op_pool.c"
#include "op_store.h"

#define TABLE ops_pool

static void
add_address(fixture_t *f, const char *address, const char *pool,
            int64_t retired)
{
    ses_change_t c = {0};
    ses_source_t s = {.account = ACCOUNT,
                      .address = ses_str(address),
                      .pool = ses_str(pool),
                      .number = 1,
                      .live = retired == 0,
                      .retired = retired};

    ses_source_put(&f->cx, &c, &s);
    apply(f, &c);
}

static void
test_scaling(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateDedicatedIpPool", "{\"PoolName\":\"a\"}", SES_OK, "{}");
    EXPECT("PutDedicatedIpPoolScalingAttributes",
           "{\"PoolName\":\"a\",\"ScalingMode\":\"STANDARD\"}", SES_OK, "{}");
    EXPECT("PutDedicatedIpPoolScalingAttributes",
           "{\"PoolName\":\"a\",\"ScalingMode\":\"MANAGED\"}", SES_OK, "{}");
    EXPECT("GetDedicatedIpPool", "{\"PoolName\":\"a\"}", SES_OK,
           "{\"DedicatedIpPool\":{\"PoolName\":\"a\",\"ScalingMode\":"
           "\"MANAGED\"}}");
    EXPECT("PutDedicatedIpPoolScalingAttributes",
           "{\"PoolName\":\"a\",\"ScalingMode\":\"STANDARD\"}", SES_INVALID,
           "A managed pool cannot become a standard one.");
    EXPECT("PutDedicatedIpPoolScalingAttributes",
           "{\"PoolName\":\"a\",\"ScalingMode\":\"FAST\"}", SES_INVALID,
           "The ScalingMode parameter is invalid.");
    EXPECT("PutDedicatedIpPoolScalingAttributes",
           "{\"PoolName\":\"b\",\"ScalingMode\":\"MANAGED\"}", SES_NOT_FOUND,
           "The requested pool <b> does not exist.");
    EXPECT("CreateDedicatedIpPool", "{\"PoolName\":\"A b\"}", SES_INVALID, "*");
    HOLDS("The pool name <A b> is invalid");
}

static void
test_limit(void **state)
{
    fixture_t *f = *state;
    char json[64];
    int i;

    for (i = 0; i < POOLS_MAX; i++) {
        snprintf(json, sizeof(json), "{\"PoolName\":\"p%d\"}", i);
        EXPECT("CreateDedicatedIpPool", json, SES_OK, "{}");
    }
    EXPECT("CreateDedicatedIpPool", "{\"PoolName\":\"more\"}", SES_LIMIT,
           "An account cannot have more than 50 dedicated IP pools.");
    f->cx.account = OTHER;
    EXPECT("CreateDedicatedIpPool", "{\"PoolName\":\"more\"}", SES_OK, "{}");
}

/* Deleting a pool sends its addresses back; what was taken away is gone. */
static void
test_addresses(void **state)
{
    fixture_t *f = *state;

    EXPECT("CreateDedicatedIpPool", "{\"PoolName\":\"a\"}", SES_OK, "{}");
    add_address(f, "192.0.2.1", "a", 0);
    add_address(f, "192.0.2.2", "", NOW);
    add_address(f, "2001:db8::1", "", 0);
    EXPECT("GetDedicatedIp", "{\"Ip\":\"2001:DB8:0::1\"}", SES_OK, "*");
    HOLDS("\"Ip\":\"2001:db8::1\"");
    EXPECT("GetDedicatedIp", "{\"Ip\":\"192.0.2.2\"}", SES_NOT_FOUND,
           "Could not find dedicated IP 192.0.2.2 under this account.");
    EXPECT("PutDedicatedIpInPool",
           "{\"Ip\":\"192.0.2.1\",\"DestinationPoolName\":\"x\"}",
           SES_NOT_FOUND, "The requested pool <x> does not exist.");
    EXPECT("DeleteDedicatedIpPool", "{\"PoolName\":\"a\"}", SES_OK, "{}");
    EXPECT("GetDedicatedIp", "{\"Ip\":\"192.0.2.1\"}", SES_OK,
           "{\"DedicatedIp\":{\"Ip\":\"192.0.2.1\",\"WarmupStatus\":\"DONE\","
           "\"WarmupPercentage\":100,\"PoolName\":"
           "\"ses-default-dedicated-pool\"}}");
    f->cx.account = OTHER; /* nobody else's */
    EXPECT("GetDedicatedIp", "{\"Ip\":\"192.0.2.1\"}", SES_NOT_FOUND, "*");
    EXPECT("GetDedicatedIps", "{}", SES_OK, "{\"DedicatedIps\":[]}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        OP_TEST(test_scaling), OP_TEST(test_limit), OP_TEST(test_addresses)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
