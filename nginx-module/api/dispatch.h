/*
 * dispatch - one API call, from the request to the response
 *
 *   api_call_new, fill req, api_begin -> API_DONE    api_finish
 *                                     -> API_COMMIT  run api_write in a batch
 *                                     -> API_SEND    send.h says what next
 *
 * A call owns its memory (arena) and needs nothing of the web server, so it
 * may outlive the client and change threads between these steps.
 */
#ifndef SES_API_DISPATCH_H
#define SES_API_DISPATCH_H

#include "api/params.h"
#include "api/send.h"
#include "api/sigv4.h"
#include "model/credential.h"

typedef enum { API_DONE, API_COMMIT, API_SEND } api_next_t;

typedef struct api_call_s {
    const api_env_t *env;
    ses_arena_t *arena;
    ses_cx_t cx;
    int64_t started_us; /* monotonic */

    api_request_t req; /* its body only until api_begin returns */
    uint8_t body_hash[SES_SHA256];

    op_protocol_t protocol; /* how to answer */
    const op_def_t *def;    /* NULL = none was found */
    ses_str_t pem;          /* a document instead of an operation's answer */
    ses_credential_t key;
    cJSON *in;

    op_t op;
    out_t out;
    ses_change_t change;
    op_send_t message;
    op_page_t page;
    send_t send;
    ses_rc_t rc;
} api_call_t;

typedef struct {
    int status;
    const char *type;  /* Content-Type */
    const char *error; /* x-amzn-ErrorType, NULL = none */
    ses_str_t request_id;
    ses_str_t body;
    bool page;          /* for a browser: its security headers are due */
    ses_str_t location; /* of a redirect, "" = none */
} api_response_t;

/* The caller fills req, all but the body in the call's arena, and frees the
 * call. */
api_call_t *api_call_new(const api_env_t *env);
void api_call_free(api_call_t *c);

/*
 * Route, authenticate, decode, check, and run what only reads.  t is the
 * caller's reader, NULL when there is no store: SES_BUSY.  cache may be NULL
 * (a thread of its own).
 */
api_next_t api_begin(api_call_t *c, ses_txn_t *t, sigv4_cache_t *cache);
/* A ses_commit_fn_t: the handler and its change, in a nested transaction. */
ses_rc_t api_write(ses_cx_t *cx, ses_txn_t *t, void *call);
/* The change is on disk (c->rc == SES_OK) or is not: API_DONE, or API_SEND. */
api_next_t api_committed(api_call_t *c);
/* The response, in the call's arena, and one line in the log. */
void api_finish(api_call_t *c, api_response_t *out);
/* The response for a failure outside any operation (web server errors). */
void api_plain_error(ses_arena_t *a, int status, api_response_t *out);

#endif
