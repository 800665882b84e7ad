/* smtp: whole conversations, fed whole and byte by byte */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/smtp.c"

#define EHLO                                                                   \
    "250-mta.test\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n"            \
    "250 CHUNKING\r\n"

static const ses_str_t rcpts[] = {SES_STR_INIT("b@e"), SES_STR_INIT("c@e")};

/*
 * A script: what the server says, and the events it makes.  H banner, R
 * ready, G go, F refused, A answer, B broken.  Between events the client
 * writes what the protocol wants, so that states move on.
 */
static const struct {
    const char *name, *server, *events, *line;
} cases[] = {
    {"a message",
     "220 mta.test ESMTP Postfix\r\n" EHLO
     "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n"
     "250 2.0.0 Ok: 62 bytes queued as 4jYTkJ5B7Fz1dms3\r\n",
     "HRGA", "250 2.0.0 Ok: 62 bytes queued as 4jYTkJ5B7Fz1dms3"},
    {"two messages",
     "220 x\r\n" EHLO "250 a\r\n250 b\r\n250 c\r\n250 d queued as X\r\n"
     "250 a\r\n250 b\r\n250 c\r\n554 5.7.1 Message rejected: no\r\n",
     "HRGAGA", "554 5.7.1 Message rejected: no"},
    {"a refused recipient counts, RSET follows",
     "220 x\r\n" EHLO "250 a\r\n550 5.1.1 no such\r\n250 c\r\n250 reset\r\n"
     "250 a\r\n250 b\r\n250 c\r\n250 d\r\n",
     "HRFRGA", "250 d"},
    {"the first refusal is kept",
     "220 x\r\n" EHLO "451 4.7.1 Service unavailable - try again later\r\n"
     "503 5.5.1 a\r\n503 5.5.1 b\r\n",
     "HRF", "451 4.7.1 Service unavailable - try again later"},
    {"refused at the banner", "554 5.5.0 no\r\n", "B", "554 5.5.0 no"},
    {"closes in the envelope",
     "220 x\r\n" EHLO "250 a\r\n421 4.3.2 shutting down\r\n", "HRB",
     "421 4.3.2 shutting down"},
    {"no CHUNKING", "220 x\r\n250-mta\r\n250 PIPELINING\r\n", "HB",
     "250 PIPELINING"},
    {"multi-line banner and answer",
     "220-a\r\n220 b\r\n" EHLO
     "250 a\r\n250 b\r\n250 c\r\n550-first\r\n550 last\r\n",
     "HRGA", "550 last"},
    {"no reply at all", "hello\r\n", "B", "hello"},
    {"a bare LF ends a line too", "220 x\n", "H", NULL},
    {"empty line", "\r\n", "B", ""},
};

static smtp_t smtp;

/* Feed n bytes; append events, answer as the injector would. */
static void
feed(ses_arena_t *a, ses_str_t in, char *events)
{
    smtp_event_t event;
    size_t n = strlen(events);

    while (n < 15 && (event = smtp_feed(&smtp, &in)) != SMTP_MORE) {
        events[n++] = "MHRGFAB"[event];
        events[n] = '\0';
        if (event == SMTP_READY || event == SMTP_ANSWER)
            assert_string_equal(
                ses_str_c(a, smtp_envelope(&smtp, a, SES_STR("a@d"), rcpts, 2)),
                "MAIL FROM:<a@d>\r\nRCPT TO:<b@e>\r\nRCPT TO:<c@e>\r\n");
        else if (event == SMTP_GO)
            assert_string_equal(ses_str_c(a, smtp_chunk(&smtp, a, 62)),
                                "BDAT 62 LAST\r\n");
        else if (event == SMTP_REFUSED)
            (void) smtp_reset(&smtp);
        else if (event == SMTP_BROKEN)
            return;
    }
}

static void
test_scripts(void **state)
{
    ses_arena_t *a = ses_arena_new();
    char events[16];
    ses_str_t in;
    size_t i, j;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        in = ses_str(cases[i].server);
        smtp_init(&smtp);
        events[0] = '\0';
        feed(a, in, events);
        assert_string_equal(events, cases[i].events);
        if (cases[i].line != NULL)
            assert_string_equal(ses_str_c(a, smtp.line), cases[i].line);

        smtp_init(&smtp);
        events[0] = '\0';
        for (j = 0; j < in.n && strchr(events, 'B') == NULL; j++)
            feed(a, ses_str_n(in.p + j, 1), events);
        assert_string_equal(events, cases[i].events);
    }
    ses_arena_free(a);
}

static void
test_idle(void **state)
{
    ses_str_t in = SES_STR("421 4.4.2 timeout exceeded\r\n");

    (void) state;
    smtp_init(&smtp);
    smtp.state = SMTP_IDLE;
    assert_int_equal(smtp_feed(&smtp, &in), SMTP_BROKEN);
    assert_true(smtp_is_lost(smtp.line));
}

static void
test_long_line(void **state)
{
    ses_arena_t *a = ses_arena_new();
    char *p = ses_alloc(a, 5000);
    ses_str_t in = {p, 5000};

    (void) state;
    memset(p, '2', 5000);
    smtp_init(&smtp);
    assert_int_equal(smtp_feed(&smtp, &in), SMTP_BROKEN);
    assert_int_equal(smtp.line.n, SMTP_LINE);
    ses_arena_free(a);
}

static void
test_lost(void **state)
{
    (void) state;
    assert_true(smtp_is_lost(SES_STR("451 4.7.1 Service unavailable")));
    assert_true(smtp_is_lost(SES_STR("421 4.3.2 bye")));
    assert_false(smtp_is_lost(SES_STR("451 4.7.0 Ticket is stale")));
    assert_false(smtp_is_lost(SES_STR("250 2.0.0 Ok")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
