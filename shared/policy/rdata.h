/*
 * rdata - the data of DNS records as libunbound gives it (RFC 1035 section
 * 3.3), names uncompressed; they come out as zone files spell them, so in
 * printable ASCII
 */
#ifndef SES_POLICY_RDATA_H
#define SES_POLICY_RDATA_H

#include "base/str.h"

/* The exchange of an MX record, in lower case, in the arena; the preference
 * is skipped.  False when malformed. */
bool ses_rdata_mx(ses_arena_t *a, ses_str_t rdata, ses_str_t *exchange);
/* The names, in the arena, and the serial of an SOA record; false when
 * malformed. */
bool ses_rdata_soa(ses_arena_t *a, ses_str_t rdata, ses_str_t *primary,
                   ses_str_t *admin, int64_t *serial);

#endif
