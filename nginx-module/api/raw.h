/*
 * raw - a whole message as a client made it
 */
#ifndef SES_API_RAW_H
#define SES_API_RAW_H

#include "policy/address.h"
#include "policy/headers.h"

typedef struct {
    ses_str_t data; /* header and body, CRLF line ends */
    ses_headers_t headers;
} raw_t;

/*
 * Split the header off bytes.  The bytes stay as they are, but every line
 * ends with CRLF (SMTP knows no other), the last one too.  SES_INVALID when
 * they do not begin with a header field, or hold a NUL.
 */
SES_CHECK ses_rc_t raw_parse(ses_cx_t *cx, ses_str_t bytes, raw_t *out);
/* The mailboxes of every field of this name, at most max. */
SES_CHECK ses_rc_t raw_mailboxes(ses_cx_t *cx, const raw_t *raw,
                                 const char *name, unsigned max,
                                 ses_address_t **v, unsigned *n);

#endif
