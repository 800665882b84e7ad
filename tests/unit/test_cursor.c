/*
 * test_cursor - positions of subscribers, dead letters
 */
#include "model_store.h"

#include "../../shared/model/cursor.c"

#include "base/buf.h"

static const ses_cursor_key_t k1 = {
    SES_STR_INIT("123456789012"), SES_STR_INIT("set"), SES_STR_INIT("dest"),
    SES_STR_INIT("6f1ed002-ab5a-4b5e-8a3c-0123456789ab")};
static const ses_cursor_key_t k2 = {SES_STR_INIT("123456789012"),
                                    SES_STR_INIT("set"), SES_STR_INIT("des"),
                                    SES_STR_INIT("t")};

static void
test_cursors(void **state)
{
    fixture_t *f = *state;
    uint64_t seq = 99;

    assert_int_equal(ses_cursor_get(&f->cx, f->t, &k1, &seq), SES_NOT_FOUND);
    assert_int_equal(ses_cursor_put(&f->cx, f->t, &k1, 300), SES_OK);
    assert_int_equal(ses_cursor_get(&f->cx, f->t, &k1, &seq), SES_OK);
    assert_int_equal(seq, 300);
    assert_int_equal(ses_cursor_put(&f->cx, f->t, &k1, 7), SES_OK); /* replay */
    assert_int_equal(ses_cursor_get(&f->cx, f->t, &k1, &seq), SES_OK);
    assert_int_equal(seq, 7);
    assert_int_equal(ses_cursor_get(&f->cx, f->t, &k2, &seq), SES_NOT_FOUND);
    assert_int_equal(ses_cursor_del(&f->cx, f->t, &k1), SES_OK);
    assert_int_equal(ses_cursor_del(&f->cx, f->t, &k1), SES_OK);
    assert_int_equal(ses_cursor_get(&f->cx, f->t, &k1, &seq), SES_NOT_FOUND);
}

static ses_rc_t
print(ses_cx_t *cx, uint64_t seq, int64_t when, ses_str_t why, void *arg)
{
    (void) cx;
    ses_buf_printf(arg, "%llu@%lld:%.*s ", (unsigned long long) seq,
                   (long long) (when - NOW), SES_FMT(why));
    return SES_OK;
}

static ses_str_t
dead(fixture_t *f, const ses_cursor_key_t *k)
{
    ses_buf_t b;

    ses_buf_init(&b, f->arena, 4000);
    assert_int_equal(ses_dead_list(&f->cx, f->t, k, print, &b), SES_OK);
    return ses_buf_get(&b);
}

static void
test_dead(void **state)
{
    fixture_t *f = *state;
    char text[5000];

    assert_true(same(dead(f, &k1), ""));
    assert_int_equal(
        ses_dead_put(&f->cx, f->t, &k1, 300, NOW + 1, SES_STR("HTTP 404")),
        SES_OK);
    assert_int_equal(
        ses_dead_put(&f->cx, f->t, &k1, 20, NOW + 2, SES_STR("tries")), SES_OK);
    assert_int_equal(ses_dead_put(&f->cx, f->t, &k2, 1, NOW + 3, SES_STR("")),
                     SES_OK);
    assert_true(same(dead(f, &k1), "20@2:tries 300@1:HTTP 404 "));
    assert_true(same(dead(f, &k2), "1@3: "));
    assert_int_equal(ses_dead_del(&f->cx, f->t, &k1, 20), SES_OK);
    assert_int_equal(ses_dead_del(&f->cx, f->t, &k1, 20), SES_NOT_FOUND);
    assert_true(same(dead(f, &k1), "300@1:HTTP 404 "));

    memset(text, 'x', sizeof(text));
    assert_int_equal(
        ses_dead_put(&f->cx, f->t, &k2, 1, NOW, ses_str_n(text, sizeof(text))),
        SES_OK);
    assert_true(dead(f, &k2).n < 1100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_cursors), TEST(test_dead)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
