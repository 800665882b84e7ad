/* outbox - own mail that waits, and counts of verification mails */

#include "../../shared/model/outbox.c"

#include "model_store.h"

static ses_outbox_t seen[8];
static unsigned nseen;

static ses_rc_t
see(ses_cx_t *cx, const ses_outbox_t *m, void *arg)
{
    (void) cx;
    (void) arg;
    seen[nseen++] = *m;
    return nseen == 8 ? SES_NOT_FOUND : SES_OK;
}

static void
look(fixture_t *f, int64_t now)
{
    nseen = 0;
    assert_int_equal(ses_outbox_due(&f->cx, f->t, now, see, NULL), SES_OK);
}

static void
test_waits_and_leaves(void **state)
{
    fixture_t *f = *state;
    ses_outbox_t first;

    assert_int_equal(ses_outbox_add(&f->cx, f->t, SES_OUTBOX_VERIFY,
                                    SES_STR("123456789012"),
                                    SES_STR("a@example.com"), 0),
                     SES_OK);
    f->cx.now += 10;
    assert_int_equal(ses_outbox_add(&f->cx, f->t, SES_OUTBOX_FORWARD,
                                    SES_STR("123456789012"),
                                    SES_STR("b@example.com"), 77),
                     SES_OK);

    look(f, NOW - 1);
    assert_int_equal(nseen, 0);
    look(f, NOW);
    assert_int_equal(nseen, 1);
    look(f, NOW + 10);
    assert_int_equal(nseen, 2);
    assert_int_equal(seen[0].kind, SES_OUTBOX_VERIFY);
    assert_int_equal(seen[0].created, NOW);
    assert_true(ses_str_eqc(seen[0].to, "a@example.com"));
    assert_int_equal(seen[1].event, 77);
    assert_true(ses_str_eqc(seen[1].account, "123456789012"));

    /* later, under the same id */
    first = seen[0];
    assert_int_equal(ses_outbox_retry(&f->cx, f->t, &first, NOW + 50), SES_OK);
    look(f, NOW + 49);
    assert_int_equal(nseen, 1);
    look(f, NOW + 50);
    assert_int_equal(nseen, 2);
    assert_memory_equal(seen[1].id, first.id, SES_OUTBOX_ID);
    assert_int_equal(seen[1].tries, 1);
    assert_int_equal(seen[1].created, NOW);

    assert_int_equal(ses_outbox_del(&f->cx, f->t, &seen[1]), SES_OK);
    assert_int_equal(ses_outbox_del(&f->cx, f->t, &seen[1]), SES_OK);
    look(f, INT64_MAX);
    assert_int_equal(nseen, 1);
}

static void
test_damage_is_a_fault(void **state)
{
    fixture_t *f = *state;
    char key[8 + SES_OUTBOX_ID] = {0};

    assert_int_equal(ses_store_put(&f->cx, f->t, SES_DB_OUTBOX,
                                   ses_str_n(key, sizeof(key)), SES_STR("x")),
                     SES_OK);
    assert_int_equal(ses_outbox_due(&f->cx, f->t, NOW, see, NULL), SES_FAULT);
}

static void
test_counts(void **state)
{
    fixture_t *f = *state;
    uint32_t n = 0;
    unsigned purged = 0;

    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(ses_asked_add(&f->cx, f->t, SES_STR("a"), &n), SES_OK);
        assert_int_equal(n, i);
    }
    assert_int_equal(ses_asked_add(&f->cx, f->t, SES_STR("b"), &n), SES_OK);
    assert_int_equal(n, 1);

    f->cx.now += DAY_MS; /* a new day counts anew */
    assert_int_equal(ses_asked_add(&f->cx, f->t, SES_STR("a"), &n), SES_OK);
    assert_int_equal(n, 1);
    assert_int_equal(ses_asked_purge(&f->cx, f->t, f->cx.now, 10, &purged),
                     SES_OK);
    assert_int_equal(purged, 0);
    assert_int_equal(
        ses_asked_purge(&f->cx, f->t, f->cx.now + DAY_MS, 10, &purged), SES_OK);
    assert_int_equal(purged, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_waits_and_leaves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage_is_a_fault, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
