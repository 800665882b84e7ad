/*
 * test_fact - what happened, once: duplicates, ends, events, suppression
 */
#include "model_store.h"

#include "../../shared/model/fact.c"

#include "seeded.h"

#define ID "0100019ab1c2d3e4-1b2c3d4e-5f60-4a7b-8c9d-0e1f2a3b4c5d-000000"

static const ses_msgid_t id = {NOW, 560, 3, 11202641};

static void
insert_as(fixture_t *f, ses_msgid_t which, ses_str_t set)
{
    ses_rcpt_t rcpts[] = {
        {SES_STR_INIT("ann@mail.test"), SES_RCPT_KEPT, 0, 0},
        {SES_STR_INIT("sup@mail.test"), SES_RCPT_SUPPRESSED,
         SES_REASON_COMPLAINT, 0},
        {SES_STR_INIT("bob@mail.test"), SES_RCPT_KEPT, 0, 0},
    };
    ses_message_t m = {.id = which,
                       .state = SES_MESSAGE_PREPARED,
                       .account = ACCOUNT,
                       .config_set = set,
                       .committed = NOW + 400,
                       .mail_base = SES_STR("\"messageId\":\"" ID "\""),
                       .mail_headers = SES_STR("\"headers\":[]"),
                       .mail_tags = SES_STR("\"tags\":{}"),
                       .rcpts = rcpts,
                       .nrcpts = 3};

    assert_int_equal(ses_message_insert(&f->cx, f->t, &m, SES_STR("")), SES_OK);
}

static void
insert(fixture_t *f)
{
    insert_as(f, id, SES_STR("marketing"));
}

static void
put_account(fixture_t *f, unsigned reasons)
{
    ses_account_t a;
    ses_change_t c = {0};

    ses_account_init(&a, ACCOUNT, NOW);
    a.reasons = reasons;
    a.version = SES_VERSION_ANY;
    ses_account_put(&f->cx, &c, &a);
    apply(f, &c);
}

static ses_fact_t
fact(ses_event_type_t type, const char *recipient)
{
    return (ses_fact_t){.type = type,
                        .id = id,
                        .recipient = ses_str(recipient),
                        .key_extra = SES_STR(""),
                        .when = NOW + 2000,
                        .detail = SES_STR("{\"x\":1}"),
                        .hard = type == SES_EVENT_BOUNCE ||
                                type == SES_EVENT_COMPLAINT,
                        .feedback_id = SES_STR("fb-1")};
}

static bool
append(fixture_t *f, const ses_fact_t *x)
{
    bool added = false;
    ses_rc_t rc = ses_event_append(&f->cx, f->t, x, &added);

    if (rc != SES_OK)
        fail_msg("%s: %.*s", ses_rc_name(rc), SES_FMT(f->cx.why));
    return added;
}

static bool
happened(fixture_t *f, ses_event_type_t type, const char *recipient)
{
    ses_fact_t x = fact(type, recipient);

    return append(f, &x);
}

static ses_rc_t
print(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    (void) cx;
    ses_buf_printf(arg, "%llu:%s ", (unsigned long long) e->seq,
                   ses_event_name(e->type));
    return SES_OK;
}

static ses_str_t
events(fixture_t *f)
{
    ses_buf_t b;

    ses_buf_init(&b, f->arena, 10000);
    assert_int_equal(ses_event_walk(&f->cx, f->t, ACCOUNT, 0, print, &b),
                     SES_OK);
    return ses_buf_get(&b);
}

static ses_rc_t
keep(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    ses_event_t *out = arg;

    *out = *e;
    out->body = ses_str_dup(cx->arena, e->body);
    out->account = ses_str_dup(cx->arena, e->account);
    out->set = ses_str_dup(cx->arena, e->set);
    return SES_NOT_FOUND;
}

static ses_event_t
event(fixture_t *f, uint64_t seq)
{
    ses_event_t e;

    assert_int_equal(ses_event_walk(&f->cx, f->t, ACCOUNT, seq - 1, keep, &e),
                     SES_OK);
    assert_int_equal(e.seq, seq);
    return e;
}

static unsigned
end_of(fixture_t *f, const char *addr)
{
    ses_message_t m;
    int i;

    assert_int_equal(ses_message_find(&f->cx, f->t, ACCOUNT, id, &m), SES_OK);
    i = ses_message_rcpt(&m, ses_str(addr));
    assert_true(i >= 0);
    return m.rcpts[i].end;
}

static void
test_queued(void **state)
{
    fixture_t *f = *state;
    ses_event_t e;
    cJSON *j;
    const cJSON *bounce, *one;

    insert(f);
    assert_int_equal(ses_event_queued(&f->cx, f->t, id, NOW), SES_OK);
    assert_int_equal(ses_event_queued(&f->cx, f->t, id, NOW + 9000), SES_OK);
    assert_true(same(events(f), "1:Send 2:Bounce "));
    assert_int_equal(count(f, SES_DB_PREPARED), 0);
    assert_int_equal(end_of(f, "sup@mail.test"), SES_RCPT_BOUNCED);
    assert_int_equal(end_of(f, "ann@mail.test"), SES_RCPT_OPEN);

    e = event(f, 1);
    assert_int_equal(e.when, NOW + 400); /* not before it was accepted */
    assert_int_equal(e.id.inode, id.inode);
    assert_true(ses_str_eq(e.account, ACCOUNT));
    assert_true(same(e.set, "marketing"));
    assert_true(same(e.body,
                     "{\"eventType\":\"Send\",\"mail\":{\"messageId\":\"" ID
                     "\",\"headers\":[],\"tags\":{}},\"send\":{}}"));

    e = event(f, 2);
    assert_int_equal(ses_json_parse(&f->cx, e.body, &j), SES_OK);
    bounce = ses_json_get(j, "bounce");
    assert_true(same(ses_json_str(bounce, "bounceType"), "Permanent"));
    assert_true(same(ses_json_str(bounce, "bounceSubType"),
                     "OnAccountSuppressionList"));
    assert_true(same(ses_json_str(bounce, "timestamp"),
                     ses_str_c(f->arena, ses_clock_iso(f->arena, NOW + 400))));
    assert_true(ses_str_eq(ses_json_str(bounce, "feedbackId"),
                           ses_event_feedback_id(f->arena, SES_STR("us-east-1"),
                                                 id, SES_STR("sup@mail.test"),
                                                 SES_EVENT_BOUNCE)));
    one = cJSON_GetArrayItem(ses_json_get(bounce, "bouncedRecipients"), 0);
    assert_true(same(ses_json_str(one, "emailAddress"), "sup@mail.test"));
    assert_true(same(ses_json_str(one, "action"), "failed"));
    assert_true(same(ses_json_str(one, "status"), "5.1.1"));
    assert_true(ses_str_starts(
        ses_json_str(one, "diagnosticCode"),
        SES_STR("Amazon SES did not send the message to this address because "
                "it is on the suppression list for your account.")));
    ses_json_free(j);
    assert_int_equal(count(f, SES_DB_SUPPRESSION), 0);

    /* nobody can tell more of a recipient that was removed */
    assert_false(happened(f, SES_EVENT_DELIVERY, "sup@mail.test"));
    assert_false(happened(f, SES_EVENT_BOUNCE, "sup@mail.test"));
    assert_false(happened(f, SES_EVENT_COMPLAINT, "sup@mail.test"));
}

/* Nothing else is told of what was rejected, whoever would have got it. */
static void
test_rejected(void **state)
{
    fixture_t *f = *state;
    ses_rcpt_t rcpts[] = {
        {SES_STR_INIT("ann@mail.test"), SES_RCPT_REJECTED, 0, 0},
        {SES_STR_INIT("bob@mail.test"), SES_RCPT_REJECTED, 0, 0}};
    ses_message_t m = {.id = id,
                       .state = SES_MESSAGE_PREPARED,
                       .account = ACCOUNT,
                       .committed = NOW,
                       .mail_tags = SES_STR("\"tags\":{}"),
                       .rcpts = rcpts,
                       .nrcpts = 2};
    uint64_t n;

    assert_int_equal(ses_message_insert(&f->cx, f->t, &m, SES_STR("")), SES_OK);
    assert_int_equal(ses_event_queued(&f->cx, f->t, id, NOW), SES_OK);
    assert_int_equal(ses_event_queued(&f->cx, f->t, id, NOW + 9000), SES_OK);
    assert_true(same(events(f), "1:Send 2:Reject "));
    assert_true(same(event(f, 2).body,
                     "{\"eventType\":\"Reject\",\"mail\":{\"tags\":{}},"
                     "\"reject\":{\"reason\":\"Bad content\"}}"));
    assert_false(happened(f, SES_EVENT_DELIVERY, "ann@mail.test"));
    assert_false(happened(f, SES_EVENT_BOUNCE, "bob@mail.test"));
    assert_false(happened(f, SES_EVENT_COMPLAINT, "ann@mail.test"));
    assert_int_equal(count(f, SES_DB_OPEN), 0);
    assert_int_equal(
        ses_counter_get(
            &f->cx, f->t,
            ses_str_printf(
                f->arena, "event.%.*s.REJECT.%.*s", SES_FMT(ACCOUNT),
                SES_FMT(ses_str_head(ses_clock_amz(f->arena, NOW), 8))),
            &n),
        SES_OK);
    assert_int_equal(n, 1);
}

static void
test_first_fact_is_proof(void **state)
{
    fixture_t *f = *state;

    insert(f);
    assert_false(happened(f, SES_EVENT_DELIVERY, "eve@mail.test"));
    assert_false(happened(f, SES_EVENT_DELIVERY, ""));
    assert_int_equal(count(f, SES_DB_PREPARED), 1);
    assert_true(happened(f, SES_EVENT_DELIVERY, "ann@mail.test"));
    assert_true(same(events(f), "1:Send 2:Bounce 3:Delivery "));
    assert_true(same(event(f, 3).body,
                     "{\"eventType\":\"Delivery\",\"mail\":{\"messageId\":\"" ID
                     "\",\"headers\":[],\"tags\":{}},\"delivery\":{\"x\":1}}"));
    assert_false(happened(f, SES_EVENT_SEND, ""));
}

static void
test_delay(void **state)
{
    fixture_t *f = *state;
    ses_fact_t x;

    insert(f);
    x = fact(SES_EVENT_DELIVERY_DELAY, "ann@mail.test");
    x.key_extra = SES_STR("0.28");
    assert_true(append(f, &x));
    assert_false(append(f, &x)); /* the line read again */
    x.key_extra = SES_STR("300.1");
    assert_true(append(f, &x));
    assert_true(same(events(f), "1:Send 2:Bounce 3:DeliveryDelay "
                                "4:DeliveryDelay "));
    assert_true(same(event(f, 3).body,
                     "{\"eventType\":\"DeliveryDelay\",\"mail\":{\"messageId\""
                     ":\"" ID "\",\"tags\":{}},\"deliveryDelay\":{\"x\":1}}"));
}

static void
test_ends(void **state)
{
    fixture_t *f = *state;

    put_account(f, SES_REASON_ANY);
    insert(f);
    assert_true(happened(f, SES_EVENT_DELIVERY, "ann@mail.test"));
    assert_false(happened(f, SES_EVENT_DELIVERY, "ann@mail.test"));
    /* the next host took it and returned it later */
    assert_true(happened(f, SES_EVENT_BOUNCE, "ann@mail.test"));
    assert_int_equal(end_of(f, "ann@mail.test"), SES_RCPT_BOUNCED);
    assert_false(happened(f, SES_EVENT_BOUNCE, "ann@mail.test"));
    assert_false(happened(f, SES_EVENT_DELIVERY, "ann@mail.test"));
    assert_int_equal(end_of(f, "bob@mail.test"), SES_RCPT_OPEN);

    assert_true(happened(f, SES_EVENT_BOUNCE, "bob@mail.test"));
    assert_false(happened(f, SES_EVENT_DELIVERY, "bob@mail.test"));
    assert_true(happened(f, SES_EVENT_COMPLAINT, "bob@mail.test"));
    assert_false(happened(f, SES_EVENT_COMPLAINT, "bob@mail.test"));
    assert_true(same(events(f), "1:Send 2:Bounce 3:Delivery 4:Bounce "
                                "5:Bounce 6:Complaint "));
}

static void
test_aborted(void **state)
{
    fixture_t *f = *state;
    bool changed;

    insert(f);
    assert_int_equal(ses_message_abort(&f->cx, f->t, id, &changed), SES_OK);
    assert_false(happened(f, SES_EVENT_DELIVERY, "ann@mail.test"));
    assert_int_equal(ses_event_queued(&f->cx, f->t, id, NOW), SES_OK);
    assert_true(same(events(f), ""));
}

static void
test_unknown(void **state)
{
    fixture_t *f = *state;
    ses_fact_t x = fact(SES_EVENT_DELIVERY, "ann@mail.test");
    bool added = true;

    assert_int_equal(ses_event_append(&f->cx, f->t, &x, &added), SES_NOT_FOUND);
    assert_int_equal(ses_event_queued(&f->cx, f->t, id, NOW), SES_NOT_FOUND);
}

static ses_rc_t
add_up(ses_cx_t *cx, ses_str_t name, uint64_t n, void *arg)
{
    (void) cx;
    ses_buf_printf(arg, "%.*s=%llu ", SES_FMT(name), (unsigned long long) n);
    return SES_OK;
}

static void
test_counted(void **state)
{
    fixture_t *f = *state;
    ses_buf_t b;

    insert(f);
    happened(f, SES_EVENT_DELIVERY, "ann@mail.test");
    happened(f, SES_EVENT_DELIVERY, "ann@mail.test");
    happened(f, SES_EVENT_BOUNCE, "ann@mail.test");
    happened(f, SES_EVENT_BOUNCE, "bob@mail.test");
    ses_buf_init(&b, f->arena, 10000);
    assert_int_equal(ses_counter_list(&f->cx, f->t,
                                      SES_STR("event.123456789012."), add_up,
                                      &b),
                     SES_OK);
    assert_true(same(ses_buf_get(&b), "event.123456789012.BOUNCE.20261124=2 "
                                      "event.123456789012.DELIVERY.20261124=1 "
                                      "event.123456789012.SEND.20261124=1 "
                                      "event.123456789012.SUPPRESSED.20261124="
                                      "1 "));
}

/* --- suppression ------------------------------------------------------- */

static void
put_set(fixture_t *f, bool has, unsigned reasons)
{
    ses_config_set_t s = {.account = ACCOUNT,
                          .name = SES_STR("marketing"),
                          .sending = true,
                          .has_suppression = has,
                          .reasons = reasons,
                          .version = SES_VERSION_ANY};
    ses_change_t c = {0};

    ses_config_set_put(&f->cx, &c, &s);
    apply(f, &c);
}

#define NO_SET 99u
#define NO_ACCOUNT 99u

static void
test_suppressed(void **state)
{
    static const struct {
        unsigned account; /* reasons */
        bool set_has;
        unsigned set; /* NO_SET = there is none */
        ses_event_type_t type;
        bool hard;
        unsigned want; /* reason, 0 = not on the list */
    } cases[] = {
        {3, false, NO_SET, SES_EVENT_BOUNCE, true, 1},
        {3, false, NO_SET, SES_EVENT_COMPLAINT, true, 2},
        {3, false, NO_SET, SES_EVENT_BOUNCE, false, 0},
        {1, false, NO_SET, SES_EVENT_COMPLAINT, true, 0},
        {2, false, NO_SET, SES_EVENT_BOUNCE, true, 0},
        {0, false, NO_SET, SES_EVENT_BOUNCE, true, 0},
        {NO_ACCOUNT, false, NO_SET, SES_EVENT_BOUNCE, true, 0},
        {3, false, 0, SES_EVENT_BOUNCE, true, 1}, /* inherits */
        {3, true, 0, SES_EVENT_BOUNCE, true, 0},
        {3, true, 2, SES_EVENT_BOUNCE, true, 0},
        {0, true, 1, SES_EVENT_BOUNCE, true, 1},
        {0, true, 3, SES_EVENT_COMPLAINT, true, 2},
    };
    fixture_t *f = *state;
    ses_suppression_t s;
    ses_fact_t x;
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (i > 0) {
            teardown(state);
            setup(state);
            f = *state;
        }
        if (cases[i].account != NO_ACCOUNT)
            put_account(f, cases[i].account);
        if (cases[i].set != NO_SET)
            put_set(f, cases[i].set_has, cases[i].set);
        insert(f);
        x = fact(cases[i].type, "ann@mail.test");
        x.hard = cases[i].hard;
        assert_true(append(f, &x));
        rc = ses_suppression_find(&f->cx, f->t, ACCOUNT,
                                  SES_STR("ann@mail.test"), SES_REASON_ANY, &s);
        if (rc != (cases[i].want == 0 ? SES_NOT_FOUND : SES_OK))
            fail_msg("case %zu: %s", i, ses_rc_name(rc));
        if (rc != SES_OK)
            continue;
        assert_int_equal(s.reason, cases[i].want);
        assert_int_equal(s.since, NOW + 2000);
        assert_true(same(s.message_id, ID));
        assert_true(same(s.feedback_id, "fb-1"));
    }
}

static void
test_suppressed_newer_stays(void **state)
{
    fixture_t *f = *state;
    ses_suppression_t s = {.account = ACCOUNT,
                           .address = SES_STR("ann@mail.test"),
                           .reason = SES_REASON_COMPLAINT,
                           .since = NOW + 2001,
                           .version = SES_VERSION_NONE};
    ses_change_t c = {0};

    put_account(f, SES_REASON_ANY);
    ses_suppression_put(&f->cx, &c, &s);
    apply(f, &c);
    insert(f);
    assert_true(happened(f, SES_EVENT_BOUNCE, "ann@mail.test"));
    assert_int_equal(ses_suppression_find(&f->cx, f->t, ACCOUNT, s.address,
                                          SES_REASON_ANY, &s),
                     SES_OK);
    assert_int_equal(s.reason, SES_REASON_COMPLAINT);
    assert_int_equal(s.since, NOW + 2001);

    s.since = NOW;
    ses_suppression_put(&f->cx, &c, &s);
    apply(f, &c);
    assert_true(happened(f, SES_EVENT_COMPLAINT, "ann@mail.test"));
    assert_int_equal(ses_suppression_find(&f->cx, f->t, ACCOUNT, s.address,
                                          SES_REASON_ANY, &s),
                     SES_OK);
    assert_int_equal(s.since, NOW + 2000);
    assert_int_equal(count(f, SES_DB_SUPPRESSION), 1);
}

/* --- ids --------------------------------------------------------------- */

static void
test_feedback_id(void **state)
{
    fixture_t *f = *state;
    ses_str_t ann = SES_STR("ann@mail.test"), region = SES_STR("eu-west-1");
    ses_str_t a =
        ses_event_feedback_id(f->arena, region, id, ann, SES_EVENT_BOUNCE);
    ses_msgid_t other = id, parsed;

    assert_int_equal(a.n, SES_MSGID_LEN);
    assert_true(ses_str_starts(a, SES_STR("0102")));
    assert_true(ses_str_ends(a, SES_STR("-000000")));
    assert_false(ses_msgid_parse(a, &parsed)); /* not taken for a message */
    assert_true(ses_str_eq(
        a, ses_event_feedback_id(f->arena, region, id, ann, SES_EVENT_BOUNCE)));
    assert_false(ses_str_eq(a, ses_event_feedback_id(f->arena, region, id, ann,
                                                     SES_EVENT_COMPLAINT)));
    assert_false(ses_str_eq(a, ses_event_feedback_id(f->arena, region, id,
                                                     SES_STR("b@mail.test"),
                                                     SES_EVENT_BOUNCE)));
    other.inode++;
    assert_false(ses_str_eq(a, ses_event_feedback_id(f->arena, region, other,
                                                     ann, SES_EVENT_BOUNCE)));
}

/* --- any order --------------------------------------------------------- */

static const ses_event_type_t kinds[] = {
    SES_EVENT_SEND,      SES_EVENT_DELIVERY,       SES_EVENT_BOUNCE,
    SES_EVENT_COMPLAINT, SES_EVENT_DELIVERY_DELAY,
};
static const char *const who[] = {"ann@mail.test", "bob@mail.test",
                                  "sup@mail.test", "eve@mail.test", ""};

struct tally {
    unsigned send, removed;
    unsigned delivery[2], bounce[2], complaint[2], delay[2];
    unsigned order; /* events before the Send */
};

static ses_rc_t
judge(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    struct tally *y = arg;
    int i;

    (void) cx;
    if (e->type == SES_EVENT_SEND) {
        y->send++;
        return SES_OK;
    }
    if (y->send == 0)
        y->order++;
    for (i = 0; i < 2; i++)
        if (ses_str_search(e->body, ses_str(who[i])) >= 0)
            break;
    if (i == 2) {
        y->removed++;
        return SES_OK;
    }
    switch (e->type) {
    case SES_EVENT_DELIVERY:
        y->delivery[i]++;
        if (y->bounce[i] > 0)
            y->order++;
        break;
    case SES_EVENT_BOUNCE:
        y->bounce[i]++;
        break;
    case SES_EVENT_COMPLAINT:
        y->complaint[i]++;
        break;
    default:
        y->delay[i]++;
    }
    return SES_OK;
}

/* Whatever repeats in whatever order: one Send, one final event (or a
 * Delivery and then a Bounce), one of every other fact, none of strangers;
 * and the event of a fact has the same hash wherever it stands. */
static void
test_any_order(void **state)
{
    fixture_t *f = *state;
    seeded_t s = seeded();
    struct tally y;
    ses_fact_t x;
    unsigned round, i, k, w;
    ses_msgid_t one = id;
    uint64_t before;

    put_account(f, SES_REASON_ANY);
    for (round = 0; round < 200; round++) {
        one.inode++;
        insert_as(f, one, round % 2 ? SES_STR("marketing") : SES_STR(""));
        assert_int_equal(ses_event_last(&f->cx, f->t, &before), SES_OK);
        for (i = 0; i < 40; i++) {
            k = seeded_below(&s, 5);
            w = seeded_below(&s, 5);
            x = fact(kinds[k], k == 0 ? "" : who[w]);
            x.id = one;
            x.detail = ses_str_printf(f->arena, "{\"to\":\"%s\"}", who[w]);
            if (kinds[k] == SES_EVENT_DELIVERY_DELAY)
                x.key_extra = seeded_below(&s, 2) ? SES_STR("1") : SES_STR("2");
            append(f, &x);
        }
        memset(&y, 0, sizeof(y));
        assert_int_equal(
            ses_event_walk(&f->cx, f->t, ACCOUNT, before, judge, &y), SES_OK);
        if (y.send != 1 || y.removed != 1 || y.order != 0)
            SEEDED_FAIL(&s, "send %u removed %u order %u", y.send, y.removed,
                        y.order);
        for (i = 0; i < 2; i++)
            if (y.delivery[i] > 1 || y.bounce[i] > 1 || y.complaint[i] > 1 ||
                y.delay[i] > 2)
                SEEDED_FAIL(&s, "%u %u %u %u", y.delivery[i], y.bounce[i],
                            y.complaint[i], y.delay[i]);
        ses_arena_reset(f->arena);
    }
}

static void
test_stable_hash(void **state)
{
    fixture_t *f = *state;
    ses_event_t a, b;
    ses_msgid_t other = id;

    insert(f);
    happened(f, SES_EVENT_DELIVERY, "bob@mail.test");
    happened(f, SES_EVENT_DELIVERY, "ann@mail.test");
    a = event(f, 4);
    b = event(f, 3);
    assert_memory_not_equal(a.hash, b.hash, SES_EVENT_HASH);

    teardown(state);
    setup(state);
    f = *state;
    other.inode++;
    insert_as(f, other, SES_STR(""));
    assert_int_equal(ses_event_queued(&f->cx, f->t, other, NOW), SES_OK);
    insert(f);
    happened(f, SES_EVENT_DELIVERY, "ann@mail.test");
    b = event(f, 5); /* after four others now */
    assert_memory_equal(a.hash, b.hash, SES_EVENT_HASH);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_queued),
        TEST(test_rejected),
        TEST(test_first_fact_is_proof),
        TEST(test_delay),
        TEST(test_ends),
        TEST(test_aborted),
        TEST(test_unknown),
        TEST(test_counted),
        TEST(test_suppressed),
        TEST(test_suppressed_newer_stays),
        TEST(test_feedback_id),
        TEST(test_any_order),
        TEST(test_stable_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
