// LIBS: -lgmime-3.0 -lgobject-2.0 -lglib-2.0
/*
 * test_lmtp - reports as Postfix delivers them, and everything else that may
 * come over the socket: 2xx or 4xx, never 5xx
 */

#include "agent_host.h"

#include "../../milter/agent/feedback.c"

#include "../../milter/agent/lmtp.c"

#include "../../milter/agent/forward.c"
#include "../../milter/agent/outcome.c"

#include "../../milter/agent/report.c"

#include "model/counter.h"

static const char *const two[] = {"ann@mail.test", "bob@mail.test",
                                  "-cut@mail.test", NULL};
static const char *const ann[] = {"ann@mail.test", NULL};

struct session {
    host_t *h;
    int fd;
};

static void *
serve(void *arg)
{
    struct session *s = arg;

    lmtp_session(&s->h->agent, s->fd);
    close(s->fd);
    return NULL;
}

/* What the server says to all of text; must be 2xx, 3xx and 4xx. */
static ses_str_t
talk(host_t *h, ses_str_t text)
{
    struct session s = {.h = h};
    pthread_t thread;
    ses_buf_t b;
    ses_str_t rest, line;
    char in[4096];
    ssize_t n;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    s.fd = pair[0];
    pthread_create(&thread, NULL, serve, &s);

    ses_buf_init(&b, h->arena, 1 << 20);
    while (text.n > 0) {
        n = send(pair[1], text.p, text.n, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        text = ses_str_from(text, (size_t) n);
    }
    shutdown(pair[1], SHUT_WR);
    while ((n = read(pair[1], in, sizeof(in))) > 0)
        ses_buf_add(&b, in, (size_t) n);
    close(pair[1]);
    pthread_join(thread, NULL);

    rest = ses_buf_get(&b);
    while (ses_str_cut(&rest, '\n', &line))
        if (line.n > 0 && (line.p[0] < '2' || line.p[0] > '4'))
            fail_msg("\"%.*s\"", SES_FMT(line));
    return ses_buf_get(&b);
}

static unsigned
count_of(ses_str_t text, const char *part)
{
    unsigned n = 0;
    ptrdiff_t at;

    while ((at = ses_str_search(text, ses_str(part))) >= 0) {
        n++;
        text = ses_str_from(text, (size_t) at + 1);
    }
    return n;
}

static ses_str_t
dsn(host_t *h, const char *rcpt, const char *action, const char *status)
{
    return ses_str_printf(
        h->arena,
        "From: MAILER-DAEMON\r\n"
        "Content-Type: multipart/report; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.test\r\n\r\n"
        "Final-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: %s\r\n"
        "Remote-MTA: dns; [192.0.2.7]\r\n"
        "Diagnostic-Code: smtp; 550 %s no\r\n\r\n"
        "--b--\r\n.\r\n",
        rcpt, action, status, status);
}

static ses_str_t
envelope(host_t *h, ses_str_t to, ses_str_t data)
{
    return ses_str_printf(h->arena,
                          "LHLO mta.test\r\nMAIL FROM:<> BODY=8BITMIME\r\n"
                          "RCPT TO:<%.*s>\r\nDATA\r\n%.*sQUIT\r\n",
                          SES_FMT(to), SES_FMT(data));
}

static void
deliver_dsn(host_t *h, ses_str_t to, const char *rcpt, const char *action,
            const char *status)
{
    ses_str_t got = talk(h, envelope(h, to, dsn(h, rcpt, action, status)));

    expect_part(got, "354 ");
    expect_part(got, "\r\n250 2.0.0 Ok\r\n221 ");
}

static uint64_t
tally(host_t *h, ses_tally_t which)
{
    uint64_t n = 0;
    ses_txn_t *t = begin(h);

    must(h, ses_tally_flush(&h->cx, t, NULL));
    must(h, ses_txn_commit(&h->cx, t));
    t = begin(h);
    (void) !ses_counter_get(&h->cx, t, ses_str(ses_tally_name(which)), &n);
    ses_txn_end(t);
    return n;
}

static void
test_bounce(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms(), two);
    deliver_dsn(h, message_sender(h, 1), "Ann@mail.test", "failed", "5.1.1");
    expect_events(h, ""); /* another local part is another recipient */
    deliver_dsn(h, message_sender(h, 1), "ann@MAIL.test", "failed", "5.1.1");
    expect_events(h, "Send; Bounce cut@mail.test; Bounce ann@mail.test");
    expect_part(newest(h), "\"status\":\"5.1.1\"");
    expect_part(newest(h), "\"diagnosticCode\":\"smtp; 550 5.1.1 no\"");
    expect_part(newest(h), "\"remoteMtaIp\":\"192.0.2.7\"");
    expect_part(newest(h), "\"reportingMTA\":\"dns; mx.test\"");

    /* again, and of others */
    deliver_dsn(h, ses_str_upper(h->arena, message_sender(h, 1)),
                "ann@mail.test", "failed", "5.1.1");
    deliver_dsn(h, message_sender(h, 1), "cut@mail.test", "failed", "5.1.1");
    deliver_dsn(h, message_sender(h, 1), "eve@mail.test", "failed", "5.1.1");
    deliver_dsn(h, message_sender(h, 1), "bob@mail.test", "delivered", "2.0.0");
    expect_events(h, "Send; Bounce cut@mail.test; Bounce ann@mail.test");
    assert_int_equal(tally(h, SES_REPORT_IGNORED), 3);

    deliver_dsn(h, message_sender(h, 1), "bob@mail.test", "delayed", "4.4.1");
    deliver_dsn(h, message_sender(h, 1), "bob@mail.test", "delayed", "4.4.1");
    deliver_dsn(h, message_sender(h, 1), "bob@mail.test", "failed", "4.4.7");
    expect_events(h, "Send; Bounce cut@mail.test; Bounce ann@mail.test; "
                     "DeliveryDelay bob@mail.test; Bounce bob@mail.test");
    expect_part(newest(h), "\"bounceType\":\"Transient\"");
}

static void
test_forged(void **state)
{
    host_t *h = *state;
    ses_str_t to = message_sender(h, 1);
    char *forged = ses_str_c(h->arena, to);

    message(h, 1, ses_clock_ms(), two);
    forged[10] = forged[10] == 'a' ? 'b' : 'a';
    deliver_dsn(h, ses_str(forged), "ann@mail.test", "failed", "5.1.1");
    deliver_dsn(h, SES_STR("postmaster@bounce.test"), "ann@mail.test", "failed",
                "5.1.1");
    deliver_dsn(h, SES_STR(""), "ann@mail.test", "failed", "5.1.1");
    expect_events(h, "");
    assert_int_equal(tally(h, SES_TOKEN_FORGED), 3);

    /* a token that was ours, of a message that is not in the ledger */
    deliver_dsn(h, message_sender(h, 9), "ann@mail.test", "failed", "5.1.1");
    expect_part(talk(h, envelope(h, to, SES_STR("Subject: away\r\n.\r\n"))),
                "\r\n250 2.0.0 Ok\r\n221 ");
    expect_events(h, "");
    assert_int_equal(tally(h, SES_REPORT_IGNORED), 2);

    /* the token alone counts: the domain may be an owner's MAIL FROM */
    deliver_dsn(h,
                ses_str_printf(
                    h->arena, "%.*s@other.test",
                    SES_FMT(ses_str_head(to, (size_t) ses_str_find(to, '@')))),
                "ann@mail.test", "failed", "5.1.1");
    expect_events(h, "Send; Bounce cut@mail.test; Bounce ann@mail.test");
}

static ses_str_t
arf(host_t *h, const char *type, const char *more)
{
    return ses_str_printf(
        h->arena,
        "Content-Type: multipart/report; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        "Feedback-Type: %s\r\nUser-Agent: FBL/1.0\r\n%s\r\n--b--\r\n.\r\n",
        type, more);
}

static void
test_complaint(void **state)
{
    host_t *h = *state;
    const char *from;

    message(h, 1, ses_clock_ms(), two);
    message(h, 2, ses_clock_ms(), ann);
    from = ses_str_printf(h->arena, "Original-Mail-From: <%.*s>\r\n",
                          SES_FMT(message_sender(h, 2)))
               .p;

    /* to two recipients, and does not say which */
    talk(h, envelope(h, message_sender(h, 1), arf(h, "abuse", "")));
    expect_events(h, "");
    talk(h, envelope(h, message_sender(h, 1),
                     arf(h, "abuse", "Original-Rcpt-To: <bob@mail.test>\r\n")));
    expect_events(h, "Send; Bounce cut@mail.test; Complaint bob@mail.test");
    expect_part(newest(h), "\"complaintFeedbackType\":\"abuse\"");
    expect_part(newest(h), "\"userAgent\":\"FBL/1.0\"");

    /* to an address for such reports; the message had one recipient */
    talk(h, envelope(h, SES_STR("fbl@bounce.test"), arf(h, "opt-out", from)));
    expect_events(h, "Send; Bounce cut@mail.test; Complaint bob@mail.test; "
                     "Send; Complaint ann@mail.test");
    expect_part(newest(h), "\"complaintFeedbackType\":\"other\"");
}

/* Replies come one for each recipient, in their order. */
static void
test_recipients(void **state)
{
    host_t *h = *state;
    ses_buf_t b;
    ses_str_t got;

    message(h, 1, ses_clock_ms(), two);
    ses_buf_init(&b, h->arena, 1 << 20);
    ses_buf_c(&b, "LHLO x\r\nMAIL FROM:<>\r\n");
    for (int i = 0; i < RCPTS_MAX + 2; i++)
        ses_buf_printf(&b, "RCPT TO:<%.*s>\r\n", SES_FMT(message_sender(h, 1)));
    ses_buf_c(&b, "DATA\r\n");
    ses_buf_str(&b, dsn(h, "ann@mail.test", "failed", "5.1.1"));
    ses_buf_c(&b, "QUIT\r\n");
    got = talk(h, ses_buf_get(&b));
    assert_int_equal(count_of(got, "250 2.1.5"), RCPTS_MAX);
    assert_int_equal(count_of(got, "452 4.5.3"), 2);
    assert_int_equal(count_of(got, "250 2.0.0"), RCPTS_MAX);
    expect_events(h, "Send; Bounce cut@mail.test; Bounce ann@mail.test");
}

/* The report counts, whatever comes after it. */
static void
test_large(void **state)
{
    host_t *h = *state;
    ses_str_t report = dsn(h, "ann@mail.test", "failed", "5.1.1");
    ses_buf_t b;

    message(h, 1, ses_clock_ms(), two);
    ses_buf_init(&b, h->arena, 1 << 24);
    ses_buf_printf(&b, "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<%.*s>\r\nDATA\r\n",
                   SES_FMT(message_sender(h, 1)));
    ses_buf_str(&b, ses_str_head(report, report.n - 8)); /* before --b-- */
    ses_buf_c(&b, "--b\r\nContent-Type: message/rfc822\r\n\r\n");
    for (int i = 0; i < 100000; i++)
        ses_buf_c(&b, "..all work and no play makes Jack a dull boy\r\n");
    ses_buf_c(&b, "--b--\r\n.\r\nQUIT\r\n");
    expect_part(talk(h, ses_buf_get(&b)), "\r\n250 2.0.0 Ok\r\n221 ");
    expect_events(h, "Send; Bounce cut@mail.test; Bounce ann@mail.test");
}

static void
test_dots(void **state)
{
    static const struct {
        const char *wire, *want;
    } cases[] = {
        {".\r\n", ""},
        {"a\r\n.\r\n", "a\r\n"},
        {"..\r\n.\r\n", ".\r\n"},
        {".a\r\n.\r\n", "a\r\n"},
        {".\ra\r\n.\r\n", "\ra\r\n"},
        {".\r\r\n.\r\n", "\r\r\n"},
        {"a\n.\nb\r\n.\r\n", "a\n.\nb\r\n"},
        {"a\r.\r\n.\r\n", "a\r.\r\n"},
        {"a.\r\n.\r\n", "a.\r\n"},
        {"\r\n.\r\n", "\r\n"},
        {"\r\r\n.\r\n", "\r\r\n"},
    };
    host_t *h = *state;
    char *text = malloc(MESSAGE_MAX);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        session_t *s = calloc(1, sizeof(*s));
        size_t n = 0;

        s->agent = &h->agent;
        s->end = strlen(cases[i].wire);
        memcpy(s->in, cases[i].wire, s->end);
        assert_true(take_message(s, text, &n));
        assert_int_equal(s->start, s->end);
        if (!ses_str_eqc(ses_str_n(text, n), cases[i].want))
            fail_msg("case %zu", i);
        free(s);
    }
    free(text);
}

static void
test_nonsense(void **state)
{
    static const char *const lines[] = {
        "HELO x\r\n",
        "DATA\r\n",
        "RCPT TO:<a@b>\r\n",
        "MAIL FROM:a@b\r\n",
        "MAIL FROM:<a@b\r\n",
        "MAIL\r\n",
        "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:\r\nRCPT TO:<\r\nDATA\r\n",
        "VRFY x\r\nRSET\r\nNOOP\r\nEXPN x\r\n",
        "\r\n\n\n  \r\n",
        "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nbroken off",
    };
    host_t *h = *state;
    char *junk = malloc(300000);

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        expect_part(talk(h, ses_str(lines[i])), "220 mta.test LMTP");
    memset(junk, 'x', 300000);
    talk(h, ses_str_n(junk, 300000));
    memcpy(junk + 200000, "\r\nNOOP\r\n", 8);
    expect_part(talk(h, ses_str_n(junk, 200008)), "450 4.5.2 Line too long\r\n"
                                                  "250 2.0.0 Ok\r\n");
    memset(junk, 0, 300000);
    talk(h, ses_str_n(junk, 300000));
    free(junk);
}

/* The entry cannot be read: not to be lost, it must come again. */
static void
test_store_failure(void **state)
{
    host_t *h = *state;
    uint8_t key[SES_MSGID_KEY];
    ses_txn_t *t = begin(h);

    ses_msgid_key(message_id(1), key);
    must(h, ses_store_put(&h->cx, t, SES_DB_MESSAGE,
                          ses_str_n(key, sizeof(key)), SES_STR("damaged")));
    must(h, ses_txn_commit(&h->cx, t));
    expect_part(talk(h, envelope(h, message_sender(h, 1),
                                 dsn(h, "ann@mail.test", "failed", "5.1.1"))),
                "\r\n451 4.3.0 ");
    expect_events(h, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bounce),     TEST(test_forged),        TEST(test_complaint),
        TEST(test_recipients), TEST(test_large),         TEST(test_dots),
        TEST(test_nonsense),   TEST(test_store_failure),
    };

    report_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
