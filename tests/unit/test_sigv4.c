/* sigv4: vectors of the contract and of botocore, and every refusal */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/request.c"
#include "../../nginx-module/api/sigv4.c"
#include "../../nginx-module/api/sigv4_canonical.c"
#include "../../nginx-module/api/sigv4_key.c"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define NOW 1795489200000 /* 2026-11-24T03:00:00Z */
#define CONTACT                                                                \
    "/v2/email/contact-lists/my%20list/contacts/a%2Bb%40ex.com"                \
    "?NextToken=a%2Bb%2F%3D%3D&PageSize=5"
#define CREDENTIAL                                                             \
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/ses/"          \
    "aws4_request, "
#define GOOD                                                                   \
    CREDENTIAL "SignedHeaders=host;x-amz-date, Signature="                     \
               "4d7406c85e8780c9ece8f36f52be7fa2c1719d4dead2f062fb6f31975ed"   \
               "afdea"
#define HOST "email.us-east-1.amazonaws.com"
#define LOCAL "127.0.0.1:8080"
#define DATE "20261124T030000Z"

struct vector {
    const char *name;
    const char *method, *target, *host, *date, *authorization;
    api_header_t more[3];
    const char *body;
    const char *service;
    const char *token;
    int64_t skew; /* ms added to NOW */
    ses_rc_t rc;
    const char *why;
};

#define H(n, v)                                                                \
    {                                                                          \
        SES_STR_INIT(n), SES_STR_INIT(v)                                       \
    }
#define TOKEN_SIGNED                                                           \
    CREDENTIAL "SignedHeaders=host;x-amz-date;x-amz-security-token, "          \
               "Signature=72e923b170a9167ea1af9120a34268898fdc7057671b4a2dbe3" \
               "f9e0d89d0b408"
#define PRESIGNED(algorithm, date, expires, more)                              \
    "/?Action=GetSendQuota&Version=2010-12-01&X-Amz-Algorithm=" algorithm      \
    "&X-Amz-Credential=AKIDEXAMPLE%2F20261124%2Fus-east-1%2Fses%2F"            \
    "aws4_request&X-Amz-Date=" date "&X-Amz-Expires=" expires                  \
    "&X-Amz-SignedHeaders=host" more
#define HMAC "AWS4-HMAC-SHA256"
#define SIGNATURE_900                                                          \
    "&X-Amz-Signature=0ece73771827e25b8b6254623ac89e331f409ab37381ca3732f5166" \
    "c7d5818ce"
#define SIGNATURE_TOKEN                                                        \
    "&X-Amz-Signature=6df23cbc160222f319cfcbcc9fee1f9b51b73b5710a5c51a2fcb61f" \
    "a4f2a889a"
#define MISMATCH                                                               \
    "The request signature we calculated does not match the signature you "    \
    "provided. Check your AWS Secret Access Key and signing method. Consult "  \
    "the service documentation for details."

static const struct vector vectors[] = {
    {.name = "contract 3.2", .authorization = GOOD},
    {.name = "no blanks after commas",
     .authorization =
         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/ses/"
         "aws4_request,SignedHeaders=host;x-amz-date,Signature="
         "4d7406c85e8780c9ece8f36f52be7fa2c1719d4dead2f062fb6f31975edafdea"},
    {.name = "post with folded header",
     .method = "POST",
     .target = "/v2/email/outbound-emails",
     .host = LOCAL,
     .body = "{\"a\":\"b\"}",
     .more = {H("Content-Type", "application/json"),
              H("X-Spaces", "  a   b  c ")},
     .authorization =
         CREDENTIAL "SignedHeaders=content-type;host;x-amz-date;x-spaces, "
                    "Signature=4e0481fe2c377b32f9f2608c24c1904233dc9934301b69"
                    "6008f789ab999aa50b"},
    {.name = "sns",
     .method = "POST",
     .target = "/",
     .host = LOCAL,
     .body = "Action=ListTopics&Version=2010-03-31",
     .more = {H("Content-Type",
                "application/x-www-form-urlencoded; charset=utf-8")},
     .service = "sns",
     .authorization =
         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/sns/"
         "aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature="
         "46b42ca1c87a0ca45aca996521f504a5fbef2dca5ddd99a84df4f8add518978b"},
    {.name = "query is sorted",
     .target = "/v2/email/tags"
               "?ResourceArn=arn%3Aaws%3Ases&b=2&a=1&b=1&empty=",
     .host = LOCAL,
     .authorization =
         CREDENTIAL "SignedHeaders=host;x-amz-date, Signature=ed98a580fb7fbe8"
                    "9515675a707c769002aa91aabbeb126214a68828f2368bc5b"},
    {.name = "content hash given and true",
     .more = {H("X-Amz-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae"
                                        "41e4649b934ca495991b7852b855")},
     .authorization = GOOD},
    {.name = "session token",
     .target = "/v2/email/account",
     .more = {H("X-Amz-Security-Token", "AQ+tok/en==")},
     .authorization = TOKEN_SIGNED,
     .token = "AQ+tok/en=="},
    {.name = "presigned", /* its Date header is none of its own */
     .target = PRESIGNED(HMAC, DATE, "900", SIGNATURE_900),
     .date = ""},
    {.name = "presigned, at its end",
     .target = PRESIGNED(HMAC, DATE, "900", SIGNATURE_900),
     .skew = 900000},
    {.name = "presigned with a session token",
     .target =
         PRESIGNED(HMAC, DATE, "3600",
                   "&X-Amz-Security-Token=AQ%2Btok%2Fen%3D%3D" SIGNATURE_TOKEN),
     .token = "AQ+tok/en=="},
    {.name = "14 minutes old", .authorization = GOOD, .skew = 14 * 60000},
    {.name = "4 minutes early", .authorization = GOOD, .skew = -4 * 60000},

    {.name = "none",
     .rc = SES_NO_CREDENTIALS,
     .why = "Missing Authentication Token"},
    {.name = "incomplete in the query",
     .target = "/?X-Amz-Signature=00",
     .rc = SES_INCOMPLETE,
     .why = "AWS query-string parameters must include 'X-Amz-Algorithm'. "
            "Re-examine the query-string parameters."},
    {.name = "another algorithm in the query",
     .target = PRESIGNED("AWS4", DATE, "900", SIGNATURE_900),
     .rc = SES_INCOMPLETE,
     .why = "Unsupported AWS 'algorithm': 'AWS4' (only AWS4-HMAC-SHA256 for "
            "now)."},
    {.name = "twice in the query",
     .target = PRESIGNED(HMAC, DATE, "900", SIGNATURE_900 SIGNATURE_900),
     .rc = SES_INCOMPLETE,
     .why = "X-Amz-Signature is given twice."},
    {.name = "no date in the query",
     .target = PRESIGNED(HMAC, "now", "900", SIGNATURE_900),
     .rc = SES_INCOMPLETE,
     .why = "Date must be in ISO-8601 'basic format'. Got 'now'."},
    {.name = "presigned for too long",
     .target = PRESIGNED(HMAC, DATE, "604801", SIGNATURE_900),
     .rc = SES_INCOMPLETE,
     .why = "X-Amz-Expires must be 1 to 604800 seconds."},
    {.name = "presigned for no time",
     .target = PRESIGNED(HMAC, DATE, "0", SIGNATURE_900),
     .rc = SES_INCOMPLETE,
     .why = "X-Amz-Expires must be 1 to 604800 seconds."},
    {.name = "presigned, too late",
     .target = PRESIGNED(HMAC, DATE, "900", SIGNATURE_900),
     .skew = 900001,
     .rc = SES_OVERDUE,
     .why = "Request has expired."},
    {.name = "presigned, too early",
     .target = PRESIGNED(HMAC, DATE, "900", SIGNATURE_900),
     .skew = -6 * 60000,
     .rc = SES_BAD_SIGNATURE,
     .why = "Signature not yet current: 20261124T030000Z is still later than "
            "20261124T025900Z (20261124T025400Z + 5 min.)"},
    {.name = "presigned for longer than was signed",
     .target = PRESIGNED(HMAC, DATE, "901", SIGNATURE_900),
     .rc = SES_BAD_SIGNATURE,
     .why = MISMATCH},
    {.name = "presigned, another parameter",
     .target = PRESIGNED(HMAC, DATE, "900", "&Identity=x" SIGNATURE_900),
     .rc = SES_BAD_SIGNATURE,
     .why = MISMATCH},
    {.name = "presigned with another token",
     .target =
         PRESIGNED(HMAC, DATE, "3600",
                   "&X-Amz-Security-Token=AQ%2Btok%2Fee%3D%3D" SIGNATURE_TOKEN),
     .rc = SES_BAD_SIGNATURE,
     .why = MISMATCH},
    {.name = "presigned without its token",
     .target = PRESIGNED(HMAC, DATE, "3600", SIGNATURE_TOKEN),
     .rc = SES_BAD_SIGNATURE,
     .why = MISMATCH},
    {.name = "another algorithm",
     .authorization = "AWS4-ECDSA-P256-SHA256 Credential=x",
     .rc = SES_INCOMPLETE,
     .why = "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only "
            "AWS4-HMAC-SHA256 for now)."},
    {.name = "no parameters",
     .authorization = "AWS4-HMAC-SHA256 ",
     .rc = SES_INCOMPLETE,
     .why = "Authorization header requires 'Credential' parameter. "
            "Authorization=AWS4-HMAC-SHA256 "},
    {.name = "no signature",
     .authorization = "AWS4-HMAC-SHA256 Credential=a/b/c/d/e",
     .rc = SES_INCOMPLETE,
     .why = "Authorization header requires 'Signature' parameter. "
            "Authorization=AWS4-HMAC-SHA256 Credential=a/b/c/d/e"},
    {.name = "four elements",
     .authorization = "AWS4-HMAC-SHA256 Credential=a/b/c/d, "
                      "SignedHeaders=host, Signature=00",
     .rc = SES_INCOMPLETE,
     .why = "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'a/b/c/d'"},
    {.name = "date missing",
     .date = "",
     .authorization = CREDENTIAL "SignedHeaders=host, Signature=00",
     .rc = SES_INCOMPLETE,
     .why = "Authorization header requires existence of either a 'X-Amz-Date' "
            "or a 'Date' header. Authorization=" CREDENTIAL
            "SignedHeaders=host, Signature=00"},
    {.name = "date malformed",
     .date = "2026-11-24",
     .authorization = GOOD,
     .rc = SES_INCOMPLETE,
     .why = "Date must be in ISO-8601 'basic format'. Got '2026-11-24'."},
    {.name = "session token, not signed",
     .more = {H("X-Amz-Security-Token", "x")},
     .authorization = GOOD,
     .rc = SES_BAD_SIGNATURE,
     .why = "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS "
            "Authorization."},
    {.name = "another session token",
     .target = "/v2/email/account",
     .more = {H("X-Amz-Security-Token", "AQ+tok/em==")},
     .authorization = TOKEN_SIGNED,
     .rc = SES_BAD_SIGNATURE,
     .why = MISMATCH},
    {.name = "two session tokens",
     .target = "/v2/email/account",
     .more = {H("X-Amz-Security-Token", "AQ+tok/en=="),
              H("x-amz-security-token", "x")},
     .authorization = TOKEN_SIGNED,
     .rc = SES_INCOMPLETE,
     .why = "X-Amz-Security-Token is given twice."},
    {.name = "wrong service",
     .service = "sns",
     .authorization = GOOD,
     .rc = SES_BAD_SIGNATURE,
     .why = "Credential should be scoped to correct service: 'sns'."},
    {.name = "wrong region",
     .authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/"
                      "us-west-1/ses/aws4_request, SignedHeaders=host, "
                      "Signature=00",
     .rc = SES_BAD_SIGNATURE,
     .why = "Credential should be scoped to a valid region, not 'us-west-1'."},
    {.name = "wrong terminator",
     .authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/"
                      "us-east-1/ses/aws5, SignedHeaders=host, Signature=00",
     .rc = SES_BAD_SIGNATURE,
     .why = "Credential should be scoped with a valid terminator: "
            "'aws4_request', not 'aws5'."},
    {.name = "scope of another day",
     .authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/"
                      "us-east-1/ses/aws4_request, SignedHeaders=host, "
                      "Signature=00",
     .rc = SES_BAD_SIGNATURE,
     .why = "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
            "version of date from HTTP: '20261123' != '20261124', from "
            "'20261124T030000Z'."},
    {.name = "old",
     .authorization = GOOD,
     .skew = 25 * 60000,
     .rc = SES_BAD_SIGNATURE,
     .why = "Signature expired: 20261124T030000Z is now earlier than "
            "20261124T031000Z (20261124T032500Z - 15 min.)"},
    {.name = "future",
     .authorization = GOOD,
     .skew = -6 * 60000,
     .rc = SES_BAD_SIGNATURE,
     .why = "Signature not yet current: 20261124T030000Z is still later than "
            "20261124T025900Z (20261124T025400Z + 5 min.)"},
    {.name = "host not signed",
     .authorization = CREDENTIAL "SignedHeaders=x-amz-date, Signature=00",
     .rc = SES_BAD_SIGNATURE,
     .why = "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
            "Authorization."},
    {.name = "unsigned payload",
     .more = {H("x-amz-content-sha256", "UNSIGNED-PAYLOAD")},
     .authorization = GOOD,
     .rc = SES_BAD_SIGNATURE,
     .why = "The payload must be signed: x-amz-content-sha256 "
            "'UNSIGNED-PAYLOAD' is not supported."},
    {.name = "streaming",
     .more = {H("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")},
     .authorization = GOOD,
     .rc = SES_BAD_SIGNATURE,
     .why = "The payload must be signed: x-amz-content-sha256 "
            "'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' is not supported."},
    {.name = "content hash of another body",
     .more = {H("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae"
                                        "41e4649b934ca495991b7852b855")},
     .body = "x",
     .authorization = GOOD,
     .rc = SES_BAD_SIGNATURE,
     .why = "The provided 'x-amz-content-sha256' header does not match what "
            "was computed."},
    {.name = "changed body",
     .body = "x",
     .authorization = GOOD,
     .rc = SES_BAD_SIGNATURE,
     .why = MISMATCH},
    {.name = "changed path",
     .target = "/v2/email/account",
     .authorization = GOOD,
     .rc = SES_BAD_SIGNATURE,
     .why = MISMATCH},
    {.name = "changed method",
     .method = "DELETE",
     .authorization = GOOD,
     .rc = SES_BAD_SIGNATURE,
     .why = MISMATCH},
    {.name = "changed host",
     .host = "example.com",
     .authorization = GOOD,
     .rc = SES_BAD_SIGNATURE,
     .why = MISMATCH},
};

static ses_rc_t
verify(ses_cx_t *cx, const api_request_t *r, ses_str_t secret,
       const char *service, const char *token)
{
    uint8_t body[SES_SHA256];
    sigv4_key_t *key;
    sigv4_t s;
    ses_rc_t rc;

    if ((rc = sigv4_parse(cx, r, &s)) == SES_OK && token != NULL)
        assert_true(ses_str_eqc(s.token, token));
    if (rc != SES_OK ||
        (rc = sigv4_scope(cx, &s, SES_STR("us-east-1"), service)) != SES_OK)
        return rc;
    ses_sha256(r->body, body);
    key = sigv4_key_new(&s, secret);
    rc = sigv4_check(cx, r, &s, key, body);
    sigv4_key_free(key);
    return rc;
}

static void
add(api_header_t *h, unsigned *n, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    h[*n].name = ses_str(name);
    h[(*n)++].value = ses_str(value);
}

static void
test_vectors(void **state)
{
    ses_arena_t *a = ses_arena_new();
    size_t i, j;

    (void) state;
    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const struct vector *v = &vectors[i];
        ses_cx_t cx = ses_cx(a, NOW + v->skew);
        api_header_t h[8];
        api_request_t r = {0};
        ses_rc_t rc;

        add(h, &r.nheaders, "Host", v->host == NULL ? HOST : v->host);
        add(h, &r.nheaders, "X-Amz-Date", v->date == NULL ? DATE : v->date);
        add(h, &r.nheaders, "Authorization", v->authorization);
        for (j = 0; j < 3 && v->more[j].name.n > 0; j++)
            h[r.nheaders++] = v->more[j];
        r.headers = h;
        r.method = ses_str(v->method == NULL ? "GET" : v->method);
        api_request_target(&r,
                           ses_str(v->target == NULL ? CONTACT : v->target));
        r.body = ses_str(v->body);

        rc = verify(&cx, &r, SES_STR(SECRET),
                    v->service == NULL ? "ses" : v->service, v->token);
        if (rc != v->rc)
            fail_msg("%s: %s (%.*s)", v->name, ses_rc_name(rc),
                     SES_FMT(cx.why));
        if (v->why != NULL)
            assert_string_equal(ses_str_c(a, cx.why), v->why);
        if (rc == SES_OK) /* another secret never verifies */
            assert_int_equal(verify(&cx, &r, SES_STR("other"),
                                    v->service == NULL ? "ses" : v->service,
                                    v->token),
                             SES_BAD_SIGNATURE);
    }
    ses_arena_free(a);
}

static void
test_too_many_headers(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, NOW);
    ses_buf_t b;
    sigv4_t s = {0};
    api_request_t r = {.method = SES_STR("GET"), .path = SES_STR("/")};
    ses_str_t out;
    int i;

    (void) state;
    ses_buf_init(&b, a, 100000);
    for (i = 0; i < 10000; i++)
        ses_buf_c(&b, "host;");
    s.signed_headers = ses_buf_get(&b);
    assert_int_equal(sigv4_canonical(&cx, &r, &s, SES_STR(""), &out),
                     SES_INCOMPLETE);
    ses_arena_free(a);
}

static const struct {
    const char *in, *want;
} paths[] = {
    {"/", "/"},
    {"", "/"},
    {"/v2/email/a%40b", "/v2/email/a%2540b"},
    {"/a//b/./c/", "/a/b/c/"},
    {"/a/../b", "/b"},
    {"/../../b", "/b"},
    {"/a/..", "/"},
    {"/a%zz/b c", "/a%25zz/b%20c"},
    {"/a@b", "/a%40b"},
    {"/arn%3Aaws%3Ases%2Fx", "/arn%253Aaws%253Ases%252Fx"},
};

static const struct {
    const char *in, *want;
} queries[] = {
    {"", ""},
    {"a", "a="},
    {"b=2&a=1&&b=1", "a=1&b=1&b=2"},
    {"a=%7e%41", "a=~A"},
    {"a=x+y", "a=x%2By"},
    {"a=%zz", "a=%25zz"},
    {"a=b=c", "a=b%3Dc"},
};

static void
test_canonical_parts(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_buf_t b;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ses_buf_init(&b, a, 1000);
        sigv4_canonical_path(&b, ses_str(paths[i].in));
        assert_string_equal(ses_str_c(a, ses_buf_get(&b)), paths[i].want);
    }
    for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        ses_buf_init(&b, a, 1000);
        sigv4_canonical_query(&b, ses_str(queries[i].in), false);
        assert_string_equal(ses_str_c(a, ses_buf_get(&b)), queries[i].want);
    }
    ses_arena_free(a);
}

static void
test_cache(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, NOW);
    api_header_t h[] = {H("Host", HOST), H("X-Amz-Date", DATE),
                        H("Authorization", GOOD)};
    api_request_t r = {.headers = h, .nheaders = 3, .method = SES_STR("GET")};
    sigv4_cache_t *c = sigv4_cache_new();
    uint8_t body[SES_SHA256];
    sigv4_key_t *k;
    sigv4_t s, other;
    int i;

    (void) state;
    api_request_target(&r, SES_STR(CONTACT));
    assert_int_equal(sigv4_parse(&cx, &r, &s), SES_OK);
    assert_null(sigv4_cache_find(c, &s, 7));
    k = sigv4_key_new(&s, SES_STR(SECRET));
    sigv4_cache_put(c, &s, 7, k);
    assert_ptr_equal(sigv4_cache_find(c, &s, 7), k);
    assert_null(sigv4_cache_find(c, &s, 8)); /* the credential changed */

    h[2].value = SES_STR(CREDENTIAL "SignedHeaders=host, Signature=00");
    ((char *) (h[2].value.p = ses_str_c(a, h[2].value)))[29] = 'X';
    assert_int_equal(sigv4_parse(&cx, &r, &other), SES_OK);
    assert_null(sigv4_cache_find(c, &other, 7));

    ses_sha256(SES_STR(""), body);
    h[2].value = SES_STR(GOOD);
    for (i = 0; i < 3; i++) /* a kept context signs again and again */
        assert_int_equal(sigv4_check(&cx, &r, &s, k, body), SES_OK);
    sigv4_cache_put(c, &s, 8, sigv4_key_new(&s, SES_STR("new")));
    assert_null(sigv4_cache_find(c, &s, 7));
    sigv4_cache_free(c);
    ses_arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_too_many_headers),
        cmocka_unit_test(test_canonical_parts),
        cmocka_unit_test(test_cache),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
