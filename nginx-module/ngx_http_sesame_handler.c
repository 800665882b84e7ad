/*
 * ngx_http_sesame_handler - from an HTTP request to a call, and back
 *
 * Small bodies are handled at once, in the event loop; large ones by a pool
 * thread with a reader of its own.  What has to wait (a commit, Postfix)
 * leaves the request parked; it may end before the call does.
 */

#include "ngx_http_sesame.h"

#include "base/log.h"


static void ngx_http_sesame_body_handler(ngx_http_request_t *r);
static void ngx_http_sesame_gone(void *data);
static void ngx_http_sesame_thread_run(void *data, ngx_log_t *log);
static void ngx_http_sesame_thread_done(ngx_event_t *ev);


ngx_int_t
ngx_http_sesame_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    /* a large body is read by another thread: from a file, not by copy */
    if (r->headers_in.content_length_n > NGX_HTTP_SESAME_LARGE) {
        r->request_body_in_file_only = 1;
        r->request_body_file_log_level = NGX_LOG_INFO;
    }

    rc = ngx_http_read_client_request_body(r, ngx_http_sesame_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


static ngx_http_sesame_call_t *
ngx_http_sesame_call_new(ngx_http_request_t *r)
{
    ngx_http_cleanup_t           *cln;
    ngx_http_sesame_call_t       *call;
    ngx_http_sesame_main_conf_t  *smcf;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NULL;
    }

    smcf = ngx_http_get_module_main_conf(r, ngx_http_sesame_module);

    call = ses_xcalloc(sizeof(ngx_http_sesame_call_t));
    call->api = api_call_new(&smcf->env);
    call->r = r;
    call->cln = cln;
    call->body_fd = -1;

    cln->handler = ngx_http_sesame_gone;
    cln->data = call;

    return call;
}


/* The request ends before its call. */

static void
ngx_http_sesame_gone(void *data)
{
    ngx_http_sesame_call_t  *call = data;

    call->r = NULL;
    call->cln = NULL;
}


/* Notice a client that goes while the call waits. */

static void
ngx_http_sesame_park(ngx_http_sesame_call_t *call)
{
    if (call->r != NULL) {
        call->r->read_event_handler = ngx_http_test_reading;
        call->r->write_event_handler = ngx_http_request_empty_handler;
    }
}


static void
ngx_http_sesame_begin(ngx_http_sesame_call_t *call)
{
    ses_txn_t  *t;

    t = ngx_http_sesame_read(&call->api->cx);
    call->next = api_begin(call->api, t, ngx_http_sesame_worker.cache);
    ngx_http_sesame_read_done(t);

    ngx_http_sesame_body_free(call);
    ngx_http_sesame_call_next(call);
}


static void
ngx_http_sesame_body_handler(ngx_http_request_t *r)
{
    api_request_t           *req;
    ngx_http_sesame_call_t  *call;

    call = ngx_http_sesame_call_new(r);

    if (call == NULL || ngx_http_sesame_error_ours(r) != NGX_OK) {
        /* a call, if any, is freed by whoever is last: nobody else has it */
        if (call != NULL) {
            call->cln->handler = NULL;
            api_call_free(call->api);
            ses_xfree(call);
        }
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    (void) ngx_http_sesame_request_copy(call, r);

    if (ngx_http_sesame_body_take(call, r) != NGX_OK) {
        call->api->rc = SES_FAULT;
        ngx_http_sesame_call_done(call);
        return;
    }

    req = &call->api->req;
    req->body = ses_str_n(call->body, call->body_len);

    if (call->body_fd == -1 && call->body_len <= NGX_HTTP_SESAME_LARGE) {
        ngx_http_sesame_begin(call);
        return;
    }

    ngx_http_sesame_park(call);

    call->task.ctx = call;
    call->task.handler = ngx_http_sesame_thread_run;
    call->task.event.data = call;

    if (ngx_http_sesame_task_post(&call->task, ngx_http_sesame_thread_done)
        != NGX_OK)
    {
        ngx_http_sesame_body_free(call);
        call->api->rc = SES_BUSY;
        ngx_http_sesame_call_done(call);
    }
}


/* On a pool thread: touches the call only, never call->r. */

static void
ngx_http_sesame_thread_run(void *data, ngx_log_t *log)
{
    ngx_http_sesame_call_t  *call = data;

    ses_txn_t    *t;
    api_call_t   *api;
    ses_store_t  *store;

    api = call->api;
    store = ngx_http_sesame_worker.store;
    t = NULL;

    if (ngx_http_sesame_body_read(call) != NGX_OK) {
        api->rc = ses_fail(&api->cx, SES_FAULT, "the body cannot be read");
        call->next = API_DONE;

    } else {
        if (store != NULL && ses_txn_read(&api->cx, store, &t) != SES_OK) {
            t = NULL;
        }

        call->next = api_begin(api, t, NULL);
        ses_txn_end(t);
    }

    ngx_http_sesame_body_free(call);
}


static void
ngx_http_sesame_thread_done(ngx_event_t *ev)
{
    ngx_http_sesame_task_done();
    ngx_http_sesame_call_next(ev->data);
}


void
ngx_http_sesame_call_next(ngx_http_sesame_call_t *call)
{
    switch (call->next) {

    case API_COMMIT:
        ngx_http_sesame_park(call);
        ngx_http_sesame_batch_add(call);
        break;

    case API_SEND:
        ngx_http_sesame_park(call);
        ngx_http_sesame_inject_add(call);
        break;

    default: /* API_DONE */
        ngx_http_sesame_call_done(call);
        break;
    }
}


void
ngx_http_sesame_call_done(ngx_http_sesame_call_t *call)
{
    ngx_int_t            rc;
    api_response_t       response;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    api_finish(call->api, &response);

    r = call->r;
    c = NULL;

    if (r != NULL) {
        call->cln->handler = NULL;
        c = r->connection;

        rc = ngx_http_sesame_reply(r, &response);
        ngx_http_finalize_request(r, rc);
    }

    api_call_free(call->api);
    ses_xfree(call);

    if (c != NULL) {
        ngx_http_run_posted_requests(c);
    }
}


static ngx_int_t
ngx_http_sesame_header(ngx_http_request_t *r, const char *name,
    ses_str_t value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 0;
    ngx_str_null(&h->value);

    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);

    h->value.data = ngx_pnalloc(r->pool, value.n);
    if (h->value.data == NULL) {
        return NGX_ERROR;
    }

    h->value.len = value.n;
    ngx_memcpy(h->value.data, value.p, value.n);
    h->hash = 1;

    return NGX_OK;
}


/*
 * A page has no script, nothing from elsewhere, and no reader beside the one
 * who opened it.  Its form may be answered with a redirect to anywhere.
 */

static ngx_int_t
ngx_http_sesame_page_headers(ngx_http_request_t *r,
    const api_response_t *response)
{
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        const char  *value;
    } fixed[] = {
        { "Cache-Control", "no-store" },
        { "Content-Security-Policy",
          "default-src 'none'; style-src 'unsafe-inline'; "
          "form-action 'self' http: https:; base-uri 'none'; "
          "frame-ancestors 'none'" },
        { "Referrer-Policy", "no-referrer" },
        { "X-Content-Type-Options", "nosniff" },
        { "X-Frame-Options", "DENY" },
        { "X-Robots-Tag", "noindex, nofollow" },
    };

    for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (ngx_http_sesame_header(r, fixed[i].name, ses_str(fixed[i].value))
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (response->location.n == 0) {
        return NGX_OK;
    }

    return ngx_http_sesame_header(r, "Location", response->location);
}


ngx_int_t
ngx_http_sesame_reply_headers(ngx_http_request_t *r,
    const api_response_t *response)
{
    r->headers_out.content_type.data = (u_char *) response->type;
    r->headers_out.content_type.len = ngx_strlen(response->type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.content_length_n = response->body.n;

    if (ngx_http_sesame_header(r, "x-amzn-RequestId", response->request_id)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (response->page) {
        return ngx_http_sesame_page_headers(r, response);
    }

    if (response->error == NULL || response->error[0] == '\0') {
        return NGX_OK;
    }

    return ngx_http_sesame_header(r, "x-amzn-ErrorType",
                                  ses_str(response->error));
}


ngx_int_t
ngx_http_sesame_reply(ngx_http_request_t *r, const api_response_t *response)
{
    ngx_buf_t    *b;
    ngx_int_t     rc;
    ngx_chain_t   out;

    r->headers_out.status = response->status;

    if (ngx_http_sesame_reply_headers(r, response) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    if (response->body.n == 0) {
        return ngx_http_send_special(r, NGX_HTTP_LAST);
    }

    b = ngx_create_temp_buf(r->pool, response->body.n);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->last, response->body.p, response->body.n);
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
