/*
 * peer - may the agent connect to this address?
 *
 * IPv4: everything but the special-purpose blocks.  IPv6: only 2000::/3,
 * without its special-purpose blocks; an IPv4 address inside an IPv6 one
 * (mapped, NAT64) is judged as what it is.
 */
#include "peer.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct block4 {
    uint8_t net[4];
    unsigned bits;
};

struct block6 {
    uint8_t net[16];
    unsigned bits;
};

static const struct block4 special4[] = {
    {{0, 0, 0, 0}, 8},       /* this network */
    {{10, 0, 0, 0}, 8},      /* private */
    {{100, 64, 0, 0}, 10},   /* carrier's own */
    {{127, 0, 0, 0}, 8},     /* loopback */
    {{169, 254, 0, 0}, 16},  /* link-local, metadata services */
    {{172, 16, 0, 0}, 12},   /* private */
    {{192, 0, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2, 0}, 24},    /* documentation */
    {{192, 88, 99, 0}, 24},  /* 6to4 relays */
    {{192, 168, 0, 0}, 16},  /* private */
    {{198, 18, 0, 0}, 15},   /* benchmarking */
    {{198, 51, 100, 0}, 24}, /* documentation */
    {{203, 0, 113, 0}, 24},  /* documentation */
    {{224, 0, 0, 0}, 3},     /* multicast, reserved, broadcast */
};

static const struct block6 special6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};

static const struct block6 global6 = {{0x20}, 3};
static const struct block6 mapped6 = {
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
static const struct block6 nat64 = {{0, 0x64, 0xff, 0x9b}, 96};

static bool
within(const uint8_t *addr, const uint8_t *net, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    unsigned mask = (0xff00u >> rest) & 0xffu;

    return memcmp(addr, net, whole) == 0 &&
           (rest == 0 || ((addr[whole] ^ net[whole]) & mask) == 0);
}

static bool
public4(const uint8_t *addr)
{
    size_t i;

    for (i = 0; i < sizeof(special4) / sizeof(special4[0]); i++)
        if (within(addr, special4[i].net, special4[i].bits))
            return false;
    return true;
}

static bool
public6(const uint8_t *addr)
{
    size_t i;

    if (within(addr, mapped6.net, mapped6.bits) ||
        within(addr, nat64.net, nat64.bits))
        return public4(addr + 12);
    if (!within(addr, global6.net, global6.bits))
        return false;
    for (i = 0; i < sizeof(special6) / sizeof(special6[0]); i++)
        if (within(addr, special6[i].net, special6[i].bits))
            return false;
    return true;
}

bool
peer_public(const struct sockaddr *sa)
{
    struct sockaddr_in6 in6;
    struct sockaddr_in in;

    switch (sa->sa_family) {
    case AF_INET:
        memcpy(&in, sa, sizeof(in));
        return public4((const uint8_t *) &in.sin_addr);
    case AF_INET6:
        memcpy(&in6, sa, sizeof(in6));
        return public6(in6.sin6_addr.s6_addr);
    default:
        return false;
    }
}
