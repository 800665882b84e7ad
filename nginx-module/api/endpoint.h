/*
 * endpoint - is this a URL that events may be sent to?
 */
#ifndef SES_API_ENDPOINT_H
#define SES_API_ENDPOINT_H

#include "base/str.h"

/*
 * NULL when url is an http or https URL, as protocol says, to a host that is
 * not private by its very spelling (unless allowed); else what is wrong.  A
 * name that resolves to a private address is the agent's to refuse, when it
 * publishes.
 */
const char *endpoint_check(ses_str_t url, ses_str_t protocol,
                           bool allow_private);

#endif
