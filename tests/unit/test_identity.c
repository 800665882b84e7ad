/*
 * test_identity - names, the state machine, rows, the work index, keys
 */
#include "model_store.h"

#include "../../shared/model/identity.c"

static const struct {
    const char *given;
    const char *name; /* NULL = refused with text */
    bool domain;
    const char *text;
} name_cases[] = {
    {"Example.COM.", "example.com", true, NULL},
    {"sub.example.com", "sub.example.com", true, NULL},
    {"Sales+x@Example.com", "Sales+x@example.com", false, NULL},
    {"com", NULL, true, "Domain com is invalid."},
    {"", NULL, true, "Domain  is invalid."},
    {"a_b.com", NULL, true, "Domain a_b.com is invalid."},
    {"@example.com", NULL, false, "Invalid email address<@example.com>."},
    {"a@", NULL, false, "Invalid email address<a@>."},
    {"a@b@c.com", NULL, false, "Invalid email address<a@b@c.com>."},
    {"a b@c.com", NULL, false, "Invalid email address<a b@c.com>."},
    {"a..b@c.com", NULL, false, "Invalid email address<a..b@c.com>."},
    {".a@c.com", NULL, false, "Invalid email address<.a@c.com>."},
    {"\xc3\xbc@c.com", NULL, false, "Invalid email address<\xc3\xbc@c.com>."},
    {"<a@c.com>", NULL, false, "Invalid email address<<a@c.com>>."},
};

static void
test_name(void **state)
{
    fixture_t *f = *state;
    ses_str_t name;
    bool domain;
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < sizeof(name_cases) / sizeof(name_cases[0]); i++) {
        ses_cx_clear(&f->cx);
        rc = ses_identity_name(&f->cx, ses_str(name_cases[i].given), &name,
                               &domain);
        if (name_cases[i].name == NULL) {
            assert_int_equal(rc, SES_INVALID);
            assert_true(same(f->cx.why, name_cases[i].text));
            continue;
        }
        assert_int_equal(rc, SES_OK);
        assert_true(same(name, name_cases[i].name));
        assert_int_equal(domain, name_cases[i].domain);
    }
}

#define HOURS INT64_C(3600000)

/* One look at the DNS after another: hours since the start, what came. */
static const struct {
    const char *name;
    struct {
        int hour;
        char result; /* + found, - not found, ! our fault, 0 = end */
        ses_verify_t want;
    } step[6];
} machine[] = {
    {"found at once", {{0, '+', SES_VERIFY_SUCCESS}}},
    {"72 hours of patience",
     {{1, '-', SES_VERIFY_PENDING},
      {71, '-', SES_VERIFY_PENDING},
      {72, '-', SES_VERIFY_FAILED},
      {80, '-', SES_VERIFY_FAILED},
      {81, '+', SES_VERIFY_SUCCESS}}},
    {"records vanish",
     {{10, '+', SES_VERIFY_SUCCESS},
      {100, '-', SES_VERIFY_TEMPORARY_FAILURE},
      {171, '-', SES_VERIFY_TEMPORARY_FAILURE},
      {172, '-', SES_VERIFY_FAILED}}},
    {"and come back",
     {{10, '+', SES_VERIFY_SUCCESS},
      {100, '-', SES_VERIFY_TEMPORARY_FAILURE},
      {150, '+', SES_VERIFY_SUCCESS},
      {200, '-', SES_VERIFY_TEMPORARY_FAILURE},
      {250, '-', SES_VERIFY_TEMPORARY_FAILURE}}},
    {"our fault decides nothing",
     {{1, '!', SES_VERIFY_PENDING},
      {100, '!', SES_VERIFY_PENDING},
      {101, '-', SES_VERIFY_PENDING},
      {171, '-', SES_VERIFY_PENDING},
      {172, '-', SES_VERIFY_FAILED}}},
    {"nor takes success away",
     {{1, '+', SES_VERIFY_SUCCESS},
      {200, '!', SES_VERIFY_SUCCESS},
      {201, '+', SES_VERIFY_SUCCESS}}},
};

static void
test_checked(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;
    size_t n, s;
    int64_t now;

    for (n = 0; n < sizeof(machine) / sizeof(machine[0]); n++) {
        ses_identity_init(&f->cx, &i, ACCOUNT, SES_STR("a.com"), true);
        for (s = 0; s < 6 && machine[n].step[s].result != '\0'; s++) {
            now = NOW + machine[n].step[s].hour * HOURS;
            ses_identity_checked(&i, now, machine[n].step[s].result == '+',
                                 machine[n].step[s].result == '!');
            if (i.status != machine[n].step[s].want)
                fail_msg("%s: step %zu: %s", machine[n].name, s,
                         ses_verify_name(i.status));
            assert_int_equal(i.dkim_status, i.status);
            assert_int_equal(i.last_check, now);
        }
    }
    assert_int_equal(i.last_success, NOW + 201 * HOURS);
    assert_int_equal(i.tries, 0);

    ses_identity_init(&f->cx, &i, ACCOUNT, SES_STR("a@a.com"), false);
    ses_identity_checked(&i, NOW, true, false);
    assert_true(ses_identity_verified(&i));
    assert_int_equal(i.dkim_status, SES_VERIFY_NOT_STARTED);
}

/* Either record proves the domain; each has its own 72 hours. */
static void
test_looked(void **state)
{
    const ses_look_t found = SES_LOOK_FOUND, missing = SES_LOOK_MISSING,
                     failed = SES_LOOK_FAILED, bogus = SES_LOOK_BOGUS;
    const struct {
        int64_t hour;
        ses_look_t dkim, proof;
        ses_verify_t status, dkim_status;
    } steps[] = {
        {1, missing, found, SES_VERIFY_SUCCESS, SES_VERIFY_PENDING},
        {71, missing, failed, SES_VERIFY_SUCCESS, SES_VERIFY_PENDING},
        {72, missing, found, SES_VERIFY_SUCCESS, SES_VERIFY_FAILED},
        {80, missing, missing, SES_VERIFY_TEMPORARY_FAILURE, SES_VERIFY_FAILED},
        {90, found, missing, SES_VERIFY_SUCCESS, SES_VERIFY_SUCCESS},
        {91, missing, found, SES_VERIFY_SUCCESS, SES_VERIFY_TEMPORARY_FAILURE},
        {100, missing, missing, SES_VERIFY_TEMPORARY_FAILURE,
         SES_VERIFY_TEMPORARY_FAILURE},
        {163, missing, missing, SES_VERIFY_TEMPORARY_FAILURE,
         SES_VERIFY_FAILED},
        {172, missing, missing, SES_VERIFY_FAILED, SES_VERIFY_FAILED},
        {173, bogus, missing, SES_VERIFY_FAILED, SES_VERIFY_FAILED},
        {180, found, missing, SES_VERIFY_SUCCESS, SES_VERIFY_SUCCESS},
        /* Refuted: no success, but its time does not run. */
        {181, bogus, found, SES_VERIFY_SUCCESS, SES_VERIFY_TEMPORARY_FAILURE},
        {182, bogus, failed, SES_VERIFY_TEMPORARY_FAILURE,
         SES_VERIFY_TEMPORARY_FAILURE},
        {300, bogus, missing, SES_VERIFY_TEMPORARY_FAILURE,
         SES_VERIFY_TEMPORARY_FAILURE},
        {371, missing, missing, SES_VERIFY_TEMPORARY_FAILURE,
         SES_VERIFY_TEMPORARY_FAILURE},
        {372, missing, missing, SES_VERIFY_FAILED, SES_VERIFY_FAILED},
    };
    fixture_t *f = *state;
    ses_identity_t i;
    size_t n;

    ses_identity_init(&f->cx, &i, ACCOUNT, SES_STR("a.com"), true);
    assert_int_equal(i.proof.n, 44);
    for (n = 0; n < sizeof(steps) / sizeof(steps[0]); n++) {
        ses_identity_looked(&i, NOW + steps[n].hour * HOURS, steps[n].dkim,
                            steps[n].proof);
        if (i.status != steps[n].status ||
            i.dkim_status != steps[n].dkim_status)
            fail_msg("step %zu: %s, DKIM %s", n, ses_verify_name(i.status),
                     ses_verify_name(i.dkim_status));
    }
}

static void
test_mail_from(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;

    f->cx.now = NOW;
    ses_identity_init(&f->cx, &i, ACCOUNT, SES_STR("me@a.com"), false);
    assert_int_equal(ses_mail_from_set(&f->cx, &i, SES_STR("a.com"), false),
                     SES_INVALID);
    ses_cx_clear(&f->cx);
    assert_int_equal(ses_mail_from_set(&f->cx, &i, SES_STR("xa.com"), false),
                     SES_INVALID);
    ses_cx_clear(&f->cx);
    assert_int_equal(ses_mail_from_set(&f->cx, &i, SES_STR("b.a.com"), true),
                     SES_OK);
    assert_int_equal(i.mail_from.status, SES_VERIFY_PENDING);
    assert_int_equal(i.mail_from.check, NOW);
    assert_string_equal(ses_mail_from_behavior(&i.mail_from), "REJECT_MESSAGE");

    ses_mail_from_looked(&i, NOW + HOURS, SES_LOOK_FOUND);
    assert_int_equal(i.mail_from.status, SES_VERIFY_SUCCESS);
    ses_mail_from_looked(&i, NOW + 2 * HOURS, SES_LOOK_MISSING);
    assert_int_equal(i.mail_from.status, SES_VERIFY_TEMPORARY_FAILURE);
    ses_mail_from_looked(&i, NOW + 73 * HOURS, SES_LOOK_MISSING);
    assert_int_equal(i.mail_from.status, SES_VERIFY_TEMPORARY_FAILURE);
    ses_mail_from_looked(&i, NOW + 74 * HOURS, SES_LOOK_MISSING);
    assert_int_equal(i.mail_from.status, SES_VERIFY_FAILED);
    ses_mail_from_looked(&i, NOW + 75 * HOURS, SES_LOOK_FOUND);
    assert_int_equal(i.mail_from.status, SES_VERIFY_FAILED);

    assert_int_equal(ses_mail_from_set(&f->cx, &i, SES_STR(""), true), SES_OK);
    assert_int_equal(i.mail_from.domain.n, 0);
    assert_int_equal(i.mail_from.check, 0);
    assert_string_equal(ses_mail_from_behavior(&i.mail_from),
                        "USE_DEFAULT_VALUE");
}

static ses_rc_t
collect(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    strncat(arg, ses_str_c(cx->arena, i->name), 100);
    strncat(arg, " ", 2);
    return SES_OK;
}

static void
add(fixture_t *f, ses_str_t account, const char *name, bool domain)
{
    ses_change_t c = {0};
    ses_identity_t i;

    ses_identity_init(&f->cx, &i, account, ses_str(name), domain);
    ses_identity_put(&f->cx, &c, &i);
    apply(f, &c);
}

static void
test_rows(void **state)
{
    ses_tag_t tags[2] = {{SES_STR("k"), SES_STR("v")},
                         {SES_STR("\"q\""), SES_STR("")}};
    ses_identity_t i, back;
    fixture_t *f = *state;
    ses_change_t c = {0};
    char names_seen[200];

    assert_int_equal(
        ses_identity_find(&f->cx, f->t, ACCOUNT, SES_STR("b.com"), &back),
        SES_NOT_FOUND);
    add(f, ACCOUNT, "c.com", true);
    add(f, ACCOUNT, "a@b.com", false);
    add(f, OTHER, "z.com", true);

    ses_identity_init(&f->cx, &i, ACCOUNT, SES_STR("b.com"), true);
    i.tags = tags;
    i.ntags = 2;
    i.config_set = SES_STR("set");
    i.soa_serial = 4294967295;
    ses_identity_put(&f->cx, &c, &i);
    apply(f, &c);

    assert_int_equal(
        ses_identity_find(&f->cx, f->t, ACCOUNT, SES_STR("b.com"), &back),
        SES_OK);
    assert_true(back.version > 0);
    assert_true(back.domain);
    assert_int_equal(back.status, SES_VERIFY_PENDING);
    assert_int_equal(back.dkim.keys[1].selector.n, 32);
    assert_true(
        ses_str_eq(back.dkim.keys[2].selector, i.dkim.keys[2].selector));
    assert_false(
        ses_str_eq(back.dkim.keys[1].selector, i.dkim.keys[2].selector));
    assert_int_equal(back.ntags, 2);
    assert_true(same(back.tags[1].key, "\"q\""));
    assert_true(same(back.config_set, "set"));
    assert_int_equal(back.soa_serial, 4294967295);
    assert_int_equal(back.created, NOW);
    assert_true(back.feedback);

    names_seen[0] = '\0';
    assert_int_equal(ses_identity_list(&f->cx, f->t, ACCOUNT, SES_STR(""),
                                       collect, names_seen),
                     SES_OK);
    assert_string_equal(names_seen, "a@b.com b.com c.com ");
    names_seen[0] = '\0';
    assert_int_equal(ses_identity_list(&f->cx, f->t, ACCOUNT,
                                       SES_STR("a@b.com"), collect, names_seen),
                     SES_OK);
    assert_string_equal(names_seen, "b.com c.com ");
    assert_int_equal(ses_identity_find(&f->cx, f->t, ACCOUNT,
                                       ses_str_n("b.com\0x", 7), &back),
                     SES_NOT_FOUND);
    assert_int_equal(
        ses_identity_find(&f->cx, f->t, ACCOUNT, SES_STR("z.com"), &back),
        SES_NOT_FOUND);
}

static void
test_work(void **state)
{
    fixture_t *f = *state;
    ses_change_t c = {0};
    ses_identity_t i;
    char seen[200] = "";

    add(f, ACCOUNT, "b.com", true);
    f->cx.now++;
    add(f, ACCOUNT, "a.com", true);
    add(f, ACCOUNT, "x@a.com", false);
    assert_int_equal(count(f, SES_DB_WORK), 6);
    assert_int_equal(ses_identity_keyless(&f->cx, f->t, collect, seen), SES_OK);
    assert_string_equal(seen, "b.com a.com "); /* the oldest first */
    seen[0] = '\0';
    assert_int_equal(ses_identity_due(&f->cx, f->t, NOW - 1, collect, seen),
                     SES_OK);
    assert_string_equal(seen, "");
    assert_int_equal(ses_identity_due(&f->cx, f->t, NOW, collect, seen),
                     SES_OK);
    assert_string_equal(seen, "b.com ");

    /* Who failed before is due, but does not go ahead. */
    assert_int_equal(
        ses_identity_find(&f->cx, f->t, ACCOUNT, SES_STR("b.com"), &i), SES_OK);
    seen[0] = '\0';
    assert_int_equal(
        ses_identity_first_due(&f->cx, f->t, NOW, NOW, collect, seen), SES_OK);
    assert_string_equal(seen, "b.com ");
    seen[0] = '\0';
    assert_int_equal(
        ses_identity_first_due(&f->cx, f->t, NOW + 1, NOW + 9, collect, seen),
        SES_OK);
    assert_string_equal(seen, "a.com ");
    i.tries = 1;
    ses_identity_put(&f->cx, &c, &i);
    apply(f, &c);
    seen[0] = '\0';
    assert_int_equal(
        ses_identity_first_due(&f->cx, f->t, 0, NOW, collect, seen), SES_OK);
    assert_int_equal(ses_identity_due(&f->cx, f->t, NOW, collect, seen),
                     SES_OK);
    assert_string_equal(seen, "b.com ");

    assert_int_equal(
        ses_identity_find(&f->cx, f->t, ACCOUNT, SES_STR("b.com"), &i), SES_OK);
    ses_dkim_fill(&i.dkim, 0, SES_STR("AAAA"), NOW);
    i.next_check = 0;
    i.dkim.check = NOW + 5;
    ses_identity_put(&f->cx, &c, &i);
    apply(f, &c);
    assert_int_equal(count(f, SES_DB_WORK), 5); /* one still wants Ed25519 */
    seen[0] = '\0';
    assert_int_equal(
        ses_identity_keys_due(&f->cx, f->t, NOW + 4, collect, seen), SES_OK);
    assert_string_equal(seen, "");
    assert_int_equal(
        ses_identity_keys_due(&f->cx, f->t, NOW + 5, collect, seen), SES_OK);
    assert_string_equal(seen, "b.com ");
    assert_true(same(
        ses_identity_arn(f->arena, SES_STR("eu-west-1"), i.account, i.name),
        "arn:aws:ses:eu-west-1:123456789012:identity/b.com"));
}

/* A row as it was written before there were slots. */
static void
test_old_row(void **state)
{
    static const char row[] =
        "{\"v\":1,\"domain\":true,\"status\":\"SUCCESS\","
        "\"dkim_signing\":true,\"dkim_status\":\"SUCCESS\","
        "\"tokens\":[\"t0\",\"t1\",\"t2\"],\"slot\":1,"
        "\"dkim_public\":\"AAAA\",\"dkim_generated\":7}";
    fixture_t *f = *state;
    ses_change_t c = {0};
    ses_identity_t i;

    ses_change_put(&c, SES_DB_IDENTITY,
                   ses_key2(f->arena, ACCOUNT, SES_STR("b.com")),
                   SES_VERSION_NONE, ses_str(row));
    apply(f, &c);
    assert_int_equal(
        ses_identity_find(&f->cx, f->t, ACCOUNT, SES_STR("b.com"), &i), SES_OK);
    assert_true(i.dkim.signing);
    assert_false(i.dkim.ed25519);
    assert_int_equal(ses_dkim_wanted(&i.dkim), -1);
    assert_ptr_equal(ses_dkim_current(&i.dkim), &i.dkim.keys[1]);
    assert_int_equal(i.dkim.keys[1].bits, 2048);
    assert_int_equal(i.dkim.keys[1].made, 7);
    assert_true(
        same(ses_dkim_txt(f->arena, &i.dkim, 1), "v=DKIM1; k=rsa; p=AAAA"));
    assert_true(ses_str_eq(ses_dkim_aad(f->arena, &i, 1),
                           ses_key3(f->arena, ACCOUNT, i.name, SES_STR("t1"))));
}

static void
test_delete(void **state)
{
    fixture_t *f = *state;
    ses_change_t c = {0};
    ses_str_t sealed;
    uint64_t version;
    ses_identity_t i;

    add(f, ACCOUNT, "b.com", true);
    assert_int_equal(
        ses_identity_find(&f->cx, f->t, ACCOUNT, SES_STR("b.com"), &i), SES_OK);
    ses_dkim_put(&f->cx, &c, &i, 0, SES_VERSION_NONE,
                 ses_str_n("\0\1sealed", 8));
    ses_dkim_put(&f->cx, &c, &i, 2, SES_VERSION_NONE, SES_STR("two"));
    apply(f, &c);
    assert_int_equal(ses_dkim_find(&f->cx, f->t, &i, 0, &sealed, &version),
                     SES_OK);
    assert_int_equal(sealed.n, 8);
    assert_int_equal(ses_dkim_find(&f->cx, f->t, &i, 1, &sealed, &version),
                     SES_NOT_FOUND);
    assert_int_equal(count(f, SES_DB_DKIM), 2);

    assert_int_equal(ses_identity_del(&f->cx, f->t, &c, &i), SES_OK);
    assert_int_equal(c.n, 3);
    apply(f, &c);
    assert_int_equal(count(f, SES_DB_DKIM), 0);
    assert_int_equal(count(f, SES_DB_IDENTITY), 0);
    assert_int_equal(count(f, SES_DB_WORK), 0);

    /* a stale copy writes nothing */
    ses_identity_put(&f->cx, &c, &i);
    assert_int_equal(ses_journal_apply(&f->cx, f->t, &c, "test"), SES_MODIFIED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_name),      TEST(test_checked), TEST(test_looked),
        TEST(test_mail_from), TEST(test_rows),    TEST(test_work),
        TEST(test_old_row),   TEST(test_delete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
