/*
 * test_headers - limits, syntax, the once-only list, X-SES fields
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../shared/policy/headers.c"

typedef struct {
    ses_cx_t cx;
    ses_headers_t h;
} fixture_t;

static int
setup(void **state)
{
    fixture_t *f = ses_xcalloc(sizeof(*f));

    f->cx = ses_cx(ses_arena_new(), 0);
    ses_headers_init(&f->h, f->cx.arena);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;

    ses_arena_free(f->cx.arena);
    ses_xfree(f);
    return 0;
}

/* "Name: value|Name: value" into h; a fold is written "\n ". */
static ses_rc_t
fill(fixture_t *f, const char *text)
{
    ses_str_t rest = ses_str(text), field, name;
    ses_rc_t rc = SES_OK;

    ses_cx_clear(&f->cx);
    ses_headers_init(&f->h, f->cx.arena);
    while (rc == SES_OK && ses_str_cut(&rest, '|', &field)) {
        assert_true(ses_str_cut(&field, ':', &name));
        rc = ses_headers_add(&f->cx, &f->h, name, field);
    }
    return rc;
}

static void
assert_why(const fixture_t *f, const char *want)
{
    char *got = ses_str_c(f->cx.arena, f->cx.why);

    assert_string_equal(got, want);
}

#define A100                                                                   \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aa"                                                                       \
    "aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A900 A100 A100 A100 A100 A100 A100 A100 A100 A100
#define A90                                                                    \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aa"                                                                       \
    "aaaaaaaaaaaaaaaa"

static const struct {
    const char *name, *in, *why; /* why NULL = fine */
} checks[] = {
    {"plain", "From: a@b.c|Subject: hi|To: x@y.z|To: z@y.z", NULL},
    {"folded", "Subject: one\n two\n\tthree", NULL},
    {"crlf fold", "Subject: one\r\n two", NULL},
    {"twice", "Subject: a|subject: b", "Duplicate header 'Subject'."},
    {"twice, any case", "MESSAGE-ID: a|Message-Id: b",
     "Duplicate header 'Message-ID'."},
    {"twice is fine for others", "Received: a|Received: b|Cc: a|Cc: b", NULL},
    {"two client signatures", "DKIM-Signature: a|DKIM-Signature: b",
     "Duplicate header 'DKIM-Signature'."},
    {"8-bit value", "Subject: gr\xc3\xbc\xc3\x9f", "Illegal header 'Subject'."},
    {"control", "Subject: a\x01", "Illegal header 'Subject'."},
    {"delete", "Subject: a\x7f", "Illegal header 'Subject'."},
    {"bare CR", "Subject: a\rb", "Illegal header 'Subject'."},
    {"bare LF", "Subject: a\nb", "Illegal header 'Subject'."},
    {"final LF", "Subject: a\n", "Illegal header 'Subject'."},
    {"blank in name", "Sub ject: a", "Illegal header 'Sub ject'."},
    {"no name", ": a", "Illegal header ''."},
    {"998 bytes", "S:" A900 A90 "aaaaaa", NULL},
    {"999 bytes", "S:" A900 A90 "aaaaaaa",
     "A line of header 'S' is longer than 998 characters."},
    {"999 bytes in the second line", "S:a\n " A900 A90 "aaaaaaaa",
     "A line of header 'S' is longer than 998 characters."},
    {"998 bytes in the second line", "S:a\n " A900 A90 "aaaaaaa", NULL},
};

static void
test_check(void **state)
{
    fixture_t *f = *state;
    size_t i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        assert_int_equal(fill(f, checks[i].in), SES_OK);
        if (checks[i].why == NULL) {
            if (ses_headers_check(&f->cx, &f->h) != SES_OK)
                fail_msg("%s", checks[i].name);
            continue;
        }
        assert_int_equal(ses_headers_check(&f->cx, &f->h), SES_INVALID);
        assert_why(f, checks[i].why);
    }
}

static void
test_limits(void **state)
{
    fixture_t *f = *state;
    ses_str_t big = ses_str_n(ses_calloc(f->cx.arena, SES_HEADER_BYTES),
                              SES_HEADER_BYTES - 4);
    unsigned i;

    assert_int_equal(ses_headers_add(&f->cx, &f->h, SES_STR("A"), big),
                     SES_OK); /* A, colon, CRLF: the limit to the byte */
    assert_int_equal(f->h.bytes, SES_HEADER_BYTES);
    assert_int_equal(ses_headers_add(&f->cx, &f->h, SES_STR("AB"), big),
                     SES_INVALID);
    assert_why(f, "Header 'AB' is too long.");
    assert_int_equal(f->h.n, 1);

    ses_cx_clear(&f->cx);
    for (i = 1; i < 20; i++)
        assert_int_equal(ses_headers_add(&f->cx, &f->h, SES_STR("A"), big),
                         SES_OK);
    assert_int_equal(ses_headers_add(&f->cx, &f->h, SES_STR("A"), big),
                     SES_INVALID);
    assert_why(f, "The header is too long.");

    ses_cx_clear(&f->cx);
    ses_headers_init(&f->h, f->cx.arena);
    for (i = 0; i < SES_HEADERS_MAX; i++)
        assert_int_equal(
            ses_headers_add(&f->cx, &f->h, SES_STR("X"), SES_STR(" y")),
            SES_OK);
    assert_int_equal(
        ses_headers_add(&f->cx, &f->h, SES_STR("X"), SES_STR(" y")),
        SES_INVALID);
    assert_why(f, "Too many headers.");
}

static void
test_read(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(
        fill(f, "subject:  multipart;\n  boundary=x |Subject: no|X: "), SES_OK);
    assert_true(ses_str_eqc(ses_headers_value(f->cx.arena, &f->h, "Subject"),
                            "multipart;  boundary=x"));
    assert_true(ses_str_eqc(ses_headers_value(f->cx.arena, &f->h, "X"), ""));
    assert_true(ses_str_eqc(ses_headers_value(f->cx.arena, &f->h, "Y"), ""));
    assert_null(ses_headers_find(&f->h, "Y"));
    assert_int_equal(fill(f, "X-SES-Configuration-Set: one|"
                             "X-SES-CONFIGURATION-SET: two"),
                     SES_OK);
    assert_true(ses_str_eqc(ses_headers_set(f->cx.arena, &f->h), "one"));
}

static const struct {
    const char *in, *want, *why;
} tag_cases[] = {
    {"a=b", "a=b;", NULL},
    {"a=b, c=d.e@f", "a=b;c=d.e@f;", NULL},
    {" a = b ,\n c=d,", "a=b;c=d;", NULL},
    {"ses:feedback-id-a=x", "ses:feedback-id-a=x;", NULL},
    {"a=b,a=c", "a=b;a=c;", NULL},
    {"", "", NULL},
    {"a", NULL, "The tag value must be specified."},
    {"a=", NULL, "The tag value must be specified."},
    {"=b", NULL, "The tag name must be specified."},
    {"a=b,,c=d", NULL, "The tag name must be specified."},
    {"a b=c", NULL,
     "Invalid tag name <a b>: only alphanumeric ASCII characters, '_',  '-' "
     "are allowed."},
    {"ses:source-ip=1", NULL,
     "Invalid tag name <ses:source-ip>: only alphanumeric ASCII characters, "
     "'_',  '-' are allowed."},
    {"a=b c", NULL,
     "Invalid tag value <b c>: only alphanumeric ASCII characters, '_',  '-' "
     ", '.', '@' are allowed."},
    {"a=b=c", NULL,
     "Invalid tag value <b=c>: only alphanumeric ASCII characters, '_',  '-' "
     ", '.', '@' are allowed."},
    {A100 A100 A100 "=b", NULL, "Tag name cannot exceed 255 characters."},
    {"a=" A100 A100 A100, NULL, "Tag value cannot exceed 255 characters."},
};

static void
test_tags(void **state)
{
    fixture_t *f = *state;
    ses_tag_t *tags;
    unsigned n, k;
    ses_str_t got;
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < sizeof(tag_cases) / sizeof(tag_cases[0]); i++) {
        ses_cx_clear(&f->cx);
        ses_headers_init(&f->h, f->cx.arena);
        assert_int_equal(ses_headers_add(&f->cx, &f->h,
                                         SES_STR("x-ses-message-tags"),
                                         ses_str(tag_cases[i].in)),
                         SES_OK);
        rc = ses_headers_tags(&f->cx, &f->h, &tags, &n);
        if (tag_cases[i].why != NULL) {
            assert_int_equal(rc, SES_INVALID);
            assert_why(f, tag_cases[i].why);
            continue;
        }
        assert_int_equal(rc, SES_OK);
        got = SES_STR("");
        for (k = 0; k < n; k++)
            got = ses_str_printf(f->cx.arena, "%.*s%.*s=%.*s;", SES_FMT(got),
                                 SES_FMT(tags[k].key), SES_FMT(tags[k].value));
        assert_string_equal(ses_str_c(f->cx.arena, got), tag_cases[i].want);
    }
}

static void
test_private(void **state)
{
    static const char *const yes[] = {"X-SES-ANY",   "x-ses-b",
                                      "bcc",         "resent-Bcc",
                                      "Return-Path", "X-Sesame-Ticket"};
    static const char *const no[] = {"X-SESAMEX", "X-SE", "Bc", "From"};
    fixture_t *f = *state;
    size_t i;

    for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(ses_header_private(ses_str(yes[i])));
    for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_false(ses_header_private(ses_str(no[i])));
    assert_int_equal(fill(f, "x-ses-tenant: t"), SES_OK);
    assert_int_equal(ses_headers_later(&f->cx, &f->h), SES_INVALID);
    assert_why(f, "Header 'X-SES-TENANT' is not supported here yet.");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_check, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tags, setup, teardown),
        cmocka_unit_test_setup_teardown(test_private, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
