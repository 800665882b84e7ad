/* op_send: envelope, fields in front, Simple and Raw, what is refused */
#include "../../nginx-module/api/op_send.c"
#include "model/identity.h"
#include "op_store.h"

#define TABLE ops_send
#define FROM "\"FromEmailAddress\":\"Shop <news@shop.test>\","
#define TO "\"Destination\":{\"ToAddresses\":[\"ann@mail.test\"]},"
#define SIMPLE                                                                 \
    "\"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"Hello\"},\"Body\":"      \
    "{\"Text\":{\"Data\":\"Hi\"}}}}"
#define BAD(json, why) EXPECT("SendEmail", json, SES_INVALID, why)

static bool
rcpts(const char *want)
{
    ses_arena_t *a = ses_arena_new();
    ses_buf_t b;
    unsigned i;
    bool ok;

    ses_buf_init(&b, a, 4096);
    for (i = 0; i < op_sent.nrcpts; i++) {
        ses_buf_str(&b, op_sent.rcpts[i]);
        ses_buf_char(&b, ' ');
    }
    ok = same(ses_buf_get(&b), want);
    ses_arena_free(a);
    return ok;
}

static void
test_simple(void **state)
{
    fixture_t *f = *state;

    EXPECT("SendEmail", "{" FROM TO SIMPLE "}", SES_OK, "*");
    assert_true(same(op_sent.mail, "news@shop.test"));
    assert_true(rcpts("ann@mail.test "));
    assert_string_equal(op_sent.operation, "SendEmail");
    assert_true(same(op_sent.data,
                     "From: Shop <news@shop.test>\r\n"
                     "To: ann@mail.test\r\n"
                     "Subject: Hello\r\n"
                     "MIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=US-ASCII\r\n"
                     "Content-Transfer-Encoding: 7bit\r\n"
                     "\r\n"
                     "Hi\r\n"));
}

static void
test_fields(void **state)
{
    fixture_t *f = *state;

    EXPECT("SendEmail",
           "{" FROM TO SIMPLE ",\"ConfigurationSetName\":\"marketing\","
           "\"EmailTags\":[{\"Name\":\"campaign\",\"Value\":\"autumn\"},"
           "{\"Name\":\"a\",\"Value\":\"b@c.d\"}],"
           "\"FeedbackForwardingEmailAddress\":\"back@shop.test\","
           "\"ReplyToAddresses\":[\"x@y.z\",\"J\\u00fcrgen <j@y.z>\"]}",
           SES_OK, "*");
    assert_true(same(op_sent.mail, "back@shop.test"));
    assert_true(ses_str_starts(
        op_sent.data, SES_STR("X-SES-CONFIGURATION-SET: marketing\r\n"
                              "X-SES-MESSAGE-TAGS: campaign=autumn,\r\n"
                              " a=b@c.d\r\n"
                              "From: ")));
    assert_true(ses_str_search(op_sent.data,
                               SES_STR("\r\nReply-To: x@y.z, "
                                       "=?UTF-8?Q?J=C3=BCrgen?= <j@y.z>\r\n")) >
                0);
}

static void
test_recipients(void **state)
{
    fixture_t *f = *state;
    ses_buf_t b;
    unsigned i, n;

    EXPECT("SendEmail",
           "{" FROM "\"Destination\":{\"ToAddresses\":[\"Ann <a@m.test>\","
           "\"a@M.test\"],\"CcAddresses\":[\"b@m.test\"],\"BccAddresses\":"
           "[\"c@m.test\",\"b@m.test\"]}," SIMPLE "}",
           SES_OK, "*");
    assert_true(rcpts("a@m.test b@m.test c@m.test "));
    assert_true(ses_str_search(op_sent.data, SES_STR("Bcc")) < 0);
    assert_true(ses_str_search(op_sent.data, SES_STR("c@m.test")) < 0);
    for (n = 50; n <= 51; n++) {
        ses_buf_init(&b, f->arena, 1 << 16);
        ses_buf_c(&b, "{" FROM SIMPLE ",\"Destination\":{\"BccAddresses\":[");
        for (i = 0; i < n; i++)
            ses_buf_printf(&b, "%s\"u%u@m.test\"", i > 0 ? "," : "", i);
        ses_buf_c(&b, "]}}");
        EXPECT("SendEmail", ses_str_c(f->arena, ses_buf_get(&b)),
               n == 50 ? SES_OK : SES_INVALID,
               n == 50 ? "*" : "Recipient count exceeds 50.");
    }
}

static void
test_refused(void **state)
{
    fixture_t *f = *state;

    BAD("{" TO SIMPLE "}", "(null)");
    BAD("{\"FromEmailAddress\":\"\"," TO SIMPLE "}", "Source cannot be empty");
    BAD("{" FROM SIMPLE "}", "Destination must have at least one recipient.");
    BAD("{" FROM TO "\"Content\":{}}",
        "Content must have exactly one of Simple, Raw and Template.");
    BAD("{" FROM TO "\"Content\":{\"Template\":{\"TemplateName\":\"t\"}}}",
        "Content.Template is not supported yet.");
    BAD("{" FROM "\"Destination\":{\"ToAddresses\":[\"ann\"]}," SIMPLE "}",
        "Missing final '@domain'");
    EXPECT("SendEmail",
           "{" FROM TO SIMPLE ",\"ConfigurationSetName\":\"a\\r\\nB: c\"}",
           SES_SET_UNKNOWN, "Configuration set <a\r\nB: c> does not exist.");
    BAD("{" FROM TO SIMPLE ",\"EmailTags\":[{\"Name\":\"a b\",\"Value\":\"c\"}"
        "]}",
        "Invalid tag name <a b>: only alphanumeric ASCII characters, '_',  "
        "'-' are allowed.");
    BAD("{" FROM TO SIMPLE ",\"EmailTags\":[{\"Name\":\"a\",\"Value\":\"\"}]}",
        "The tag value must be specified.");
    BAD("{" FROM TO SIMPLE ",\"TenantName\":\"t\"}",
        "TenantName is not supported yet.");
    BAD("{" FROM TO "\"Content\":{\"Simple\":{\"Subject\":{\"Data\":"
        "\"a\\nBcc: x@y.z\"},\"Body\":{\"Text\":{\"Data\":\"\"}}}}}",
        "Content.Simple.Subject.Data contains line breaks or control "
        "characters.");
    BAD("{" FROM TO "\"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"a\"},"
        "\"Body\":{\"Text\":{\"Data\":\"\\u00e9\"}}}}}",
        "Content.Simple.Body.Text.Data has characters that are not in "
        "US-ASCII: name another Charset, such as UTF-8.");
    BAD("{" FROM TO "\"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"a\","
        "\"Charset\":\"UTF-16\"},\"Body\":{\"Text\":{\"Data\":\"\"}}}}}",
        "Content.Simple.Subject.Charset <UTF-16> is not supported.");
    BAD("{" FROM TO "\"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"a\"},"
        "\"Body\":{}}}}",
        "Content.Simple.Body must have Text or Html.");
    BAD("{" FROM TO "\"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"a\"},"
        "\"Body\":{\"Text\":{\"Data\":\"\"}},\"Headers\":[{\"Name\":\"bcc\","
        "\"Value\":\"x@y.z\"}]}}}",
        "Illegal header 'bcc'.");
    BAD("{" FROM TO "\"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"a\"},"
        "\"Body\":{\"Text\":{\"Data\":\"\"}},\"Attachments\":[{\"FileName\":"
        "\"Setup.EXE\",\"RawContent\":\"QQ==\"}]}}}",
        "Illegal filename 'Setup.EXE'.");
}

/* --- Raw --------------------------------------------------------------- */

static const char *
raw_json(fixture_t *f, const char *members, const char *message, size_t n)
{
    ses_str_t data = ses_base64(f->arena, ses_str_n(message, n));

    return ses_str_printf(f->arena,
                          "{%s\"Content\":{\"Raw\":{\"Data\":\"%.*s\"}}}",
                          members, SES_FMT(data))
        .p;
}

#define RAW(members, message, rc, why)                                         \
    EXPECT("SendEmail", raw_json(f, members, message, sizeof(message) - 1),    \
           rc, why)

static void
test_raw(void **state)
{
    fixture_t *f = *state;
    static const char message[] =
        "From: A <a@shop.test>\r\nTo: b@m.test,\r\n c@m.test\r\n"
        "Bcc: d@m.test\r\nCc: b@m.test\r\n\r\n8-bit \xe9\r\n";

    RAW("", message, SES_OK, "*");
    assert_string_equal(op_sent.operation, "SendRawEmail");
    assert_true(same(op_sent.mail, "a@shop.test"));
    assert_true(rcpts("b@m.test c@m.test d@m.test "));
    assert_true(same(op_sent.data, message));

    RAW(FROM TO "\"ConfigurationSetName\":\"s\",", message, SES_OK, "*");
    assert_true(same(op_sent.mail, "news@shop.test"));
    assert_true(rcpts("ann@mail.test "));
    assert_true(ses_str_starts(
        op_sent.data,
        SES_STR("X-SES-CONFIGURATION-SET: s\r\nFrom: A <a@shop.test>\r\n")));

    RAW("", "From: a@s.test\nTo: b@m.test\nReturn-Path: <r@s.test>\n\nx\ny",
        SES_OK, "*");
    assert_true(same(op_sent.mail, "r@s.test"));
    assert_true(same(op_sent.data,
                     "From: a@s.test\r\nTo: b@m.test\r\nReturn-Path: "
                     "<r@s.test>\r\n\r\nx\r\ny\r\n"));

    RAW("\"ReplyToAddresses\":[\"r@y.z\"],",
        "From: a@s.test\r\nTo: b@m.test\r\n\r\n", SES_OK, "*");
    assert_true(ses_str_starts(op_sent.data,
                               SES_STR("Reply-To: r@y.z\r\nFrom: a@s.test")));
    RAW("\"ReplyToAddresses\":[\"r@y.z\"],",
        "From: a@s.test\r\nTo: b@m.test\r\nReply-To: q@y.z\r\n\r\n",
        SES_INVALID,
        "ReplyToAddresses cannot be given: the message has a Reply-To "
        "header.");
    RAW(FROM, "From: \r\nTo: b@m.test\r\n\r\n", SES_INVALID,
        "Missing required header 'From'.");

    RAW(FROM, "To: b@m.test\r\n\r\n", SES_OK, "*");
    assert_true(same(op_sent.data,
                     "From: Shop <news@shop.test>\r\nTo: b@m.test\r\n\r\n"));
}

static void
test_raw_refused(void **state)
{
    fixture_t *f = *state;
    char *big;

    RAW(TO, "Subject: x\r\n\r\n", SES_INVALID,
        "Missing required header 'From'.");
    RAW(TO, "", SES_INVALID, "Message must begin with a header field.");
    RAW(TO, " leading: blank\r\nFrom: a@b.c\r\n\r\n", SES_INVALID,
        "Message must begin with a header field.");
    RAW(TO, "From a@b.c Mon\r\nFrom: a@b.c\r\n\r\n", SES_INVALID,
        "Message must begin with a header field.");
    RAW(TO, "\r\nFrom: a@b.c\r\n\r\n", SES_INVALID,
        "Message must begin with a header field.");
    RAW(TO, "From: a@b.c\r\nnonsense\r\n\r\n", SES_INVALID,
        "Illegal header 'nonsense'.");
    RAW(TO, "From: a@b.c\r\n\r\n\0", SES_INVALID,
        "Message contains a NUL character.");
    RAW("", "From: a@b.c\r\n\r\n", SES_INVALID,
        "Destination must have at least one recipient.");
    RAW("", "From: a@b.c\r\nTo: nobody\r\n\r\n", SES_INVALID,
        "Missing final '@domain'");

    big = ses_alloc(f->arena, 100001);
    memset(big, 'x', 100001);
    memcpy(big, "From: a@b.c\r\n\r\n", 15);
    big[99998] = '\r';
    big[99999] = '\n';
    EXPECT("SendEmail", raw_json(f, TO, big, 100000), SES_OK, "*");
    EXPECT("SendEmail", raw_json(f, TO, big, 100001), SES_TOO_LARGE,
           "Message length is more than 100000 bytes long: '100001'.");
}

static void
test_identity_arn(void **state)
{
    fixture_t *f = *state;
    ses_change_t c = {0};
    ses_identity_t i;

    ses_identity_init(&f->cx, &i, ACCOUNT, SES_STR("shop.test"), true);
    ses_identity_put(&f->cx, &c, &i);
    apply(f, &c);
#define ARN(a)                                                                 \
    "\"FromEmailAddressIdentityArn\":\"arn:aws:ses:us-east-1:" a "\","
    EXPECT("SendEmail",
           "{" ARN("123456789012:identity/shop.test") FROM TO SIMPLE "}",
           SES_OK, "*");
    RAW(ARN("123456789012:identity/shop.test"),
        "From: a@shop.test\r\nTo: b@m.test\r\n\r\n", SES_OK, "*");
    RAW(ARN("123456789012:identity/shop.test"),
        "From: a@else.test\r\nTo: b@m.test\r\n\r\n", SES_INVALID,
        "FromEmailAddressIdentityArn does not cover the address it is for.");
    BAD("{" ARN("123456789012:identity/none.test") FROM TO SIMPLE "}",
        "Email identity none.test does not exist.");
    /* whether another account lets us is the gate's to say */
    EXPECT("SendEmail",
           "{" ARN("210987654321:identity/shop.test") FROM TO SIMPLE "}",
           SES_OK, "*");
    assert_non_null(strstr(ses_str_c(f->arena, op_sent.data),
                           "X-SES-SOURCE-ARN: arn:aws:ses:us-east-1:"
                           "210987654321:identity/shop.test\r\n"
                           "X-SES-FROM-ARN: arn:aws:ses:us-east-1:"
                           "210987654321:identity/shop.test\r\n"));
    BAD("{" ARN("2109:identity/shop.test") FROM TO SIMPLE "}",
        "<arn:aws:ses:us-east-1:2109:identity/shop.test> is not the ARN of an "
        "identity in this region.");
    BAD("{" ARN("210987654321:identity/else.test") FROM TO SIMPLE "}",
        "FromEmailAddressIdentityArn does not cover the address it is for.");
    BAD("{" ARN("123456789012:identity/shop.test") "\"FromEmailAddress\":\"a@b."
                                                   "test\"," TO SIMPLE "}",
        "FromEmailAddressIdentityArn does not cover the address it is for.");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        OP_TEST(test_simple),      OP_TEST(test_fields),
        OP_TEST(test_recipients),  OP_TEST(test_refused),
        OP_TEST(test_raw),         OP_TEST(test_raw_refused),
        OP_TEST(test_identity_arn)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
