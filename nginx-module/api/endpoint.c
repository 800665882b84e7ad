/*
 * endpoint - URLs of subscriptions
 *
 * Every spelling that a resolver or libcurl would take for an IPv4 address
 * (127.1, 0x7f000001, 2130706433) counts as that address; inet_aton reads
 * them all.
 */
#include "api/endpoint.h"

#include <arpa/inet.h>

#define URL_MAX 2048
#define HOST_MAX 253

static bool
private4(uint32_t a)
{
    static const struct {
        uint32_t net;
        unsigned bits;
    } nets[] = {
        {0x00000000, 8},                    /* this network */
        {0x0a000000, 8},                    /* RFC 1918 */
        {0x64400000, 10},                   /* carrier's NAT */
        {0x7f000000, 8},                    /* loopback */
        {0xa9fe0000, 16},                   /* link-local */
        {0xac100000, 12}, {0xc0000000, 24}, /* IETF */
        {0xc0000200, 24}, {0xc0a80000, 16},
        {0xc6120000, 15}, /* benchmarks */
        {0xc6336400, 24}, {0xcb007100, 24},
        {0xe0000000, 3}, /* multicast, reserved, broadcast */
    };
    size_t i;

    for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
        if (((a ^ nets[i].net) >> (32 - nets[i].bits)) == 0)
            return true;
    return false;
}

/* Global unicast is 2000::/3; what embeds an IPv4 address is judged by it. */
static bool
private6(const uint8_t a[16])
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    uint32_t v4;

    if ((a[0] & 0xe0) != 0x20 && memcmp(a, nat64, 12) != 0)
        return true;
    if (a[0] == 0x20 && a[1] == 0x02) { /* 6to4 */
        v4 = (uint32_t) a[2] << 24 | (uint32_t) a[3] << 16 |
             (uint32_t) a[4] << 8 | a[5];
        return private4(v4);
    }
    if (memcmp(a, nat64, 12) == 0) {
        v4 = (uint32_t) a[12] << 24 | (uint32_t) a[13] << 16 |
             (uint32_t) a[14] << 8 | a[15];
        return private4(v4);
    }
    if (a[0] == 0x20 && a[1] == 0x01 && a[2] < 0x02)
        return true; /* 2001::/23: Teredo, ORCHID, ... */
    return a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8;
}

static bool
local_name(ses_str_t host)
{
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    return ses_str_caseeqc(host, "localhost") ||
           ses_str_caseends(host, SES_STR(".localhost"));
}

/* host without brackets; v6 tells that it had some. */
static const char *
check_host(ses_str_t host, bool v6, bool allow_private)
{
    char name[HOST_MAX + 2];
    struct in_addr a4;
    uint8_t a6[16];
    size_t i;

    if (host.n == 0 || host.n > HOST_MAX)
        return "the host is not valid";
    memcpy(name, host.p, host.n);
    name[host.n] = '\0';
    if (v6) {
        if (inet_pton(AF_INET6, name, a6) != 1)
            return "the host is not valid";
        if (!allow_private && private6(a6))
            return "the address is private";
        return NULL;
    }
    for (i = 0; i < host.n; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') ||
              (name[i] >= 'A' && name[i] <= 'Z') ||
              (name[i] >= '0' && name[i] <= '9') || name[i] == '-' ||
              name[i] == '.' || name[i] == '_'))
            return "the host is not valid";
    if (allow_private)
        return NULL;
    if (inet_aton(name, &a4) != 0 && private4(ntohl(a4.s_addr)))
        return "the address is private";
    return local_name(host) ? "the address is private" : NULL;
}

static bool
printable(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '\\' || s.p[i] == '"' ||
            s.p[i] == '<' || s.p[i] == '>')
            return false;
    return true;
}

const char *
endpoint_check(ses_str_t url, ses_str_t protocol, bool allow_private)
{
    ses_str_t rest, host;
    uint64_t port;
    ptrdiff_t at;
    size_t n;
    bool v6;

    if (url.n > URL_MAX || !printable(url))
        return "it is not a valid URL";
    if (url.n <= protocol.n + 3 ||
        !ses_str_caseeq(ses_str_head(url, protocol.n), protocol) ||
        memcmp(url.p + protocol.n, "://", 3) != 0)
        return "it must match the specified protocol";
    rest = ses_str_from(url, protocol.n + 3);
    for (n = 0; n < rest.n && strchr("/?#", rest.p[n]) == NULL; n++)
        ;
    host = ses_str_head(rest, n);
    if ((at = ses_str_rfind(host, '@')) >= 0)
        host = ses_str_from(host, (size_t) at + 1);

    v6 = host.n > 0 && host.p[0] == '[';
    if (v6) {
        if ((at = ses_str_find(host, ']')) < 0)
            return "the host is not valid";
        rest = ses_str_from(host, (size_t) at + 1);
        host = ses_str_n(host.p + 1, (size_t) at - 1);
    } else {
        at = ses_str_find(host, ':');
        rest = at < 0 ? SES_STR("") : ses_str_from(host, (size_t) at);
        host = at < 0 ? host : ses_str_head(host, (size_t) at);
    }
    if (rest.n > 0 &&
        (rest.p[0] != ':' ||
         !ses_str_u64(ses_str_from(rest, 1), 65535, &port) || port == 0))
        return "the port is not valid";
    return check_host(host, v6, allow_private);
}
