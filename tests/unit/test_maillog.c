/*
 * maillog - which lines are facts, and that hostile text makes none
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../milter/agent/maillog.c"

#define P "Nov 24 03:30:19 mta postfix/"
#define QID "4jYSxR17Mhz1dR2c"

static const struct {
    const char *name, *line;
    maillog_kind_t kind;
    const char *sender, *rcpt, *orig_rcpt, *relay, *delay, *dsn, *text;
} cases[] = {
    {"queued",
     P "qmgr[12]: " QID ": from=<a1.tok@bounce.test>, size=355, nrcpt=3 "
       "(queue active)",
     MAILLOG_QUEUED, "a1.tok@bounce.test", "", "", "", "", "", ""},
    {"sent",
     P "poolA/smtp[9]: " QID ": to=<ok@d.test>, relay=mx.d.test[192.0.2.9]:25, "
       "delay=0.28, delays=0.09/0.04/0/0.15, dsn=2.0.0, status=sent "
       "(250 2.0.0 text (really))",
     MAILLOG_SENT, "", "ok@d.test", "", "mx.d.test[192.0.2.9]:25", "0.28",
     "2.0.0", "250 2.0.0 text (really)"},
    {"sent on a kept connection",
     P "smtp[9]: " QID ": to=<ok@d.test>, relay=m[::1]:25, conn_use=2, "
       "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
     MAILLOG_SENT, "", "ok@d.test", "", "m[::1]:25", "1", "2.0.0", "250 ok"},
    {"bounced, orig_to, cut",
     P "smtp[9]: " QID ": to=<y@d>, orig_to=<z@d>, relay=none, delay=2, "
       "delays=0/0/0/2, dsn=5.1.1, status=bounced (host m[192.0.2.9] said: 55",
     MAILLOG_BOUNCED, "", "y@d", "z@d", "none", "2", "5.1.1",
     "host m[192.0.2.9] said: 55"},
    {"quoted local part with brackets and commas",
     P "smtp[9]: " QID ": to=<\"a>, relay=x, \\\"b\"@d>, relay=none, delay=2, "
       "delays=0/0/0/2, dsn=4.0.0, status=deferred (x)",
     MAILLOG_DEFERRED, "", "\"a>, relay=x, \\\"b\"@d", "", "none", "2", "4.0.0",
     "x"},
    {"status in the text is text",
     P "smtp[9]: " QID ": to=<y@d>, relay=none, delay=2, delays=0/0/0/2, "
       "dsn=4.0.0, status=deferred (550 status=bounced (x), status=sent (y))",
     MAILLOG_DEFERRED, "", "y@d", "", "none", "2", "4.0.0",
     "550 status=bounced (x), status=sent (y)"},
    {"expired",
     P "qmgr[1]: " QID ": from=<s@b>, status=expired, returned to "
       "sender",
     MAILLOG_EXPIRED, "s@b", "", "", "", "", "", ""},
    {"force-expired",
     P "qmgr[1]: " QID ": from=<s@b>, status=force-expired, "
       "returned to sender",
     MAILLOG_EXPIRED, "s@b", "", "", "", "", "", ""},
    {"deleted", P "postsuper[1]: " QID ": removed", MAILLOG_DELETED, "", "", "",
     "", "", "", ""},
    {"postlogd died",
     P "master[1]: warning: process /usr/lib/postfix/sbin/postlogd pid 7 "
       "killed by signal 9",
     MAILLOG_LOST, "", "", "", "", "", "", ""},
    {"a new start",
     P "master[1]: daemon started -- version 3.7.11, configuration /etc/x",
     MAILLOG_LOST, "", "", "", "", "", "", ""},
    {"removed", P "qmgr[1]: " QID ": removed", MAILLOG_REMOVED, "", "", "", "",
     "", "", ""},
    {"milter-reject",
     P "cleanup[1]: " QID ": milter-reject: END-OF-MESSAGE "
       "from h[::1]: 4.7.1 x; from=<a> to=<b>",
     MAILLOG_REFUSED, "", "", "", "", "", "", ""},
    {"write error",
     P "cleanup[1]: warning: " QID ": write queue file: No "
       "space left on device",
     MAILLOG_REFUSED, "", "", "", "", "", "", ""},
    {"requeued", P "pickup[1]: " QID ": uid=0 from=<a@b> orig_id=4jYSxR17Mhz1",
     MAILLOG_REQUEUED, "a@b", "", "", "", "", "", ""},
    {"error transport",
     P "error[1]: " QID ": to=<y@d>, relay=none, delay=2, "
       "delays=0/0/0/2, dsn=5.0.0, status=bounced (no)",
     MAILLOG_BOUNCED, "", "y@d", "", "none", "2", "5.0.0", "no"},
    {"rsyslog's stamp",
     "2026-11-24T03:30:19.123456+01:00 mta postfix/qmgr[1]: " QID ": removed",
     MAILLOG_REMOVED, "", "", "", "", "", "", ""},
};

static const char *const strangers[] = {
    P "smtpd[1]: " QID ": client=x[192.0.2.1]",
    P "pickup[1]: " QID ": uid=0 from=<a@b>",
    P "smtpd[1]: NOQUEUE: reject: postfix/qmgr[1]: " QID ": removed",
    P "master[1]: warning: process /usr/lib/postfix/sbin/smtpd pid 7 killed "
      "by signal 9",
    P "smtpd[1]: daemon started -- version 3.7.11, configuration /etc/x",
    "Nov 24 03:30:19 mta smtp[1]: " QID ": removed",
    P "cleanup[1]: " QID ": message-id=<reject: a>",
    P "smtp[1]: " QID ": to=<a@b>, relay=none, delay=2, "
      "delays=0/0/0/2, dsn=2.0.0, status=deliverable (x)",
    "",
    "Nov 24 03:30:19 ",
    P "smtp[1]: " QID ": to=<\"a",
};

static void
same(const char *name, ses_str_t got, const char *want)
{
    if (!ses_str_eqc(got, want == NULL ? "" : want))
        fail_msg("%s: \"%.*s\" instead of \"%s\"", name, SES_FMT(got), want);
}

static void
parses(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        maillog_t f = {.kind = MAILLOG_NONE};
        bool ok = maillog_parse(ses_str(cases[i].line), &f);

        if (ok != (cases[i].kind != MAILLOG_NONE) || f.kind != cases[i].kind)
            fail_msg("%s: kind %d", cases[i].name, (int) f.kind);
        if (!ok)
            continue;
        same(cases[i].name, f.queue_id,
             cases[i].kind == MAILLOG_LOST ? "" : QID);
        same(cases[i].name, f.sender, cases[i].sender);
        same(cases[i].name, f.rcpt, cases[i].rcpt);
        same(cases[i].name, f.orig_rcpt, cases[i].orig_rcpt);
        same(cases[i].name, f.relay, cases[i].relay);
        same(cases[i].name, f.delay, cases[i].delay);
        same(cases[i].name, f.dsn, cases[i].dsn);
        same(cases[i].name, f.text, cases[i].text);
        if (f.kind == MAILLOG_REQUEUED)
            same(cases[i].name, f.orig_id, "4jYSxR17Mhz1");
    }
}

static void
strange(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        maillog_t f;

        if (maillog_parse(ses_str(strangers[i]), &f))
            fail_msg("\"%s\" is no fact", strangers[i]);
    }
}

/* Every prefix of every line: no crash, and nothing but the same kind. */
static void
prefixes(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t n = 0; n <= strlen(cases[i].line); n++) {
            char *copy = n == 0 ? NULL : malloc(n);
            maillog_t f;

            if (n > 0)
                memcpy(copy, cases[i].line, n);
            if (maillog_parse(ses_str_n(copy, n), &f))
                assert_int_equal(f.kind, cases[i].kind);
            free(copy);
        }
}

static void
times(void **state)
{
    static const struct {
        const char *stamp;
        int64_t now, want;
    } stamps[] = {
        /* 2026-11-24T03:30:19Z = 1795491019 */
        {"Nov 24 03:30:19", 1795491019250, 1795491019250},
        {"Nov 24 03:30:19", 1795491020100, 1795491019999},
        {"Nov 24 03:30:19", 1795491018900, 1795491019000},
        {"Nov 24 03:30:19", 1795491019000 + 86400000, 1795491019999},
        /* the year before: 1798761600 = 2027-01-01T00:00:00Z */
        {"Dec 31 23:59:59", 1798761600500, 1798761599999},
        {"Jan  1 00:00:01", 1798761599900, 1798761601000},
        {"Feb 30 25:61:61", 1795491019250, 1795491019250},
        {"nonsense", 1795491019250, 1795491019250},
        {"2026-11-24T03:30:19.123456+00:00", 1795491020250, 1795491019123},
        {"2026-11-24T04:30:19+01:00", 1795491019250, 1795491019250},
        {"2026-11-24T03:30:19Z", 1795491025250, 1795491019999},
        {"2026-11-24T03:30:19", 1795491025250, 1795491025250},
        {"1999-11-24T03:30:19Z", 1795491025250, 1795491025250},
    };

    (void) state;
    setenv("TZ", "UTC", 1);
    tzset();
    for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
        int64_t got = maillog_time(ses_str(stamps[i].stamp), stamps[i].now);

        if (got != stamps[i].want)
            fail_msg("%s at %lld: %lld", stamps[i].stamp,
                     (long long) stamps[i].now, (long long) got);
    }
}

static void
pieces(void **state)
{
    (void) state;
    same("ip", maillog_relay_ip(SES_STR("m[192.0.2.1]:25")), "192.0.2.1");
    same("ip", maillog_relay_ip(SES_STR("m[::1]:25")), "::1");
    same("ip", maillog_relay_ip(SES_STR("h[private/lmtp]")), "");
    same("ip", maillog_relay_ip(SES_STR("none")), "");
    same("ip", maillog_relay_ip(SES_STR("[")), "");
    same("said",
         maillog_said(SES_STR("host m[1.2.3.4] said: 550 5.1.1 no (in reply "
                              "to x) (in reply to RCPT TO command)")),
         "550 5.1.1 no (in reply to x)");
    same("said", maillog_said(SES_STR("host m[1.2.3.4] said: 550 5.")),
         "550 5.");
    same("said", maillog_said(SES_STR("Host not found")), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),   cmocka_unit_test(strange),
        cmocka_unit_test(prefixes), cmocka_unit_test(times),
        cmocka_unit_test(pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
