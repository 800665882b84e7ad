/*
 * request - what came in, before anybody believes it
 *
 * The bytes as the client sent them: the target is not decoded, because the
 * signature and the router both need it raw (contract 1.3, 3.1).
 */
#ifndef SES_API_REQUEST_H
#define SES_API_REQUEST_H

#include "base/str.h"

typedef struct {
    ses_str_t name; /* as sent */
    ses_str_t value;
} api_header_t;

typedef struct {
    ses_str_t method;
    ses_str_t path;  /* undecoded, without the query */
    ses_str_t query; /* undecoded, without '?' */
    const api_header_t *headers;
    unsigned nheaders;
    ses_str_t body;
    ses_str_t client; /* address */
    bool tls;
} api_request_t;

/* Split a request target into path and query. */
void api_request_target(api_request_t *r, ses_str_t target);

/* The first header of this name; p == NULL when there is none. */
ses_str_t api_request_header(const api_request_t *r, const char *name);
/* How many headers have this name? */
unsigned api_request_headers(const api_request_t *r, const char *name);

/* Cuts the first "name=value" off a query or form; false at its end.  Empty
 * pairs ("&&") are skipped; nothing is decoded. */
bool api_pair_cut(ses_str_t *rest, ses_str_t *name, ses_str_t *value);

#endif
