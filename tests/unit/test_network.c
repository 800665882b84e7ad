/*
 * test_network - IP addresses and the networks they are in
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../shared/base/network.c"

static ses_arena_t *arena;

static const struct {
    const char *in, *want; /* NULL: not an address */
} addresses[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"IPv6:2001:DB8::1", "2001:db8::1"},
    {"ipv6:::1", "::1"},
    {"fe80::1%eth0", "fe80::1"},
    {"0:0:0:0:0:0:0:0", "::"},
    {"", NULL},
    {"unknown", NULL},
    {"192.0.2", NULL},
    {"192.0.2.256", NULL},
    {"010.0.0.1", NULL},
    {" 192.0.2.1", NULL},
    {"[::1]", NULL},
    {"::1::2", NULL},
    {"IPv6:", NULL},
    {"%", NULL},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL},
};

static void
test_addresses(void **state)
{
    ses_ip_t ip;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        if (ses_ip_parse(ses_str(addresses[i].in), &ip) !=
            (addresses[i].want != NULL))
            fail_msg("%s", addresses[i].in);
        if (addresses[i].want != NULL)
            assert_string_equal(ses_ip_format(arena, &ip).p, addresses[i].want);
    }
    assert_false(ses_ip_parse(SES_STR("1.2.3.4\0"), &ip));
}

static const struct {
    const char *in, *want; /* as formatted; NULL: an error */
} networks[] = {
    {"10.0.0.0/8", "10.0.0.0/8"},
    {"192.0.2.7", "192.0.2.7"},
    {"192.0.2.7/32", "192.0.2.7"},
    {"0.0.0.0/0", "0.0.0.0/0"},
    {"[2001:db8::]/32", "2001:db8::/32"},
    {"2001:db8::/32", "2001:db8::/32"},
    {"[::1]", "::1"},
    {"::/0", "::/0"},
    {"::ffff:10.0.0.0/104", "10.0.0.0/8"},
    {"fe80::/10", "fe80::/10"},
    {"10.0.0.1/8", NULL}, /* a slip, most likely */
    {"2001:db8::1/64", NULL},
    {"10.0.0.0/33", NULL},
    {"::/129", NULL},
    {"10.0.0.0/", NULL},
    {"10.0.0.0/-1", NULL},
    {"10.0.0.0/255.0.0.0", NULL},
    {"/8", NULL},
    {"", NULL},
    {"[10.0.0.0]/8", NULL},
    {"[::1", NULL},
    {"IPv6:::1", NULL},
    {"fe80::1%eth0", NULL},
    {"example.com", NULL},
};

static void
test_networks(void **state)
{
    ses_network_t n;
    const char *why;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
        why = ses_network_parse(arena, ses_str(networks[i].in), &n);
        if ((why == NULL) != (networks[i].want != NULL))
            fail_msg("%s: %s", networks[i].in, why ? why : "accepted");
        if (why == NULL)
            assert_string_equal(ses_network_format(arena, &n).p,
                                networks[i].want);
    }
    assert_string_equal(ses_network_parse(arena, SES_STR("10.1.2.3/8"), &n),
                        "\"10.1.2.3/8\" has bits set behind the prefix: "
                        "10.0.0.0/8 is the network");
}

static const struct {
    const char *network, *ip;
    bool want;
} has[] = {
    {"10.0.0.0/8", "10.255.255.255", true},
    {"10.0.0.0/8", "11.0.0.0", false},
    {"10.0.0.0/8", "::ffff:10.1.2.3", true},
    {"192.0.2.128/25", "192.0.2.128", true},
    {"192.0.2.128/25", "192.0.2.127", false},
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "192.0.2.2", false},
    {"0.0.0.0/0", "203.0.113.1", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"::/0", "2001:db8::1", true},
    {"::/0", "203.0.113.1", false}, /* as in Postfix */
    {"2001:db8::/33", "2001:db8:7fff::1", true},
    {"2001:db8::/33", "2001:db8:8000::1", false},
    {"::1", "IPv6:::1", true},
};

static void
test_has(void **state)
{
    ses_network_t n;
    ses_ip_t ip;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(has) / sizeof(has[0]); i++) {
        assert_null(ses_network_parse(arena, ses_str(has[i].network), &n));
        assert_true(ses_ip_parse(ses_str(has[i].ip), &ip));
        if (ses_network_has(&n, &ip) != has[i].want)
            fail_msg("%s in %s", has[i].ip, has[i].network);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_has),
    };
    int failed;

    arena = ses_arena_new();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    ses_arena_free(arena);
    return failed;
}
