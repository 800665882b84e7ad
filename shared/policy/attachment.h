/*
 * attachment - what may be attached, by the name and type that a part's
 * header gives
 */
#ifndef SES_POLICY_ATTACHMENT_H
#define SES_POLICY_ATTACHMENT_H

#include "policy/headers.h"

/* What follows the last dot; blanks and dots at the end do not count. */
ses_str_t ses_attachment_extension(ses_str_t name);
/* A file that the service does not carry, by its name or its type. */
bool ses_attachment_blocked(ses_str_t name, ses_str_t type);
/*
 * One field of a part's or message's header, its value unfolded: SES_INVALID
 * with the service's text (contract 4.1, 4.4) when it names such a file, or
 * is a Content-Disposition that cannot be read.
 */
SES_CHECK ses_rc_t ses_attachment_field(ses_cx_t *cx, ses_str_t name,
                                        ses_str_t value);
/* The same for every field of a message's header. */
SES_CHECK ses_rc_t ses_attachment_header(ses_cx_t *cx, const ses_headers_t *h);

#endif
