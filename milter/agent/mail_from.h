/*
 * mail_from - are the records of owners' MAIL FROM domains in DNS?
 */
#ifndef SES_AGENT_MAIL_FROM_H
#define SES_AGENT_MAIL_FROM_H

#include "agent.h"

/* A worker: looks at what is due until the agent stops. */
void mail_from_run(agent_t *a);

/* Is this SPF record (RFC 7208) one that lets the mail of `service` pass: an
 * include: or redirect= of it? */
bool mail_from_spf_includes(ses_str_t txt, ses_str_t service);
/* Is this TXT record one of SPF at all (section 4.5)? */
bool mail_from_is_spf(ses_str_t txt);

#endif
