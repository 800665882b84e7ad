/*
 * test_iam_send - the questions that one message asks
 */
#include "model_store.h"

#include "model/identity.h"
#include "model/user.h"
#include "policy/iam_send.h"

/* What a message may cost, in here: above any message of these tests. */
#undef SES_IAM_STEPS
static uint64_t limit;
#define SES_IAM_STEPS limit
#include "../../shared/policy/iam.c"

#define V "{\"Version\":\"2012-10-17\",\"Statement\":["
#define ALLOW(resource)                                                        \
    "{\"Effect\":\"Allow\",\"Action\":\"ses:*\",\"Resource\":\"" resource "\"" \
    "}"
#define DENY(resource)                                                         \
    "{\"Effect\":\"Deny\",\"Action\":\"ses:*\",\"Resource\":\"" resource "\"}"
#define ARN(name) "arn:aws:ses:us-east-1:123456789012:identity/" name
#define MANY 5

static const ses_delegates_t nobody = {
    .source.arn = {"", 0}, .from.arn = {"", 0}, .back.arn = {"", 0}};

static void
verified(fixture_t *f, const char *name)
{
    ses_change_t c = {.n = 0};
    ses_identity_t i;

    ses_identity_init(&f->cx, &i, ACCOUNT, ses_str(name), true);
    i.status = SES_VERIFY_SUCCESS;
    ses_identity_put(&f->cx, &c, &i);
    assert_int_equal(ses_journal_apply(&f->cx, f->t, &c, "test"), SES_OK);
}

/* ann has this policy. */
static void
allow(fixture_t *f, const char *text)
{
    ses_named_policy_t own = {SES_STR("own"), ses_str(text)};
    ses_user_t u = {.account = ACCOUNT,
                    .name = SES_STR("ann"),
                    .inlines = &own,
                    .ninlines = 1,
                    .version = SES_VERSION_ANY};
    ses_change_t c = {.n = 0};

    ses_user_put(&f->cx, &c, SES_DB_USER, &u);
    assert_int_equal(ses_journal_apply(&f->cx, f->t, &c, "test"), SES_OK);
}

/* A message of ann's, or of the account, from these domains to one. */
static ses_rc_t
send(fixture_t *f, bool iam, const char *const *from, unsigned n,
     const char *to, ses_str_t *why)
{
    ses_caller_t caller = {.user = SES_STR("ann"), .iam = iam};
    ses_str_t rcpt = ses_str(to);
    ses_address_t list[MANY];
    ses_iam_send_t q = {.region = SES_STR("us-east-1"),
                        .account = ACCOUNT,
                        .caller = &caller,
                        .from = list,
                        .nfrom = n,
                        .source = list,
                        .rcpts = &rcpt,
                        .nrcpts = 1,
                        .set = SES_STR(""),
                        .delegates = &nobody};
    ses_cx_t cx = f->cx;
    unsigned i;
    ses_rc_t rc;

    cx.caller = SES_STR("arn:aws:iam::123456789012:user/ann");
    for (i = 0; i < n; i++)
        assert_int_equal(
            ses_address_path(&cx, ses_str_printf(cx.arena, "a@%s", from[i]),
                             &list[i]),
            SES_OK);
    rc = ses_iam_send(&cx, f->t, &q);
    *why = cx.why;
    return rc;
}

static const char *const senders[MANY] = {"s1.test", "s2.test", "s3.test",
                                          "s4.test", "s5.test"};

/* A message with many senders has no more to spend than one with few. */
static void
test_budget(void **state)
{
    fixture_t *f = *state;
    uint64_t low = 1, high = 1000000;
    ses_str_t why;
    unsigned i;

    for (i = 0; i < MANY; i++)
        verified(f, senders[i]);
    allow(f, V ALLOW(ARN("s*s*s*t")) "," ALLOW("*") "]}");
    while (low < high) { /* what a message of one sender costs */
        limit = (low + high) / 2;
        if (send(f, true, senders, 1, "r@far.test", &why) == SES_OK)
            high = limit;
        else
            low = limit + 1;
    }
    assert_true(low > 10);
    for (i = 1; i <= MANY; i++) {
        limit = i * low;
        assert_int_equal(send(f, true, senders, i, "r@far.test", &why), SES_OK);
        limit--;
        assert_int_equal(send(f, true, senders, i, "r@far.test", &why),
                         SES_DENIED);
    }
    /* The last one is where it ended. */
    assert_true(ses_str_search(why, SES_STR(ARN("s5.test"))) > 0);
}

static const struct {
    const char *to, *policy;
    bool iam;
    const char *denied; /* NULL = it may be sent */
} recipients[] = {
    {"r@far.test", V ALLOW(ARN("s1.test")) "]}", true, NULL},
    {"r@ours.test", V ALLOW(ARN("s1.test")) "]}", true, "ours.test"},
    {"r@ours.test", V ALLOW(ARN("*")) "]}", true, NULL},
    {"r@ours.test", V ALLOW("*") "," DENY(ARN("ours.test")) "]}", true,
     "ours.test"},
    {"r@deep.ours.test", V ALLOW(ARN("s1.test")) "]}", true, "ours.test"},
    {"r@s1.test", V ALLOW(ARN("s1.test")) "]}", true, NULL}, /* is asked */
    {"r@half.test", V ALLOW(ARN("s1.test")) "]}", true, NULL},
    {"r@ours.test", V DENY("*") "]}", false, NULL}, /* the account itself */
};

/* Verified identities among the recipients, and those only. */
static void
test_recipients(void **state)
{
    fixture_t *f = *state;
    ses_change_t c = {.n = 0};
    ses_identity_t half;
    ses_str_t why;
    ses_rc_t rc;
    size_t i;

    limit = UINT64_MAX;
    verified(f, "s1.test");
    verified(f, "ours.test");
    ses_identity_init(&f->cx, &half, ACCOUNT, SES_STR("half.test"), true);
    ses_identity_put(&f->cx, &c, &half);
    assert_int_equal(ses_journal_apply(&f->cx, f->t, &c, "test"), SES_OK);
    for (i = 0; i < sizeof(recipients) / sizeof(recipients[0]); i++) {
        allow(f, recipients[i].policy);
        rc = send(f, recipients[i].iam, senders, 1, recipients[i].to, &why);
        if (rc != (recipients[i].denied ? SES_DENIED : SES_OK))
            fail_msg("%zu: %s: %.*s", i, ses_rc_name(rc), SES_FMT(why));
        if (recipients[i].denied != NULL)
            assert_true(
                ses_str_search(why, ses_str_printf(f->arena, "identity/%s'",
                                                   recipients[i].denied)) > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recipients, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
