/* shape: the service's texts for wrong types, bounds and later members */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../shared/policy/shape.c"
#include "../../shared/policy/shape_check.c"
#include "policy/shapes_v2.h"

static ses_arena_t *arena;
static ses_cx_t cx;

static int
setup(void **state)
{
    (void) state;
    arena = ses_arena_new();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_arena_free(arena);
    return 0;
}

static ses_rc_t
check(const ses_member_t *shape, const char *json)
{
    cJSON *in = NULL;
    ses_rc_t rc;

    cx = ses_cx(arena, 0);
    rc = ses_json_parse(&cx, ses_str(json), &in);
    if (rc == SES_OK)
        rc = ses_shape_check(&cx, shape, in);
    ses_json_free(in);
    return rc;
}

#define V1(text) "1 validation error detected: Value at " text
#define FAIL "failed to satisfy constraint: "
#define STRUCT "Start of structure or map found where not expected."
#define LIST "Start of list found where not expected"
#define LATER " is not supported yet."

static const struct {
    const ses_member_t *shape;
    const char *in;
    ses_rc_t rc;
    const char *why; /* NULL = the text null */
} cases[] = {
    {ses_v2_put_account_sending, "{}", SES_OK, ""},
    {ses_v2_put_account_sending, "{\"SendingEnabled\":\"false\"}", SES_OK, ""},
    {ses_v2_put_account_sending, "{\"SendingEnabled\":1}", SES_SERIALIZATION,
     "NUMBER_VALUE can not be converted to a Boolean"},
    {ses_v2_put_account_sending, "{\"SendingEnabled\":null}", SES_SERIALIZATION,
     NULL},
    {ses_v2_put_account_sending, "{\"SendingEnabled\":[]}", SES_SERIALIZATION,
     LIST},
    {ses_v2_put_account_sending, "{\"SendingEnabled\":{}}", SES_SERIALIZATION,
     STRUCT},
    {ses_v2_put_account_sending, "{\"Unknown\":7,\"sendingEnabled\":7}", SES_OK,
     ""},
    {ses_v2_put_account_sending, "[]", SES_SERIALIZATION, NULL},

    {ses_v2_create_identity, "{}", SES_INVALID,
     V1("'emailIdentity' " FAIL "Member must not be null")},
    {ses_v2_create_identity, "{\"EmailIdentity\":null}", SES_INVALID,
     V1("'emailIdentity' " FAIL "Member must not be null")},
    {ses_v2_create_identity, "{\"EmailIdentity\":\"\"}", SES_INVALID,
     V1("'emailIdentity' " FAIL
        "Member must have length greater than or equal to 1")},
    {ses_v2_create_identity, "{\"EmailIdentity\":5}", SES_SERIALIZATION,
     "NUMBER_VALUE can not be converted to a String"},
    {ses_v2_create_identity, "{\"EmailIdentity\":true}", SES_SERIALIZATION,
     "TRUE_VALUE can not be converted to a String"},
    {ses_v2_create_identity, "{\"EmailIdentity\":false}", SES_SERIALIZATION,
     "FALSE_VALUE can not be converted to a String"},
    {ses_v2_create_identity, "{\"EmailIdentity\":\"a.b\",\"Tags\":\"x\"}",
     SES_SERIALIZATION, "Expected list or null"},
    {ses_v2_create_identity, "{\"EmailIdentity\":\"a.b\",\"Tags\":{}}",
     SES_SERIALIZATION, STRUCT},
    {ses_v2_create_identity, "{\"EmailIdentity\":\"a.b\",\"Tags\":[7]}",
     SES_SERIALIZATION, "Expected null"},
    {ses_v2_create_identity, "{\"EmailIdentity\":\"a.b\",\"Tags\":[[]]}",
     SES_SERIALIZATION, LIST},
    {ses_v2_create_identity, "{\"EmailIdentity\":\"a.b\",\"Tags\":[null]}",
     SES_INVALID, V1("'tags.1.member' " FAIL "Member must not be null")},
    {ses_v2_create_identity,
     "{\"EmailIdentity\":\"a.b\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"\"},"
     "{\"Value\":\"v\"}]}",
     SES_INVALID, V1("'tags.2.member.key' " FAIL "Member must not be null")},
    {ses_v2_create_identity, "{\"Tags\":[{\"Key\":\"\",\"Value\":\"\"}]}",
     SES_INVALID,
     "2 validation errors detected: Value at 'emailIdentity' " FAIL
     "Member must not be null; Value at 'tags.1.member.key' " FAIL
     "Member must have length greater than or equal to 1"},
    {ses_v2_create_identity,
     "{\"EmailIdentity\":\"a.b\",\"DkimSigningAttributes\":"
     "{\"NextSigningKeyLength\":\"RSA_2048_BIT\"}}",
     SES_OK, ""},
    {ses_v2_create_identity,
     "{\"EmailIdentity\":\"a.b\",\"DkimSigningAttributes\":"
     "{\"NextSigningKeyLength\":\"RSA_1024_BIT\"}}",
     SES_OK, ""},
    {ses_v2_create_identity,
     "{\"EmailIdentity\":\"a.b\",\"DkimSigningAttributes\":"
     "{\"DomainSigningAttributesOrigin\":\"AWS_SES_US_EAST_2\"}}",
     SES_INVALID, "DkimSigningAttributes.DomainSigningAttributesOrigin" LATER},
    {ses_v2_create_identity,
     "{\"EmailIdentity\":\"a.b\",\"DkimSigningAttributes\":"
     "{\"DomainSigningSelector\":\"-x\"}}",
     SES_INVALID,
     V1("'dkimSigningAttributes.domainSigningSelector' " FAIL
        "Member must satisfy regular expression pattern: "
        "^(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]*[a-zA-Z0-9]))$")},
    {ses_v2_create_identity,
     "{\"EmailIdentity\":\"a.b\",\"DkimSigningAttributes\":"
     "{\"DomainSigningSelector\":\"x\",\"DomainSigningPrivateKey\":\"QQ==\"}}",
     SES_OK, ""},

    {ses_v2_put_suppressed, "{\"EmailAddress\":\"a@b.c\",\"Reason\":\"SPAM\"}",
     SES_INVALID,
     V1("'reason' " FAIL
        "Member must satisfy enum value set: [BOUNCE, COMPLAINT]")},
    {ses_v2_put_suppressed,
     "{\"EmailAddress\":\"a@b.c\",\"Reason\":\"BOUNCE\",\"TenantName\":\"t\"}",
     SES_INVALID, "TenantName" LATER},
    {ses_v2_put_account_suppression, "{\"SuppressedReasons\":[\"X\",\"Y\"]}",
     SES_INVALID,
     V1("'suppressedReasons' " FAIL
        "Member must satisfy constraint: [Member must satisfy enum value set: "
        "[BOUNCE, COMPLAINT]]")},
    {ses_v2_put_account_suppression, "{\"SuppressedReasons\":[true]}",
     SES_SERIALIZATION, "TRUE_VALUE can not be converted to a String"},

    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"DeliveryOptions\":"
     "{\"MaxDeliverySeconds\":300.5}}",
     SES_SERIALIZATION, "NUMBER_VALUE can not be converted to an Integer"},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"DeliveryOptions\":"
     "{\"MaxDeliverySeconds\":\"300\"}}",
     SES_SERIALIZATION, "STRING_VALUE can not be converted to an Integer"},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"DeliveryOptions\":"
     "{\"MaxDeliverySeconds\":300}}",
     SES_OK, ""},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"DeliveryOptions\":"
     "{\"TlsPolicy\":\"OPTIONAL\"}}",
     SES_OK, ""},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"DeliveryOptions\":"
     "{\"TlsPolicy\":\"REQUIRE\",\"SendingPoolName\":\"x\"}}",
     SES_OK, ""},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"DeliveryOptions\":"
     "{\"TlsPolicy\":\"NO\"}}",
     SES_INVALID,
     V1("'deliveryOptions.tlsPolicy' " FAIL
        "Member must satisfy enum value set: [OPTIONAL, REQUIRE]")},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"TrackingOptions\":{}}", SES_INVALID,
     V1("'trackingOptions.customRedirectDomain' " FAIL
        "Member must not be null")},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"TrackingOptions\":"
     "{\"CustomRedirectDomain\":\"d.e\"}}",
     SES_INVALID, "TrackingOptions" LATER},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"VdmOptions\":{},"
     "\"MessageSecurityOptions\":{\"SigningScheme\":{\"DefaultScheme\":{}}}}",
     SES_OK, ""},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"MessageSecurityOptions\":"
     "{\"SigningScheme\":{\"SmimeScheme\":{}}}}",
     SES_INVALID, "MessageSecurityOptions.SigningScheme.SmimeScheme" LATER},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"ArchivingOptions\":{\"ArchiveArn\":"
     "\"arn:aws:ses:us-east-1:123456789012:mailmanager-archive/"
     "a-abcdefghijklmnopqrstuvwx\"}}",
     SES_INVALID, "ArchivingOptions.ArchiveArn" LATER},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"ReputationOptions\":"
     "{\"LastFreshStart\":\"2026-01-01T00:00:00Z\"}}",
     SES_SERIALIZATION,
     "STRING_VALUE can not be converted to milliseconds since epoch"},
    {ses_v2_create_set,
     "{\"ConfigurationSetName\":\"x\",\"SuppressionOptions\":"
     "{\"SuppressedReasons\":[\"BOUNCE\",null]}}",
     SES_INVALID,
     V1("'suppressionOptions.suppressedReasons.2.member' " FAIL
        "Member must not be null")},

    {ses_v2_list_identities, "{\"Filter\":{\"IDENTITY_TYPE\":\"DOMAIN\"}}",
     SES_OK, ""},
    {ses_v2_list_identities, "{\"Filter\":{\"NAME\":\"x\"}}", SES_INVALID,
     V1("'filter' " FAIL
        "Map keys must satisfy constraint: [Member must satisfy enum value "
        "set: [IDENTITY_NAME_CONTAINS, IDENTITY_TYPE, VERIFICATION_STATUS]]")},
    {ses_v2_list_identities, "{\"Filter\":[]}", SES_SERIALIZATION, LIST},
    {ses_v2_list_identities, "{\"Filter\":{\"IDENTITY_TYPE\":1}}",
     SES_SERIALIZATION, "NUMBER_VALUE can not be converted to a String"},
    {ses_v2_list_identities_query, "{\"PageSize\":\"x\"}", SES_SERIALIZATION,
     NULL},
    {ses_v2_list_identities_query, "{\"PageSize\":\"10\"}", SES_OK, ""},
    {ses_v2_list_suppressed, "{\"StartDate\":\"2026-01-01T00:00:00.123Z\"}",
     SES_OK, ""},
    {ses_v2_list_suppressed, "{\"StartDate\":\"yesterday\"}", SES_SERIALIZATION,
     NULL},

    {ses_v2_send, "{\"Content\":{\"Raw\":{\"Data\":\"QQ=\"}}}",
     SES_SERIALIZATION, NULL},
    {ses_v2_send, "{\"Content\":{\"Raw\":{\"Data\":5}}}", SES_SERIALIZATION,
     "NUMBER_VALUE can not be converted to a Blob"},
    {ses_v2_send, "{\"Content\":{\"Raw\":{}}}", SES_INVALID,
     V1("'content.raw.data' " FAIL "Member must not be null")},
    {ses_v2_send,
     "{\"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"s\"},\"Body\":{},"
     "\"Headers\":[{\"Name\":\"a b\",\"Value\":\"\\u00e9\"}]}}}",
     SES_INVALID,
     "2 validation errors detected: Value at "
     "'content.simple.headers.1.member.name' " FAIL
     "Member must satisfy regular expression pattern: ^[!-9;-@A-~]+$; Value at "
     "'content.simple.headers.1.member.value' " FAIL
     "Member must satisfy regular expression pattern: [ -~]*"},
    {ses_v2_send,
     "{\"Content\":{\"Raw\":{\"Data\":\"QQ==\"}},\"EndpointId\":\"e\"}",
     SES_INVALID, "EndpointId" LATER},
    {ses_v2_send,
     "{\"Content\":{\"Raw\":{\"Data\":\"QQ==\"}},\"ConfigurationOverrides\":"
     "{\"Tracking\":{\"OpenTrackingEnabled\":\"ENABLED\"}}}",
     SES_INVALID, "ConfigurationOverrides.Tracking.OpenTrackingEnabled" LATER},
    {ses_v2_send,
     "{\"Content\":{\"Raw\":{\"Data\":\"QQ==\"}},\"ConfigurationOverrides\":"
     "{\"Tracking\":{\"OpenTrackingEnabled\":\"DISABLED\"}}}",
     SES_OK, ""},
};

static void
test_texts(void **state)
{
    size_t i;
    ses_rc_t rc;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rc = check(cases[i].shape, cases[i].in);
        if (rc != cases[i].rc || (cases[i].why == NULL) != (cx.why.p == NULL) ||
            (cases[i].why != NULL && !ses_str_eqc(cx.why, cases[i].why)))
            fail_msg("%s\n got %s %.*s\nwant %s %s", cases[i].in,
                     ses_rc_name(rc), SES_FMT(cx.why), ses_rc_name(cases[i].rc),
                     cases[i].why);
        ses_arena_reset(arena);
    }
}

/* Sixteen headers are one too many; a hundred bad ones are told briefly. */
static void
test_many(void **state)
{
    ses_buf_t b;
    int i;

    (void) state;
    ses_buf_init(&b, arena, 1 << 20);
    ses_buf_c(&b, "{\"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"s\"},"
                  "\"Body\":{},\"Headers\":[");
    for (i = 0; i < 100; i++)
        ses_buf_printf(&b, "%s{}", i > 0 ? "," : "");
    ses_buf_c(&b, "]}}}");
    assert_int_equal(check(ses_v2_send, ses_str_c(arena, ses_buf_get(&b))),
                     SES_INVALID);
    assert_true(cx.why.n < 8000);
    assert_true(ses_str_search(cx.why, SES_STR("less than or equal to 15")) >
                0);
}

static void
test_readers(void **state)
{
    cJSON *in =
        cJSON_Parse("{\"a\":true,\"b\":false,\"c\":\"false\",\"d\":null,"
                    "\"t\":1.5,\"u\":\"2026-11-24T03:00:00Z\","
                    "\"big\":1e300}");
    int64_t ms = 0;

    (void) state;
    assert_true(ses_shape_bool(in, "a"));
    assert_false(ses_shape_bool(in, "b"));
    assert_true(ses_shape_bool(in, "c"));
    assert_false(ses_shape_bool(in, "d"));
    assert_false(ses_shape_bool(in, "e"));
    assert_true(ses_shape_time(in, "t", &ms));
    assert_int_equal(ms, 1500);
    assert_true(ses_shape_time(in, "u", &ms));
    assert_int_equal(ms, 1795489200000);
    assert_true(ses_shape_time(in, "big", &ms));
    assert_true(ms > 0);
    assert_false(ses_shape_time(in, "none", &ms));
    cJSON_Delete(in);
}

static void
gather(void *arg, const char *path, const char *harmless)
{
    ses_buf_t *b = arg;

    ses_buf_printf(b, "%s%s%s ", path, harmless != NULL ? "=" : "",
                   harmless != NULL ? harmless : "");
}

static void
test_laters(void **state)
{
    ses_buf_t b;

    (void) state;
    ses_buf_init(&b, arena, 4096);
    ses_shape_laters(arena, ses_v2_create_identity, gather, &b);
    assert_true(ses_str_eqc(
        ses_buf_get(&b),
        "DkimSigningAttributes.DomainSigningAttributesOrigin=AWS_SES "));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_laters, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
