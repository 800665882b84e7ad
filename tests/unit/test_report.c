// LIBS: -lgmime-3.0 -lgobject-2.0 -lglib-2.0
/*
 * test_report - bounces and complaints as hosts write them, and what is none
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../milter/agent/report.c"

#include "base/buf.h"

static const char bounce[] =
    "Return-Path: <>\r\n"
    "From: MAILER-DAEMON@mta.test\r\n"
    "To: a1.token@bounce.test\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
    "\tboundary=\"B/mta\"\r\n"
    "\r\n"
    "--B/mta\r\n"
    "Content-Type: text/plain\r\n"
    "\r\n"
    "Final-Recipient: rfc822; liar@mail.test\r\n"
    "\r\n"
    "--B/mta\r\n"
    "Content-Description: Delivery report\r\n"
    "Content-Type: message/delivery-status\r\n"
    "\r\n"
    "Reporting-MTA: dns; mta.test\r\n"
    "X-Postfix-Queue-ID: 4jYSxR17Mhz1dR2c\r\n"
    "Arrival-Date: Tue, 24 Nov 2026 03:30:19 +0000 (UTC)\r\n"
    "\r\n"
    "Final-Recipient: rfc822; ann@mail.test\r\n"
    "Original-Recipient: rfc822;Ann@mail.test\r\n"
    "Action: Failed\r\n"
    "Status: 5.1.1 (no such user)\r\n"
    "Remote-MTA: dns; mx.mail.test\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <ann@mail.test>:\r\n"
    "    no such\r\n"
    "\tuser\r\n"
    "\r\n"
    "Final-Recipient: rfc822; <bob@mail.test>\r\n"
    "Action: delayed\r\n"
    "Status: 4.2.2\r\n"
    "Status: 5.0.0\r\n"
    "\r\n"
    "--B/mta\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: x\r\n"
    "\r\n"
    "--B/mta--\r\n";

static const char complaint[] =
    "From: <abuse@isp.test>\n"
    "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n"
    "\n"
    "--b\n"
    "\n"
    "This is an email abuse report\n"
    "--b\n"
    "Content-Type: message/feedback-report\n"
    "Content-Transfer-Encoding: base64\n"
    "\n"
    /* Feedback-Type: Abuse\nUser-Agent: FBL/1.0\nVersion: 1\n
     * Original-Mail-From: <a1.t@bounce.test>\n
     * Original-Rcpt-To: <ann@mail.test>\n
     * Arrival-Date: Tue, 24 Nov 2026 03:30:19 +0000\n */
    "RmVlZGJhY2stVHlwZTogQWJ1c2UKVXNlci1BZ2VudDogRkJMLzEuMApWZXJzaW9uOiAxCk9y\n"
    "aWdpbmFsLU1haWwtRnJvbTogPGExLnRAYm91bmNlLnRlc3Q+Ck9yaWdpbmFsLVJjcHQtVG86\n"
    "IDxhbm5AbWFpbC50ZXN0PgpBcnJpdmFsLURhdGU6IFR1ZSwgMjQgTm92IDIwMjYgMDM6MzA6\n"
    "MTkgKzAwMDAK\n"
    "--b--\n";

static const char *const no_reports[] = {
    "",
    "Subject: out of office\n\nI am away\n",
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    "Final-Recipient: rfc822; a@b\nAction: failed\n",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
    "message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: "
    "rfc822; a@b\nAction: failed\n--b--\n",
    "Content-Type: multipart/report\n\nno boundary\n",
    "\0\0\0\xff",
};

static ses_arena_t *arena;

static int
setup(void **state)
{
    (void) state;
    report_init();
    arena = ses_arena_new();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_arena_free(arena);
    return 0;
}

static void
same(ses_str_t got, const char *want)
{
    if (!ses_str_eqc(got, want))
        fail_msg("\"%.*s\" instead of \"%s\"", SES_FMT(got), want);
}

static void
test_bounce(void **state)
{
    report_t r;

    (void) state;
    report_parse(arena, ses_str(bounce), &r);
    assert_int_equal(r.kind, REPORT_DELIVERY);
    assert_int_equal(r.nrcpts, 2);
    same(r.reporting_mta, "mta.test");
    same(r.rcpts[0].final, "ann@mail.test");
    same(r.rcpts[0].original, "Ann@mail.test");
    same(r.rcpts[0].action, "failed");
    same(r.rcpts[0].status, "5.1.1");
    same(r.rcpts[0].remote_mta, "mx.mail.test");
    same(r.rcpts[0].diagnostic,
         "smtp; 550 5.1.1 <ann@mail.test>: no such user");
    same(r.rcpts[1].final, "bob@mail.test");
    same(r.rcpts[1].action, "delayed");
    same(r.rcpts[1].status, "4.2.2");
}

static void
test_complaint(void **state)
{
    report_t r;

    (void) state;
    report_parse(arena, ses_str(complaint), &r);
    assert_int_equal(r.kind, REPORT_COMPLAINT);
    same(r.feedback_type, "abuse");
    same(r.user_agent, "FBL/1.0");
    same(r.mail_from, "a1.t@bounce.test");
    assert_int_equal(r.nrcpts, 1);
    same(r.rcpts[0].final, "ann@mail.test");
    assert_int_equal(r.arrival, 1795491019000);
}

static void
test_others(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(no_reports) / sizeof(no_reports[0]); i++) {
        report_t r;

        report_parse(arena, ses_str(no_reports[i]), &r);
        assert_int_equal(r.kind, REPORT_NONE);
    }
}

/* Cut anywhere: no crash, never more than was there. */
static void
test_prefixes(void **state)
{
    (void) state;
    for (size_t n = 0; n < sizeof(bounce); n += 7) {
        report_t r;

        report_parse(arena, ses_str_n(bounce, n), &r);
        assert_true(r.nrcpts <= 2);
    }
}

/* 100,000 recipients, and 100,000 folded lines: bounded and quick. */
static void
test_large(void **state)
{
    static const char head[] =
        "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
        "message/delivery-status\n\nReporting-MTA: dns; x\n\n";
    ses_buf_t b;
    report_t r;

    (void) state;
    ses_buf_init(&b, arena, 1 << 24);
    ses_buf_c(&b, head);
    for (int i = 0; i < 100000; i++)
        ses_buf_printf(&b, "Final-Recipient: rfc822; %d@mail.test\n\n", i);
    report_parse(arena, ses_buf_get(&b), &r);
    assert_int_equal(r.nrcpts, REPORT_RCPTS);

    ses_buf_init(&b, arena, 1 << 24);
    ses_buf_c(&b, head);
    ses_buf_c(&b, "Final-Recipient: rfc822; a@mail.test\nDiagnostic-Code: x\n");
    for (int i = 0; i < 100000; i++)
        ses_buf_c(&b, " y\n");
    report_parse(arena, ses_buf_get(&b), &r);
    assert_int_equal(r.nrcpts, 1);
    assert_true(r.rcpts[0].diagnostic.n <= FIELD_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounce), cmocka_unit_test(test_complaint),
        cmocka_unit_test(test_others), cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_large),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
