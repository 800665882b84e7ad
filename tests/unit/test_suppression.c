/*
 * test_suppression - put, find by reason, list in order, delete
 */
#include "model_store.h"

#include "../../shared/model/suppression.c"

static void
put(fixture_t *f, ses_str_t account, const char *address, unsigned reason)
{
    ses_suppression_t s = {.account = account,
                           .address = ses_str(address),
                           .reason = reason,
                           .since = NOW,
                           .message_id = SES_STR("m-1"),
                           .feedback_id = SES_STR("f-1"),
                           .version = SES_VERSION_ANY};
    ses_change_t c = {0};

    ses_suppression_put(&f->cx, &c, &s);
    apply(f, &c);
}

static ses_rc_t
collect(ses_cx_t *cx, const ses_suppression_t *s, void *arg)
{
    if (ses_str_eqc(s->address, "stop@x.com"))
        return SES_NOT_FOUND;
    strncat(arg, ses_str_c(cx->arena, s->address), 100);
    strncat(arg, " ", 2);
    return SES_OK;
}

static void
test_entries(void **state)
{
    ses_suppression_t s;
    fixture_t *f = *state;
    ses_change_t c = {0};
    char seen[200] = "";

    put(f, ACCOUNT, "b@x.com", SES_REASON_BOUNCE);
    put(f, ACCOUNT, "a@x.com", SES_REASON_COMPLAINT);
    put(f, ACCOUNT, "c@x.com", SES_REASON_BOUNCE);
    put(f, ACCOUNT, "b@x.com", SES_REASON_COMPLAINT);
    put(f, OTHER, "o@x.com", SES_REASON_BOUNCE);
    assert_int_equal(count(f, SES_DB_SUPPRESSION), 4);
    assert_int_equal(count(f, SES_DB_SUPPRESSION_LIST), 4);

    assert_int_equal(ses_suppression_find(&f->cx, f->t, ACCOUNT,
                                          SES_STR("b@x.com"), SES_REASON_ANY,
                                          &s),
                     SES_OK);
    assert_int_equal(s.reason, SES_REASON_COMPLAINT);
    assert_int_equal(s.since, NOW);
    assert_true(same(s.address, "b@x.com"));
    assert_true(same(s.message_id, "m-1"));
    assert_true(same(s.feedback_id, "f-1"));
    assert_true(ses_str_eq(s.account, ACCOUNT));
    assert_int_equal(ses_suppression_find(&f->cx, f->t, ACCOUNT,
                                          SES_STR("b@x.com"), SES_REASON_BOUNCE,
                                          &s),
                     SES_NOT_FOUND);
    assert_int_equal(ses_suppression_find(&f->cx, f->t, ACCOUNT,
                                          SES_STR("o@x.com"), SES_REASON_ANY,
                                          &s),
                     SES_NOT_FOUND);

    assert_int_equal(
        ses_suppression_list(&f->cx, f->t, ACCOUNT, SES_STR(""), collect, seen),
        SES_OK);
    assert_string_equal(seen, "a@x.com b@x.com c@x.com ");
    seen[0] = '\0';
    assert_int_equal(ses_suppression_list(&f->cx, f->t, ACCOUNT,
                                          SES_STR("a@x.com"), collect, seen),
                     SES_OK);
    assert_string_equal(seen, "b@x.com c@x.com ");

    assert_int_equal(ses_suppression_find(&f->cx, f->t, ACCOUNT,
                                          SES_STR("a@x.com"), SES_REASON_ANY,
                                          &s),
                     SES_OK);
    ses_suppression_del(&f->cx, &c, &s);
    apply(f, &c);
    assert_int_equal(count(f, SES_DB_SUPPRESSION), 3);
    assert_int_equal(count(f, SES_DB_SUPPRESSION_LIST), 3);
}

static void
test_damage(void **state)
{
    ses_suppression_t s;
    fixture_t *f = *state;
    char row[16] = {0};

    assert_int_equal(ses_store_put(&f->cx, f->t, SES_DB_SUPPRESSION,
                                   key_of(&f->cx, ACCOUNT, SES_STR("a@b")),
                                   ses_str_n(row, sizeof(row))),
                     SES_OK);
    assert_int_equal(ses_suppression_find(&f->cx, f->t, ACCOUNT, SES_STR("a@b"),
                                          SES_REASON_ANY, &s),
                     SES_FAULT);
}

static void
test_reason(void **state)
{
    (void) state;
    assert_int_equal(ses_reason_parse(SES_STR("BOUNCE")), SES_REASON_BOUNCE);
    assert_int_equal(ses_reason_parse(SES_STR("COMPLAINT")),
                     SES_REASON_COMPLAINT);
    assert_int_equal(ses_reason_parse(SES_STR("bounce")), 0);
    assert_string_equal(ses_reason_name(SES_REASON_COMPLAINT), "COMPLAINT");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_entries),
        TEST(test_damage),
        TEST(test_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
