/*
 * test_event - the log: names, walking, the index, purging
 */
#include "model_store.h"

#include "../../shared/model/event.c"

static ses_event_t
append(fixture_t *f, ses_str_t account, const char *set, const char *body)
{
    ses_event_t e = {.type = SES_EVENT_DELIVERY,
                     .when = f->cx.now - 5000,
                     .account = account,
                     .set = ses_str(set),
                     .destination = SES_STR(""),
                     .id = {NOW, 1, 2, 3},
                     .body = ses_str(body)};

    assert_int_equal(ses_event_write(&f->cx, f->t, &e), SES_OK);
    return e;
}

static ses_rc_t
print(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    (void) cx;
    ses_buf_printf(arg, "%llu%.*s ", (unsigned long long) e->seq,
                   SES_FMT(e->body));
    return SES_OK;
}

static ses_str_t
walked(fixture_t *f, ses_str_t account, uint64_t after)
{
    ses_buf_t b;

    ses_buf_init(&b, f->arena, 10000);
    assert_int_equal(ses_event_walk(&f->cx, f->t, account, after, print, &b),
                     SES_OK);
    return ses_buf_get(&b);
}

static ses_str_t
of_set(fixture_t *f, ses_str_t account, const char *set, uint64_t after)
{
    ses_buf_t b;

    ses_buf_init(&b, f->arena, 10000);
    assert_int_equal(ses_event_walk_set(&f->cx, f->t, account, ses_str(set),
                                        after, print, &b),
                     SES_OK);
    return ses_buf_get(&b);
}

static void
test_walk(void **state)
{
    fixture_t *f = *state;
    uint64_t last = 99;

    assert_int_equal(ses_event_last(&f->cx, f->t, &last), SES_OK);
    assert_int_equal(last, 0);
    assert_true(same(walked(f, SES_STR(""), 0), ""));
    append(f, ACCOUNT, "s", "a");
    append(f, ACCOUNT, "", "b");
    append(f, OTHER, "s", "c");
    append(f, ACCOUNT, "s2", "d");
    append(f, ACCOUNT, "s", "e");
    assert_int_equal(ses_event_last(&f->cx, f->t, &last), SES_OK);
    assert_int_equal(last, 5);

    assert_true(same(walked(f, SES_STR(""), 0), "1a 2b 3c 4d 5e "));
    assert_true(same(walked(f, ACCOUNT, 0), "1a 2b 4d 5e "));
    assert_true(same(walked(f, ACCOUNT, 2), "4d 5e "));
    assert_true(same(walked(f, ACCOUNT, 5), ""));
    assert_true(same(walked(f, ACCOUNT, UINT64_MAX), ""));
    assert_true(same(of_set(f, ACCOUNT, "s", 0), "1a 5e "));
    assert_true(same(of_set(f, ACCOUNT, "s", 1), "5e "));
    assert_true(same(of_set(f, ACCOUNT, "s", 5), ""));
    assert_true(same(of_set(f, ACCOUNT, "s", UINT64_MAX), ""));
    assert_true(same(of_set(f, ACCOUNT, "s2", 0), "4d "));
    assert_true(same(of_set(f, OTHER, "s", 0), "3c "));
    assert_true(same(of_set(f, OTHER, "s2", 0), ""));
}

static ses_rc_t
keep(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    (void) cx;
    *(ses_event_t *) arg = *e;
    return SES_NOT_FOUND;
}

static void
test_notice(void **state)
{
    fixture_t *f = *state;
    ses_event_t e;

    assert_int_equal(ses_event_notice(&f->cx, f->t, ACCOUNT, SES_STR("s"),
                                      SES_STR("dest"), SES_STR("Hello.")),
                     SES_OK);
    assert_int_equal(
        ses_event_walk_set(&f->cx, f->t, ACCOUNT, SES_STR("s"), 0, keep, &e),
        SES_OK);
    assert_int_equal(e.type, SES_EVENT_NOTICE);
    assert_int_equal(e.seq, 1);
    assert_int_equal(e.when, NOW);
    assert_true(ses_str_eq(e.account, ACCOUNT));
    assert_true(same(e.set, "s"));
    assert_true(same(e.destination, "dest"));
    assert_true(same(e.body, "Hello."));
    assert_int_equal(count(f, SES_DB_FACT), 0);
}

static void
test_purge(void **state)
{
    fixture_t *f = *state;
    unsigned n = 99;
    int i;

    for (i = 0; i < 10; i++) {
        f->cx.now = NOW + i;
        append(f, ACCOUNT, i % 2 ? "s" : "", "x");
    }
    /* kept from the time they were entered, not that of the fact */
    assert_int_equal(ses_event_purge(&f->cx, f->t, NOW, UINT64_MAX, 100, &n),
                     SES_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ses_event_purge(&f->cx, f->t, NOW + 8, 5, 3, &n), SES_OK);
    assert_int_equal(n, 3);
    assert_true(same(walked(f, ACCOUNT, 0), "4x 5x 6x 7x 8x 9x 10x "));
    assert_true(same(of_set(f, ACCOUNT, "s", 0), "4x 6x 8x 10x "));
    assert_int_equal(ses_event_purge(&f->cx, f->t, NOW + 8, 5, 3, &n), SES_OK);
    assert_int_equal(n, 2);
    assert_int_equal(
        ses_event_purge(&f->cx, f->t, NOW + 8, UINT64_MAX, 100, &n), SES_OK);
    assert_int_equal(n, 3);
    assert_true(same(walked(f, ACCOUNT, 0), "9x 10x "));
    assert_true(same(of_set(f, ACCOUNT, "s", 0), "10x "));
    assert_int_equal(count(f, SES_DB_EVENT_SET), 1);
    assert_int_equal(append(f, ACCOUNT, "", "y").seq, 11); /* never reused */
}

static void
test_names(void **state)
{
    static const struct {
        ses_event_type_t type;
        const char *v2, *name;
    } cases[] = {
        {SES_EVENT_SEND, "SEND", "Send"},
        {SES_EVENT_RENDERING_FAILURE, "RENDERING_FAILURE", "Rendering Failure"},
        {SES_EVENT_DELIVERY_DELAY, "DELIVERY_DELAY", "DeliveryDelay"},
        {SES_EVENT_SUBSCRIPTION, "SUBSCRIPTION", "Subscription"},
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(ses_event_enum(cases[i].type), cases[i].v2);
        assert_string_equal(ses_event_name(cases[i].type), cases[i].name);
        assert_int_equal(ses_event_type_parse(ses_str(cases[i].v2)),
                         cases[i].type);
    }
    assert_int_equal(ses_event_type_parse(SES_STR("NOTICE")), -1);
    assert_int_equal(ses_event_type_parse(SES_STR("send")), -1);
    assert_int_equal(ses_event_type_parse(SES_STR("")), -1);
}

static void
test_damaged(void **state)
{
    fixture_t *f = *state;
    ses_event_t e;
    ses_str_t val;
    size_t i;

    append(f, ACCOUNT, "s", "");
    assert_int_equal(
        ses_store_get(&f->cx, f->t, SES_DB_EVENT, seq_key(f->arena, 1), &val),
        SES_OK);
    val = ses_str_dup(f->arena, val);
    for (i = 0; i < val.n; i += 7) {
        assert_int_equal(ses_store_put(&f->cx, f->t, SES_DB_EVENT,
                                       seq_key(f->arena, 1),
                                       ses_str_head(val, i)),
                         SES_OK);
        ses_cx_clear(&f->cx);
        assert_int_equal(ses_event_walk(&f->cx, f->t, SES_STR(""), 0, keep, &e),
                         SES_FAULT);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_walk),  TEST(test_notice),  TEST(test_purge),
        TEST(test_names), TEST(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
