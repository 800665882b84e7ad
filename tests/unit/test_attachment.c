/*
 * test_attachment - names and types that are not carried, however spelled
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../shared/policy/attachment.c"

static void
test_blocked(void **state)
{
    static const char *const bad[] = {"x.exe",    "x.EXE",  "x.pdf.js",
                                      "x.ps1xml", "x.exe.", "x.exe . ",
                                      ".bat",     "x.tmp"};
    static const char *const good[] = {"exe", "x.exe.txt", "x.pdf", "", "x."};
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_true(
            ses_attachment_blocked(ses_str(bad[i]), SES_STR("text/plain")));
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_false(
            ses_attachment_blocked(ses_str(good[i]), SES_STR("text/plain")));
    assert_true(ses_attachment_blocked(
        SES_STR("x"), SES_STR("Application/X-MSDownload; name=x")));
}

/* {field, value, text of the refusal or NULL} */
static const struct {
    const char *name, *value, *why;
} fields[] = {
    {"Content-Disposition", "attachment; filename=\"report.pdf\"", NULL},
    {"Content-Disposition", "attachment", NULL},
    {"Content-Disposition", "", NULL},
    {"Content-Disposition", "inline; filename=x.exe",
     "Illegal filename 'x.exe'."},
    {"content-disposition", "a;FILENAME=\"x.EXE\"",
     "Illegal filename 'x.EXE'."},
    {"Content-Disposition", "a; filename=\"a;b.exe\"; size=1",
     "Illegal filename 'a;b.exe'."},
    {"Content-Disposition", "a; filename=\"x\\\".exe\"",
     "Illegal filename 'x\".exe'."},
    {"Content-Disposition", "a; size=3; filename=x.exe",
     "Illegal filename 'x.exe'."},
    {"Content-Disposition", "a; x; filename=x.exe",
     "Illegal filename 'x.exe'."},
    {"Content-Disposition", "a; filename=", NULL},
    {"Content-Disposition", "a; filename=\"x.exe", "Illegal filename 'x.exe'."},
    /* RFC 2231 */
    {"Content-Disposition", "a; filename*=UTF-8'de'x%2eexe",
     "Illegal filename 'x.exe'."},
    {"Content-Disposition", "a; filename*1=\"xe\"; filename*0=\"x.e\"",
     "Illegal filename 'x.exe'."},
    {"Content-Disposition",
     "a; filename*0*=us-ascii''x%2E; filename*1*=%65x; filename*2=e",
     "Illegal filename 'x.exe'."},
    {"Content-Disposition", "a; filename*0=x.exe; filename*1=.txt", NULL},
    {"Content-Disposition", "a; filename*99=x", "Illegal content."},
    {"Content-Disposition", "a; filename=a.txt; filename*=''x.exe",
     "Illegal filename 'x.exe'."},
    /* RFC 2047 */
    {"Content-Type", "text/plain; name=\"=?utf-8?B?eC5leGU=?=\"",
     "Illegal filename 'x.exe'."},
    {"Content-Type", "text/plain; name=\"=?utf-8?q?x=2E?= =?utf-8?Q?exe?=\"",
     "Illegal filename 'x.exe'."},
    {"Content-Type", "text/plain; name=\"=?utf-8?X?y?=\"", NULL},
    /* types */
    {"Content-Type", "application/x-msdownload", "Illegal filename ''."},
    {"Content-Type", "text/plain; name=x.pdf", NULL},
    {"Content-Description", "x; filename=x.exe", NULL},
    {"X-Content-Type", "a; name=x.exe", NULL},
    /* what cannot be read */
    {"Content-Disposition", "=x", "Expected disposition, got ="},
    {"Content-Disposition", "; filename=x", "Expected disposition, got ;"},
    {"Content-Disposition", "attachment: x", "Expected ';', got \":\""},
    {"Content-Disposition", "attachment x", "Expected ';', got \"x\""},
};

static void
test_fields(void **state)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    ses_rc_t rc;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        ses_cx_clear(&cx);
        rc = ses_attachment_field(&cx, ses_str(fields[i].name),
                                  ses_str(fields[i].value));
        if (rc != (fields[i].why == NULL ? SES_OK : SES_INVALID) ||
            !ses_str_eqc(cx.why, fields[i].why == NULL ? "" : fields[i].why))
            fail_msg("%s: %s: %.*s", fields[i].name, fields[i].value,
                     SES_FMT(cx.why));
    }
    ses_arena_free(cx.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocked),
                                       cmocka_unit_test(test_fields)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
