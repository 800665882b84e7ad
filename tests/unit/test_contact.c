/*
 * test_contact - what a contact chose, and rows that deleted lists leave
 */
#include "../../shared/model/contact.c"

#include "model_store.h"

#define APPLY(f, c)                                                            \
    assert_int_equal(ses_journal_apply(&(f)->cx, (f)->t, c, "t"), SES_OK)

static ses_contact_list_t
make_list(fixture_t *f, unsigned contacts)
{
    ses_contact_list_t l = {.account = ACCOUNT,
                            .name = SES_STR("people"),
                            .id = ses_contact_list_id(f->arena)};
    ses_change_t c = {.n = 0};
    ses_contact_t x;
    unsigned i;

    ses_contact_list_put(&f->cx, &c, &l);
    APPLY(f, &c);
    for (i = 0; i < contacts; i++) {
        c.n = 0;
        x = (ses_contact_t){.account = ACCOUNT,
                            .list = l.id,
                            .key =
                                ses_str_printf(f->arena, "p%u@a.example", i)};
        ses_contact_put(&f->cx, &c, &x);
        APPLY(f, &c);
    }
    assert_int_equal(
        ses_contact_list_find(&f->cx, f->t, ACCOUNT, SES_STR("people"), &l),
        SES_OK);
    return l;
}

static uint64_t
rows(fixture_t *f, ses_db_t db)
{
    uint64_t n;

    assert_int_equal(ses_store_count(&f->cx, f->t, db, &n), SES_OK);
    return n;
}

static void
test_purge(void **state)
{
    fixture_t *f = *state;
    ses_contact_list_t old = make_list(f, 40), new;
    ses_change_t c = {.n = 0};
    unsigned n, total = 0;

    ses_contact_list_del(&f->cx, &c, &old);
    APPLY(f, &c);
    assert_int_equal(
        ses_contact_list_find(&f->cx, f->t, ACCOUNT, SES_STR("people"), &old),
        SES_NOT_FOUND);
    new = make_list(f, 3);
    assert_false(ses_str_eq(new.id, old.id));
    do {
        assert_int_equal(ses_contact_list_purge(&f->cx, f->t, 20, &n), SES_OK);
        assert_true(n < 20 + SES_CHANGE_ROWS);
        total += n;
    } while (n >= 20);
    assert_int_equal(total, 40 + 1); /* and the list's own row */
    assert_int_equal(rows(f, SES_DB_CONTACT), 3);
    assert_int_equal(rows(f, SES_DB_CONTACT_GONE), 0);
    assert_int_equal(ses_contact_list_purge(&f->cx, f->t, 20, &n), SES_OK);
    assert_int_equal(n, 0);
}

static void
test_opted_in(void **state)
{
    ses_list_topic_t in = {.name = SES_STR("in"), .opt_in = true};
    ses_list_topic_t out = {.name = SES_STR("out")};
    ses_preference_t chosen[] = {{SES_STR("in"), false},
                                 {SES_STR("out"), true}};
    ses_contact_t nothing = {.npreferences = 0};
    ses_contact_t other = {.preferences = chosen, .npreferences = 2};

    (void) state;
    assert_true(ses_contact_opted_in(&nothing, NULL));
    assert_true(ses_contact_opted_in(&nothing, &in));
    assert_false(ses_contact_opted_in(&nothing, &out));
    assert_true(ses_contact_opted_in(&other, NULL));
    assert_false(ses_contact_opted_in(&other, &in));
    assert_true(ses_contact_opted_in(&other, &out));
    other.unsubscribe_all = true;
    assert_false(ses_contact_opted_in(&other, NULL));
    assert_false(ses_contact_opted_in(&other, &out));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_purge, setup, teardown),
        cmocka_unit_test(test_opted_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
