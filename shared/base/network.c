/*
 * network - IP addresses and the networks they are in
 */
#include "base/network.h"

#include <arpa/inet.h>

#define V4_BITS 96 /* before an IPv4 address */

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
is_v4(const ses_ip_t *ip)
{
    return memcmp(ip->b, v4_prefix, sizeof(v4_prefix)) == 0;
}

/* --- addresses --------------------------------------------------------- */

bool
ses_ip_parse(ses_str_t s, ses_ip_t *out)
{
    char text[INET6_ADDRSTRLEN];
    ptrdiff_t scope;
    ses_ip_t ip;

    if (ses_str_casestarts(s, SES_STR("IPv6:")))
        s = ses_str_from(s, 5);
    if ((scope = ses_str_find(s, '%')) >= 0)
        s = ses_str_head(s, (size_t) scope);
    if (s.n == 0 || s.n >= sizeof(text) || ses_str_find(s, '\0') >= 0)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    memcpy(ip.b, v4_prefix, sizeof(v4_prefix));
    if (inet_pton(AF_INET, text, ip.b + 12) != 1 &&
        inet_pton(AF_INET6, text, ip.b) != 1)
        return false;
    *out = ip;
    return true;
}

ses_str_t
ses_ip_format(ses_arena_t *a, const ses_ip_t *ip)
{
    char text[INET6_ADDRSTRLEN];

    if (is_v4(ip))
        inet_ntop(AF_INET, ip->b + 12, text, sizeof(text));
    else
        inet_ntop(AF_INET6, ip->b, text, sizeof(text));
    return ses_str_dup(a, ses_str(text));
}

/* --- networks ---------------------------------------------------------- */

/* What of byte i belongs to a prefix of so many bits. */
static uint8_t
prefix_mask(unsigned bits, unsigned i)
{
    if (bits >= 8 * i + 8)
        return 0xff;
    if (bits <= 8 * i)
        return 0;
    return (uint8_t) (0xffu << (8 * i + 8 - bits));
}

/* Clear everything beyond bits; was it clear already? */
static bool
clear_host(ses_ip_t *ip, unsigned bits)
{
    ses_ip_t before = *ip;
    unsigned i;

    for (i = 0; i < sizeof(ip->b); i++)
        ip->b[i] = (uint8_t) (ip->b[i] & prefix_mask(bits, i));
    return memcmp(ip->b, before.b, sizeof(ip->b)) == 0;
}

const char *
ses_network_parse(ses_arena_t *a, ses_str_t s, ses_network_t *out)
{
    ses_str_t address, length = s;
    ses_network_t n;
    uint64_t bits;
    bool bracket;

    (void) ses_str_cut(&length, '/', &address);
    bracket =
        address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']';
    if (bracket)
        address = ses_str_n(address.p + 1, address.n - 2);
    if (!ses_ip_parse(address, &n.ip) || ses_str_find(address, '%') >= 0 ||
        ses_str_casestarts(address, SES_STR("IPv6:")) ||
        bracket != (bracket && ses_str_find(address, ':') >= 0))
        return ses_str_printf(a, "\"%.*s\" is not an IP address or network",
                              SES_FMT(s))
            .p;
    n.bits = 128;
    if (length.p != NULL) {
        /* ::ffff:a.b.c.d/104 counts all bits, a.b.c.d/8 those of IPv4 */
        n.bits = ses_str_find(address, ':') < 0 ? V4_BITS : 0;
        if (!ses_str_u64(length, 128 - n.bits, &bits))
            return ses_str_printf(a, "\"%.*s\": no such prefix length",
                                  SES_FMT(s))
                .p;
        n.bits += (unsigned) bits;
    }
    if (!clear_host(&n.ip, n.bits))
        return ses_str_printf(a,
                              "\"%.*s\" has bits set behind the prefix: "
                              "%.*s is the network",
                              SES_FMT(s), SES_FMT(ses_network_format(a, &n)))
            .p;
    *out = n;
    return NULL;
}

ses_str_t
ses_network_format(ses_arena_t *a, const ses_network_t *n)
{
    ses_str_t ip = ses_ip_format(a, &n->ip);
    bool v4 = is_v4(&n->ip) && n->bits >= V4_BITS;

    if (n->bits == 128)
        return ip;
    return ses_str_printf(a, "%.*s/%u", SES_FMT(ip),
                          v4 ? n->bits - V4_BITS : n->bits);
}

bool
ses_network_has(const ses_network_t *n, const ses_ip_t *ip)
{
    ses_ip_t masked = *ip;

    if (is_v4(ip) != (is_v4(&n->ip) && n->bits >= V4_BITS))
        return false;
    (void) clear_host(&masked, n->bits);
    return memcmp(masked.b, n->ip.b, sizeof(masked.b)) == 0;
}
