/*
 * test_message_alias - queue files made anew by postsuper -r
 */
#include "model_store.h"

#include "../../shared/model/message_alias.c"

static ses_msgid_t
id(uint64_t inode)
{
    return (ses_msgid_t){NOW + (int64_t) inode, 0, 1, inode};
}

static uint64_t
resolved(fixture_t *f, uint64_t inode)
{
    ses_msgid_t out;

    assert_int_equal(ses_message_resolve(&f->cx, f->t, id(inode), &out),
                     SES_OK);
    return out.inode;
}

static void
test_chain(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(resolved(f, 1), 1);
    assert_int_equal(ses_message_alias(&f->cx, f->t, id(2), id(1)), SES_OK);
    assert_int_equal(ses_message_alias(&f->cx, f->t, id(3), id(2)), SES_OK);
    assert_int_equal(ses_message_alias(&f->cx, f->t, id(3), id(2)), SES_OK);
    assert_int_equal(resolved(f, 1), 1);
    assert_int_equal(resolved(f, 2), 1);
    assert_int_equal(resolved(f, 3), 1);
    assert_int_equal(resolved(f, 4), 4);
    assert_int_equal(count(f, SES_DB_ALIAS), 2);

    /* no circle, whatever the log says */
    assert_int_equal(ses_message_alias(&f->cx, f->t, id(1), id(3)), SES_OK);
    assert_int_equal(ses_message_alias(&f->cx, f->t, id(1), id(1)), SES_OK);
    assert_int_equal(resolved(f, 1), 1);
    assert_int_equal(resolved(f, 3), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_chain)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
