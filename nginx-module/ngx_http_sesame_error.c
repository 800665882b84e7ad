/*
 * ngx_http_sesame_error - nginx's own errors in the API's form
 *
 * What nginx refuses before there is a call (a malformed or too large
 * request) would be a page of HTML.  In a location that is ours, and before
 * any location is known in a server that has one, it becomes JSON with a
 * class and a request id.
 */

#include "ngx_http_sesame.h"


typedef struct {
    ngx_buf_t   *body;       /* instead of nginx's page */
    unsigned     ours:1;     /* the response is the handler's */
    unsigned     sent:1;
} ngx_http_sesame_ctx_t;


static ngx_http_output_header_filter_pt  ngx_http_sesame_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_sesame_next_body_filter;


static ngx_http_sesame_ctx_t *
ngx_http_sesame_ctx(ngx_http_request_t *r)
{
    ngx_http_sesame_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_sesame_module);

    if (ctx == NULL) {
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_sesame_ctx_t));
        if (ctx == NULL) {
            return NULL;
        }

        ngx_http_set_ctx(r, ctx, ngx_http_sesame_module);
    }

    return ctx;
}


ngx_int_t
ngx_http_sesame_error_ours(ngx_http_request_t *r)
{
    ngx_http_sesame_ctx_t  *ctx;

    ctx = ngx_http_sesame_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->ours = 1;

    return NGX_OK;
}


/* Is this an error of nginx's about a request to the API? */

static ngx_uint_t
ngx_http_sesame_error_test(ngx_http_request_t *r)
{
    ngx_http_sesame_ctx_t       *ctx;
    ngx_http_core_srv_conf_t    *cscf;
    ngx_http_sesame_loc_conf_t  *slcf;
    ngx_http_sesame_srv_conf_t  *sscf;

    if (r->headers_out.status < NGX_HTTP_BAD_REQUEST || r != r->main) {
        return 0;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_sesame_module);
    if (ctx != NULL && ctx->ours) {
        return 0;
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sesame_module);
    if (slcf->enable) {
        return 1;
    }

    sscf = ngx_http_get_module_srv_conf(r, ngx_http_sesame_module);
    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    return sscf->api && r->loc_conf == cscf->ctx->loc_conf;
}


static ngx_int_t
ngx_http_sesame_error_header_filter(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ses_arena_t            *arena;
    api_response_t          response;
    ngx_http_sesame_ctx_t  *ctx;

    if (!ngx_http_sesame_error_test(r)) {
        return ngx_http_sesame_next_header_filter(r);
    }

    ctx = ngx_http_sesame_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    arena = ses_arena_new();
    api_plain_error(arena, r->headers_out.status, &response);

    ngx_http_clear_content_length(r);
    ngx_http_clear_location(r);

    rc = NGX_ERROR;
    ctx->body = ngx_create_temp_buf(r->pool, response.body.n);

    if (ctx->body != NULL
        && ngx_http_sesame_reply_headers(r, &response) == NGX_OK)
    {
        ctx->body->last = ngx_cpymem(ctx->body->last, response.body.p,
                                     response.body.n);
        ctx->body->last_buf = 1;
        ctx->body->last_in_chain = 1;
        rc = NGX_OK;
    }

    ses_arena_free(arena);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_sesame_next_header_filter(r);
}


static ngx_int_t
ngx_http_sesame_error_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t             out;
    ngx_http_sesame_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_sesame_module);

    if (ctx == NULL || ctx->body == NULL || in == NULL) {
        return ngx_http_sesame_next_body_filter(r, in);
    }

    if (ctx->sent) {
        return NGX_OK;
    }

    ctx->sent = 1;

    out.buf = ctx->body;
    out.next = NULL;

    return ngx_http_sesame_next_body_filter(r, &out);
}


ngx_int_t
ngx_http_sesame_error_init(ngx_conf_t *cf)
{
    ngx_http_sesame_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_sesame_error_header_filter;

    ngx_http_sesame_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_sesame_error_body_filter;

    return NGX_OK;
}
