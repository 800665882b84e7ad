/*
 * spf - SPF records (RFC 7208), as far as a customer has to write them
 */
#ifndef SES_POLICY_SPF_H
#define SES_POLICY_SPF_H

#include "base/str.h"

/* Is this TXT record one of SPF at all (section 4.5)? */
bool ses_spf_is(ses_str_t txt);
/* Does this SPF record let the mail of `service` pass: is there an include:
 * or redirect= of it? */
bool ses_spf_includes(ses_str_t txt, ses_str_t service);

#endif
