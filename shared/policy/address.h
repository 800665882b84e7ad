/*
 * address - parse and canonicalise mailboxes (RFC 5322, RFC 5321)
 *
 * No SMTPUTF8: local parts are 7-bit, domains A-labels or ASCII (contract
 * 4.4).  Texts of failures are the service's ("Missing final '@domain'",
 * "Domain contains illegal character", ...), without SMTP prefix.
 */
#ifndef SES_POLICY_ADDRESS_H
#define SES_POLICY_ADDRESS_H

#include "base/domain.h"
#include "base/rc.h"

typedef struct {
    ses_str_t display; /* as written (may hold encoded words), "" = none */
    ses_str_t local;   /* needless quotes removed */
    ses_str_t domain;  /* lower case, no final dot */
    ses_str_t addr;    /* local@domain: the canonical form */
} ses_address_t;

#define SES_ADDRESS_MAX 320

/* One mailbox: "a@b", "<a@b>", "Name <a@b>", "\"N\" <a@b>", comments. */
SES_CHECK ses_rc_t ses_address_parse(ses_cx_t *cx, ses_str_t s,
                                     ses_address_t *out);
/* A header's value: a list with groups.  At most max; SES_INVALID above. */
SES_CHECK ses_rc_t ses_address_list(ses_cx_t *cx, ses_str_t value, unsigned max,
                                    ses_address_t **out, unsigned *n);
/* An SMTP path, as MAIL and RCPT arguments spell it, with or without <>.
 * "" and "<>" give an empty addr.  Source routes are refused. */
SES_CHECK ses_rc_t ses_address_path(ses_cx_t *cx, ses_str_t s,
                                    ses_address_t *out);
/* local@domain and nothing else; whole is what texts name. */
SES_CHECK ses_rc_t ses_address_spec(ses_cx_t *cx, ses_str_t spec,
                                    ses_str_t whole, ses_address_t *out);
/* user+label@d -> user@d; the same when there is no label. */
ses_str_t ses_address_unlabelled(ses_arena_t *a, const ses_address_t *addr);

#endif
