/*
 * test_follow - the log as it grows, is rotated, replaced, or was read before
 */

#include "agent_host.h"

#include "../../milter/agent/deferral.c"

#include "../../milter/agent/follow.c"

#include "../../milter/agent/idmap.c"

#include "../../milter/agent/logbook.c"

#include "../../milter/agent/logfile.c"

#include "../../milter/agent/maillog.c"

#include "../../milter/agent/forward.c"
#include "../../milter/agent/outcome.c"

static const char *const ann[] = {"ann@mail.test", NULL};
static const char *const two[] = {"ann@mail.test", "bob@mail.test", NULL};

/* A line of qmgr or smtp about message n, now. */
static void write_line(host_t *h, const char *path, const char *daemon,
                       unsigned n, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void
write_line(host_t *h, const char *path, const char *daemon, unsigned n,
           const char *fmt, ...)
{
    time_t now = time(NULL);
    char stamp[32];
    struct tm tm;
    va_list ap;
    FILE *f = fopen(path, "a");

    assert_non_null(f);
    localtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm);
    fprintf(f, "%s mta postfix/%s[7]: %.*s: ", stamp, daemon,
            SES_FMT(message_queue_id(h, n)));
    va_start(ap, fmt);
    vfprintf(f, fmt, ap);
    va_end(ap);
    fputc('\n', f);
    fclose(f);
}

static const char *
maillog(host_t *h)
{
    return h->conf.maillog.p;
}

static void
queued(host_t *h, const char *path, unsigned n)
{
    write_line(h, path, "qmgr", n,
               "from=<%.*s>, size=1, nrcpt=1 (queue active)",
               SES_FMT(message_sender(h, n)));
}

static void
status(host_t *h, const char *path, unsigned n, const char *rcpt,
       const char *delay, const char *dsn, const char *what)
{
    write_line(h, path, "smtp", n,
               "to=<%s>, relay=mx[192.0.2.9]:25, delay=%s, delays=0/0/0/0, "
               "dsn=%s, status=%s",
               rcpt, delay, dsn, what);
}

static void
sent(host_t *h, const char *path, unsigned n, const char *rcpt)
{
    status(h, path, n, rcpt, "0.1", "2.0.0", "sent (250 2.0.0 Ok)");
}

static void
removed(host_t *h, const char *path, unsigned n)
{
    write_line(h, path, "qmgr", n, "removed");
}

/* Until the end of the log; the successor is looked for at once. */
static void
read_all(follow_t *f)
{
    for (int i = 0; i < 1000; i++) {
        f->log.asked_us = 0;
        f->stored_us = 0;
        if (follow_step(f) == FOLLOW_END)
            return;
    }
    fail_msg("the log has no end");
}

/* A new process: reads on where the store says. */
static void
read_once(host_t *h)
{
    follow_t *f = follow_new(&h->agent);

    read_all(f);
    follow_free(f);
}

static void
test_delivered(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms() - 1500, two);
    queued(h, maillog(h), 1);
    sent(h, maillog(h), 1, "ann@mail.test");
    sent(h, maillog(h), 1, "bob@MAIL.test");
    removed(h, maillog(h), 1);
    read_once(h);
    expect_events(h, "Send; Delivery ann@mail.test; Delivery bob@mail.test");
    expect_part(newest(h), "\"remoteMtaIp\":\"192.0.2.9\"");
    expect_part(newest(h), "\"reportingMTA\":\"mta.test\"");
    expect_part(newest(h), "\"smtpResponse\":\"250 2.0.0 Ok\"");
    assert_int_equal(message_state(h, 1), SES_MESSAGE_QUEUED);
    assert_true(agent_log_end(&h->agent) > 0);
}

/* Lines that were read before, and lines of strangers, add nothing. */
static void
test_repeats(void **state)
{
    host_t *h = *state;
    ses_txn_t *t;

    message(h, 1, ses_clock_ms(), ann);
    queued(h, maillog(h), 1);
    queued(h, maillog(h), 2); /* not in the ledger */
    sent(h, maillog(h), 1, "ann@mail.test");
    sent(h, maillog(h), 1, "eve@mail.test");
    sent(h, maillog(h), 2, "ann@mail.test");
    removed(h, maillog(h), 1);
    read_once(h);

    t = begin(h);
    must(h, ses_store_del(&h->cx, t, SES_DB_POSITION,
                          ses_str(SES_POSITION_MAILLOG)));
    must(h, ses_txn_commit(&h->cx, t));
    read_once(h);
    expect_events(h, "Send; Delivery ann@mail.test");
    assert_int_equal(agent_log_gap(&h->agent), 0);
}

/* After a restart a queue id is enough. */
static void
test_resume(void **state)
{
    host_t *h = *state;
    FILE *f;

    message(h, 1, ses_clock_ms(), two);
    queued(h, maillog(h), 1);
    sent(h, maillog(h), 1, "ann@mail.test");
    read_once(h);
    sent(h, maillog(h), 1, "bob@mail.test");

    f = fopen(maillog(h), "a"); /* half a line is no line */
    fputs("Nov 24 03:30:19 mta postfix/qm", f);
    fclose(f);
    read_once(h);
    expect_events(h, "Send; Delivery ann@mail.test; Delivery bob@mail.test");
}

static void
test_bounced(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms(), two);
    queued(h, maillog(h), 1);
    status(h, maillog(h), 1, "ann@mail.test", "1", "5.1.1",
           "bounced (host mx[192.0.2.9] said: 550 5.1.1 no (in reply to RCPT "
           "TO command))");
    status(h, maillog(h), 1, "bob@mail.test", "1", "4.2.2",
           "deferred (host mx[192.0.2.9] said: 452 4.2.2 full (in reply to "
           "RCPT TO command))");
    read_once(h);
    expect_events(h, "Send; Bounce ann@mail.test; DeliveryDelay bob@mail.test");
    expect_part(newest(h), "\"delayType\":\"MailboxFull\"");
    expect_part(newest(h), "\"diagnosticCode\":\"smtp; 452 4.2.2 full\"");

    /* the same attempt again, and another */
    status(h, maillog(h), 1, "bob@mail.test", "1", "4.2.2", "deferred (x)");
    status(h, maillog(h), 1, "bob@mail.test", "9", "4.2.2",
           "deferred (host mx[192.0.2.9] said: 452 4.2.2 still full (in reply "
           "to RCPT TO command))");
    write_line(h, maillog(h), "qmgr", 1,
               "from=<%.*s>, status=expired, returned to sender",
               SES_FMT(message_sender(h, 1)));
    removed(h, maillog(h), 1);
    read_once(h);
    expect_events(h, "Send; Bounce ann@mail.test; DeliveryDelay bob@mail.test; "
                     "DeliveryDelay bob@mail.test; Bounce bob@mail.test");
    expect_part(newest(h), "\"bounceType\":\"Transient\"");
    expect_part(newest(h), "7200 minutes.<452 4.2.2 still full>");
}

/* All recipients removed: qmgr says from= and removed, nothing else. */
static void
test_nobody_left(void **state)
{
    static const char *const nobody[] = {"-ann@mail.test", NULL};
    host_t *h = *state;

    message(h, 1, ses_clock_ms(), nobody);
    queued(h, maillog(h), 1);
    removed(h, maillog(h), 1);
    read_once(h);
    expect_events(h, "Send; Bounce ann@mail.test");
}

static uint64_t
open_entries(host_t *h)
{
    ses_txn_t *t = begin(h);
    uint64_t n = 0;

    must(h, ses_store_count(&h->cx, t, SES_DB_OPEN, &n));
    ses_txn_end(t);
    return n;
}

static ses_rc_t
note_removal(ses_cx_t *cx, ses_msgid_t id, int64_t gone, void *arg)
{
    (void) cx;
    (void) id;
    *(int64_t *) arg = gone;
    return SES_OK;
}

/* A recipient's line is missing: the entry stays open, and is marked. */
static void
test_lost_line(void **state)
{
    host_t *h = *state;
    int64_t gone = 0;
    ses_txn_t *t;

    message(h, 1, ses_clock_ms(), two);
    queued(h, maillog(h), 1);
    sent(h, maillog(h), 1, "ann@mail.test");
    read_once(h);
    assert_int_equal(open_entries(h), 1);
    removed(h, maillog(h), 1);
    read_once(h);
    t = begin(h);
    must(h, ses_message_open(&h->cx, t, note_removal, &gone));
    ses_txn_end(t);
    assert_true(gone > 0);

    sent(h, maillog(h), 1, "bob@mail.test");
    read_once(h);
    assert_int_equal(open_entries(h), 0);
}

/* Its from= line is missing as well: "removed" proves that it was queued. */
static void
test_lost_lines(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms(), two);
    removed(h, maillog(h), 1);
    read_once(h);
    expect_events(h, "Send");
    assert_int_equal(open_entries(h), 1);
}

/* postsuper -d: nothing more will come. */
static void
test_deleted(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms(), two);
    queued(h, maillog(h), 1);
    read_once(h);
    assert_int_equal(open_entries(h), 1);
    write_line(h, maillog(h), "postsuper", 1, "removed");
    read_once(h);
    assert_int_equal(open_entries(h), 0);
    expect_events(h, "Send");
}

static void
test_refused(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms(), two);
    assert_int_equal(charged(h), 2);
    write_line(h, maillog(h), "cleanup", 1,
               "milter-reject: END-OF-MESSAGE from x[::1]: 4.7.1 x");
    read_once(h);
    assert_int_equal(message_state(h, 1), SES_MESSAGE_ABORTED);
    assert_int_equal(charged(h), 0);
    expect_events(h, "");
}

/* postsuper -r: another queue id, the same sender; then only the queue id. */
static void
test_requeued(void **state)
{
    host_t *h = *state;

    message(h, 1, ses_clock_ms(), two);
    queued(h, maillog(h), 1);
    write_line(h, maillog(h), "pickup", 5, "uid=0 from=<%.*s> orig_id=%.*s",
               SES_FMT(message_sender(h, 1)), SES_FMT(message_queue_id(h, 1)));
    sent(h, maillog(h), 5, "ann@mail.test");
    read_once(h);
    sent(h, maillog(h), 5, "bob@mail.test");
    read_once(h);
    expect_events(h, "Send; Delivery ann@mail.test; Delivery bob@mail.test");
}

/* Renamed while it is read, and written to until the new one is. */
static void
test_rotation(void **state)
{
    host_t *h = *state;
    const char *old =
        ses_str_printf(h->arena, "%s.20261124-033019", maillog(h)).p;
    follow_t *f = follow_new(&h->agent);

    message(h, 1, ses_clock_ms(), two);
    queued(h, maillog(h), 1);
    read_all(f);
    rename(maillog(h), old);
    read_all(f);
    sent(h, old, 1, "ann@mail.test");
    sent(h, maillog(h), 1, "bob@mail.test");
    read_all(f);
    expect_events(h, "Send; Delivery ann@mail.test; Delivery bob@mail.test");
    assert_int_equal(f->log.offset, f->offset);
    follow_free(f);
}

/* Rotated twice while nobody read; one of the files is not ours to read. */
static void
test_rotations_missed(void **state)
{
    host_t *h = *state;
    const char *first = ses_str_printf(h->arena, "%s.1", maillog(h)).p;
    const char *second = ses_str_printf(h->arena, "%s.2", maillog(h)).p;
    const char *packed = ses_str_printf(h->arena, "%s.3.gz", maillog(h)).p;

    message(h, 1, ses_clock_ms(), two);
    message(h, 2, ses_clock_ms(), ann);
    queued(h, maillog(h), 1);
    read_once(h);
    sent(h, maillog(h), 1, "ann@mail.test");
    rename(maillog(h), second);
    usleep(10000);
    sent(h, maillog(h), 1, "bob@mail.test");
    rename(maillog(h), first);
    usleep(10000);
    queued(h, packed, 2);
    usleep(10000);
    sent(h, maillog(h), 2, "ann@mail.test");
    read_once(h);
    expect_events(h, "Send; Delivery ann@mail.test; Delivery bob@mail.test; "
                     "Send; Delivery ann@mail.test");
}

/* The file that was read is gone: what was written since is read. */
static void
test_file_gone(void **state)
{
    host_t *h = *state;
    const char *first = ses_str_printf(h->arena, "%s.1", maillog(h)).p;

    message(h, 1, ses_clock_ms(), two);
    queued(h, maillog(h), 1);
    assert_int_equal(
        link(maillog(h), ses_str_printf(h->arena, "%s/kept", h->dir).p), 0);
    read_once(h);
    unlink(maillog(h));
    usleep(10000);
    sent(h, maillog(h), 1, "ann@mail.test");
    rename(maillog(h), first);
    usleep(10000);
    sent(h, maillog(h), 1, "bob@mail.test");
    read_once(h);
    expect_events(h, "Send; Delivery ann@mail.test; Delivery bob@mail.test");
}

/* copytruncate, while reading and while not; longer or shorter than before */
static void
test_replaced(void **state)
{
    host_t *h = *state;
    follow_t *f = follow_new(&h->agent);

    message(h, 1, ses_clock_ms(), two);
    message(h, 2, ses_clock_ms(), two);
    queued(h, maillog(h), 1);
    read_all(f);
    assert_int_equal(truncate(maillog(h), 0), 0);
    sent(h, maillog(h), 1, "ann@mail.test");
    read_all(f);
    follow_free(f);

    assert_int_equal(truncate(maillog(h), 0), 0);
    for (int i = 0; i < 10; i++)
        queued(h, maillog(h), 2);
    sent(h, maillog(h), 1, "bob@mail.test");
    read_once(h);
    expect_events(h, "Send; Delivery ann@mail.test; Send; "
                     "Delivery bob@mail.test");
    assert_true(agent_log_gap(&h->agent) > 0);
}

/* More facts than one batch, lines that are too long, bytes that are none. */
static void
test_many(void **state)
{
    host_t *h = *state;
    char *junk = calloc(1, 200000);
    FILE *f;

    for (unsigned n = 1; n <= 300; n++) {
        message(h, n, ses_clock_ms(), ann);
        queued(h, maillog(h), n);
        sent(h, maillog(h), n, "ann@mail.test");
        removed(h, maillog(h), n);
        if (n == 150) {
            f = fopen(maillog(h), "a");
            memset(junk, 'x', 199000);
            fwrite(junk, 1, 200000, f);
            fputs("\n\n\n", f);
            fclose(f);
        }
    }
    read_once(h);
    for (unsigned n = 1; n <= 300; n++)
        assert_int_equal(message_state(h, n), SES_MESSAGE_QUEUED);
    assert_int_equal(all_events(h).n, 300 * 30 - 2);
    free(junk);
}

/* An entry that cannot be read holds up nobody. */
static void
test_damaged_entry(void **state)
{
    host_t *h = *state;
    uint8_t key[SES_MSGID_KEY];
    ses_txn_t *t = begin(h);

    ses_msgid_key(message_id(1), key);
    must(h, ses_store_put(&h->cx, t, SES_DB_MESSAGE,
                          ses_str_n(key, sizeof(key)), SES_STR("damaged")));
    must(h, ses_txn_commit(&h->cx, t));
    message(h, 2, ses_clock_ms(), ann);
    queued(h, maillog(h), 1);
    queued(h, maillog(h), 2);
    sent(h, maillog(h), 2, "ann@mail.test");
    read_once(h);
    expect_events(h, "Send; Delivery ann@mail.test");
    assert_int_equal(message_state(h, 2), SES_MESSAGE_QUEUED);
}

static void
test_no_log(void **state)
{
    host_t *h = *state;
    follow_t *f = follow_new(&h->agent);

    assert_int_equal(follow_step(f), FOLLOW_STUCK);
    assert_int_equal(agent_log_end(&h->agent), 0);
    message(h, 1, ses_clock_ms(), ann);
    queued(h, maillog(h), 1);
    read_all(f);
    follow_free(f);
    expect_events(h, "Send");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_delivered),     TEST(test_repeats),
        TEST(test_resume),        TEST(test_bounced),
        TEST(test_nobody_left),   TEST(test_lost_line),
        TEST(test_lost_lines),    TEST(test_deleted),
        TEST(test_refused),       TEST(test_requeued),
        TEST(test_rotation),      TEST(test_rotations_missed),
        TEST(test_file_gone),     TEST(test_replaced),
        TEST(test_many),          TEST(test_no_log),
        TEST(test_damaged_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
