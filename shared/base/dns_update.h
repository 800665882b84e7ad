/*
 * dns_update - a name server that is told of our records, and how
 *
 * A line of sesame.conf,
 *
 *     dns_update = IP:PORT KEY-FILE ZONE...
 *
 * says: what is ours in these zones is kept current there, by updates
 * (RFC 2136) signed with the key (RFC 8945).  sesame.conf(5) describes it.
 */
#ifndef SES_BASE_DNS_UPDATE_H
#define SES_BASE_DNS_UPDATE_H

#include "base/arena.h"
#include "base/str.h"

#define SES_DNS_ZONES 16 /* in one line */

typedef struct {
    ses_str_t server;               /* IP:PORT or [IPV6]:PORT */
    ses_str_t key_file;             /* absolute, NUL-terminated */
    ses_str_t zones[SES_DNS_ZONES]; /* canonical, NUL-terminated */
    unsigned nzones;
} ses_dns_update_t;

/* Everything behind "dns_update =".  NULL, or what is wrong; out is then
 * untouched.  What out points at is in the arena. */
const char *ses_dns_update_parse(ses_arena_t *a, ses_str_t s,
                                 ses_dns_update_t *out);
/* As parse reads it; NUL-terminated, in the arena. */
ses_str_t ses_dns_update_format(ses_arena_t *a, const ses_dns_update_t *u);

#endif
