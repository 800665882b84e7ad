/*
 * test_position - what was stored is what is found
 */
#include "model_store.h"

#include "../../shared/model/position.c"

static void
test_round_trip(void **state)
{
    fixture_t *f = *state;
    char tail[SES_POSITION_TAIL + 10];
    ses_position_t p = {
        .inode = 7, .offset = UINT64_C(1) << 40, .when = NOW, .gap = 3};
    ses_position_t got;

    assert_int_equal(ses_position_get(&f->cx, f->t, "maillog", &got),
                     SES_NOT_FOUND);
    memset(tail, 'a', 10);
    memset(tail + 10, 'b', SES_POSITION_TAIL);
    p.tail = ses_str_n(tail, sizeof(tail));
    assert_int_equal(ses_position_put(&f->cx, f->t, "maillog", &p), SES_OK);
    assert_int_equal(ses_position_get(&f->cx, f->t, "maillog", &got), SES_OK);
    assert_int_equal(got.inode, 7);
    assert_int_equal(got.offset, UINT64_C(1) << 40);
    assert_int_equal(got.when, NOW);
    assert_int_equal(got.gap, 3);
    assert_true(ses_str_eq(got.tail, ses_str_n(tail + 10, SES_POSITION_TAIL)));

    p.tail = SES_STR("");
    assert_int_equal(ses_position_put(&f->cx, f->t, "maillog", &p), SES_OK);
    assert_int_equal(ses_position_get(&f->cx, f->t, "maillog", &got), SES_OK);
    assert_int_equal(got.tail.n, 0);
}

static void
test_damaged(void **state)
{
    static const char *const rows[] = {
        "", "\1", "\2234567890123456789012345678901234567890"};
    fixture_t *f = *state;
    ses_position_t got;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ses_store_put(&f->cx, f->t, SES_DB_POSITION,
                                       SES_STR("maillog"), ses_str(rows[i])),
                         SES_OK);
        assert_int_equal(ses_position_get(&f->cx, f->t, "maillog", &got),
                         SES_FAULT);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
