/*
 * domain - domain names in their one canonical form
 *
 * Lower-case A-labels (RFC 5890), LDH, without a final dot.  What an
 * identity is called, what addresses are compared by, what is asked of DNS.
 */
#ifndef SES_BASE_DOMAIN_H
#define SES_BASE_DOMAIN_H

#include "base/rc.h"

#define SES_DOMAIN_MAX 253 /* RFC 1035 2.3.4, as text without final dot */
#define SES_LABEL_MAX 63

/* A domain name: LDH labels, length bounds; lower-cased A-labels out
 * (U-labels through libidn2).  SES_INVALID "Domain X is invalid.". */
SES_CHECK ses_rc_t ses_domain_canon(ses_cx_t *cx, ses_str_t s, ses_str_t *out);
/* Is domain equal to parent or below it? Both canonical. */
bool ses_domain_within(ses_str_t domain, ses_str_t parent);

#endif
