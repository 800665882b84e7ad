/*
 * test_session - temporary credentials: their token, their end, their user
 */
#include "model_store.h"

#include "../../shared/model/session.c"

#define HOUR INT64_C(3600000)

static ses_keyring_t
ring(void)
{
    ses_keyring_t r = {.n = 1};

    r.keys[0].id = 'a';
    memset(r.keys[0].key, 'a', sizeof(r.keys[0].key));
    return r;
}

static void
put_user(fixture_t *f, const char *name, int64_t created)
{
    ses_change_t c = {.n = 0};
    ses_user_t u = {.account = ACCOUNT,
                    .name = ses_str(name),
                    .created = created,
                    .version = SES_VERSION_ANY};

    if (created != 0)
        ses_user_put(&f->cx, &c, SES_DB_USER, &u);
    else
        ses_user_del(&f->cx, &c, SES_DB_USER, &u);
    assert_int_equal(ses_journal_apply(&f->cx, f->t, &c, "test"), SES_OK);
}

/* A stored one; user "" = of the account. */
static ses_credential_t
make(fixture_t *f, const char *user, ses_str_t *token)
{
    ses_keyring_t site = ring();
    ses_credential_t k = {.account = ACCOUNT,
                          .user = ses_str(user),
                          .iam = user[0] != '\0',
                          .policy = SES_STR("{}"),
                          .user_since = NOW - HOUR};
    ses_change_t c = {.n = 0};
    ses_str_t secret;

    assert_int_equal(ses_session_new(&f->cx, &site, HOUR, &k, &secret, token),
                     SES_OK);
    assert_true(ses_str_starts(k.id, SES_STR("ASIA")));
    assert_int_equal(k.id.n, 20);
    ses_credential_put(&f->cx, &c, &k);
    assert_int_equal(ses_journal_apply(&f->cx, f->t, &c, "test"), SES_OK);
    assert_true(ses_str_search(c.rows[0].value, *token) < 0);
    assert_true(ses_str_search(c.rows[0].value, secret) < 0);
    return k;
}

static ses_credential_t
found(fixture_t *f, const ses_credential_t *k)
{
    ses_credential_t back;

    assert_int_equal(ses_credential_find(&f->cx, f->t, k->id, &back), SES_OK);
    return back;
}

static ses_rc_t
live(fixture_t *f, const ses_credential_t *k, int64_t now)
{
    ses_cx_t cx = f->cx;

    return ses_session_live(&cx, f->t, k, now);
}

static void
test_token(void **state)
{
    ses_credential_t plain = {.token = SES_STR("")}, k, other;
    ses_str_t none = {NULL, 0}, token, its;
    fixture_t *f = *state;

    k = make(f, "", &token);
    other = make(f, "", &its);
    k = found(f, &k);
    other = found(f, &other);
    assert_int_equal(token.n, 64);
    assert_true(ses_session_is(&k));
    assert_int_equal(k.expires, NOW + HOUR);
    assert_true(ses_str_eqc(k.policy, "{}"));
    assert_true(ses_session_token(&k, token));
    assert_false(ses_session_token(&k, its));
    assert_false(ses_session_token(&other, token));
    assert_false(ses_session_token(&k, none));
    assert_false(ses_session_token(&k, SES_STR("")));
    assert_false(ses_session_token(&k, ses_str_head(token, 63)));
    assert_false(ses_session_token(&k, k.token)); /* what a thief reads */

    assert_false(ses_session_is(&plain));
    assert_true(ses_session_token(&plain, none));
    assert_false(ses_session_token(&plain, SES_STR("")));
    assert_false(ses_session_token(&plain, token));
}

static void
test_live(void **state)
{
    fixture_t *f = *state;
    ses_credential_t k;
    ses_str_t token;

    k = make(f, "", &token);
    assert_int_equal(live(f, &k, NOW), SES_OK);
    assert_int_equal(live(f, &k, NOW + HOUR - 1), SES_OK);
    assert_int_equal(live(f, &k, NOW + HOUR), SES_EXPIRED);
    k.active = false;
    assert_int_equal(live(f, &k, NOW), SES_UNKNOWN_KEY);

    k = make(f, "shop", &token);
    assert_int_equal(live(f, &k, NOW), SES_UNKNOWN_KEY); /* nobody yet */
    put_user(f, "shop", NOW - HOUR);
    assert_int_equal(live(f, &k, NOW), SES_OK);
    put_user(f, "shop", 0);
    assert_int_equal(live(f, &k, NOW), SES_UNKNOWN_KEY);
    put_user(f, "shop", NOW); /* another of that name */
    assert_int_equal(live(f, &k, NOW), SES_UNKNOWN_KEY);
    assert_int_equal(live(f, &k, NOW + HOUR), SES_EXPIRED);

    k.expires = 0; /* a key that is none needs no user, and has no end */
    assert_int_equal(live(f, &k, NOW + HOUR), SES_OK);
}

static void
test_purge(void **state)
{
    ses_credential_t k[3], back;
    fixture_t *f = *state;
    ses_str_t token;
    uint64_t used;
    unsigned n, i;

    for (i = 0; i < 3; i++)
        k[i] = make(f, "", &token);
    assert_int_equal(ses_credential_used(&f->cx, f->t, k[0].id), SES_OK);
    assert_int_equal(ses_session_purge(&f->cx, f->t, NOW + HOUR - 1, 10, &n),
                     SES_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ses_session_purge(&f->cx, f->t, NOW + HOUR, 2, &n),
                     SES_OK);
    assert_int_equal(n, 2);
    assert_int_equal(ses_session_purge(&f->cx, f->t, NOW + HOUR, 10, &n),
                     SES_OK);
    assert_int_equal(n, 1);
    for (i = 0; i < 3; i++)
        assert_int_equal(ses_credential_find(&f->cx, f->t, k[i].id, &back),
                         SES_NOT_FOUND);
    assert_int_equal(ses_store_count(&f->cx, f->t, SES_DB_KEY_USED, &used),
                     SES_OK);
    assert_int_equal(used, 0);
    assert_int_equal(ses_store_count(&f->cx, f->t, SES_DB_WORK, &used), SES_OK);
    assert_int_equal(used, 0);
}

/* A row that says it ends, but not with which token it is used. */
static void
test_damaged(void **state)
{
    fixture_t *f = *state;
    ses_credential_t k, back;
    ses_change_t c = {.n = 0};
    ses_str_t token;

    k = make(f, "", &token);
    k.token = ses_str_head(k.token, 31);
    k.version = SES_VERSION_ANY;
    ses_credential_put(&f->cx, &c, &k);
    assert_int_equal(ses_journal_apply(&f->cx, f->t, &c, "test"), SES_OK);
    assert_int_equal(ses_credential_find(&f->cx, f->t, k.id, &back), SES_FAULT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_token, setup, teardown),
        cmocka_unit_test_setup_teardown(test_live, setup, teardown),
        cmocka_unit_test_setup_teardown(test_purge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
