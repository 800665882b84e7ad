/*
 * zone - what belongs in the operator's DNS
 *
 * Customers' records point here: their DKIM aliases at keys in
 * service_domain, their MX at the feedback host, their SPF at the SPF of
 * service_domain (contract 7.2).  sesamectl prints these records and the
 * agent keeps them current, so both ask this file.
 */
#ifndef SES_POLICY_ZONE_H
#define SES_POLICY_ZONE_H

#include "base/conf.h"
#include "model/identity.h"

#define SES_ZONE_TTL 300

typedef struct {
    ses_str_t name;   /* lower case, without a final dot */
    const char *type; /* A, AAAA, CNAME, MX or TXT */
    ses_str_t value;  /* a host without a final dot, a text as one string */
    bool whole;       /* nothing else of this type belongs at the name */
} ses_zone_record_t;

typedef void (*ses_zone_fn_t)(void *arg, const ses_zone_record_t *r);

/*
 * Records that are there without any identity: where bounces go, which
 * addresses send.  Those come from public_address, pool_address and the
 * source addresses of accounts; without any there is no SPF.  Strings live
 * in cx->arena.
 */
SES_CHECK ses_rc_t ses_zone_site(ses_cx_t *cx, ses_txn_t *t,
                                 const ses_conf_t *conf, ses_zone_fn_t fn,
                                 void *arg);
/* The keys of one identity; of the service's own also its aliases. */
void ses_zone_identity(ses_arena_t *a, const ses_conf_t *conf,
                       const ses_identity_t *i, ses_zone_fn_t fn, void *arg);
/* The value as a zone file and libldns spell it (RFC 1035 section 5.1). */
ses_str_t ses_zone_value(ses_arena_t *a, const ses_zone_record_t *r);
/* A text as quoted strings of at most 255 bytes. */
ses_str_t ses_zone_text(ses_arena_t *a, ses_str_t text);

#endif
