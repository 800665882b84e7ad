/*
 * test_rewrite - what leaves, and that the edits make what came into it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../milter/gate/rewrite.c"

static const struct {
    const char *name, *came, *leaves;
} cases[] = {
    {"all there",
     "Message-ID: <x>|From: a|Date: then|Feedback-ID: f|Subject: s",
     "Message-ID: <m>|From: a|Date: now|Feedback-ID: fb|Subject: s|"},
    {"none there", "From: a|Subject: s",
     "From: a|Subject: s|Message-ID: <m>|Date: now|Feedback-ID: fb|"},
    {"other case", "message-id: <x>|DATE: then|From: a",
     "message-id: <m>|DATE: now|From: a|Feedback-ID: fb|"},
    {"private fields",
     "X-Sesame-Ticket: t|X-SES-MESSAGE-TAGS: a=b|From: a|Bcc: c|"
     "x-ses-message-tags: c=d|Return-Path: r|X-Sesame-Ticket: u|To: b",
     "From: a|To: b|Message-ID: <m>|Date: now|Feedback-ID: fb|"},
    {"two of a stamp", "Feedback-ID: 1|From: a|feedback-id: 2|FEEDBACK-ID: 3",
     "Feedback-ID: fb|From: a|Message-ID: <m>|Date: now|"},
    {"nothing at all", "", "Message-ID: <m>|Date: now|Feedback-ID: fb|"},
};

static ses_headers_t
parse(ses_cx_t *cx, const char *text)
{
    ses_str_t rest = ses_str(text), field, name;
    ses_headers_t h;

    ses_headers_init(&h, cx->arena);
    while (rest.n > 0 && ses_str_cut(&rest, '|', &field)) {
        assert_true(ses_str_cut(&field, ':', &name));
        assert_int_equal(ses_headers_add(cx, &h, name, field), SES_OK);
    }
    return h;
}

static char *
print(ses_cx_t *cx, const ses_headers_t *h)
{
    ses_str_t s = SES_STR("");
    unsigned i;

    for (i = 0; i < h->n; i++)
        s = ses_str_printf(cx->arena, "%.*s%.*s:%.*s|", SES_FMT(s),
                           SES_FMT(h->v[i].name), SES_FMT(h->v[i].value));
    return ses_str_c(cx->arena, s);
}

/* What Postfix does; the changed field takes the name of the edit. */
static void
apply_edit(ses_cx_t *cx, ses_headers_t *h, const edit_t *e)
{
    unsigned i;
    int nth_seen = 0;

    if (e->kind == EDIT_APPEND) {
        assert_int_equal(
            ses_headers_add(cx, h, ses_str(e->name), ses_str(e->value)),
            SES_OK);
        return;
    }
    for (i = 0; i < h->n; i++) {
        if (!ses_str_caseeqc(h->v[i].name, e->name) || ++nth_seen != e->nth)
            continue;
        if (e->kind == EDIT_CHANGE) {
            h->v[i].value = ses_str(e->value);
            return;
        }
        memmove(&h->v[i], &h->v[i + 1], (h->n - i - 1) * sizeof(h->v[0]));
        h->n--;
        return;
    }
    fail_msg("no field %d of %s", e->nth, e->name);
}

static void
test_cases(void **state)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    stamp_t stamp = {SES_STR("<m>"), SES_STR("now"), SES_STR("fb")};
    ses_headers_t came, leaving;
    edit_t *edits;
    unsigned n, k;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        came = parse(&cx, cases[i].came);
        assert_int_equal(rewrite_leaving(&cx, &came, &stamp, &leaving), SES_OK);
        assert_string_equal(print(&cx, &leaving), cases[i].leaves);

        rewrite_edits(cx.arena, &came, &stamp, &edits, &n);
        for (k = 0; k < n; k++)
            apply_edit(&cx, &came, &edits[k]);
        assert_string_equal(print(&cx, &came), cases[i].leaves);
    }
    ses_arena_free(cx.arena);
}

static void
test_stamps(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_tag_t tags[] = {{SES_STR("ses:feedback-id-b"), SES_STR("B")},
                        {SES_STR("x"), SES_STR("y")},
                        {SES_STR("ses:feedback-id-a"), SES_STR("A")}};
    ses_str_t one, two;

    (void) state;
    assert_true(
        ses_str_eqc(rewrite_message_id(a, SES_STR("0100"), SES_STR("us-east-1"),
                                       SES_STR("ses.test")),
                    "<0100@us-east-1.ses.test>"));
    one = rewrite_feedback_id(a, SES_STR("us-east-1"), SES_STR("1"), tags, 3);
    two = rewrite_feedback_id(a, SES_STR("us-east-1"), SES_STR("2"), NULL, 0);
    assert_true(ses_str_starts(one, SES_STR("A:B:1.us-east-1.")));
    assert_true(ses_str_ends(one, SES_STR("=:Sesame")));
    assert_true(ses_str_starts(two, SES_STR("1.us-east-1.")));
    assert_false(ses_str_eq(ses_str_from(one, 4), two)); /* other account */
    ses_arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_stamps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
