// LIBS: -lunbound
/*
 * test_verify - identities against a DNS server that has the record, or has
 * not, or another one, or fails
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dns_agent.h"

#include "../../milter/agent/agent.c"

#include "../../milter/agent/backoff.c"

#include "../../shared/policy/keyrecord.c"

#include "../../milter/agent/resolve.c"

#include "../../milter/agent/verify.c"

/* A domain that waits for its first check. */
static void
add(fixture_t *f, const char *name, bool with_key)
{
    ses_identity_t i;

    f->cx = ses_cx(f->arena, ses_clock_ms());
    ses_identity_init(&f->cx, &i, ACCOUNT, ses_str(name), true);
    i.dkim.keys[0].selector = SES_STR("tok");
    if (with_key)
        ses_dkim_fill(&i.dkim, 0, f->key, 1);
    put(f, &i);
}

static int
setup(void **state)
{
    return dns_agent_setup(state, verify_run);
}

static bool
is(fixture_t *f, const char *name, ses_verify_t status, const char *error)
{
    ses_identity_t i = get(f, name);

    return i.last_check != 0 && i.status == status && i.dkim_status == status &&
           ses_str_eqc(i.error, error);
}

static const char *
txt(fixture_t *f, ses_str_t key)
{
    return ses_str_printf(f->arena, "v=DKIM1; k=rsa; p=%.*s", SES_FMT(key)).p;
}

static void
test_found(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;

    nameserver_put("tok._domainkey.a.test", 5, "tok.dkim.ses.test", 0);
    nameserver_put("tok.dkim.ses.test", 16, txt(f, f->key), 0);
    nameserver_put("a.test", 6, "", 0);
    add(f, "a.test", true);
    WITHIN(20000, is(f, "a.test", SES_VERIFY_SUCCESS, ""));
    i = get(f, "a.test");
    assert_true(i.last_success == i.last_check);
    assert_true(i.next_check > f->cx.now + DAY_MS - 60000);
    assert_true(ses_str_eqc(i.soa_primary, "ns.example.net"));
    assert_true(ses_str_eqc(i.soa_admin, "hostmaster.example.net"));
    assert_int_equal(i.soa_serial, 42);

    /* The record itself, and the zone above the domain. */
    nameserver_put("tok._domainkey.mail.b.test", 16, txt(f, f->key), 0);
    nameserver_put("mail.b.test", 16, "something", 0);
    nameserver_put("b.test", 6, "", 0);
    add(f, "mail.b.test", true);
    WITHIN(20000, is(f, "mail.b.test", SES_VERIFY_SUCCESS, ""));
    assert_int_equal(get(f, "mail.b.test").soa_serial, 42);
}

/* What is wrong is said, and once it is right that is seen at the next look
 * or, when somebody asks, at once. */
static void
test_appears(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;
    int64_t asked;

    add(f, "c.test", true);
    WITHIN(20000, is(f, "c.test", SES_VERIFY_PENDING, "HOST_NOT_FOUND"));
    nameserver_put("tok._domainkey.c.test", 6, "", 0);
    WITHIN(20000, is(f, "c.test", SES_VERIFY_PENDING, "TYPE_NOT_FOUND"));
    nameserver_put("tok._domainkey.c.test", 16, "v=spf1 -all", 0);
    WITHIN(20000, is(f, "c.test", SES_VERIFY_PENDING, "INVALID_VALUE"));
    nameserver_put("tok._domainkey.c.test", 16, txt(f, SES_STR("OTHER")), 0);
    WITHIN(20000, get(f, "c.test").tries >= 5);
    assert_true(is(f, "c.test", SES_VERIFY_PENDING, "INVALID_VALUE"));
    nameserver_put("tok._domainkey.c.test", 16, txt(f, f->key), 0);
    WITHIN(20000, is(f, "c.test", SES_VERIFY_SUCCESS, ""));

    /* Gone again: a temporary failure, seen when asked. */
    nameserver_put("tok._domainkey.c.test", 16, "", 3);
    nameserver_put("tok._domainkey.c.test", 6, "", 3);
    i = get(f, "c.test");
    i.next_check = asked = f->cx.now;
    put(f, &i);
    WITHIN(20000, get(f, "c.test").last_check >= asked);
    assert_true(
        is(f, "c.test", SES_VERIFY_TEMPORARY_FAILURE, "HOST_NOT_FOUND"));
}

/* A server that fails proves nothing against the identity. */
static void
test_server_error(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;

    nameserver_put("tok._domainkey.d.test", 16, "", 2);
    f->cx = ses_cx(f->arena, ses_clock_ms());
    ses_identity_init(&f->cx, &i, ACCOUNT, SES_STR("d.test"), true);
    i.dkim.keys[0].selector = SES_STR("tok");
    ses_dkim_fill(&i.dkim, 0, f->key, 1);
    i.pending_since -= 80 * INT64_C(3600000); /* past its patience */
    i.dkim_since = i.pending_since;
    i.last_check = f->cx.now;
    put(f, &i);
    WITHIN(20000, ses_str_eqc(get(f, "d.test").error, "DNS_SERVER_ERROR"));
    assert_int_equal(get(f, "d.test").status, SES_VERIFY_PENDING);
    assert_true(get(f, "d.test").next_check > 0);

    /* Its own fault ends it. */
    nameserver_put("tok._domainkey.d.test", 16, "", 3);
    WITHIN(20000, is(f, "d.test", SES_VERIFY_FAILED, "HOST_NOT_FOUND"));
    assert_int_equal(get(f, "d.test").next_check, 0);
}

/* A look-up that hangs delays no other; without a key nothing is asked. */
static void
test_hanging(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;

    nameserver_put("tok._domainkey.e.test", 0, "", -1);
    nameserver_put("tok._domainkey.f.test", 16, txt(f, f->key), 0);
    add(f, "e.test", true);
    add(f, "g.test", false);
    usleep(100000);
    add(f, "f.test", true);
    WITHIN(20000, is(f, "f.test", SES_VERIFY_SUCCESS, ""));
    assert_int_equal(get(f, "g.test").last_check, 0);
    WITHIN(20000, is(f, "e.test", SES_VERIFY_PENDING, "DNS_SERVER_ERROR"));

    nameserver_put("tok._domainkey.g.test", 16, txt(f, f->key), 0);
    i = get(f, "g.test");
    ses_dkim_fill(&i.dkim, 0, f->key, 1);
    put(f, &i);
    WITHIN(20000, is(f, "g.test", SES_VERIFY_SUCCESS, ""));
}

/* A check that is asked for while an older one hangs is a new one. */
static void
test_asked_again(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;
    unsigned asked;

    nameserver_put("tok._domainkey.h.test", 0, "", -1);
    add(f, "h.test", true);
    usleep(200000);
    nameserver_put("tok._domainkey.h.test", 0, "", 0);
    nameserver_put("tok._domainkey.h.test", 16, txt(f, f->key), 0);
    i = get(f, "h.test");
    i.next_check = f->cx.now;
    put(f, &i);
    WITHIN(4000, is(f, "h.test", SES_VERIFY_SUCCESS, ""));
    asked = get(f, "h.test").tries;
    usleep(300000); /* the older result changes nothing */
    assert_int_equal(get(f, "h.test").tries, asked);
    assert_true(is(f, "h.test", SES_VERIFY_SUCCESS, ""));
}

/* A text proves the domain as well: at _amazonses, or at the domain.  DKIM
 * waits for its own record. */
static void
test_text(void **state)
{
    fixture_t *f = *state;
    ses_identity_t i;
    const char *proof;

    add(f, "p.test", true);
    add(f, "q.test", true);
    proof = ses_str_c(f->arena, get(f, "p.test").proof);
    assert_int_equal(strlen(proof), 44);
    nameserver_put("_amazonses.p.test", 16, "amazonses:x", 0);
    WITHIN(20000, get(f, "p.test").tries >= 2);
    assert_true(is(f, "p.test", SES_VERIFY_PENDING, "HOST_NOT_FOUND"));
    nameserver_put("_amazonses.p.test", 16, proof, 0);
    WITHIN(20000, get(f, "p.test").status == SES_VERIFY_SUCCESS);
    i = get(f, "p.test");
    assert_int_equal(i.dkim_status, SES_VERIFY_PENDING);
    assert_int_equal(i.error.n, 0);
    assert_int_equal(i.last_success, i.last_check);
    assert_true(i.next_check < i.last_check + 60000);
    nameserver_put("tok._domainkey.p.test", 16, txt(f, f->key), 0);
    WITHIN(20000, is(f, "p.test", SES_VERIFY_SUCCESS, ""));

    proof = ses_str_printf(f->arena, "amazonses:%.*s",
                           SES_FMT(get(f, "q.test").proof))
                .p;
    nameserver_put("q.test", 16, proof, 0);
    WITHIN(20000, get(f, "q.test").status == SES_VERIFY_SUCCESS);
    assert_int_equal(get(f, "q.test").dkim_status, SES_VERIFY_PENDING);

    /* No answer for the text proves nothing. */
    i = get(f, "q.test");
    nameserver_put("q.test", 16, "", 2);
    i.next_check = f->cx.now;
    put(f, &i);
    WITHIN(20000, get(f, "q.test").last_check > i.last_check);
    assert_int_equal(get(f, "q.test").status, SES_VERIFY_SUCCESS);
}

/* However many there are beside it, the right one is found. */
static void
test_records(void **state)
{
    fixture_t *f = *state;
    unsigned n;

    for (n = 0; n < NAMES_MAX - 1; n++)
        nameserver_add("tok._domainkey.r.test", 16, "v=spf1 -all");
    add(f, "r.test", true);
    WITHIN(20000, is(f, "r.test", SES_VERIFY_PENDING, "INVALID_VALUE"));
    nameserver_add("tok._domainkey.r.test", 16, txt(f, f->key));
    WITHIN(20000, is(f, "r.test", SES_VERIFY_SUCCESS, ""));
}

static void
test_soa_record(void **state)
{
    ses_str_t primary = SES_STR("x"), admin;
    ses_arena_t *a = ses_arena_new();
    int64_t serial;

    (void) state;
    assert_true(ses_rdata_soa(a,
                              SES_STR("\2ns\1a\0\4host\1b\0\xff\0\0\1........"),
                              &primary, &admin, &serial));
    assert_true(ses_str_eqc(primary, "ns.a"));
    assert_true(ses_str_eqc(admin, "host.b"));
    assert_int_equal(serial, 0xff000001);
    primary = SES_STR("x");
    assert_false(ses_rdata_soa(a, SES_STR("\2ns\1a\0\4host"), &primary, &admin,
                               &serial));
    assert_false(
        ses_rdata_soa(a, SES_STR("\300\014\0\0"), &primary, &admin, &serial));
    assert_false(
        ses_rdata_soa(a, SES_STR("\0\0\0\0\1"), &primary, &admin, &serial));
    assert_true(ses_str_eqc(primary, "x"));
    /* What a name may hold and a JSON row may not. */
    assert_true(ses_rdata_soa(
        a, SES_STR("\6a.b\0\"\xff\0\1\\\0\0\0\0\1................"), &primary,
        &admin, &serial));
    assert_true(ses_str_eqc(primary, "a\\.b\\000\\\"\\255"));
    assert_true(ses_str_eqc(admin, "\\\\"));
    ses_arena_free(a);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* Ten thousand whose servers say nothing wait for a check of theirs; a new
 * domain is looked at at once, and look-ups stay few. */
static void
many(fixture_t *f, unsigned tries, int64_t age, int64_t patience)
{
    static char names[10000][32];
    ses_identity_t i;
    ses_change_t c;
    ses_txn_t *t;
    int64_t began;
    unsigned n, asked;

    nameserver_default(-1);
    f->cx = ses_cx(f->arena, ses_clock_ms());
    must(f, ses_txn_write(&f->cx, f->agent.store, &t));
    for (n = 0; n < 10000; n++) {
        snprintf(names[n], sizeof(names[n]), "dead%u.example", n);
        ses_identity_init(&f->cx, &i, ACCOUNT, ses_str(names[n]), true);
        i.dkim.keys[0].selector = SES_STR("tok");
        ses_dkim_fill(&i.dkim, 0, f->key, 1);
        i.tries = tries;
        i.last_check = tries > 0;
        i.next_check = f->cx.now - age;
        memset(&c, 0, sizeof(c));
        ses_identity_put(&f->cx, &c, &i);
        must(f, ses_journal_apply(&f->cx, t, &c, "test"));
    }
    must(f, ses_txn_commit(&f->cx, t));
    WITHIN(30000, nameserver.asked >= places[ANY]);

    nameserver_put(
        "tok._domainkey.new.example", 16,
        ses_str_printf(f->arena, "v=DKIM1; k=rsa; p=%.*s", SES_FMT(f->key)).p,
        0);
    nameserver_put("new.example", 6, NULL, 0);
    asked = nameserver.asked;
    began = ses_clock_ms();
    add(f, "new.example", true);
    WITHIN(30000, is(f, "new.example", SES_VERIFY_SUCCESS, ""));
    print_message("first look after %lld ms\n",
                  (long long) (get(f, "new.example").last_check - began));
    assert_true(get(f, "new.example").last_check - began < patience);
    /* Key and SOA of each, and what libunbound asks again. */
    assert_true(nameserver.asked - asked <
                10 * 2 * (places[FRESH] + places[FIRST] + places[ANY]));
    nameserver_default(3);
}

static void
test_many_dead(void **state)
{
    many(*state, 3, 60000, 4000);
}

/* They are all as new as it, but a little older. */
static void
test_many_new(void **state)
{
    many(*state, 0, 2 * FRESH_MS, 4000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_found),        TEST(test_appears),
        TEST(test_server_error), TEST(test_hanging),
        TEST(test_asked_again),  TEST(test_text),
        TEST(test_many_dead),    TEST(test_many_new),
        TEST(test_records),      cmocka_unit_test(test_soa_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
