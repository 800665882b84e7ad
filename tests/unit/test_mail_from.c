// LIBS: -lunbound
/*
 * test_mail_from - MAIL FROM domains are looked at in turn, new ones soon
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dns_agent.h"

#include "../../milter/agent/agent.c"

#include "../../milter/agent/backoff.c"

#include "../../milter/agent/resolve.c"

#include "../../milter/agent/mail_from.c"

static int
setup(void **state)
{
    return dns_agent_setup(state, mail_from_run);
}

/* A domain with a MAIL FROM domain that became due `age` ago. */
static void
add(fixture_t *f, ses_txn_t *t, const char *name, unsigned tries, int64_t age)
{
    ses_change_t c = {0};
    ses_identity_t i;

    ses_identity_init(&f->cx, &i, ACCOUNT, ses_str(name), true);
    i.next_check = 0;
    must(f, ses_mail_from_set(
                &f->cx, &i, ses_str_cat(f->arena, SES_STR("bounces."), i.name),
                false));
    i.mail_from.tries = tries;
    i.mail_from.check -= age;
    ses_identity_put(&f->cx, &c, &i);
    must(f, ses_journal_apply(&f->cx, t, &c, "test"));
}

static ses_txn_t *
begin(fixture_t *f)
{
    ses_txn_t *t;

    f->cx = ses_cx(f->arena, ses_clock_ms());
    must(f, ses_txn_write(&f->cx, f->agent.store, &t));
    return t;
}

/* A thousand whose servers say nothing are before it. */
static void
many(fixture_t *f, unsigned tries)
{
    char name[32];
    ses_txn_t *t;
    int64_t began;
    unsigned n;

    nameserver_default(-1);
    t = begin(f);
    for (n = 0; n < 1000; n++) {
        snprintf(name, sizeof(name), "dead%u.example", n);
        add(f, t, name, tries, 2 * FRESH_MS);
    }
    must(f, ses_txn_commit(&f->cx, t));
    WITHIN(30000, nameserver.asked >= ROUND_MAX);

    nameserver_put("bounces.new.example", 15,
                   "feedback-smtp.us-east-1.ses.test", 0);
    nameserver_put("bounces.new.example", 16, "v=spf1 include:ses.test ~all",
                   0);
    t = begin(f);
    began = f->cx.now;
    add(f, t, "new.example", 0, 0);
    must(f, ses_txn_commit(&f->cx, t));
    WITHIN(60000, get(f, "new.example").mail_from.status == SES_VERIFY_SUCCESS);
    began = get(f, "new.example").mail_from.last_check - began;
    print_message("first look after %lld ms\n", (long long) began);
    /* The round under way ends with its slowest answer. */
    assert_true(began < 9000);
    nameserver_default(3);
}

static void
test_many_dead(void **state)
{
    many(*state, 3);
}

static void
test_many_new(void **state)
{
    many(*state, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_many_dead),
        TEST(test_many_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
