/*
 * test_binding - which sessions of a Postfix belong to which account
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../shared/base/binding.c"

static ses_arena_t *arena;

static const struct {
    const char *in, *want; /* as formatted */
} good[] = {
    {"123456789012 daemon=SUBMISSION", "123456789012 daemon=SUBMISSION"},
    {"123456789012\t login=*@example.com,root  daemon=a,b",
     "123456789012 daemon=a,b login=*@example.com,root"},
    {"123456789012 user=news.letter+x@y client=[2001:db8::]/32,192.0.2.0/24",
     "123456789012 user=news.letter+x@y client=2001:db8::/32,192.0.2.0/24"},
    {"none client=10.0.0.1,local", "none client=local,10.0.0.1"},
    {"none client=local,local", "none client=local"},
    {"123456789012 login=a=b", "123456789012 login=a=b"},
};

static void
test_good(void **state)
{
    ses_binding_t b;
    const char *why;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        why = ses_binding_parse(arena, ses_str(good[i].in), &b);
        if (why != NULL)
            fail_msg("%s: %s", good[i].in, why);
        assert_string_equal(ses_binding_format(arena, &b).p, good[i].want);
    }
}

static const struct {
    const char *in, *want;
} bad[] = {
    {"", "\"\" is not an account: 12 digits, or none"},
    {"12345678901 daemon=x",
     "\"12345678901\" is not an account: 12 digits, or none"},
    {"Nobody daemon=x", "\"Nobody\" is not an account: 12 digits, or none"},
    {"123456789012", "needs daemon=, login= or client="},
    {"123456789012 user=x", "needs daemon=, login= or client="},
    {"123456789012 network=10.0.0.0/8",
     "\"network=10.0.0.0/8\": user=, daemon=, login= or client= is expected"},
    {"123456789012 daemon",
     "\"daemon\": user=, daemon=, login= or client= is expected"},
    {"123456789012 Daemon=x",
     "\"Daemon=x\": user=, daemon=, login= or client= is expected"},
    {"123456789012 daemon=", "\"\" is not a milter_macro_daemon_name: 1 to 63 "
                             "letters, digits, '_', '-', '.' or '/'"},
    {"123456789012 daemon=a,,b",
     "\"\" is not a milter_macro_daemon_name: 1 to 63 letters, digits, '_', "
     "'-', '.' or '/'"},
    {"123456789012 login=a daemon=b login=c",
     "login= twice: separate the values by commas"},
    {"123456789012 login=a,", "\"\" is not a login: 1 to 255 characters"},
    {"123456789012 login=a, b", "\"\" is not a login: 1 to 255 characters"},
    {"123456789012 client=10.0.0.0/8;local",
     "\"10.0.0.0/8;local\": no such prefix length"},
    {"123456789012 client=mail.example.com",
     "\"mail.example.com\" is not an IP address or network"},
    {"123456789012 user=a,b daemon=x", "user: one name only"},
    {"123456789012 user=a/b daemon=x",
     "\"a/b\" is not the name of an IAM user"},
    {"none user=a daemon=x", "none has no user"},
};

static void
test_bad(void **state)
{
    ses_binding_t b = {.account = SES_STR("untouched")};
    const char *why;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        why = ses_binding_parse(arena, ses_str(bad[i].in), &b);
        if (why == NULL)
            fail_msg("%s: accepted", bad[i].in);
        assert_string_equal(why, bad[i].want);
        assert_string_equal(b.account.p, "untouched");
    }
}

static void
test_many(void **state)
{
    static char line[70000];
    ses_binding_t b;
    int i, n = 0;

    (void) state;
    n = snprintf(line, sizeof(line), "123456789012 login=x");
    for (i = 1; i < SES_BINDING_WORDS; i++)
        n += snprintf(line + n, sizeof(line) - (size_t) n, ",x");
    assert_null(ses_binding_parse(arena, ses_str(line), &b));
    assert_int_equal(b.nlogins, SES_BINDING_WORDS);
    snprintf(line + n, sizeof(line) - (size_t) n, ",x");
    assert_string_equal(ses_binding_parse(arena, ses_str(line), &b),
                        "login= has more than 256 values");
    memset(line, 'a', sizeof(line) - 1);
    assert_string_equal(ses_binding_parse(arena, ses_str(line), &b),
                        "is too long");
}

/* --- matching ---------------------------------------------------------- */

static const struct {
    const char *pattern, *text;
    bool want;
} patterns[] = {
    {"ann", "ann", true},
    {"ann", "ANN", true},
    {"ann", "anna", false},
    {"ann", "an", false},
    {"*", "x", true},
    {"*@example.com", "a.b@Example.COM", true},
    {"*@example.com", "@example.com", true},
    {"*@example.com", "a@example.com.evil.example", false},
    {"*@example.com", "a@sub.example.com", false},
    {"*@*example.com", "a@sub.example.com", true},
    {"?@x", "a@x", true},
    {"?@x", "@x", false},
    {"a*b*c", "aXbXbXc", true},
    {"a*b*c", "aXbXbX", false},
    {"**", "", true},
    {"AKIA*", "akiaiosfodnn7example", true},
};

static void
test_like(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        if (like(ses_str(patterns[i].text), ses_str(patterns[i].pattern)) !=
            patterns[i].want)
            fail_msg("%s ~ %s", patterns[i].text, patterns[i].pattern);
}

static const char *const lines[] = {
    "none daemon=INBOUND",
    "111111111111 login=*@one.example daemon=SUBMISSION,SMTPS",
    "222222222222 login=*",
    "333333333333 client=192.0.2.0/24,2001:db8::/32 daemon=INTERNAL",
    "444444444444 client=192.0.2.0/24",
    "555555555555 client=local",
    "666666666666 daemon=APPS",
};
#define NLINES (sizeof(lines) / sizeof(lines[0]))

static const struct {
    const char *daemon, *login, *client;
    bool local;
    int want; /* index into lines, -1 = none */
} sessions[] = {
    {"INBOUND", "", "192.0.2.7", false, 0},
    {"SUBMISSION", "a@one.example", "192.0.2.7", false, 1},
    {"SMTPS", "a@one.example", "198.51.100.1", false, 1},
    {"OTHER", "a@one.example", "198.51.100.1", false, 2},
    {"SUBMISSION", "a@two.example", "192.0.2.7", false, 2},
    {"SUBMISSION", "", "192.0.2.7", false, 4},
    {"INTERNAL", "", "192.0.2.7", false, 3},
    {"INTERNAL", "", "2001:db8:1::1", false, 3},
    {"INTERNAL", "", "203.0.113.1", false, -1},
    {"mta.example", "", "127.0.0.1", true, 5},
    {"mta.example", "", "127.0.0.1", false, -1},
    {"mta.example", "", "192.0.2.1", true, 5}, /* there is no client */
    {"APPS", "", "127.0.0.1", true, 5},
    {"APPS", "", "unknown", false, 6},
    {"apps", "", "", false, -1},
    {"", "", "", false, -1},
};

static void
test_find(void **state)
{
    ses_binding_t v[NLINES];
    const ses_binding_t *found;
    ses_binding_peer_t peer;
    size_t i;

    (void) state;
    for (i = 0; i < NLINES; i++)
        assert_null(ses_binding_parse(arena, ses_str(lines[i]), &v[i]));
    for (i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++) {
        peer = (ses_binding_peer_t){
            ses_str(sessions[i].daemon), ses_str(sessions[i].login),
            ses_str(sessions[i].client), sessions[i].local};
        found = ses_binding_find(v, NLINES, &peer);
        if ((found == NULL ? -1 : (int) (found - v)) != sessions[i].want)
            fail_msg("%s %s %s", sessions[i].daemon, sessions[i].login,
                     sessions[i].client);
    }
    assert_null(ses_binding_find(NULL, 0, &peer));
    assert_string_equal(ses_binding_kind(&v[0], false), "daemon");
    assert_string_equal(ses_binding_kind(&v[1], false), "login");
    assert_string_equal(ses_binding_kind(&v[3], false), "client");
    assert_string_equal(ses_binding_kind(&v[5], true), "local");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
        cmocka_unit_test(test_many), cmocka_unit_test(test_like),
        cmocka_unit_test(test_find),
    };
    int failed;

    arena = ses_arena_new();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    ses_arena_free(arena);
    return failed;
}
