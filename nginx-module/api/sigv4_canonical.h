/*
 * sigv4_canonical - the bytes a signature is about (contract 3.1), and what
 * the files of sigv4.h share
 */
#ifndef SES_API_SIGV4_CANONICAL_H
#define SES_API_SIGV4_CANONICAL_H

#include "api/sigv4.h"
#include "base/buf.h"

/* The canonical request; SES_BAD_SIGNATURE when host, or a session's
 * token, is not signed. */
SES_CHECK ses_rc_t sigv4_canonical(ses_cx_t *cx, const api_request_t *r,
                                   const sigv4_t *s, ses_str_t payload_hash,
                                   ses_str_t *out);
ses_str_t sigv4_string_to_sign(ses_cx_t *cx, const sigv4_t *s,
                               ses_str_t canonical);

/* Its parts: the path, encoded once more; the query, sorted. */
void sigv4_canonical_path(ses_buf_t *b, ses_str_t path);
void sigv4_canonical_query(ses_buf_t *b, ses_str_t query, bool presigned);

/* AKID/YYYYMMDD/REGION/SERVICE/aws4_request, into s; SES_INCOMPLETE. */
SES_CHECK ses_rc_t sigv4_credential(ses_cx_t *cx, ses_str_t text, sigv4_t *s);
/* Is there a signature in the query?  What it says: SES_INCOMPLETE. */
bool sigv4_is_presigned(const api_request_t *r);
SES_CHECK ses_rc_t sigv4_parse_query(ses_cx_t *cx, const api_request_t *r,
                                     sigv4_t *out);

/* HMAC of text; false when the library failed. */
SES_CHECK bool sigv4_key_sign(sigv4_key_t *k, ses_str_t text,
                              uint8_t mac[SES_SHA256]);

#endif
