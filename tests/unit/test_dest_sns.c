/*
 * test_dest_sns - the envelope: order of members, headers, a signature that
 * OpenSSL verifies, ids that stay the same
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../milter/agent/dest_sns.c"

#include "../../milter/agent/notification.c"

#define WHEN INT64_C(1795489205000) /* 2026-11-24T03:00:05Z */

typedef struct {
    ses_arena_t *arena;
    ses_conf_t conf;
    dest_sns_t sns;
    ses_cx_t cx;
    outlet_info_t to;
    ses_event_t event;
} fixture_t;

static char dir[] = "/tmp/test_sns.XXXXXX";

static void
write_key(const char *path)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL),
                     1);
    fclose(f);
    EVP_PKEY_free(key);
}

static int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));
    char path[64];

    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/sns.key", dir);
    write_key(path);
    f->arena = ses_arena_new();
    f->cx = ses_cx(f->arena, WHEN);
    f->conf.key_directory = ses_str(dir);
    f->conf.public_url = SES_STR("https://ses.example.net");
    f->conf.region = SES_STR("us-east-1");
    assert_int_equal(sns_open(&f->cx, &f->conf, &f->sns), SES_OK);
    f->to = (outlet_info_t){
        .key = {SES_STR("123456789012"), SES_STR("marketing"), SES_STR("hook"),
                SES_STR("0c9c")},
        .topic_arn = SES_STR("arn:aws:sns:us-east-1:123456789012:t"),
        .arn = SES_STR("arn:aws:sns:us-east-1:123456789012:t:0c9c"),
        .endpoint = SES_STR("http://hook.test/x?y=z")};
    f->event = (ses_event_t){.seq = 7,
                             .type = SES_EVENT_SEND,
                             .when = WHEN,
                             .account = SES_STR("123456789012"),
                             .set = SES_STR("marketing"),
                             .body = SES_STR("{\"eventType\":\"Send\"}"),
                             .hash = "0123456789abcde"};
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;
    char path[64];

    sns_close(&f->sns);
    snprintf(path, sizeof(path), "%s/sns.key", dir);
    unlink(path);
    rmdir(dir);
    strcpy(dir, "/tmp/test_sns.XXXXXX");
    ses_arena_free(f->arena);
    free(f);
    return 0;
}

static bool
verified(fixture_t *f, ses_str_t text, ses_str_t signature)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    ses_str_t sig;
    bool ok;

    assert_true(ses_base64_parse(f->arena, signature, &sig));
    assert_int_equal(
        EVP_DigestVerifyInit(md, NULL, EVP_sha1(), NULL, f->sns.key), 1);
    ok = EVP_DigestVerify(md, (const unsigned char *) sig.p, sig.n,
                          (const unsigned char *) text.p, text.n) == 1;
    EVP_MD_CTX_free(md);
    return ok;
}

static void
expect_members(const cJSON *j, const char *const *want)
{
    const cJSON *m = j->child;

    for (; *want != NULL; want++, m = m->next) {
        assert_non_null(m);
        assert_string_equal(m->string, *want);
    }
    assert_null(m);
}

static bool
has_header(const courier_post_t *p, const char *line)
{
    size_t i;

    for (i = 0; i < COURIER_HEADERS && p->headers[i] != NULL; i++)
        if (strcmp(p->headers[i], line) == 0)
            return true;
    return false;
}

static cJSON *
parse(fixture_t *f, ses_str_t s)
{
    cJSON *j;

    assert_int_equal(ses_json_parse(&f->cx, s, &j), SES_OK);
    return j;
}

static void
test_notification(void **state)
{
    static const char *const members[] = {"Type",
                                          "MessageId",
                                          "TopicArn",
                                          "Subject",
                                          "Message",
                                          "Timestamp",
                                          "SignatureVersion",
                                          "Signature",
                                          "SigningCertURL",
                                          "UnsubscribeURL",
                                          NULL};
    fixture_t *f = *state;
    courier_post_t p;
    ses_str_t text;
    cJSON *j;

    assert_int_equal(
        sns_notification(&f->cx, &f->sns, &f->to, &f->event, WHEN, &p), SES_OK);
    j = parse(f, p.body);
    expect_members(j, members);
    assert_true(ses_str_eqc(ses_json_str(j, "Type"), "Notification"));
    assert_true(
        ses_str_eqc(ses_json_str(j, "Timestamp"), "2026-11-24T03:00:05.000Z"));
    assert_true(
        ses_str_eqc(ses_json_str(j, "SigningCertURL"),
                    "https://ses.example.net/SimpleNotificationService.pem"));
    assert_true(ses_str_eqc(ses_json_str(j, "UnsubscribeURL"),
                            "https://ses.example.net/?Action=Unsubscribe&"
                            "SubscriptionArn="
                            "arn:aws:sns:us-east-1:123456789012:t:0c9c"));
    assert_true(ses_str_eq(ses_json_str(j, "Message"), f->event.body));
    text = ses_str_printf(f->arena,
                          "Message\n{\"eventType\":\"Send\"}\nMessageId\n%.*s\n"
                          "Subject\nAmazon SES Email Event Notification\n"
                          "Timestamp\n2026-11-24T03:00:05.000Z\n"
                          "TopicArn\narn:aws:sns:us-east-1:123456789012:t\n"
                          "Type\nNotification\n",
                          SES_FMT(ses_json_str(j, "MessageId")));
    assert_true(verified(f, text, ses_json_str(j, "Signature")));
    assert_false(
        verified(f, ses_str_from(text, 1), ses_json_str(j, "Signature")));

    assert_string_equal(p.url, "http://hook.test/x?y=z");
    assert_true(has_header(&p, "Content-Type: text/plain; charset=UTF-8"));
    assert_true(
        has_header(&p, "User-Agent: Amazon Simple Notification Service Agent"));
    assert_true(has_header(&p, "x-amz-sns-message-type: Notification"));
    assert_true(has_header(
        &p, "x-amz-sns-topic-arn: arn:aws:sns:us-east-1:123456789012:t"));
    assert_true(has_header(&p, "x-amz-sns-subscription-arn: "
                               "arn:aws:sns:us-east-1:123456789012:t:0c9c"));
    assert_true(
        has_header(&p, ses_str_printf(f->arena, "x-amz-sns-message-id: %.*s",
                                      SES_FMT(ses_json_str(j, "MessageId")))
                           .p));
    assert_false(has_header(&p, "x-amz-sns-rawdelivery: true"));
    ses_json_free(j);
}

/* The plain text that greets a new destination has no Subject. */
static void
test_notice(void **state)
{
    fixture_t *f = *state;
    courier_post_t p;
    ses_str_t text;
    cJSON *j;

    f->event.type = SES_EVENT_NOTICE;
    f->event.body = SES_STR("Successfully \"validated\"\n");
    assert_int_equal(
        sns_notification(&f->cx, &f->sns, &f->to, &f->event, WHEN, &p), SES_OK);
    j = parse(f, p.body);
    assert_null(ses_json_get(j, "Subject"));
    text = ses_str_printf(
        f->arena,
        "Message\nSuccessfully \"validated\"\n\nMessageId\n%.*s\n"
        "Timestamp\n2026-11-24T03:00:05.000Z\n"
        "TopicArn\narn:aws:sns:us-east-1:123456789012:t\n"
        "Type\nNotification\n",
        SES_FMT(ses_json_str(j, "MessageId")));
    assert_true(verified(f, text, ses_json_str(j, "Signature")));
    ses_json_free(j);
}

static void
test_raw(void **state)
{
    fixture_t *f = *state;
    courier_post_t p;

    f->to.raw = true;
    assert_int_equal(
        sns_notification(&f->cx, &f->sns, &f->to, &f->event, WHEN, &p), SES_OK);
    assert_true(ses_str_eq(p.body, f->event.body));
    assert_true(has_header(&p, "x-amz-sns-rawdelivery: true"));
    assert_true(has_header(&p, "x-amz-sns-message-type: Notification"));
}

/* One id for an event at a destination, whoever subscribes, at every try. */
static void
test_message_id(void **state)
{
    fixture_t *f = *state;
    ses_str_t id = sns_message_id(f->arena, &f->to.key, &f->event);
    ses_cursor_key_t key = f->to.key;

    assert_int_equal(id.n, SES_UUID_LEN);
    f->event.seq++;
    key.subscription = SES_STR("other");
    assert_true(ses_str_eq(id, sns_message_id(f->arena, &key, &f->event)));
    key.destination = SES_STR("other");
    assert_false(ses_str_eq(id, sns_message_id(f->arena, &key, &f->event)));
    f->event.hash[0] ^= 1;
    assert_false(
        ses_str_eq(id, sns_message_id(f->arena, &f->to.key, &f->event)));
}

static void
test_confirmation(void **state)
{
    static const char *const members[] = {
        "Type",      "MessageId",      "Token",     "TopicArn",
        "Message",   "SubscribeURL",   "Timestamp", "SignatureVersion",
        "Signature", "SigningCertURL", NULL};
    fixture_t *f = *state;
    ses_subscription_t s = {.account = SES_STR("123456789012"),
                            .topic = SES_STR("t"),
                            .id = SES_STR("0c9c"),
                            .endpoint = SES_STR("https://hook.test/"),
                            .token = SES_STR("cafe")};
    courier_post_t p;
    ses_str_t text;
    cJSON *j;

    assert_int_equal(sns_confirmation(&f->cx, &f->sns, &s, &p), SES_OK);
    j = parse(f, p.body);
    expect_members(j, members);
    assert_true(ses_str_eqc(
        ses_json_str(j, "SubscribeURL"),
        "https://ses.example.net/?Action=ConfirmSubscription&TopicArn="
        "arn:aws:sns:us-east-1:123456789012:t&Token=cafe"));
    text = ses_str_printf(f->arena,
                          "Message\n%.*s\nMessageId\n%.*s\nSubscribeURL\n%.*s\n"
                          "Timestamp\n2026-11-24T03:00:05.000Z\nToken\ncafe\n"
                          "TopicArn\narn:aws:sns:us-east-1:123456789012:t\n"
                          "Type\nSubscriptionConfirmation\n",
                          SES_FMT(ses_json_str(j, "Message")),
                          SES_FMT(ses_json_str(j, "MessageId")),
                          SES_FMT(ses_json_str(j, "SubscribeURL")));
    assert_true(verified(f, text, ses_json_str(j, "Signature")));
    assert_true(
        has_header(&p, "x-amz-sns-message-type: SubscriptionConfirmation"));
    ses_json_free(j);
}

static void
test_no_key(void **state)
{
    fixture_t *f = *state;
    dest_sns_t d = {0};
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "%s/sns.key", dir);
    file = fopen(path, "w");
    fputs("no key\n", file);
    fclose(file);
    assert_int_equal(sns_open(&f->cx, &f->conf, &d), SES_INVALID);
    unlink(path);
    assert_int_equal(sns_open(&f->cx, &f->conf, &d), SES_NOT_FOUND);
    assert_null(d.key);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* An identity's owner: no tags, but who sent it; header fields if wanted. */
static void
test_identity_notification(void **state)
{
    static const char event[] =
        "{\"eventType\":\"Bounce\",\"mail\":{\"timestamp\":\"t\","
        "\"sourceArn\":\"a\",\"messageId\":\"m\",\"headersTruncated\":false,"
        "\"headers\":[],\"commonHeaders\":{},\"tags\":{\"ses:source-ip\":"
        "[\"192.0.2.1\"],\"ses:caller-identity\":[\"ann\"]}},"
        "\"bounce\":{\"x\":[1,null]}}";
    fixture_t *f = *state;
    ses_str_t out;

    assert_int_equal(notification_body(&f->cx, ses_str(event), false, &out),
                     SES_OK);
    assert_string_equal(
        ses_str_c(f->arena, out),
        "{\"notificationType\":\"Bounce\",\"mail\":{\"timestamp\":\"t\","
        "\"sourceArn\":\"a\",\"sourceIp\":\"192.0.2.1\",\"callerIdentity\":"
        "\"ann\",\"messageId\":\"m\"},\"bounce\":{\"x\":[1,null]}}");
    assert_int_equal(notification_body(&f->cx, ses_str(event), true, &out),
                     SES_OK);
    assert_true(ses_str_search(out, SES_STR("\"messageId\":\"m\","
                                            "\"headersTruncated\":false,"
                                            "\"headers\":[],"
                                            "\"commonHeaders\":{}}")) > 0);
    assert_int_equal(notification_body(&f->cx, SES_STR("{"), true, &out),
                     SES_FAULT);
    ses_cx_clear(&f->cx);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_notification),
        TEST(test_notice),
        TEST(test_raw),
        TEST(test_message_id),
        TEST(test_confirmation),
        TEST(test_no_key),
        TEST(test_identity_notification),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
