/*
 * test_iam - policies: what they say, and what is no policy
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "policy/iam.h"
#include "seeded.h"

#define ARN "arn:aws:ses:us-east-1:111122223333:identity/shop.test"

static ses_arena_t *arena;

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

/* Documents are written with ' for ", but for what stands in `...`. */
static ses_str_t
document(const char *text)
{
    char *p = ses_str_c(arena, ses_str(text)), *q;

    for (q = p; *q != '\0'; q++)
        *q = *q == '\'' ? '"' : *q == '`' ? '\'' : *q;
    return ses_str(p);
}

/* --- what a policy says ------------------------------------------------ */

static const ses_str_t from[] = {SES_STR_INIT("News@shop.test")};
static const ses_str_t rcpts[] = {SES_STR_INIT("a@in.test"),
                                  SES_STR_INIT("b@out.test")};
static const ses_str_t ip[] = {SES_STR_INIT("192.0.2.17")};
static const ses_str_t ip6[] = {SES_STR_INIT("2001:db8::17")};
static const ses_str_t now[] = {SES_STR_INIT("2026-11-24T12:00:00Z")};
static const ses_str_t epoch[] = {SES_STR_INIT("1795521600")};
static const ses_str_t user[] = {SES_STR_INIT("ann")};
static const ses_str_t star[] = {SES_STR_INIT("*")};
static const ses_str_t tls[] = {SES_STR_INIT("true")};
static const ses_str_t number[] = {SES_STR_INIT("12.5")};
static const ses_str_t bytes[] = {SES_STR_INIT("aGk=")};
static const ses_str_t source[] = {SES_STR_INIT(ARN)};
static const ses_str_t none[] = {SES_STR_INIT("")};
static const ses_iam_key_t keys[] = {
    {SES_STR_INIT("ses:FromAddress"), from, 1},
    {SES_STR_INIT("ses:Recipients"), rcpts, 2},
    {SES_STR_INIT("aws:SourceIp"), ip, 1},
    {SES_STR_INIT("x:Ip6"), ip6, 1},
    {SES_STR_INIT("aws:CurrentTime"), now, 1},
    {SES_STR_INIT("aws:EpochTime"), epoch, 1},
    {SES_STR_INIT("aws:username"), user, 1},
    {SES_STR_INIT("x:Star"), star, 1},
    {SES_STR_INIT("aws:SecureTransport"), tls, 1},
    {SES_STR_INIT("x:Number"), number, 1},
    {SES_STR_INIT("x:Bytes"), bytes, 1},
    {SES_STR_INIT("aws:SourceArn"), source, 1},
    {SES_STR_INIT("x:Empty"), none, 0},
};

static ses_iam_ask_t
question(ses_cx_t *cx, const char *action, const char *resource)
{
    return (ses_iam_ask_t){.cx = cx,
                           .action = ses_str(action),
                           .resource = ses_str(resource),
                           .account = SES_STR("111122223333"),
                           .principal = SES_STR("arn:aws:iam::111122223333:"
                                                "user/ann"),
                           .keys = keys,
                           .nkeys = sizeof(keys) / sizeof(keys[0])};
}

static ses_iam_effect_t
eval(ses_policy_kind_t kind, const char *text, const char *action,
     const char *resource)
{
    ses_cx_t cx = ses_cx(arena, 0);
    ses_iam_ask_t ask = question(&cx, action, resource);
    const ses_policy_t *p;
    ses_rc_t rc;

    rc = ses_policy_parse(&cx, kind, SES_STR(ARN), document(text), &p);
    if (rc != SES_OK)
        fail_msg("%s: %.*s", text, SES_FMT(cx.why));
    return ses_policy_eval(p, &ask, SES_STR("p"), NULL, NULL);
}

#define V "{'Version':'2012-10-17','Statement':["
#define ST(effect, action, resource)                                           \
    "{'Effect':'" effect "','Action':" action ",'Resource':" resource "}"

static void
statements(void **state)
{
    static const struct {
        const char *text, *action, *resource;
        ses_iam_effect_t want;
    } cases[] = {
        {V ST("Allow", "'*'", "'*'") "]}", "ses:SendEmail", ARN, 1},
        {V ST("Allow", "'ses:*'", "'*'") "]}", "SES:sendemail", "*", 1},
        {V ST("Allow", "'ses:Send*'", "'*'") "]}", "ses:GetAccount", "*", 0},
        {V ST("Allow", "['ses:Get?ccount','x:y']", "'*'") "]}",
         "ses:GetAccount", "*", 1},
        {V ST("Allow", "'*'", "'*'") "," ST("Deny", "'ses:Send*'", "'*'") "]}",
         "ses:SendEmail", ARN, 2},
        {V ST("Deny", "'ses:Send*'", "'*'") "," ST("Allow", "'*'", "'*'") "]}",
         "ses:SendEmail", ARN, 2},
        {"{'Statement':" ST("Allow", "'ses:SendEmail'",
                            "'arn:aws:ses:*:*:identity/*'") "}",
         "ses:SendEmail", ARN, 1},
        {"{'Statement':" ST("Allow", "'ses:SendEmail'",
                            "'arn:aws:ses:*:*:identity/*'") "}",
         "ses:SendEmail", "*", 0},
        /* a wildcard stays in its part of the ARN */
        {"{'Statement':" ST("Allow", "'ses:SendEmail'",
                            "'arn:aws:*:identity:x:shop.test'") "}",
         "ses:SendEmail", ARN, 0},
        {"{'Statement':{'Effect':'Allow','NotAction':'ses:Send*',"
         "'Resource':'*'}}",
         "ses:GetAccount", "*", 1},
        {"{'Statement':{'Effect':'Allow','NotAction':'ses:Send*',"
         "'Resource':'*'}}",
         "ses:SendEmail", "*", 0},
        {"{'Statement':{'Effect':'Deny','Action':'*','NotResource':"
         "'arn:aws:ses:us-east-1:111122223333:identity/shop.test'}}",
         "ses:SendEmail", ARN, 0},
        {"{'Statement':{'Effect':'Deny','Action':'*','NotResource':"
         "'arn:aws:ses:us-east-1:111122223333:identity/shop.test'}}",
         "ses:SendEmail", "*", 2},
        /* variables */
        {V ST("Allow", "'*'",
              "'arn:aws:ses:*:*:identity/${aws:username}.test'") "]}",
         "ses:X", "arn:aws:ses:r:1:identity/ann.test", 1},
        {"{'Statement':" ST("Allow", "'*'",
                            "'arn:a:b:c:d:${aws:username}'") "}",
         "ses:X", "arn:a:b:c:d:ann", 0}, /* none in 2008-10-17 */
        {"{'Statement':" ST("Allow", "'*'",
                            "'arn:a:b:c:d:${aws:username}'") "}",
         "ses:X", "arn:a:b:c:d:${aws:username}", 1},
        {V ST("Allow", "'*'", "'arn:a:b:c:d:${x:Nobody}'") "]}", "ses:X",
         "arn:a:b:c:d:", 0},
        {V ST("Allow", "'*'", "'arn:a:b:c:d:${x:Nobody, `me`}'") "]}", "ses:X",
         "arn:a:b:c:d:me", 1},
        {V ST("Allow", "'*'", "'arn:a:b:c:d:${*}${$}${?}'") "]}", "ses:X",
         "arn:a:b:c:d:*$?", 1},
        {V ST("Allow", "'*'", "'arn:a:b:c:d:${x:Star}'") "]}", "ses:X",
         "arn:a:b:c:d:anything", 0}, /* a value's star is a star */
        {V ST("Allow", "'*'", "'arn:a:b:c:d:${x:Star}'") "]}", "ses:X",
         "arn:a:b:c:d:*", 1},
        /* several values without a set operator: no variable */
        {V ST("Allow", "'*'", "'arn:a:b:c:d:${ses:Recipients}'") "]}", "ses:X",
         "arn:a:b:c:d:a@in.test", 0},
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (eval(SES_POLICY_CALLER, cases[i].text, cases[i].action,
                 cases[i].resource) != cases[i].want)
            fail_msg("%s", cases[i].text);
}

static void
conditions(void **state)
{
    static const struct {
        const char *condition;
        int allow, deny; /* does it hold in an Allow, in a Deny? */
    } cases[] = {
        {"'StringEquals':{'ses:fromaddress':'News@shop.test'}", 1, 1},
        {"'StringEquals':{'ses:FromAddress':'news@shop.test'}", 0, 0},
        {"'StringEquals':{'ses:FromAddress':'*'}", 0, 0},
        {"'StringEquals':{'ses:FromAddress':['x','News@shop.test']}", 1, 1},
        {"'StringEqualsIgnoreCase':{'ses:FromAddress':'news@SHOP.test'}", 1, 1},
        {"'StringNotEqualsIgnoreCase':{'ses:FromAddress':'news@SHOP.test'}", 0,
         0},
        {"'StringNotEquals':{'ses:FromAddress':['x','News@shop.test']}", 0, 0},
        {"'StringNotEquals':{'ses:FromAddress':'x'}", 1, 1},
        {"'StringNotEquals':{'x:Nothing':'x'}", 1, 1},
        {"'StringLike':{'ses:FromAddress':'*@shop.test'}", 1, 1},
        {"'StringLike':{'ses:FromAddress':'*@SHOP.test'}", 0, 0},
        {"'StringLike':{'ses:FromAddress':'News?shop*'}", 1, 1},
        {"'StringNotLike':{'ses:FromAddress':'*@shop.test'}", 0, 0},
        {"'StringLike':{'x:Nothing':'*'}", 0, 0},
        {"'StringLikeIfExists':{'x:Nothing':'a'}", 1, 1},
        {"'StringLikeIfExists':{'ses:FromAddress':'a'}", 0, 0},
        {"'StringLike':{'ses:Recipients':'*@in.test'}", 0, 1},
        {"'ForAllValues:StringLike':{'ses:Recipients':'*@in.test'}", 0, 0},
        {"'ForAllValues:StringLike':{'ses:Recipients':['*@in.test','b*']}", 1,
         1},
        {"'ForAllValues:StringLike':{'x:Nothing':'a'}", 1, 1},
        {"'ForAnyValue:StringLike':{'ses:Recipients':'*@in.test'}", 1, 1},
        {"'ForAnyValue:StringLike':{'ses:Recipients':'*@no.test'}", 0, 0},
        {"'ForAnyValue:StringLike':{'x:Nothing':'*'}", 0, 0},
        {"'ForAnyValue:StringNotLike':{'ses:Recipients':'*@in.test'}", 1, 1},
        {"'ForAllValues:StringNotLike':{'ses:Recipients':'*@in.test'}", 0, 0},
        {"'NumericEquals':{'x:Number':'12.50'}", 1, 1},
        {"'NumericNotEquals':{'x:Number':12.5}", 0, 0},
        {"'NumericLessThan':{'x:Number':'12.5'}", 0, 0},
        {"'NumericLessThanEquals':{'x:Number':'12.5'}", 1, 1},
        {"'NumericGreaterThan':{'x:Number':'-3e1'}", 1, 1},
        {"'NumericGreaterThanEquals':{'x:Number':'13'}", 0, 0},
        {"'NumericEquals':{'ses:FromAddress':'1'}", 0, 0},
        {"'DateEquals':{'aws:CurrentTime':'2026-11-24T12:00:00Z'}", 1, 1},
        {"'DateNotEquals':{'aws:CurrentTime':'2026-11-24T12:00:00Z'}", 0, 0},
        {"'DateLessThan':{'aws:CurrentTime':'2026-12-01T00:00:00Z'}", 1, 1},
        {"'DateGreaterThan':{'aws:EpochTime':'2026-12-01T00:00:00Z'}", 0, 0},
        {"'DateGreaterThanEquals':{'aws:EpochTime':1795521600}", 1, 1},
        {"'DateLessThanEquals':{'aws:EpochTime':'1795521599'}", 0, 0},
        {"'Bool':{'aws:SecureTransport':true}", 1, 1},
        {"'Bool':{'aws:SecureTransport':'false'}", 0, 0},
        {"'BinaryEquals':{'x:Bytes':'aGk='}", 1, 1},
        {"'BinaryEquals':{'x:Bytes':'aGo='}", 0, 0},
        {"'IpAddress':{'aws:SourceIp':'192.0.2.0/24'}", 1, 1},
        {"'IpAddress':{'aws:SourceIp':'192.0.2.16/31'}", 1, 1},
        {"'IpAddress':{'aws:SourceIp':['192.0.2.18','10.0.0.0/8']}", 0, 0},
        {"'IpAddress':{'aws:SourceIp':'0.0.0.0/0'}", 1, 1},
        {"'NotIpAddress':{'aws:SourceIp':'192.0.2.17/32'}", 0, 0},
        {"'IpAddress':{'x:Ip6':'2001:db8::/32'}", 1, 1},
        {"'IpAddress':{'x:Ip6':'0.0.0.0/0'}", 0, 0},
        {"'ArnEquals':{'aws:SourceArn':'arn:aws:ses:*:*:identity/*'}", 1, 1},
        {"'ArnLike':{'aws:SourceArn':'arn:aws:ses:*:identity/*'}", 0, 0},
        {"'ArnNotLike':{'aws:SourceArn':'arn:aws:ses:*:*:identity/*'}", 0, 0},
        {"'ArnNotEquals':{'aws:SourceArn':'arn:aws:x:*:*:*'}", 1, 1},
        {"'Null':{'x:Nothing':'true'}", 1, 1},
        {"'Null':{'aws:SourceIp':'true'}", 0, 0},
        {"'Null':{'aws:SourceIp':'false'}", 1, 1},
        {"'Null':{'x:Empty':true}", 1, 1},
        {"'StringEquals':{'aws:username':'${aws:username}'}", 1, 1},
        /* every key and every operator must hold */
        {"'StringEquals':{'aws:username':'ann','ses:FromAddress':'x'}", 0, 0},
        {"'Bool':{'aws:SecureTransport':'true'},'Null':{'x:Nothing':'false'}",
         0, 0},
    };
    ses_iam_effect_t got;
    char text[1024];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text),
                 V "{'Effect':'Allow','Action':'*','Resource':'*',"
                   "'Condition':{%s}}]}",
                 cases[i].condition);
        got = eval(SES_POLICY_CALLER, text, "ses:SendEmail", ARN);
        if (got != (cases[i].allow ? SES_IAM_ALLOW : SES_IAM_NONE))
            fail_msg("Allow: %s", cases[i].condition);
        memcpy(strstr(text, "'Allow'"), "'Deny' ", 7);
        got = eval(SES_POLICY_CALLER, text, "ses:SendEmail", ARN);
        if (got != (cases[i].deny ? SES_IAM_DENY : SES_IAM_NONE))
            fail_msg("Deny: %s", cases[i].condition);
    }
}

static void
principals(void **state)
{
    static const struct {
        const char *principal;
        ses_iam_effect_t want;
    } cases[] = {
        {"'Principal':'*'", 1},
        {"'Principal':{'AWS':'*'}", 1},
        {"'Principal':{'AWS':'111122223333'}", 1},
        {"'Principal':{'AWS':['999999999999','111122223333']}", 1},
        {"'Principal':{'AWS':'999999999999'}", 0},
        {"'Principal':{'AWS':'arn:aws:iam::111122223333:root'}", 1},
        {"'Principal':{'AWS':'arn:aws:iam::111122223333:user/ann'}", 1},
        {"'Principal':{'AWS':'arn:aws:iam::111122223333:user/bob'}", 0},
        {"'Principal':{'Service':'ses.amazonaws.com'}", 0},
        {"'NotPrincipal':{'AWS':'111122223333'}", 0},
        {"'NotPrincipal':{'AWS':'999999999999'}", 1},
    };
    char text[512];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text),
                 V "{'Effect':'Allow',%s,'Action':'ses:Send*',"
                   "'Resource':'" ARN "'}]}",
                 cases[i].principal);
        if (eval(SES_POLICY_IDENTITY, text, "ses:SendEmail", ARN) !=
            cases[i].want)
            fail_msg("%s", cases[i].principal);
    }
}

/* --- what is no policy ------------------------------------------------- */

#define C "'Condition':"
#define AA "'Effect':'Allow','Action':'ses:SendEmail'"
#define RES "'Resource':'" ARN "'"

static void
refused(void **state)
{
    static const struct {
        ses_policy_kind_t kind;
        const char *text, *why;
    } cases[] = {
        {0, "", "it is not valid JSON."},
        {0, "{'Statement':[],'Statement':[]}", "it is not valid JSON."},
        {0, "[]", "it must be an object."},
        {0, "{}", "Statement is missing."},
        {0, "{'Statement':[]}", "Statement is missing."},
        {0, "{'Version':'2020-01-01','Statement':[]}",
         "Version must be 2012-10-17 or 2008-10-17."},
        {0, "{'Statment':[]}", "unknown element Statment."},
        {0, "{'Statement':[1]}", "statement 1: it must be an object."},
        {0, "{'Statement':{'Effect':'allow'}}",
         "statement 1: Effect must be Allow or Deny."},
        {0, "{'Statement':{" AA "}}", "statement 1: Resource is missing."},
        {0, "{'Statement':{'Effect':'Allow','Resource':'*'}}",
         "statement 1: Action is missing."},
        {0, "{'Statement':{'Effect':'Allow','Action':'Send','Resource':'*'}}",
         "statement 1: Action \"Send\" names no service (ses:...)."},
        {0, "{'Statement':{" AA ",'NotAction':'a:b','Resource':'*'}}",
         "statement 1: Action and its Not form exclude each other."},
        {0, "{'Statement':{" AA ",'Resource':[]}}",
         "statement 1: Resource must not be empty."},
        {0, "{'Statement':{" AA ",'Resource':7}}",
         "statement 1: Resource must be a string or a list of strings."},
        {0, "{'Statement':{" AA ",'Resource':'shop.test'}}",
         "statement 1: Resource \"shop.test\" must be in ARN format or "
         "\"*\"."},
        {0, "{'Statement':{" AA ",'Resource':'*','Principal':'*'}}",
         "statement 1: a user's policy must not specify a principal."},
        {0, "{'Statement':{" AA ",'Resource':'*','Conditions':{}}}",
         "statement 1: unknown element Conditions."},
        {0, "{'Statement':{" AA ",'Resource':'*','Condition':null}}",
         "statement 1: unknown element Condition."},
        {0, "{'Statement':{" AA ",'Resource':'*'," C "[]}}",
         "statement 1: Condition must be an object."},
        {0, "{'Statement':{" AA ",'Resource':'*'," C "{'StringIs':{'a':'b'}}}}",
         "statement 1: Condition operator StringIs is unknown."},
        {0,
         "{'Statement':{" AA ",'Resource':'*'," C
         "{'NullIfExists':{'a':'true'}}}}",
         "statement 1: Condition operator NullIfExists is unknown."},
        {0, "{'Statement':{" AA ",'Resource':'*'," C "{'Bool':{'a':'maybe'}}}}",
         "statement 1: Condition Bool: bad value \"maybe\"."},
        {0,
         "{'Statement':{" AA ",'Resource':'*'," C
         "{'IpAddress':{'a':'1.2.3.4/33'}}}}",
         "statement 1: Condition IpAddress: bad value \"1.2.3.4/33\"."},
        {0, "{'Statement':{" AA ",'Resource':'*'," C "{'StringEquals':{}}}}",
         "statement 1: Condition StringEquals must be an object."},
        {0,
         "{'Version':'2012-10-17','Statement':{" AA
         ",'Resource':'arn:a:b:c:d:${x'}}",
         "statement 1: Resource: ${ without }."},
        {1, "{'Statement':{" AA "," RES "}}",
         "statement 1: it needs Principal, or NotPrincipal."},
        {1, "{'Statement':{'Principal':'ann'," AA "," RES "}}",
         "statement 1: Principal must be \"*\" or {\"AWS\": ...}."},
        {1, "{'Statement':{'Principal':{'AWS':'ann'}," AA "," RES "}}",
         "statement 1: Principal \"ann\" is no account and no user's ARN."},
        {1, "{'Statement':{'Principal':{'Federated':'x'}," AA "," RES "}}",
         "statement 1: Principal of kind Federated is not supported."},
        {1, "{'Statement':{'Principal':'*'," AA ",'Resource':'*'}}",
         "statement 1: Resource \"*\" is not the ARN of this identity."},
        {1,
         "{'Statement':{'Principal':'*','Effect':'Allow',"
         "'Action':'ses:*'," RES "}}",
         "statement 1: Action \"ses:*\" is no sending action (ses:Send...)."},
        {1,
         "{'Statement':[{'Principal':'*'," AA "," RES "},"
         "{'Principal':'*','Effect':'Deny','NotAction':'x:y'," RES "}]}",
         "statement 2: NotAction is not allowed in an identity's policy."},
    };
    const ses_str_t head = SES_STR("Invalid policy: ");
    const ses_policy_t *p;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ses_cx_t cx = ses_cx(arena, 0);

        if (ses_policy_parse(&cx, cases[i].kind, SES_STR(ARN),
                             document(cases[i].text), &p) != SES_INVALID)
            fail_msg("taken: %s", cases[i].text);
        if (!ses_str_starts(cx.why, head) ||
            !ses_str_eqc(ses_str_from(cx.why, head.n), cases[i].why))
            fail_msg("%s: %.*s", cases[i].text, SES_FMT(cx.why));
    }
}

static void
too_long(void **state)
{
    ses_cx_t cx = ses_cx(arena, 0);
    char *p = ses_alloc(arena, SES_POLICY_MAX + 1);
    const ses_policy_t *out;

    (void) state;
    memset(p, ' ', SES_POLICY_MAX + 1);
    assert_int_equal(ses_policy_parse(&cx, SES_POLICY_CALLER, SES_STR(""),
                                      ses_str_n(p, SES_POLICY_MAX + 1), &out),
                     SES_INVALID);
    assert_true(
        ses_str_eqc(cx.why, "Invalid policy: it is longer than 6144 bytes."));
}

/* --- cost -------------------------------------------------------------- */

/* a*a*a*...b against aaaa...: exponential for who searches naively. */
static void
bounded(void **state)
{
    ses_cx_t cx = ses_cx(arena, 0);
    ses_str_t recipient[50];
    ses_iam_key_t key = {SES_STR("ses:Recipients"), recipient, 50};
    ses_iam_ask_t ask = question(&cx, "ses:SendEmail", ARN);
    const ses_policy_t *p;
    char stars[5601], *many = ses_alloc(arena, 4096);
    int64_t began;
    ses_str_t text;
    size_t i;

    (void) state;
    for (i = 0; i < 5600; i += 2)
        memcpy(stars + i, "a*", 2);
    stars[5600] = '\0';
    memset(many, 'a', 4096);
    for (i = 0; i < 50; i++)
        recipient[i] = ses_str_n(many, 4096);
    text = ses_str_printf(arena,
                          V "{'Effect':'Allow','Action':'*','Resource':'*',"
                            "'Condition':{'ForAnyValue:StringLike':"
                            "{'ses:Recipients':'%sb'}}}]}",
                          stars);
    text = document(text.p);
    assert_int_equal(
        ses_policy_parse(&cx, SES_POLICY_CALLER, SES_STR(""), text, &p),
        SES_OK);
    ask.keys = &key;
    ask.nkeys = 1;
    began = ses_clock_mono_us();
    assert_int_equal(ses_policy_eval(p, &ask, SES_STR(""), NULL, NULL),
                     SES_IAM_NONE);
    assert_true(ses_clock_mono_us() - began < 5000000);
    assert_true(ask.steps < SES_IAM_STEPS);

    /* What costs more than any question may is denied. */
    ask.steps = SES_IAM_STEPS;
    assert_int_equal(ses_policy_eval(p, &ask, SES_STR(""), NULL, NULL),
                     SES_IAM_DENY);
}

/* --- wildcards against a model ----------------------------------------- */

static bool
model(const char *p, const char *s)
{
    if (*p == '\0')
        return *s == '\0';
    if (*p == '*')
        return model(p + 1, s) || (*s != '\0' && model(p, s + 1));
    return *s != '\0' && (*p == '?' || *p == *s) && model(p + 1, s + 1);
}

static void
random_word(seeded_t *s, const char *letters, char *out, unsigned max)
{
    unsigned n = seeded_below(s, max), i;

    for (i = 0; i < n; i++)
        out[i] = letters[seeded_below(s, (unsigned) strlen(letters))];
    out[n] = '\0';
}

static void
wildcards(void **state)
{
    seeded_t s = seeded();
    ses_cx_t cx = ses_cx(arena, 0);
    char p[10], w[14];
    ses_str_t text, word;
    const ses_policy_t *policy;
    ses_iam_key_t key = {SES_STR("x:w"), &word, 1};
    int i;

    (void) state;
    for (i = 0; i < 20000; i++) {
        ses_iam_ask_t ask = question(&cx, "ses:X", "*");

        ses_arena_reset(arena);
        cx = ses_cx(arena, 0);
        random_word(&s, "ab*?", p, sizeof(p));
        random_word(&s, "ab", w, sizeof(w));
        word = ses_str(w);
        text = ses_str_printf(arena,
                              "{'Statement':{'Effect':'Allow','Action':'*',"
                              "'Resource':'*','Condition':{'StringLike':"
                              "{'x:w':'%s'}}}}",
                              p);
        if (ses_policy_parse(&cx, SES_POLICY_CALLER, SES_STR(""),
                             document(text.p), &policy) != SES_OK)
            SEEDED_FAIL(&s, "%s: %.*s", p, SES_FMT(cx.why));
        ask.keys = &key;
        ask.nkeys = 1;
        if ((ses_policy_eval(policy, &ask, SES_STR(""), NULL, NULL) ==
             SES_IAM_ALLOW) != model(p, w))
            SEEDED_FAIL(&s, "pattern %s, word %s", p, w);
    }
}

/* --- told to people ---------------------------------------------------- */

static void
note(void *arg, const ses_iam_step_t *step)
{
    ses_buf_printf(arg, "%.*s/%u %.*s %s %s %.*s|", SES_FMT(step->policy),
                   step->statement, SES_FMT(step->sid),
                   step->deny ? "Deny" : "Allow",
                   step->applies ? "applies" : "misses", SES_FMT(step->why));
}

static void
traced(void **state)
{
    ses_cx_t cx = ses_cx(arena, 0);
    ses_iam_ask_t ask = question(&cx, "ses:SendEmail", ARN);
    const ses_policy_t *p;
    ses_buf_t b;

    (void) state;
    ses_buf_init(&b, arena, 4096);
    assert_int_equal(
        ses_policy_parse(
            &cx, SES_POLICY_CALLER, SES_STR(""),
            document(V ST(
                "Allow", "'ses:Send*'",
                "'*'") ","
                       "{'Sid':'No','Effect':'Deny','Action':'ses:SendEmail',"
                       "'Resource':'*','Condition':{'StringLike':"
                       "{'ses:FromAddress':'x@*'}}}," ST("Deny", "'ses:Get*'",
                                                         "'*'") "]}"),
            &p),
        SES_OK);
    assert_int_equal(ses_policy_eval(p, &ask, SES_STR("p"), note, &b),
                     SES_IAM_ALLOW);
    assert_true(ses_str_eqc(ses_buf_get(&b),
                            "p/1  Allow applies |"
                            "p/2 No Deny misses Condition StringLike "
                            "ses:FromAddress|"
                            "p/3  Deny misses Action|"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements), cmocka_unit_test(conditions),
        cmocka_unit_test(principals), cmocka_unit_test(refused),
        cmocka_unit_test(too_long),   cmocka_unit_test(bounded),
        cmocka_unit_test(wildcards),  cmocka_unit_test(traced),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
