/*
 * sigv4 - is this request signed by who it says it is? (contract section 3)
 *
 * Three steps, in the order of the service's answers: header or query is read
 * (sigv4_parse), scope and time are checked (sigv4_scope), the signature is
 * computed and compared (sigv4_check).  Between them the caller looks the
 * access key up.  Every text is the service's.
 */
#ifndef SES_API_SIGV4_H
#define SES_API_SIGV4_H

#include "api/request.h"
#include "base/encode.h"
#include "base/rc.h"

/* What the Authorization header says, or the query of a presigned request;
 * points into the request, or into the arena. */
typedef struct {
    ses_str_t access_key;
    ses_str_t date; /* YYYYMMDD */
    ses_str_t region;
    ses_str_t service;
    ses_str_t terminator;
    ses_str_t signed_headers; /* a;b;c */
    ses_str_t signature;      /* hex */
    ses_str_t timestamp;      /* YYYYMMDDTHHMMSSZ */
    int64_t when;             /* the same, ms */
    ses_str_t token;          /* of a session; p == NULL: none is given */
    bool presigned;           /* all this is from the query */
    int64_t lifetime;         /* ms: of a presigned request */
} sigv4_t;

/* Does it claim to be signed, in either way? */
bool sigv4_is_signed(const api_request_t *r);
/* SES_NO_CREDENTIALS or SES_INCOMPLETE. */
SES_CHECK ses_rc_t sigv4_parse(ses_cx_t *cx, const api_request_t *r,
                               sigv4_t *out);
/* SES_BAD_SIGNATURE: another region or service, too old, too new.
 * SES_OVERDUE: presigned, and its time is over. */
SES_CHECK ses_rc_t sigv4_scope(ses_cx_t *cx, const sigv4_t *s, ses_str_t region,
                               const char *service);

/* A signing key, ready to sign; freed by sigv4_key_free or its cache. */
typedef struct sigv4_key_s sigv4_key_t;
sigv4_key_t *sigv4_key_new(const sigv4_t *s, ses_str_t secret);
void sigv4_key_free(sigv4_key_t *k);

/* SES_BAD_SIGNATURE unless signature and body hash are right. */
SES_CHECK ses_rc_t sigv4_check(ses_cx_t *cx, const api_request_t *r,
                               const sigv4_t *s, sigv4_key_t *key,
                               const uint8_t body[SES_SHA256]);

/*
 * Signing keys of one thread, by access key, its version, date, region and
 * service: deriving one costs four times the rest of a verification.
 */
typedef struct sigv4_cache_s sigv4_cache_t;
sigv4_cache_t *sigv4_cache_new(void);
void sigv4_cache_free(sigv4_cache_t *c);
/* NULL when it is not there. */
sigv4_key_t *sigv4_cache_find(sigv4_cache_t *c, const sigv4_t *s,
                              uint64_t version);
/* The cache owns k from now on. */
void sigv4_cache_put(sigv4_cache_t *c, const sigv4_t *s, uint64_t version,
                     sigv4_key_t *k);

#endif
