/*
 * test_config_set - sets as rows, and their destinations
 */
#include "model_store.h"

#include "../../shared/model/config_set.c"
#include "model/destination.h"

static ses_rc_t
collect_set(ses_cx_t *cx, const ses_config_set_t *s, void *arg)
{
    strncat(arg, ses_str_c(cx->arena, s->name), 100);
    strncat(arg, " ", 2);
    return SES_OK;
}

static ses_rc_t
collect_destination(ses_cx_t *cx, const ses_destination_t *d, void *arg)
{
    strncat(arg, ses_str_c(cx->arena, d->set), 100);
    strncat(arg, "/", 2);
    strncat(arg, ses_str_c(cx->arena, d->name), 100);
    strncat(arg, " ", 2);
    return SES_OK;
}

static void
test_sets(void **state)
{
    ses_tag_t tag = {SES_STR("k"), SES_STR("v")};
    ses_config_set_t s = {.account = ACCOUNT,
                          .name = SES_STR("b"),
                          .sending = true,
                          .created = NOW},
                     back;
    fixture_t *f = *state;
    ses_change_t c = {0};
    char seen[100] = "";

    ses_config_set_put(&f->cx, &c, &s);
    s.name = SES_STR("a");
    s.sending = false;
    s.has_suppression = true;
    s.fresh_start = NOW;
    s.tags = &tag;
    s.ntags = 1;
    ses_config_set_put(&f->cx, &c, &s);
    apply(f, &c);

    assert_int_equal(
        ses_config_set_find(&f->cx, f->t, ACCOUNT, SES_STR("a"), &back),
        SES_OK);
    assert_false(back.sending);
    assert_true(back.has_suppression); /* no reasons: none suppressed */
    assert_int_equal(back.reasons, 0);
    assert_int_equal(back.fresh_start, NOW);
    assert_int_equal(back.ntags, 1);
    assert_int_equal(
        ses_config_set_find(&f->cx, f->t, ACCOUNT, SES_STR("b"), &back),
        SES_OK);
    assert_true(back.sending);
    assert_false(back.has_suppression);
    assert_int_equal(
        ses_config_set_find(&f->cx, f->t, OTHER, SES_STR("a"), &back),
        SES_NOT_FOUND);
    assert_int_equal(ses_config_set_list(&f->cx, f->t, ACCOUNT, SES_STR("a"),
                                         collect_set, seen),
                     SES_OK);
    assert_string_equal(seen, "b ");

    ses_config_set_del(&f->cx, &c, &back);
    apply(f, &c);
    assert_int_equal(count(f, SES_DB_CONFIG_SET), 1);
}

static const char *
destinations(fixture_t *f, ses_str_t account, const char *set)
{
    static char seen[200];

    seen[0] = '\0';
    assert_int_equal(ses_destination_list(&f->cx, f->t, account, ses_str(set),
                                          collect_destination, seen),
                     SES_OK);
    return seen;
}

static void
test_destinations(void **state)
{
    ses_destination_t d = {.account = ACCOUNT,
                           .set = SES_STR("s"),
                           .name = SES_STR("d1"),
                           .enabled = true,
                           .types = 0x155,
                           .topic_arn = SES_STR("arn"),
                           .start = 1234567890123,
                           .created = NOW},
                      back;
    fixture_t *f = *state;
    ses_change_t c = {0};

    ses_destination_put(&f->cx, &c, &d);
    d.name = SES_STR("d2");
    ses_destination_put(&f->cx, &c, &d);
    d.set = SES_STR("s2");
    ses_destination_put(&f->cx, &c, &d);
    d.account = OTHER;
    ses_destination_put(&f->cx, &c, &d);
    apply(f, &c);
    assert_string_equal(destinations(f, ACCOUNT, "s"), "s/d1 s/d2 ");
    assert_string_equal(destinations(f, ACCOUNT, ""), "s/d1 s/d2 s2/d2 ");
    assert_string_equal(destinations(f, SES_STR(""), ""),
                        "s/d1 s/d2 s2/d2 s2/d2 ");

    assert_int_equal(ses_destination_find(&f->cx, f->t, ACCOUNT, SES_STR("s"),
                                          SES_STR("d1"), &back),
                     SES_OK);
    assert_true(back.enabled);
    assert_int_equal(back.types, 0x155);
    assert_int_equal(back.start, 1234567890123);
    assert_true(same(back.topic_arn, "arn"));
    ses_destination_del(&f->cx, &c, &back);
    apply(f, &c);
    assert_string_equal(destinations(f, ACCOUNT, "s"), "s/d2 ");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sets),
        TEST(test_destinations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
