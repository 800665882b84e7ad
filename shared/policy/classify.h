/*
 * classify - SMTP status and text to bounce type and delay type
 *
 * Contract 8.4's mapping of RFC 3463 codes.
 */
#ifndef SES_POLICY_CLASSIFY_H
#define SES_POLICY_CLASSIFY_H

#include "base/str.h"

typedef struct {
    const char *type;    /* Permanent, Transient, Undetermined */
    const char *subtype; /* General, NoEmail, MailboxFull, ... */
    bool hard;           /* Permanent: goes to the suppression list */
} ses_bounce_class_t;

/* dsn like "5.1.1"; text is the remote's words; expired = queue lifetime
 * over. */
ses_bounce_class_t ses_classify_bounce(ses_str_t dsn, ses_str_t text,
                                       bool expired);
/* delayType of a deferral */
const char *ses_classify_delay(ses_str_t dsn, ses_str_t text);

#endif
