/* confirm (policy) - the link in a verification mail, and what it is worth */

#include "../../shared/policy/confirm.c"

#include "model/outbox.h"
#include "model_store.h"

static ses_conf_t conf = {.public_url = {"https://e.example", 17},
                          .verify_link_lifetime = 86400000};

static ses_keyring_t
ring(void)
{
    ses_keyring_t r = {.n = 2};

    r.keys[0].id = 'a';
    r.keys[1].id = 'b';
    memset(r.keys[1].key, 1, sizeof(r.keys[1].key));
    return r;
}

static void
test_signature(void **state)
{
    fixture_t *f = *state;
    ses_keyring_t r = ring(), other = ring();
    ses_confirm_t c = {SES_STR("123456789012"), SES_STR("a+b@example.com"), NOW,
                       SES_STR("")},
                  changed;
    ses_str_t old = ses_confirm_sign(f->arena, &r.keys[1], &c);
    ses_str_t sum = ses_confirm_sign(f->arena, &r.keys[0], &c), url;

    assert_true(ses_confirm_check(f->arena, &r, &c, sum));
    assert_true(ses_confirm_check(f->arena, &r, &c, old)); /* retired key */
    other.n = 1;
    assert_false(ses_confirm_check(f->arena, &other, &c, old));
    assert_false(ses_confirm_check(f->arena, &r, &c, SES_STR("")));
    assert_false(ses_confirm_check(f->arena, &r, &c, ses_str_head(sum, 63)));

    changed = c;
    changed.account = SES_STR("123456789013");
    assert_false(ses_confirm_check(f->arena, &r, &changed, sum));
    changed = c;
    changed.date++;
    assert_false(ses_confirm_check(f->arena, &r, &changed, sum));
    changed = c;
    changed.template = SES_STR("t");
    assert_false(ses_confirm_check(f->arena, &r, &changed, sum));
    /* what ends one name does not begin the next */
    changed.account = SES_STR("123456789012a");
    changed.address = SES_STR("+b@example.com");
    changed.template = SES_STR("");
    assert_false(ses_confirm_check(f->arena, &r, &changed, sum));

    url = ses_confirm_url(f->arena, &conf, &r, &c);
    assert_true(ses_str_starts(
        url, SES_STR("https://e.example/verify-email?Context=123456789012"
                     "&Identity=a%2Bb%40example.com&Date=")));
    assert_true(ses_str_ends(url, sum));
}

static void
test_time(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;
    ses_confirm_t c = {.date = NOW};

    ses_identity_init(&f->cx, &i, SES_STR("123456789012"),
                      SES_STR("a@example.com"), false);
    assert_int_equal(ses_confirm_ask(&f->cx, f->t, &conf, &i), SES_OK);
    assert_int_equal(i.status, SES_VERIFY_PENDING);
    assert_int_equal(i.next_check, NOW + conf.verify_link_lifetime);

    assert_true(ses_confirm_good(&conf, &c, &i, NOW));
    assert_true(ses_confirm_good(&conf, &c, &i, NOW + 86399999));
    assert_false(ses_confirm_good(&conf, &c, &i, NOW + 86400000));
    c.date--; /* made for an identity that was deleted */
    assert_false(ses_confirm_good(&conf, &c, &i, NOW));

    ses_confirm_failed(&i, NOW);
    assert_int_equal(i.status, SES_VERIFY_FAILED);
    assert_int_equal(i.next_check, 0);
    assert_int_equal(ses_confirm_ask(&f->cx, f->t, &conf, &i), SES_OK);
    assert_int_equal(i.status, SES_VERIFY_PENDING);
    ses_confirm_done(&i, NOW + 1);
    assert_int_equal(i.status, SES_VERIFY_SUCCESS);
    assert_int_equal(ses_confirm_ask(&f->cx, f->t, &conf, &i), SES_OK);
    assert_int_equal(i.status, SES_VERIFY_SUCCESS); /* asked again: it stays */
}

static void
test_limits(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;
    char name[32];
    unsigned n;

    ses_identity_init(&f->cx, &i, SES_STR("123456789012"), SES_STR("A@b.c"),
                      false);
    for (n = 0; n < TO_ADDRESS; n++)
        assert_int_equal(ses_confirm_ask(&f->cx, f->t, &conf, &i), SES_OK);
    i.account = SES_STR("999999999999"); /* whoever asks, however spelled */
    i.name = SES_STR("a@b.c");
    assert_int_equal(ses_confirm_ask(&f->cx, f->t, &conf, &i), SES_LIMIT);
    ses_cx_clear(&f->cx);
    for (n = 1; n < OF_ACCOUNT; n++) {
        snprintf(name, sizeof(name), "a%u@b.c", n);
        i.name = ses_str(name);
        assert_int_equal(ses_confirm_ask(&f->cx, f->t, &conf, &i), SES_OK);
    }
    i.name = SES_STR("one-more@b.c");
    assert_int_equal(ses_confirm_ask(&f->cx, f->t, &conf, &i), SES_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_signature, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
