/*
 * test_verdict - the checks of a message, each alone and in their order
 */
#include "model_store.h"

#include "../../shared/policy/cover.c"
#include "../../shared/policy/verdict.c"

static ses_conf_t conf = {.region = SES_STR_INIT("us-east-1"),
                          .bounce_domain = SES_STR_INIT("bounce.ses.test"),
                          .max_recipients = 3};

static void
add_identity(fixture_t *f, const char *name, ses_verify_t status,
             const char *set, bool dkim)
{
    ses_change_t c = {.n = 0};
    ses_identity_t i;
    ses_str_t canon;
    bool domain;

    assert_int_equal(ses_identity_name(&f->cx, ses_str(name), &canon, &domain),
                     SES_OK);
    ses_identity_init(&f->cx, &i, ACCOUNT, canon, domain);
    i.status = status;
    if (domain)
        i.dkim_status = status;
    i.dkim.signing = dkim;
    i.config_set = ses_str(set);
    ses_identity_put(&f->cx, &c, &i);
    apply(f, &c);
}

static void
add_set(fixture_t *f, const char *name, bool sending, int reasons)
{
    ses_change_t c = {.n = 0};
    ses_config_set_t s = {.account = ACCOUNT,
                          .name = ses_str(name),
                          .sending = sending,
                          .has_suppression = reasons >= 0,
                          .reasons = reasons < 0 ? 0 : (unsigned) reasons,
                          .version = SES_VERSION_NONE};

    ses_config_set_put(&f->cx, &c, &s);
    apply(f, &c);
}

static void
suppress(fixture_t *f, const char *address, unsigned reason)
{
    ses_change_t c = {.n = 0};
    ses_suppression_t s = {.account = ACCOUNT,
                           .address = ses_str(address),
                           .reason = reason,
                           .since = NOW,
                           .version = SES_VERSION_NONE};

    ses_suppression_put(&f->cx, &c, &s);
    apply(f, &c);
}

/* shop.test is good, and what else the cases need. */
static void
populate(fixture_t *f)
{
    ses_change_t c = {.n = 0};
    ses_account_t a;

    ses_account_init(&a, ACCOUNT, NOW);
    a.production = true;
    ses_account_put(&f->cx, &c, &a);
    apply(f, &c);
    add_set(f, "plain", true, -1);
    add_set(f, "paused", false, -1);
    add_set(f, "none", true, 0);
    add_set(f, "complaints", true, SES_REASON_COMPLAINT);
    add_identity(f, "shop.test", SES_VERIFY_SUCCESS, "plain", true);
    add_identity(f, "half.shop.test", SES_VERIFY_PENDING, "", true);
    add_identity(f, "off.shop.test", SES_VERIFY_SUCCESS, "", false);
    add_identity(f, "new.test", SES_VERIFY_PENDING, "", true);
    add_identity(f, "Ann@mail.test", SES_VERIFY_SUCCESS, "", false);
    add_identity(f, "set@shop.test", SES_VERIFY_PENDING, "none", false);
    suppress(f, "gone@x.test", SES_REASON_BOUNCE);
    suppress(f, "angry@x.test", SES_REASON_COMPLAINT);
}

/* What is asked, in a few words. */
typedef struct {
    const char *name;
    const char *source;  /* NULL = <a@shop.test> */
    const char *rcpts;   /* "x y"; NULL = <b@x.test> */
    const char *headers; /* "Name: value|..."; NULL = From: a@shop.test */
    ses_rc_t rc;
    const char *why;
    const char *set, *signer, *removed; /* of a SES_OK */
} case_t;

#define NOT_VERIFIED                                                           \
    "Email address is not verified. The following identities failed the "      \
    "check in region US-EAST-1: "

static const case_t cases[] = {
    {.name = "plain", .set = "plain", .signer = "shop.test"},
    {.name = "labelled and upper case",
     .source = "<A+l@SHOP.test>",
     .headers = "From: N <a@Shop.Test>",
     .set = "plain",
     .signer = "shop.test"},
    {.name = "sub-domain",
     .source = "<a@x.y.shop.test>",
     .headers = "From: a@x.y.shop.test",
     .set = "plain",
     .signer = "shop.test"},
    {.name = "a half registered sub-domain is signed by its parent",
     .source = "<a@half.shop.test>",
     .headers = "From: a@half.shop.test",
     .set = "",
     .signer = "shop.test"},
    {.name = "signing switched off below",
     .source = "<a@off.shop.test>",
     .headers = "From: a@off.shop.test",
     .set = "",
     .signer = ""},
    {.name = "an address alone",
     .source = "<Ann@mail.test>",
     .headers = "From: Ann@mail.test",
     .set = "",
     .signer = ""},
    {.name = "an address with a label",
     .source = "<Ann+x@mail.test>",
     .headers = "From: Ann+y@mail.test",
     .set = "",
     .signer = ""},
    {.name = "its local part is compared with case",
     .source = "<ann@mail.test>",
     .headers = "From: ann@mail.test",
     .rc = SES_REJECTED,
     .why = NOT_VERIFIED "ann@mail.test"},
    {.name = "an address of a domain has its settings first",
     .headers = "From: set@shop.test",
     .set = "none",
     .signer = "shop.test"},
    {.name = "not verified",
     .source = "<a@new.test>",
     .headers = "From: A B <a@new.test>",
     .rc = SES_REJECTED,
     .why = NOT_VERIFIED "A B <a@new.test>, a@new.test"},
    {.name = "each once",
     .source = "<a@new.test>",
     .headers = "From: a@new.test|Sender: a@new.test",
     .rc = SES_REJECTED,
     .why = NOT_VERIFIED "a@new.test"},
    {.name = "every From, Sender and Return-Path",
     .headers = "From: a@shop.test, b@new.test|Sender: c@new.test|"
                "Return-Path: <d@new.test>|Reply-To: e@new.test",
     .rc = SES_REJECTED,
     .why = NOT_VERIFIED "b@new.test, c@new.test, d@new.test"},
    {.name = "the envelope",
     .source = "<a@new.test>",
     .rc = SES_REJECTED,
     .why = NOT_VERIFIED "a@new.test"},
    {.name = "no From",
     .headers = "To: a@b.test",
     .rc = SES_INVALID,
     .why = "Missing required header 'From'."},
    {.name = "empty From",
     .headers = "From: ",
     .rc = SES_INVALID,
     .why = "Missing required header 'From'."},
    {.name = "null sender",
     .source = "<>",
     .rc = SES_INVALID,
     .why = "Invalid MAIL FROM address provided"},
    {.name = "a bad To",
     .headers = "From: a@shop.test|To: nobody",
     .rc = SES_INVALID,
     .why = "Missing final '@domain'"},
    {.name = "a bad recipient",
     .rcpts = "<b@x.test> <nobody>",
     .rc = SES_INVALID,
     .why = "Missing final '@domain'"},
    {.name = "a source route",
     .rcpts = "<@hop.test:b@x.test>",
     .rc = SES_INVALID,
     .why = "Invalid email address <@hop.test:b@x.test>."},
    {.name = "a set by header, any case, first wins",
     .headers = "From: a@shop.test|x-ses-configuration-set: complaints|"
                "X-SES-CONFIGURATION-SET: paused",
     .set = "complaints",
     .signer = "shop.test"},
    {.name = "an unknown set comes before bad syntax",
     .headers = "From: nobody|X-SES-CONFIGURATION-SET: nix",
     .rc = SES_SET_UNKNOWN,
     .why = "Configuration set <nix> does not exist."},
    {.name = "a paused set comes after identities",
     .source = "<a@new.test>",
     .headers = "From: a@new.test|X-SES-CONFIGURATION-SET: paused",
     .rc = SES_REJECTED,
     .why = NOT_VERIFIED "a@new.test"},
    {.name = "a paused set",
     .headers = "From: a@shop.test|X-SES-CONFIGURATION-SET: paused",
     .rc = SES_SET_PAUSED,
     .why = "Sending is paused for configuration set paused"},
    {.name = "a bad tag",
     .headers = "From: a@shop.test|X-SES-MESSAGE-TAGS: a=",
     .rc = SES_INVALID,
     .why = "The tag value must be specified."},
    {.name = "a feature of later",
     .headers = "From: a@shop.test|X-SES-TENANT: x",
     .rc = SES_INVALID,
     .why = "Header 'X-SES-TENANT' is not supported here yet."},
    {.name = "no ARN",
     .headers = "From: a@shop.test|X-SES-FROM-ARN: x",
     .rc = SES_INVALID,
     .why = "<x> is not the ARN of an identity in this region."},
    {.name = "too many recipients",
     .rcpts = "<a@x.test> <b@x.test> <c@x.test> <d@x.test>",
     .rc = SES_INVALID,
     .why = "Recipient count exceeds 3."},
    {.name = "suppressed recipients, each once",
     .rcpts = "<gone@x.test> <gone@X.TEST> <\"angry\"@x.test>",
     .set = "plain",
     .signer = "shop.test",
     .removed = "gone@x.test:1 angry@x.test:2 "},
    {.name = "a local part of another case is another address",
     .rcpts = "<Gone@x.test>",
     .set = "plain",
     .signer = "shop.test"},
    {.name = "the set's reasons",
     .headers = "From: a@shop.test|X-SES-CONFIGURATION-SET: complaints",
     .rcpts = "<gone@x.test> <angry@x.test>",
     .set = "complaints",
     .signer = "shop.test",
     .removed = "angry@x.test:2 "},
    {.name = "no reasons at all",
     .headers = "From: a@shop.test|X-SES-CONFIGURATION-SET: none",
     .rcpts = "<gone@x.test> <angry@x.test>",
     .set = "none",
     .signer = "shop.test"},
};

static ses_ask_t
ask_of(fixture_t *f, const case_t *c, ses_headers_t *h)
{
    ses_str_t *paths = ses_alloc(f->cx.arena, 16 * sizeof(*paths));
    ses_str_t rest = ses_str(c->rcpts ? c->rcpts : "<b@x.test>"), part, name;
    ses_ask_t ask = {.conf = &conf, .account = ACCOUNT, .headers = h};

    while (ses_str_cut(&rest, ' ', &part))
        paths[ask.npaths++] = part;
    ask.nrcpts = ask.npaths;
    ask.paths = paths;
    ask.source = ses_str(c->source ? c->source : "<a@shop.test>");
    ses_headers_init(h, f->cx.arena);
    rest = ses_str(c->headers ? c->headers : "From: a@shop.test");
    while (ses_str_cut(&rest, '|', &part)) {
        assert_true(ses_str_cut(&part, ':', &name));
        assert_int_equal(ses_headers_add(&f->cx, h, name, part), SES_OK);
    }
    return ask;
}

static void
assert_answer(fixture_t *f, const case_t *c, const ses_verdict_t *v)
{
    ses_str_t removed = SES_STR("");
    unsigned i;

    assert_true(same(v->set, c->set));
    assert_true(same(v->sign ? v->signer.name : SES_STR(""), c->signer));
    for (i = 0; i < v->nrcpts; i++)
        if (v->rcpts[i].removed)
            removed =
                ses_str_printf(f->cx.arena, "%.*s%.*s:%u ", SES_FMT(removed),
                               SES_FMT(v->rcpts[i].addr), v->rcpts[i].reason);
    assert_true(same(removed, c->removed ? c->removed : ""));
}

static void
test_cases(void **state)
{
    fixture_t *f = *state;
    ses_verdict_t v;
    ses_headers_t h;
    ses_ask_t ask;
    ses_rc_t rc;
    size_t i;

    populate(f);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ses_cx_clear(&f->cx);
        ask = ask_of(f, &cases[i], &h);
        rc = ses_verdict(&f->cx, f->t, &ask, &v);
        if (rc != cases[i].rc)
            fail_msg("%s: %s %.*s", cases[i].name, ses_rc_name(rc),
                     SES_FMT(f->cx.why));
        if (rc == SES_OK)
            assert_answer(f, &cases[i], &v);
        else
            assert_true(same(f->cx.why, cases[i].why));
    }
}

/* A path's own recipient, for smfi_delrcpt. */
static void
test_rcpt_of(void **state)
{
    static const case_t c = {.rcpts = "<b@x.test> <gone@x.test> <gone@X.test>"};
    fixture_t *f = *state;
    ses_verdict_t v;
    ses_headers_t h;
    ses_ask_t ask;

    populate(f);
    ask = ask_of(f, &c, &h);
    assert_int_equal(ses_verdict(&f->cx, f->t, &ask, &v), SES_OK);
    assert_int_equal(v.nrcpts, 2);
    assert_int_equal(v.rcpt_of[0], 0);
    assert_int_equal(v.rcpt_of[1], 1);
    assert_int_equal(v.rcpt_of[2], 1);
    assert_true(same(v.identity, "shop.test"));
}

static void
change_account(fixture_t *f, void (*how)(ses_account_t *a))
{
    ses_change_t c = {.n = 0};
    ses_account_t a;

    assert_int_equal(ses_account_find(&f->cx, f->t, ACCOUNT, &a), SES_OK);
    how(&a);
    ses_account_put(&f->cx, &c, &a);
    apply(f, &c);
}

static void
to_sandbox(ses_account_t *a)
{
    a->production = false;
}

static void
to_paused(ses_account_t *a)
{
    a->production = true;
    a->sending = false;
}

static void
to_suspended(ses_account_t *a)
{
    a->suspended = true;
}

static void
test_account(void **state)
{
    static const case_t stranger = {.rcpts = "<b@x.test> <c@y.test>"};
    static const case_t own = {.rcpts = "<Ann+1@mail.test> <x@y.shop.test>"};
    fixture_t *f = *state;
    ses_verdict_t v;
    ses_headers_t h;
    ses_ask_t ask;

    populate(f);
    change_account(f, to_sandbox);
    ask = ask_of(f, &stranger, &h);
    assert_int_equal(ses_verdict(&f->cx, f->t, &ask, &v), SES_REJECTED);
    assert_true(same(f->cx.why, NOT_VERIFIED "b@x.test, c@y.test"));
    ses_cx_clear(&f->cx);
    ask = ask_of(f, &own, &h);
    assert_int_equal(ses_verdict(&f->cx, f->t, &ask, &v), SES_OK);

    change_account(f, to_paused);
    assert_int_equal(ses_verdict(&f->cx, f->t, &ask, &v), SES_PAUSED);
    assert_true(same(f->cx.why, "Sending paused for this account." INBOX));
    ses_cx_clear(&f->cx);
    change_account(f, to_suspended);
    assert_int_equal(ses_verdict(&f->cx, f->t, &ask, &v), SES_SUSPENDED);
    assert_true(same(f->cx.why, "Sending suspended for this account." INBOX));

    ses_cx_clear(&f->cx);
    ask.account = OTHER;
    assert_int_equal(ses_verdict(&f->cx, f->t, &ask, &v), SES_UNKNOWN_KEY);
}

/* The list of what failed ends with an ellipsis. */
static void
test_long_list(void **state)
{
    fixture_t *f = *state;
    ses_str_t from = SES_STR("From: ");
    ses_verdict_t v;
    ses_headers_t h;
    case_t c = {.name = "long"};
    ses_ask_t ask;
    int i;

    populate(f);
    for (i = 0; i < 100; i++)
        from = ses_str_printf(f->cx.arena, "%.*s%suser%d@new.test",
                              SES_FMT(from), i ? ",\n " : "", i);
    c.headers = ses_str_c(f->cx.arena, from);
    ask = ask_of(f, &c, &h);
    assert_int_equal(ses_verdict(&f->cx, f->t, &ask, &v), SES_REJECTED);
    assert_true(f->cx.why.n < 480);
    assert_true(ses_str_ends(f->cx.why, SES_STR("@new.test, ...")));
}

static const struct {
    const char *path;
    bool ours;
} reserved[] = {
    {"<a@bounce.ses.test>", true},
    {"<a@BOUNCE.ses.test.>", true},
    {"<a@x.bounce.ses.test>", true},
    {"a@bounce.ses.test", true},
    {"<\"a\"@bounce.ses.test>", true},
    {"<@hop.test:a@bounce.ses.test>", true},
    {"<a (c)@bounce.ses.test>", true},
    {"<a%bounce.ses.test>", true},
    {"<a%bounce.ses.test@sesame.test>", true},
    {"<bounce.ses.test!a>", true},
    {"<a@notbounce.ses.test>", false},
    {"<a@bounce.ses.test.example>", false},
    {"<a@ses.test>", false},
    {"<l+a=bounce.ses.test@lists.test>", false},
    {"<>", false},
    {"", false},
};

static void
test_reserved(void **state)
{
    fixture_t *f = *state;
    size_t i;

    for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (ses_verdict_reserved(&f->cx, &conf, ses_str(reserved[i].path)) !=
            reserved[i].ours)
            fail_msg("%s", reserved[i].path);
    assert_int_equal(f->cx.why_rc, SES_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cases),     TEST(test_rcpt_of),  TEST(test_account),
        TEST(test_long_list), TEST(test_reserved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
