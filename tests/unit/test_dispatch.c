/*
 * test_dispatch - whole calls against the real tables, signed here
 */
#include "model_store.h"

#include "../../nginx-module/api/dispatch.c"
#include "../../nginx-module/api/reply.c"
#include "api/sigv4_canonical.h"
#include "base/log.h"

static api_env_t env;
static ses_credential_t key;
static ses_str_t secret;

static void
silent(ses_log_level_t level, const char *line)
{
    (void) level;
    (void) line;
}

static int
dispatch_setup(void **state)
{
    ses_change_t c = {0};
    ses_account_t a;
    fixture_t *f;

    if (setup(state) != 0)
        return -1;
    f = *state;
    ses_log_open("test", silent);
    memset(&env, 0, sizeof(env));
    env.conf.region = SES_STR("us-east-1");
    env.conf.max_recipients = 50;
    env.conf.max_message_size = 100000;
    env.site.n = 1;
    env.site.keys[0].id = 'a';
    env.ticket = env.site;
    ses_account_init(&a, ACCOUNT, NOW);
    ses_account_put(&f->cx, &c, &a);
    if (ses_credential_new(&f->cx, &env.site, ACCOUNT, SES_STR("mailer"), &key,
                           &secret) != SES_OK)
        return -1;
    ses_credential_put(&f->cx, &c, &key);
    apply(f, &c);
    return 0;
}

struct request {
    const char *method, *target, *body;
    const char *service; /* NULL = not signed */
    const char *wrong;   /* secret to sign with instead */
    const char *agent;
};

/* A call as the web server would make it. */
static api_call_t *
new_call(fixture_t *f, const struct request *r)
{
    api_call_t *c = api_call_new(&env);
    api_header_t *h = ses_calloc(c->arena, 8 * sizeof(*h));
    uint8_t hash[SES_SHA256], mac[SES_SHA256];
    ses_str_t scope, canonical;
    sigv4_key_t *k;
    sigv4_t s = {0};
    unsigned n = 0;

    (void) f;
    c->cx.now = NOW;
    c->req.method = ses_str(r->method);
    api_request_target(&c->req, ses_str(r->target));
    c->req.body = ses_str(r->body);
    c->req.client = SES_STR("192.0.2.1");
    c->req.headers = h;
    h[n++] = (api_header_t){SES_STR("Host"), SES_STR("localhost")};
    h[n++] =
        (api_header_t){SES_STR("X-Amz-Date"), ses_clock_amz(c->arena, NOW)};
    if (r->agent != NULL)
        h[n++] = (api_header_t){SES_STR("User-Agent"), ses_str(r->agent)};
    c->req.nheaders = n;
    if (r->service == NULL)
        return c;

    s.timestamp = h[1].value;
    s.date = ses_str_head(s.timestamp, 8);
    s.region = env.conf.region;
    s.service = ses_str(r->service);
    s.terminator = SES_STR("aws4_request");
    s.signed_headers = SES_STR("host;x-amz-date");
    ses_sha256(c->req.body, hash);
    assert_int_equal(
        sigv4_canonical(&c->cx, &c->req, &s,
                        ses_hex(c->arena, ses_str_n(hash, sizeof(hash))),
                        &canonical),
        SES_OK);
    k = sigv4_key_new(&s, r->wrong != NULL ? ses_str(r->wrong) : secret);
    assert_true(
        sigv4_key_sign(k, sigv4_string_to_sign(&c->cx, &s, canonical), mac));
    sigv4_key_free(k);
    scope = ses_str_printf(c->arena, "%.*s/%.*s/us-east-1/%s/aws4_request",
                           SES_FMT(key.id), SES_FMT(s.date), r->service);
    h[n++] = (api_header_t){
        SES_STR("Authorization"),
        ses_str_printf(
            c->arena,
            "AWS4-HMAC-SHA256 Credential=%.*s, SignedHeaders=%.*s, "
            "Signature=%.*s",
            SES_FMT(scope), SES_FMT(s.signed_headers),
            SES_FMT(ses_hex(c->arena, ses_str_n(mac, sizeof(mac)))))};
    c->req.nheaders = n;
    return c;
}

static void
run_call(fixture_t *f, api_call_t *c, sigv4_cache_t *cache,
         api_response_t *response)
{
    ses_txn_t *t;

    if (api_begin(c, f->t, cache) == API_COMMIT) {
        assert_int_equal(ses_txn_nested(&f->cx, f->t, &t), SES_OK);
        c->rc = api_write(&c->cx, t, c);
        if (c->rc == SES_OK)
            assert_int_equal(ses_txn_commit(&f->cx, t), SES_OK);
        else
            ses_txn_end(t);
    }
    api_finish(c, response);
}

#define NS_SES "http://ses.amazonaws.com/doc/2010-12-01/"
#define NS_SNS "http://sns.amazonaws.com/doc/2010-03-31/"

static const struct {
    struct request r;
    int status;
    const char *type, *error, *body; /* body: a part of it */
} cases[] = {
    {{"GET", "/v2/email/account", "", "ses", NULL, NULL},
     200,
     "application/json",
     NULL,
     "\"ProductionAccessEnabled\":false"},
    {{"GET", "/v2/email/account", "", NULL, NULL, NULL},
     403,
     "application/json",
     "MissingAuthenticationTokenException",
     "{\"message\":\"Missing Authentication Token\"}"},
    {{"GET", "/v2/email/account", "", "ses", "wrong", NULL},
     403,
     "application/json",
     "InvalidSignatureException",
     "The request signature we calculated does not match"},
    {{"GET", "/v2/email/account", "", "email", NULL, NULL},
     403,
     "application/json",
     "InvalidSignatureException",
     "Credential should be scoped to correct service: 'ses'."},
    {{"GET", "/ping", "", NULL, NULL, NULL},
     404,
     "application/json",
     "UnknownOperationException",
     "{\"message\":\"Unknown operation.\"}"},
    {{"GET", "/", "", NULL, NULL, NULL},
     404,
     "application/json",
     "UnknownOperationException",
     "{\"message\":\"Unknown operation.\"}"},
    {{"PUT", "/v2/email/account/sending", "{\"SendingEnabled\":true}", "ses",
      NULL, NULL},
     200,
     "application/json",
     NULL,
     "{}"},
    {{"PUT", "/v2/email/account/sending", "[]", "ses", NULL, NULL},
     400,
     "application/json",
     "SerializationException",
     "{\"message\":null}"},
    {{"PUT", "/v2/email/account/sending", "{\"SendingEnabled\":1}", "ses", NULL,
      NULL},
     400,
     "application/json",
     "SerializationException",
     "NUMBER_VALUE can not be converted to a Boolean"},
    {{"GET", "/v2/email/identities/a%00b", "", "ses", NULL, NULL},
     400,
     "application/json",
     "BadRequestException",
     "EmailIdentity is not valid UTF-8 text, percent-encoded."},
    {{"GET", "/v2/email/identities/no.test", "", "ses", NULL, NULL},
     404,
     "application/json",
     "NotFoundException",
     "Email identity no.test does not exist."},
    {{"POST", "/", "Action=ListTopics&Version=2010-03-31", "sns", NULL, NULL},
     200,
     "text/xml",
     NULL,
     "<ListTopicsResponse xmlns=\"" NS_SNS "\"><ListTopicsResult><Topics>"
     "</Topics></ListTopicsResult><ResponseMetadata><RequestId>"},
    {{"POST", "/", "Action=ListTopics&Version=2010-03-31", "ses", NULL, NULL},
     403,
     "text/xml",
     "SignatureDoesNotMatch",
     "Credential should be scoped to correct service: 'sns'."},
    {{"POST", "/",
      "Action=CreateTopic&Version=2010-03-31&Name=t&Attributes.entry.1.key=k",
      "sns", NULL, NULL},
     200,
     "text/xml",
     NULL,
     "<TopicArn>arn:aws:sns:us-east-1:123456789012:t</TopicArn>"},
    {{"POST", "/", "Action=Nothing&Version=2010-12-01", "ses", NULL, NULL},
     400,
     "text/xml",
     "InvalidAction",
     "<ErrorResponse xmlns=\"" NS_SES "\"><Error><Type>Sender</Type>"
     "<Code>InvalidAction</Code><Message>Could not find operation Nothing "
     "for version 2010-12-01.</Message></Error><RequestId>"},
    {{"POST", "/", "", NULL, NULL, NULL},
     400,
     "text/xml",
     "MissingAction",
     "The request must contain the parameter Action."},
    {{"POST", "/", "a=%ff", NULL, NULL, NULL},
     400,
     "text/xml",
     "InvalidParameterValue",
     "The parameters are not valid UTF-8"},
    {{"GET",
      "/?Action=ConfirmSubscription&Token=x&TopicArn=arn%3Aaws%3Asns%3A"
      "us-east-1%3A123456789012%3Anone",
      "", NULL, NULL, NULL},
     400,
     "text/xml",
     "InvalidParameter",
     "<ErrorResponse xmlns=\"" NS_SNS "\">"},
};

static void
test_calls(void **state)
{
    fixture_t *f = *state;
    api_response_t response;
    const char *body;
    api_call_t *c;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = new_call(f, &cases[i].r);
        run_call(f, c, NULL, &response);
        body = ses_str_c(c->arena, response.body);
        if (response.status != cases[i].status ||
            strstr(body, cases[i].body) == NULL)
            fail_msg("%s %s %s: %d %s", cases[i].r.method, cases[i].r.target,
                     cases[i].r.body, response.status, body);
        assert_string_equal(response.type, cases[i].type);
        if (cases[i].error == NULL)
            assert_null(response.error);
        else
            assert_string_equal(response.error, cases[i].error);
        assert_int_equal(response.request_id.n, SES_UUID_LEN);
        api_call_free(c);
    }
}

/* An account is told by its key alone, and a key must be active. */
static void
test_keys(void **state)
{
    static const struct request r = {
        "GET", "/v2/email/account", "", "ses", NULL, NULL};
    fixture_t *f = *state;
    sigv4_cache_t *cache = sigv4_cache_new();
    api_response_t response;
    ses_change_t change = {0};
    ses_credential_t k;
    api_call_t *c;
    int i;

    for (i = 0; i < 2; i++) { /* the second from the cache */
        c = new_call(f, &r);
        run_call(f, c, cache, &response);
        assert_int_equal(response.status, 200);
        assert_true(ses_str_eq(c->cx.account, ACCOUNT));
        assert_string_equal(ses_str_c(c->arena, c->cx.caller),
                            "arn:aws:iam::123456789012:user/mailer");
        api_call_free(c);
    }

    assert_int_equal(ses_credential_find(&f->cx, f->t, key.id, &k), SES_OK);
    k.active = false;
    ses_credential_put(&f->cx, &change, &k);
    apply(f, &change);
    c = new_call(f, &r);
    run_call(f, c, cache, &response);
    assert_int_equal(response.status, 403);
    assert_string_equal(response.error, "UnrecognizedClientException");
    assert_int_equal(c->cx.account.n, 0);
    api_call_free(c);

    key.id = SES_STR("AKIANOBODY0000000000");
    c = new_call(f, &r);
    run_call(f, c, cache, &response);
    assert_string_equal(response.error, "UnrecognizedClientException");
    assert_string_equal(
        ses_str_c(c->arena, response.body),
        "{\"message\":\"The security token included in the request is "
        "invalid.\"}");
    api_call_free(c);
    sigv4_cache_free(cache);
}

static void
test_no_store(void **state)
{
    static const struct request r = {
        "GET", "/v2/email/account", "", "ses", NULL, NULL};
    fixture_t *f = *state;
    api_response_t response;
    api_call_t *c = new_call(f, &r);

    assert_int_equal(api_begin(c, NULL, NULL), API_DONE);
    api_finish(c, &response);
    assert_int_equal(response.status, 503);
    assert_string_equal(response.error, "ServiceUnavailable");
    assert_string_equal(ses_str_c(c->arena, response.body),
                        "{\"message\":\"Temporary service failure\"}");
    api_call_free(c);
}

/* A batch that failed as a whole runs its operations again. */
static void
test_write_twice(void **state)
{
    static const struct request r = {"POST",
                                     "/v2/email/configuration-sets",
                                     "{\"ConfigurationSetName\":\"s\"}",
                                     "ses",
                                     NULL,
                                     NULL};
    fixture_t *f = *state;
    api_response_t response;
    api_call_t *c = new_call(f, &r);
    ses_txn_t *t;
    int i;

    assert_int_equal(api_begin(c, f->t, NULL), API_COMMIT);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ses_txn_nested(&f->cx, f->t, &t), SES_OK);
        c->rc = api_write(&c->cx, t, c);
        assert_int_equal(c->rc, SES_OK);
        ses_txn_end(t);
    }
    api_finish(c, &response);
    assert_string_equal(ses_str_c(c->arena, response.body), "{}");
    api_call_free(c);
}

static void
test_plain_errors(void **state)
{
    fixture_t *f = *state;
    api_response_t response;

    api_plain_error(f->arena, 413, &response);
    assert_string_equal(response.error, "RequestEntityTooLarge");
    api_plain_error(f->arena, 499, &response);
    assert_string_equal(response.error, "BadRequestException");
    api_plain_error(f->arena, 502, &response);
    assert_string_equal(response.error, "InternalFailure");
    assert_int_equal(response.request_id.n, SES_UUID_LEN);
}

#define CALL(fn) cmocka_unit_test_setup_teardown(fn, dispatch_setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CALL(test_calls),       CALL(test_keys),         CALL(test_no_store),
        CALL(test_write_twice), CALL(test_plain_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
