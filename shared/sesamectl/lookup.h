/*
 * lookup - DNS as sesame.conf says, for a command that waits for it
 */
#ifndef SESAMECTL_LOOKUP_H
#define SESAMECTL_LOOKUP_H

#include "ctl.h"
#include "resolve/context.h"

#define LOOKUP_MX 15
#define LOOKUP_TXT 16

/* Asks resolver of sesame.conf, or the system's, and validates with
 * dns_trust_anchor.  NULL when libunbound takes neither; the caller ends it
 * with ub_ctx_delete. */
struct ub_ctx *lookup_open(const ctl_t *c);
/* The strings of the i-th TXT record, joined. */
ses_str_t lookup_text(ses_arena_t *a, const struct ub_result *res, int i);
/* The host of the i-th MX record, in lower case; "" when malformed. */
ses_str_t lookup_mx(ses_arena_t *a, const struct ub_result *res, int i);

#endif
