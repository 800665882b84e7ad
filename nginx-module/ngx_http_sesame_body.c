/*
 * ngx_http_sesame_body - copy a request out of nginx's memory
 *
 * A call outlives its request, so it takes copies: the head into its arena,
 * the body into memory of its own.  A body that nginx wrote to a file is
 * read by the pool thread, from a descriptor of ours.
 */

#include "ngx_http_sesame.h"


/* A small body may hold a private key: it is wiped after use. */

#define NGX_HTTP_SESAME_WIPE_MAX  65536


static ses_str_t
ngx_http_sesame_dup(ses_arena_t *a, ngx_str_t *s)
{
    return ses_str_dup(a, ses_str_n(s->data, s->len));
}


/* Everything but the body. */

ngx_int_t
ngx_http_sesame_request_copy(ngx_http_sesame_call_t *call,
    ngx_http_request_t *r)
{
    ngx_uint_t        i, n;
    ses_arena_t      *a;
    api_header_t     *headers;
    api_request_t    *req;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    a = call->api->arena;
    req = &call->api->req;

    req->method = ngx_http_sesame_dup(a, &r->method_name);
    req->client = ngx_http_sesame_dup(a, &r->connection->addr_text);
#if (NGX_HTTP_SSL)
    req->tls = (r->connection->ssl != NULL);
#endif
    api_request_target(req, ngx_http_sesame_dup(a, &r->unparsed_uri));

    n = 0;
    for (part = &r->headers_in.headers.part; part != NULL; part = part->next) {
        n += part->nelts;
    }

    headers = ses_alloc(a, (n + 1) * sizeof(api_header_t));

    n = 0;
    for (part = &r->headers_in.headers.part; part != NULL; part = part->next) {
        h = part->elts;
        for (i = 0; i < part->nelts; i++) {
            headers[n].name = ngx_http_sesame_dup(a, &h[i].key);
            headers[n].value = ngx_http_sesame_dup(a, &h[i].value);
            n++;
        }
    }

    req->headers = headers;
    req->nheaders = n;

    return NGX_OK;
}


/* Memory is copied now; at most one range of the file is left to read. */

ngx_int_t
ngx_http_sesame_body_take(ngx_http_sesame_call_t *call, ngx_http_request_t *r)
{
    u_char       *p;
    size_t        n;
    ngx_chain_t  *cl, *chain;

    chain = r->request_body != NULL ? r->request_body->bufs : NULL;

    n = 0;
    for (cl = chain; cl; cl = cl->next) {
        n += ngx_buf_size(cl->buf);
    }

    if (n == 0) {
        return NGX_OK;
    }

    call->body = ses_xmalloc(n);
    call->body_len = n;

    p = call->body;
    for (cl = chain; cl; cl = cl->next) {

        if (!cl->buf->in_file) {
            p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);

            if (n <= NGX_HTTP_SESAME_WIPE_MAX) {
                ngx_explicit_memzero(cl->buf->pos,
                                     cl->buf->last - cl->buf->pos);
            }

            continue;
        }

        if (call->body_fd != -1) {
            return NGX_ERROR;
        }

        /* the request's own descriptor is closed with it */
        call->body_fd = fcntl(cl->buf->file->fd, F_DUPFD_CLOEXEC, 0);
        if (call->body_fd == -1) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, ngx_errno,
                          "sesame: fcntl(F_DUPFD_CLOEXEC) failed");
            return NGX_ERROR;
        }

        call->file_pos = cl->buf->file_pos;
        call->file_at = p - call->body;
        call->file_len = cl->buf->file_last - cl->buf->file_pos;
        p += call->file_len;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_sesame_body_read(ngx_http_sesame_call_t *call)
{
    size_t   done;
    ssize_t  n;

    if (call->body_fd == -1) {
        return NGX_OK;
    }

    for (done = 0; done < call->file_len; done += n) {
        n = pread(call->body_fd, call->body + call->file_at + done,
                  call->file_len - done, call->file_pos + done);

        if (n == -1 && ngx_errno == NGX_EINTR) {
            n = 0;
            continue;
        }

        if (n <= 0) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_http_sesame_body_free(ngx_http_sesame_call_t *call)
{
    if (call->body != NULL && call->body_len <= NGX_HTTP_SESAME_WIPE_MAX) {
        ngx_explicit_memzero(call->body, call->body_len);
    }

    ses_xfree(call->body);
    call->body = NULL;

    if (call->body_fd != -1) {
        close(call->body_fd);
        call->body_fd = -1;
    }
}
