/*
 * test_send - what to do next, for every answer and ledger state
 */
#include "model_store.h"

#include "../../nginx-module/api/send.c"

#define MAIL SES_STR("news@shop.test")
#define DATA SES_STR("From: news@shop.test\r\n\r\nhi\r\n")

static api_env_t env;
static const ses_str_t rcpts[] = {SES_STR_INIT("ann@mail.test")};
static const ses_msgid_t id1 = {NOW, 560, 1, 11202641};

static void
silent(ses_log_level_t level, const char *line)
{
    (void) level;
    (void) line;
}

static api_call_t *
new_call(void)
{
    static const api_header_t invocation[] = {
        {SES_STR_INIT("amz-sdk-invocation-id"), SES_STR_INIT("one")}};
    api_call_t *c;

    ses_log_open("test", silent);
    env.conf.region = SES_STR("us-east-1");
    env.conf.node = 1;
    env.ticket.n = 1;
    env.ticket.keys[0].id = 'a';
    c = api_call_new(&env);
    c->cx.account = ACCOUNT;
    c->key.id = SES_STR("AKIDEXAMPLE");
    c->req.headers = invocation;
    c->req.nheaders = 1;
    c->req.client = SES_STR("192.0.2.1");
    c->message = (op_send_t){
        .mail = MAIL,
        .rcpts = rcpts,
        .nrcpts = 1,
        .data = DATA,
        .operation = "SendEmail",
    };
    assert_int_equal(send_prepare(c), SES_OK);
    return c;
}

/* The gate's commit for this call. */
static void
accept(fixture_t *f, api_call_t *c, bool queued)
{
    ses_rcpt_t r = {.addr = rcpts[0]};
    ses_message_t m = {
        .id = id1,
        .state = SES_MESSAGE_PREPARED,
        .account = ACCOUNT,
        .committed = NOW,
        .send_key = ses_str_n(c->send.key, SES_SEND_KEY),
        .identity = SES_STR("shop.test"),
        .source = MAIL,
        .mail_base = SES_STR("\"a\":1"),
        .rcpts = &r,
        .nrcpts = 1,
    };
    bool changed;

    assert_int_equal(ses_message_insert(&f->cx, f->t, &m,
                                        ses_str_n(c->send.body, SES_BODY_HASH)),
                     SES_OK);
    if (queued)
        assert_int_equal(ses_message_queued(&f->cx, f->t, id1, &changed),
                         SES_OK);
}

static void
expect_id(fixture_t *f, api_call_t *c)
{
    assert_int_equal(c->rc, SES_OK);
    assert_true(
        ses_str_eq(c->send.message_id,
                   ses_msgid_format(f->arena, id1, SES_STR("us-east-1"))));
}

static const struct {
    const char *line;
    send_next_t next;
    ses_rc_t rc;
    const char *why;
} answers[] = {
    {"554 5.7.1 Message rejected: Email address is not verified.", SEND_DONE,
     SES_REJECTED, "Email address is not verified."},
    {"454 4.7.0 Throttling failure: Maximum sending rate exceeded", SEND_DONE,
     SES_THROTTLED, "Maximum sending rate exceeded."},
    {"454 4.7.0 Throttling failure: Daily message quota exceeded", SEND_DONE,
     SES_QUOTA, "Daily message quota exceeded."},
    {"451 4.7.1 Service unavailable - try again later", SEND_FRESH, SES_OK,
     NULL},
    {"421 4.3.2 going down", SEND_FRESH, SES_OK, NULL},
    {"451 4.3.0 Temporary service failure", SEND_DONE, SES_FAULT, NULL},
    {"452 4.3.1 Insufficient system storage", SEND_DONE, SES_BUSY, NULL},
    {"451 4.7.0 Ticket is stale, stamp it anew", SEND_INJECT, SES_OK, NULL},
    {"554 5.7.7 Ticket refused", SEND_DONE, SES_FAULT, NULL},
    {"550 5.1.1 no such thing", SEND_DONE, SES_INVALID, "5.1.1 no such thing"},
    {"nonsense", SEND_DONE, SES_BUSY, NULL},
    /* accepted, but not by a queue with long ids: the ledger is asked */
    {"250 2.0.0 Ok: queued as 4F2A", SEND_INJECT, SES_OK, NULL},
    /* a duplicate that is in no ledger was aborted meanwhile */
    {"554 5.7.1 duplicate of X", SEND_INJECT, SES_OK, NULL},
};

static void
test_answers(void **state)
{
    fixture_t *f = *state;
    send_next_t next;
    api_call_t *c;
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        c = new_call();
        assert_int_equal(send_first(c, f->t), SEND_INJECT);
        next = send_answer(c, f->t, ses_str(answers[i].line));
        if (next != answers[i].next || c->rc != answers[i].rc)
            fail_msg("%s: %d %s", answers[i].line, next, ses_rc_name(c->rc));
        if (answers[i].why != NULL)
            assert_string_equal(ses_str_c(f->arena, c->cx.why), answers[i].why);
        api_call_free(c);
    }
}

static void
test_accepted(void **state)
{
    fixture_t *f = *state;
    api_call_t *c = new_call();
    ses_str_t line =
        ses_str_printf(f->arena, "250 2.0.0 Ok: 62 bytes queued as %.*s",
                       SES_FMT(ses_queueid_format(f->arena, id1)));

    assert_int_equal(send_answer(c, f->t, line), SEND_DONE);
    expect_id(f, c);
    api_call_free(c);
}

/* Nothing is tried for ever. */
static void
test_once(void **state)
{
    static const struct {
        const char *line;
        send_next_t first;
    } each[] = {
        {"451 4.7.1 Service unavailable - try again later", SEND_FRESH},
        {"451 4.7.0 Ticket is stale, stamp it anew", SEND_INJECT},
        {"554 5.7.1 duplicate of X", SEND_INJECT},
    };
    fixture_t *f = *state;
    api_call_t *c;
    size_t i;

    for (i = 0; i < 3; i++) {
        c = new_call();
        assert_int_equal(send_answer(c, f->t, ses_str(each[i].line)),
                         each[i].first);
        assert_int_equal(send_answer(c, f->t, ses_str(each[i].line)),
                         SEND_DONE);
        assert_int_equal(c->rc, SES_BUSY);
        api_call_free(c);
    }
}

static void
test_lost(void **state)
{
    fixture_t *f = *state;
    api_call_t *c = new_call();

    /* before the message: nothing was queued */
    assert_int_equal(send_lost(c, f->t, false), SEND_FRESH);
    assert_int_equal(send_lost(c, f->t, false), SEND_DONE);
    assert_int_equal(c->rc, SES_BUSY);
    api_call_free(c);

    /* after it, and no entry: once more */
    c = new_call();
    assert_int_equal(send_lost(c, f->t, true), SEND_INJECT);
    accept(f, c, false);
    assert_int_equal(send_lost(c, f->t, true), SEND_LOOK);
    assert_int_equal(send_look(c, f->t), SEND_LOOK);
    c->send.look_until = 1;
    assert_int_equal(send_look(c, f->t), SEND_DONE);
    assert_int_equal(c->rc, SES_BUSY);
    api_call_free(c);
}

static void
test_ledger(void **state)
{
    fixture_t *f = *state;
    api_call_t *c = new_call();
    bool changed;

    assert_int_equal(send_first(c, f->t), SEND_INJECT);
    accept(f, c, false);
    assert_int_equal(send_first(c, f->t), SEND_LOOK);
    assert_int_equal(send_answer(c, f->t, SES_STR("554 5.7.1 duplicate of X")),
                     SEND_LOOK);

    /* proved meanwhile */
    assert_int_equal(ses_message_queued(&f->cx, f->t, id1, &changed), SES_OK);
    assert_int_equal(send_look(c, f->t), SEND_DONE);
    expect_id(f, c);
    api_call_free(c);

    /* a client's retry */
    c = new_call();
    assert_int_equal(send_first(c, f->t), SEND_DONE);
    expect_id(f, c);
    api_call_free(c);

    /* the same key, another request */
    c = new_call();
    c->send.body[0] ^= 1;
    assert_int_equal(send_first(c, f->t), SEND_DONE);
    assert_int_equal(c->rc, SES_INVALID);
    api_call_free(c);

    /* without a store */
    c = new_call();
    assert_int_equal(send_first(c, NULL), SEND_DONE);
    assert_int_equal(c->rc, SES_BUSY);
    api_call_free(c);
}

static void
test_aborted(void **state)
{
    fixture_t *f = *state;
    api_call_t *c = new_call();
    bool changed;

    accept(f, c, false);
    assert_int_equal(send_first(c, f->t), SEND_LOOK);
    assert_int_equal(ses_message_abort(&f->cx, f->t, id1, &changed), SES_OK);
    assert_int_equal(send_look(c, f->t), SEND_INJECT);
    assert_int_equal(send_look(c, f->t), SEND_DONE); /* not for ever */
    assert_int_equal(c->rc, SES_BUSY);
    api_call_free(c);
}

static const struct {
    ses_str_t mail, rcpt, data;
    ses_rc_t rc;
} contents[] = {
    {SES_STR_INIT("a@b"), SES_STR_INIT("c@d"), SES_STR_INIT("A: b\r\n"),
     SES_OK},
    {SES_STR_INIT(""), SES_STR_INIT("\"c d\"@e"), SES_STR_INIT("A : b\r\n"),
     SES_OK},
    {SES_STR_INIT("a@b"), SES_STR_INIT("c@d"), SES_STR_INIT(" A: b\r\n"),
     SES_INVALID},
    {SES_STR_INIT("a@b"), SES_STR_INIT("c@d"), SES_STR_INIT("\tA: b\r\n"),
     SES_INVALID},
    {SES_STR_INIT("a@b"), SES_STR_INIT("c@d"),
     SES_STR_INIT("From a@b Tue\r\nA: b"), SES_INVALID},
    {SES_STR_INIT("a@b"), SES_STR_INIT("c@d"), SES_STR_INIT("\r\nbody"),
     SES_INVALID},
    {SES_STR_INIT("a@b"), SES_STR_INIT("c@d"), SES_STR_INIT(": b\r\n"),
     SES_INVALID},
    {SES_STR_INIT("a@b"), SES_STR_INIT("c@d"), SES_STR_INIT("A\r\n: b\r\n"),
     SES_INVALID},
    {SES_STR_INIT("a@b"), SES_STR_INIT("c@d"), SES_STR_INIT(""), SES_INVALID},
    {SES_STR_INIT("a@b\r\nDATA"), SES_STR_INIT("c@d"), SES_STR_INIT("A: b"),
     SES_INVALID},
    {SES_STR_INIT("a@b"), SES_STR_INIT("c@d>\nRSET"), SES_STR_INIT("A: b"),
     SES_INVALID},
    {SES_STR_INIT("a@b"), SES_STR_INIT(""), SES_STR_INIT("A: b"), SES_INVALID},
    {SES_STR_INIT("a@b"), SES_STR_INIT("\xc3\xa9@d"), SES_STR_INIT("A: b"),
     SES_INVALID},
};

static void
test_prepare(void **state)
{
    api_call_t *c;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        c = new_call();
        c->message.mail = contents[i].mail;
        c->message.rcpts = &contents[i].rcpt;
        c->message.data = contents[i].data;
        if (send_prepare(c) != contents[i].rc)
            fail_msg("case %zu", i);
        api_call_free(c);
    }
}

/* The key is the explicit one, else the SDK's, else the request's own. */
static void
test_key(void **state)
{
    static const api_header_t both[] = {
        {SES_STR_INIT("amz-sdk-invocation-id"), SES_STR_INIT("one")},
        {SES_STR_INIT("Idempotency-Key"), SES_STR_INIT("two")}};
    uint8_t want[SES_SEND_KEY];
    api_call_t *c = new_call();

    (void) state;
    ses_send_key(c->key.id, SES_STR("one"), 0, want);
    assert_memory_equal(c->send.key, want, SES_SEND_KEY);

    c->req.headers = both;
    c->req.nheaders = 2;
    assert_int_equal(send_prepare(c), SES_OK);
    ses_send_key(c->key.id, SES_STR("two"), 0, want);
    assert_memory_equal(c->send.key, want, SES_SEND_KEY);

    c->req.nheaders = 0;
    assert_int_equal(send_prepare(c), SES_OK);
    ses_send_key(c->key.id, c->cx.request_id, 0, want);
    assert_memory_equal(c->send.key, want, SES_SEND_KEY);
    api_call_free(c);
}

/* The gate reads what was stamped. */
static void
test_ticket(void **state)
{
    fixture_t *f = *state;
    api_call_t *c = new_call();
    ses_str_t line = send_ticket(c), value, second;
    ses_cx_t cx = ses_cx(f->arena, ses_clock_ms());
    ses_ticket_t t;

    assert_true(ses_str_starts(line, SES_STR("X-Sesame-Ticket: ")));
    assert_true(ses_str_ends(line, SES_STR("\r\n")));
    second =
        ses_str_from(line, (size_t) ses_str_search(line, SES_STR("\r\n")) + 2);
    assert_true(ses_str_eqc(second, "X-Sesame-Caller: tls=0 agent=\r\n"));
    line.n -= second.n;
    assert_true(line.n < 1024);
    value = ses_str_trim(ses_str_from(line, strlen("X-Sesame-Ticket: ")));
    assert_int_equal(
        ses_ticket_parse(&cx, &env.ticket, value, MAIL, rcpts, 1, &t), SES_OK);
    assert_true(ses_str_eq(t.request_id, c->cx.request_id));
    assert_true(ses_str_eq(t.account, ACCOUNT));
    assert_memory_equal(t.send_key, c->send.key, SES_SEND_KEY);
    api_call_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_answers), TEST(test_accepted), TEST(test_once),
        TEST(test_lost),    TEST(test_ledger),   TEST(test_aborted),
        TEST(test_prepare), TEST(test_key),      TEST(test_ticket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
