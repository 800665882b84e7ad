/*
 * network - IP addresses and the networks they are in
 *
 * Both families in one form: an IPv4 address is kept as ::ffff:a.b.c.d
 * (RFC 4291 section 2.5.5.2), so that a client that reached an IPv6 socket
 * by IPv4 is the same client.
 */
#ifndef SES_BASE_NETWORK_H
#define SES_BASE_NETWORK_H

#include "base/arena.h"
#include "base/str.h"

typedef struct {
    uint8_t b[16]; /* network order */
} ses_ip_t;

typedef struct {
    ses_ip_t ip;   /* the bits beyond `bits` are 0 */
    unsigned bits; /* of the 128 */
} ses_network_t;

/* a.b.c.d or an IPv6 address, as Postfix's macros tell it, too: with "IPv6:"
 * before it.  The scope behind '%' is ignored.  False when it is neither. */
bool ses_ip_parse(ses_str_t s, ses_ip_t *out);
/* In the shortest form, IPv4 as a.b.c.d; in the arena. */
ses_str_t ses_ip_format(ses_arena_t *a, const ses_ip_t *ip);

/* ADDRESS or ADDRESS/BITS, an IPv6 address also in brackets (as in Postfix's
 * mynetworks).  NULL, or what is wrong with it; out is then untouched. */
const char *ses_network_parse(ses_arena_t *a, ses_str_t s, ses_network_t *out);
/* ADDRESS/BITS, without /BITS when it is one address. */
ses_str_t ses_network_format(ses_arena_t *a, const ses_network_t *n);
/* ::/0 holds every IPv6 address and no IPv4 one. */
bool ses_network_has(const ses_network_t *n, const ses_ip_t *ip);

#endif
