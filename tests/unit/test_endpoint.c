/* endpoint: URLs that may be published to */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/endpoint.c"

#define PRIVATE "the address is private"
#define HOST "the host is not valid"
#define PORT "the port is not valid"
#define URL "it is not a valid URL"
#define SCHEME "it must match the specified protocol"

static const struct {
    const char *url, *protocol;
    const char *want; /* NULL = fine */
} cases[] = {
    {"http://hook.example.com", "http", NULL},
    {"https://hook.example.com:8443/a?b=c#d", "https", NULL},
    {"HTTPS://hook.example.com/", "https", NULL},
    {"https://user:pw@hook.example.com/", "https", NULL},
    {"http://192.0.3.1/", "http", NULL},
    {"http://[2606:4700::1]/", "http", NULL},
    {"http://hook.example.com", "https", SCHEME},
    {"ftp://hook.example.com", "http", SCHEME},
    {"http://", "http", SCHEME},
    {"http:///x", "http", HOST},
    {"http://a b/", "http", URL},
    {"http://a\\b/", "http", URL},
    {"http://a%2fb/", "http", HOST},
    {"http://h.example.com:/", "http", PORT},
    {"http://h.example.com:0/", "http", PORT},
    {"http://h.example.com:65536/", "http", PORT},
    {"http://h.example.com:80x/", "http", PORT},
    {"http://[::1", "http", HOST},
    {"http://[]/", "http", HOST},
    {"http://[::1]x/", "http", PORT},
    {"http://127.0.0.1/", "http", PRIVATE},
    {"http://127.1/", "http", PRIVATE},
    {"http://2130706433/", "http", PRIVATE},
    {"http://0x7f.1/", "http", PRIVATE},
    {"http://017700000001/", "http", PRIVATE},
    {"http://0/", "http", PRIVATE},
    {"http://user@127.0.0.1/", "http", PRIVATE},
    {"http://hook.example.com@10.0.0.1/", "http", PRIVATE},
    {"http://10.1.2.3:80/", "http", PRIVATE},
    {"http://172.31.0.1/", "http", PRIVATE},
    {"http://172.32.0.1/", "http", NULL},
    {"http://192.168.0.1/", "http", PRIVATE},
    {"http://169.254.169.254/", "http", PRIVATE},
    {"http://100.64.0.1/", "http", PRIVATE},
    {"http://224.0.0.1/", "http", PRIVATE},
    {"http://255.255.255.255/", "http", PRIVATE},
    {"http://localhost/", "http", PRIVATE},
    {"http://LocalHost.:80/", "http", PRIVATE},
    {"http://a.localhost/", "http", PRIVATE},
    {"http://[::1]/", "http", PRIVATE},
    {"http://[::]/", "http", PRIVATE},
    {"http://[::ffff:127.0.0.1]/", "http", PRIVATE},
    {"http://[fe80::1]/", "http", PRIVATE},
    {"http://[fd00::1]/", "http", PRIVATE},
    {"http://[2002:7f00:1::]/", "http", PRIVATE},
    {"http://[64:ff9b::7f00:1]/", "http", PRIVATE},
    {"http://[64:ff9b::c000:0301]/", "http", NULL},
    {"http://[2001::1]/", "http", PRIVATE},
};

static void
test_cases(void **state)
{
    const char *got;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        got = endpoint_check(ses_str(cases[i].url), ses_str(cases[i].protocol),
                             false);
        if ((got == NULL) != (cases[i].want == NULL) ||
            (got != NULL && strcmp(got, cases[i].want) != 0))
            fail_msg("%s: got %s, want %s", cases[i].url, got, cases[i].want);
        got = endpoint_check(ses_str(cases[i].url), ses_str(cases[i].protocol),
                             true);
        if (cases[i].want == NULL || strcmp(cases[i].want, PRIVATE) == 0)
            assert_null(got);
        else
            assert_non_null(got);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
