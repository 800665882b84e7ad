/*
 * test_credential - access keys: making, opening, SMTP passwords
 */
#include "model_store.h"

#include "../../shared/model/credential.c"

static ses_keyring_t
ring(char first)
{
    ses_keyring_t r = {.n = 1};

    r.keys[0].id = first;
    memset(r.keys[0].key, first, sizeof(r.keys[0].key));
    return r;
}

/* contract 3.2 */
static void
test_smtp(void **state)
{
    fixture_t *f = *state;

    assert_true(same(
        ses_credential_smtp(f->arena,
                            SES_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                            SES_STR("us-east-1")),
        "BOntiZFm/r+5s3psZ/RpsjB+aSGsj2J0rXdiLuO0cQL7"));
}

static ses_rc_t
tally(ses_cx_t *cx, const ses_credential_t *k, void *arg)
{
    (void) cx;
    (void) k;
    ++*(int *) arg;
    return SES_OK;
}

static int
listed(fixture_t *f, ses_str_t account)
{
    int n = 0;

    assert_int_equal(ses_credential_list(&f->cx, f->t, account, tally, &n),
                     SES_OK);
    return n;
}

static void
test_new(void **state)
{
    ses_keyring_t site = ring('a'), rotated = ring('b'), alien = ring('c');
    ses_credential_t k, back;
    ses_str_t secret, opened;
    fixture_t *f = *state;
    ses_change_t c = {0};
    size_t i;

    assert_int_equal(ses_credential_new(&f->cx, &site, ACCOUNT,
                                        SES_STR("mailer"), &k, &secret),
                     SES_OK);
    assert_int_equal(k.id.n, 20);
    assert_int_equal(secret.n, 40);
    assert_true(ses_str_starts(k.id, SES_STR("AKIA")));
    for (i = 4; i < k.id.n; i++)
        assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k.id.p[i]));
    assert_true(ses_str_search(k.boxed, secret) < 0);
    assert_true(same(ses_credential_arn(f->arena, &k),
                     "arn:aws:iam::123456789012:user/mailer"));

    ses_credential_put(&f->cx, &c, &k);
    apply(f, &c);
    assert_int_equal(ses_credential_find(&f->cx, f->t, k.id, &back), SES_OK);
    assert_true(back.active);
    assert_true(same(back.user, "mailer"));
    assert_true(ses_str_eq(back.account, ACCOUNT));
    assert_int_equal(ses_credential_secret(&f->cx, &site, &back, &opened),
                     SES_OK);
    assert_true(ses_str_eq(opened, secret));

    /* a retired site key still opens */
    rotated.keys[rotated.n++] = site.keys[0];
    assert_int_equal(ses_credential_secret(&f->cx, &rotated, &back, &opened),
                     SES_OK);
    assert_int_equal(f->cx.why_rc, SES_OK);
    assert_int_equal(ses_credential_secret(&f->cx, &alien, &back, &opened),
                     SES_FAULT);
    /* bound to its account */
    back.account = OTHER;
    assert_int_equal(ses_credential_secret(&f->cx, &site, &back, &opened),
                     SES_FAULT);

    assert_int_equal(listed(f, SES_STR("")), 1);
    assert_int_equal(listed(f, ACCOUNT), 1);
    assert_int_equal(listed(f, OTHER), 0);
    assert_int_equal(
        ses_credential_find(&f->cx, f->t, SES_STR("AKIANONE"), &back),
        SES_NOT_FOUND);
    assert_int_equal(ses_credential_find(&f->cx, f->t, SES_STR(""), &back),
                     SES_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_smtp), TEST(test_new)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
