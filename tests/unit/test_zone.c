/*
 * test_zone - the operator's records: which there are, and their spelling
 */
#include "model_store.h"

#include "../../shared/policy/zone.c"

static char all[65536];

static void
note(void *arg, const ses_zone_record_t *r)
{
    ses_arena_t *a = arg;

    snprintf(all + strlen(all), sizeof(all) - strlen(all), "%.*s %s %.*s%s\n",
             SES_FMT(r->name), r->type, SES_FMT(ses_zone_value(a, r)),
             r->whole ? " whole" : "");
}

static ses_conf_t
conf(void)
{
    return (ses_conf_t){.region = SES_STR("r"),
                        .service_domain = SES_STR("ses.example.net"),
                        .bounce_domain = SES_STR("bounce.example.net"),
                        .feedback_host = SES_STR(""),
                        .public_address = SES_STR("192.0.2.1 2001:db8::1"),
                        .pool_address = SES_STR("")};
}

/* As a C string, which the text itself is not. */
static const char *
spelled(ses_arena_t *a, ses_str_t text)
{
    return ses_str_c(a, ses_zone_text(a, text));
}

static void
test_text(void **state)
{
    ses_arena_t *a = ses_arena_new();
    char text[600], want[700];

    (void) state;
    assert_string_equal(spelled(a, SES_STR("")), "\"\"");
    assert_string_equal(spelled(a, SES_STR("a \"b\" \\c;\x01\xff")),
                        "\"a \\\"b\\\" \\\\c;\\001\\255\"");
    memset(text, 'x', sizeof(text));
    snprintf(want, sizeof(want), "\"%.255s\" \"%.255s\" \"%.90s\"", text, text,
             text);
    assert_string_equal(spelled(a, ses_str_n(text, 600)), want);
    snprintf(want, sizeof(want), "\"%.255s\"", text);
    assert_string_equal(spelled(a, ses_str_n(text, 255)), want);
    ses_arena_free(a);
}

static const char *
site(fixture_t *f, const ses_conf_t *c)
{
    all[0] = '\0';
    assert_int_equal(ses_zone_site(&f->cx, f->t, c, note, f->arena), SES_OK);
    return all;
}

static void
test_site(void **state)
{
    fixture_t *f = *state;
    ses_source_t source = {.account = SES_STR("123456789012"),
                           .address = SES_STR("192.0.2.9"),
                           .pool = SES_STR(""),
                           .helo = SES_STR(""),
                           .number = 1};
    ses_conf_t c = conf();
    ses_change_t change = {0};

    assert_string_equal(
        site(f, &c),
        "ses.example.net TXT \"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all\"\n"
        "bounce.example.net TXT \"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 "
        "-all\"\n"
        "bounce.example.net MX 10 feedback-smtp.r.ses.example.net.\n"
        "feedback-smtp.r.ses.example.net A 192.0.2.1\n"
        "feedback-smtp.r.ses.example.net AAAA 2001:db8::1\n");
    /* Where the names are another's, or the same; without an address. */
    c.feedback_host = SES_STR("mx.example.net");
    c.bounce_domain = c.service_domain;
    c.public_address = SES_STR("");
    assert_string_equal(site(f, &c), "ses.example.net MX 10 mx.example.net.\n");
    /* Accounts' addresses send, too; each stands there once. */
    c.pool_address = SES_STR("192.0.2.9");
    ses_source_put(&f->cx, &change, &source);
    apply(f, &change);
    assert_string_equal(site(f, &c),
                        "ses.example.net TXT \"v=spf1 ip4:192.0.2.9 -all\"\n"
                        "ses.example.net MX 10 mx.example.net.\n");
}

static const char *
of(fixture_t *f, const ses_identity_t *i)
{
    ses_conf_t c = conf();

    all[0] = '\0';
    ses_zone_identity(f->arena, &c, i, note, f->arena);
    return all;
}

static void
test_identity(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;

    ses_identity_init(&f->cx, &i, SES_STR("123456789012"),
                      SES_STR("example.com"), true);
    i.dkim.keys[0].selector = SES_STR("t0");
    i.dkim.keys[1].selector = SES_STR("t1");
    i.dkim.keys[2].selector = SES_STR("t2");
    assert_string_equal(of(f, &i), "");
    ses_dkim_fill(&i.dkim, 0, SES_STR("KEY="), 1);
    assert_string_equal(
        of(f, &i),
        "t0.dkim.ses.example.net TXT \"v=DKIM1; k=rsa; p=KEY=\" whole\n"
        "t2.dkim.ses.example.net TXT \"v=DKIM1; p=\" whole\n");
    i.account = SES_STR(SES_SERVICE_ACCOUNT);
    i.name = SES_STR("ses.example.net");
    assert_string_equal(
        of(f, &i),
        "t0._domainkey.ses.example.net CNAME t0.dkim.ses.example.net. whole\n"
        "t0.dkim.ses.example.net TXT \"v=DKIM1; k=rsa; p=KEY=\" whole\n"
        "t2._domainkey.ses.example.net CNAME t2.dkim.ses.example.net. whole\n"
        "t2.dkim.ses.example.net TXT \"v=DKIM1; p=\" whole\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        TEST(test_site),
        TEST(test_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
