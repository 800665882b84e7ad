/*
 * ngx_http_sesame - what the files of the glue share
 *
 * Everything of one request that must outlive it (a commit or an injection
 * goes on when the client has gone) is an ngx_http_sesame_call_t.  It is
 * plain heap memory, owned by whoever works on it: handler, batch, injector
 * or a pool thread, one at a time; call->r is NULL once the client has gone,
 * and is looked at in the event loop only.
 */
#ifndef NGX_HTTP_SESAME_H
#define NGX_HTTP_SESAME_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>
#include <ngx_thread_pool.h>

#include "api/dispatch.h"
#include "api/smtp.h"
#include "store/commit.h"

/* Above this a body is hashed, parsed and composed on a pool thread. */
#define NGX_HTTP_SESAME_LARGE  (256 * 1024)


typedef struct {
    ngx_str_t            file;       /* sesame.conf, empty = not given */
    api_env_t            env;
    ngx_addr_t           inject;
    ngx_thread_pool_t   *pool;
} ngx_http_sesame_main_conf_t;


typedef struct {
    ngx_flag_t           api;        /* a location of this server is ours */
} ngx_http_sesame_srv_conf_t;


typedef struct {
    ngx_flag_t           enable;
} ngx_http_sesame_loc_conf_t;


typedef struct ngx_http_sesame_peer_s  ngx_http_sesame_peer_t;


typedef struct {
    api_call_t              *api;
    ngx_http_request_t      *r;
    ngx_http_cleanup_t      *cln;
    api_next_t               next;

    /* a large body, read by a pool thread */
    ngx_thread_task_t        task;
    u_char                  *body;      /* ses_xmalloc, until api_begin */
    size_t                   body_len;
    int                      body_fd;   /* -1 = all of it is in memory */
    off_t                    file_pos;
    size_t                   file_at;   /* where the file goes in body */
    size_t                   file_len;

    ses_op_t                 op;        /* in a batch */

    ngx_queue_t              queue;     /* in the injector's line */
    ngx_event_t              deadline;
    ngx_event_t              look;
    ngx_http_sesame_peer_t  *peer;      /* that carries it */
    unsigned                 waiting:1; /* in line */
    unsigned                 fresh:1;   /* wants a new connection */
} ngx_http_sesame_call_t;


/* What one worker process has. */
typedef struct {
    ngx_http_sesame_main_conf_t  *conf;
    ses_store_t                  *store;
    ses_txn_t                    *txn;      /* reset between requests */
    sigv4_cache_t                *cache;
    int                           turn_fd;  /* one writer of all workers */
    ngx_event_t                   hold;     /* armed while tasks are out */
    ngx_uint_t                    tasks;
    ngx_event_t                   tend;     /* store and readers */
    ngx_thread_task_t             check;
    unsigned                      checking:1;
} ngx_http_sesame_worker_t;


extern ngx_module_t              ngx_http_sesame_module;
extern ngx_http_sesame_worker_t  ngx_http_sesame_worker;


/* ngx_http_sesame_worker.c */
ngx_int_t ngx_http_sesame_worker_init(ngx_cycle_t *cycle,
    ngx_http_sesame_main_conf_t *conf);
void ngx_http_sesame_worker_exit(ngx_cycle_t *cycle);
/* The worker's reader, renewed; NULL when the store cannot be read. */
ses_txn_t *ngx_http_sesame_read(ses_cx_t *cx);
void ngx_http_sesame_read_done(ses_txn_t *t);
/* Post a task; a quitting worker waits for it.  done runs in the loop. */
ngx_int_t ngx_http_sesame_task_post(ngx_thread_task_t *task,
    ngx_event_handler_pt done);
/* First thing in done. */
void ngx_http_sesame_task_done(void);
/* A timer's fields. */
void ngx_http_sesame_timer_init(ngx_event_t *ev, ngx_event_handler_pt handler,
    void *data);

/* ngx_http_sesame_handler.c */
ngx_int_t ngx_http_sesame_handler(ngx_http_request_t *r);
/* The call has begun: hand it on. */
void ngx_http_sesame_call_next(ngx_http_sesame_call_t *call);
/* The call is over: answer, if anybody is there, and free it. */
void ngx_http_sesame_call_done(ngx_http_sesame_call_t *call);
/* Send a response of ours. */
ngx_int_t ngx_http_sesame_reply(ngx_http_request_t *r,
    const api_response_t *response);
ngx_int_t ngx_http_sesame_reply_headers(ngx_http_request_t *r,
    const api_response_t *response);

/* ngx_http_sesame_body.c */
ngx_int_t ngx_http_sesame_request_copy(ngx_http_sesame_call_t *call,
    ngx_http_request_t *r);
ngx_int_t ngx_http_sesame_body_take(ngx_http_sesame_call_t *call,
    ngx_http_request_t *r);
/* On a pool thread: read what is in a file. */
ngx_int_t ngx_http_sesame_body_read(ngx_http_sesame_call_t *call);
void ngx_http_sesame_body_free(ngx_http_sesame_call_t *call);

/* ngx_http_sesame_batch.c */
void ngx_http_sesame_batch_add(ngx_http_sesame_call_t *call);

/* ngx_http_sesame_inject.c */
void ngx_http_sesame_inject_init(ngx_cycle_t *cycle);
void ngx_http_sesame_inject_add(ngx_http_sesame_call_t *call);
/* From a connection: what became of its message. */
void ngx_http_sesame_inject_answer(ngx_http_sesame_call_t *call,
    ses_str_t line);
void ngx_http_sesame_inject_lost(ngx_http_sesame_call_t *call, ngx_uint_t data);
void ngx_http_sesame_inject_failed(ngx_http_sesame_call_t *call,
    const char *why);
/* The next message in line for a connection that is free, or NULL. */
ngx_http_sesame_call_t *ngx_http_sesame_inject_take(void);
/* There is room for a new connection. */
void ngx_http_sesame_inject_more(void);

/* ngx_http_sesame_peer.c: connections to Postfix */
void ngx_http_sesame_peer_init(ngx_cycle_t *cycle);
/* Give the message to an idle connection, or a new one.  NGX_BUSY: all are
 * in use.  NGX_ERROR: no connection can be made. */
ngx_int_t ngx_http_sesame_peer_send(ngx_http_sesame_call_t *call);
/* Take the message away from its connection, which is closed. */
void ngx_http_sesame_peer_drop(ngx_http_sesame_call_t *call);

/* ngx_http_sesame_error.c */
ngx_int_t ngx_http_sesame_error_init(ngx_conf_t *cf);
/* From now on a response of this request is ours. */
ngx_int_t ngx_http_sesame_error_ours(ngx_http_request_t *r);

#endif
