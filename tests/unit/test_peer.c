/*
 * test_peer - which addresses are of the public Internet
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/un.h>

#include "../../milter/agent/peer.c"

static const struct {
    const char *addr;
    bool want;
} cases[] = {
    {"0.0.0.0", false},
    {"0.1.2.3", false},
    {"1.1.1.1", true},
    {"9.255.255.255", true},
    {"10.0.0.1", false},
    {"11.0.0.0", true},
    {"100.63.255.255", true},
    {"100.64.0.1", false},
    {"100.127.255.255", false},
    {"100.128.0.0", true},
    {"126.255.255.255", true},
    {"127.0.0.1", false},
    {"127.255.255.254", false},
    {"169.253.255.255", true},
    {"169.254.169.254", false},
    {"172.15.255.255", true},
    {"172.16.0.1", false},
    {"172.31.255.255", false},
    {"172.32.0.0", true},
    {"192.0.0.8", false},
    {"192.0.1.0", true},
    {"192.0.2.1", false},
    {"192.88.99.1", false},
    {"192.167.255.255", true},
    {"192.168.1.1", false},
    {"198.17.255.255", true},
    {"198.18.0.1", false},
    {"198.19.255.255", false},
    {"198.20.0.0", true},
    {"198.51.100.7", false},
    {"203.0.113.9", false},
    {"223.255.255.255", true},
    {"224.0.0.1", false},
    {"239.255.255.250", false},
    {"240.0.0.1", false},
    {"255.255.255.255", false},
    {"::", false},
    {"::1", false},
    {"::127.0.0.1", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:10.1.2.3", false},
    {"::ffff:8.8.8.8", true},
    {"64:ff9b::7f00:1", false},
    {"64:ff9b::808:808", true},
    {"64:ff9b:1::1", false},
    {"100::1", false},
    {"2000::1", true},
    {"2001::1", false},
    {"2001:1ff:ffff::", false},
    {"2001:200::1", true},
    {"2001:db8::1", false},
    {"2001:4860:4860::8888", true},
    {"2002:7f00:1::", false},
    {"2a00:1450::1", true},
    {"3fff:0fff::1", false},
    {"3fff:1000::1", true},
    {"4000::1", false},
    {"fc00::1", false},
    {"fd12:3456::1", false},
    {"fe80::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
};

static void
test_classes(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_in in = {.sin_family = AF_INET};
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        bool got;

        if (inet_pton(AF_INET, cases[i].addr, &in.sin_addr) == 1) {
            got = peer_public((struct sockaddr *) &in);
        } else {
            assert_int_equal(inet_pton(AF_INET6, cases[i].addr, &in6.sin6_addr),
                             1);
            got = peer_public((struct sockaddr *) &in6);
        }
        if (got != cases[i].want)
            fail_msg("%s: %s", cases[i].addr, got ? "allowed" : "refused");
    }
}

static void
test_no_internet(void **state)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    (void) state;
    assert_false(peer_public((struct sockaddr *) &un));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_no_internet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
