/*
 * ngx_http_sesame_peer - SMTP connections to Postfix, kept open
 *
 * At most 16 a worker, each carries one message at a time: the envelope in
 * one write, the message in a second, after all replies (smtp.c).  An idle
 * one is tested before use, closed after a minute, by a quitting worker, and
 * when it is a minute old: old smtpd processes keep old settings.
 *
 * A function that may close the connection says so by NGX_ERROR; nothing of
 * it may be touched afterwards.
 */

#include "ngx_http_sesame.h"

#define PEERS_MAX     16
#define CONNECT_MS    2000
#define HELLO_MS      5000      /* banner, EHLO */
#define ENVELOPE_MS   30000
#define ANSWER_MS     SEND_DEADLINE
#define WRITE_MS      30000     /* without progress */
#define IDLE_MS       60000
#define AGE_MS        60000


struct ngx_http_sesame_peer_s {
    ngx_connection_t        *c;
    ngx_queue_t              queue;     /* of idle ones */
    ngx_http_sesame_call_t  *call;
    smtp_t                   smtp;
    ses_arena_t             *arena;     /* of one message's commands */
    ngx_chain_t             *out;       /* to be written */
    ngx_chain_t              chain[2];
    ngx_buf_t                buf[2];
    ngx_msec_t               born;
    unsigned                 connected:1;
    unsigned                 data:1;    /* the message was begun */
    unsigned                 idle:1;
};


static ngx_queue_t  ngx_http_sesame_idle;
static ngx_uint_t   ngx_http_sesame_peers;


static ngx_int_t ngx_http_sesame_peer_connect(ngx_http_sesame_call_t *call);
static ngx_int_t ngx_http_sesame_peer_connected(ngx_http_sesame_peer_t *p);
static ngx_int_t ngx_http_sesame_peer_start(ngx_http_sesame_peer_t *p,
    ngx_http_sesame_call_t *call);
static ngx_int_t ngx_http_sesame_peer_release(ngx_http_sesame_peer_t *p);
static ngx_int_t ngx_http_sesame_peer_flush(ngx_http_sesame_peer_t *p);
static ngx_int_t ngx_http_sesame_peer_lost(ngx_http_sesame_peer_t *p);
static ngx_int_t ngx_http_sesame_peer_failed(ngx_http_sesame_peer_t *p,
    const char *why);
static void ngx_http_sesame_peer_read(ngx_event_t *rev);
static void ngx_http_sesame_peer_write(ngx_event_t *wev);


void
ngx_http_sesame_peer_init(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_http_sesame_idle);
    ngx_http_sesame_peers = 0;
}


static void
ngx_http_sesame_peer_close(ngx_http_sesame_peer_t *p)
{
    if (p->idle) {
        ngx_queue_remove(&p->queue);
    }

    ngx_close_connection(p->c);
    ses_arena_free(p->arena);
    ses_xfree(p);

    ngx_http_sesame_peers--;
}


/* Between messages: say so. */

static void
ngx_http_sesame_peer_quit(ngx_http_sesame_peer_t *p)
{
    static u_char  quit[] = "QUIT" CRLF;

    (void) p->c->send(p->c, quit, sizeof(quit) - 1);

    ngx_http_sesame_peer_close(p);
}


/* Nothing to read means that the server has neither closed nor said so. */

static ngx_uint_t
ngx_http_sesame_peer_alive(ngx_http_sesame_peer_t *p)
{
    char     c;
    ssize_t  n;

    n = recv(p->c->fd, &c, 1, MSG_PEEK);

    return n == -1 && ngx_socket_errno == NGX_EAGAIN;
}


ngx_int_t
ngx_http_sesame_peer_send(ngx_http_sesame_call_t *call)
{
    ngx_queue_t             *q;
    ngx_http_sesame_peer_t  *p;

    while (!ngx_queue_empty(&ngx_http_sesame_idle)) {

        if (call->fresh && ngx_http_sesame_peers < PEERS_MAX) {
            break;
        }

        q = call->fresh ? ngx_queue_last(&ngx_http_sesame_idle)
                        : ngx_queue_head(&ngx_http_sesame_idle);
        p = ngx_queue_data(q, ngx_http_sesame_peer_t, queue);

        if (call->fresh || !ngx_http_sesame_peer_alive(p)) {
            ngx_http_sesame_peer_close(p);
            continue;
        }

        (void) ngx_http_sesame_peer_start(p, call);
        return NGX_OK;
    }

    if (ngx_http_sesame_peers >= PEERS_MAX) {
        return NGX_BUSY;
    }

    return ngx_http_sesame_peer_connect(call);
}


void
ngx_http_sesame_peer_drop(ngx_http_sesame_call_t *call)
{
    ngx_http_sesame_peer_t  *p;

    p = call->peer;
    call->peer = NULL;
    p->call = NULL;

    ngx_http_sesame_peer_close(p);
    ngx_http_sesame_inject_more();
}


static ngx_int_t
ngx_http_sesame_peer_connect(ngx_http_sesame_call_t *call)
{
    ngx_int_t                rc;
    ngx_addr_t              *addr;
    ngx_connection_t        *c;
    ngx_peer_connection_t    pc;
    ngx_http_sesame_peer_t  *p;

    addr = &ngx_http_sesame_worker.conf->inject;

    ngx_memzero(&pc, sizeof(ngx_peer_connection_t));
    pc.sockaddr = addr->sockaddr;
    pc.socklen = addr->socklen;
    pc.name = &addr->name;
    pc.get = ngx_event_get_peer;
    pc.log = ngx_cycle->log;
    pc.log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(&pc);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        if (pc.connection != NULL) {
            ngx_close_connection(pc.connection);
        }
        return NGX_ERROR;
    }

    c = pc.connection;

    p = ses_xcalloc(sizeof(ngx_http_sesame_peer_t));
    p->c = c;
    p->arena = ses_arena_new();
    p->born = ngx_current_msec;
    p->call = call;
    call->peer = p;
    smtp_init(&p->smtp);
    ngx_http_sesame_peers++;

    c->data = p;
    c->read->handler = ngx_http_sesame_peer_read;
    c->write->handler = ngx_http_sesame_peer_write;

    if (rc == NGX_AGAIN) {
        ngx_add_timer(c->write, CONNECT_MS);
        return NGX_OK;
    }

    (void) ngx_http_sesame_peer_connected(p);

    return NGX_OK;
}


static ngx_int_t
ngx_http_sesame_peer_connected(ngx_http_sesame_peer_t *p)
{
    int                err;
    socklen_t          len;
    ngx_connection_t  *c;

    c = p->c;
    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1
        || err != 0)
    {
        ngx_log_error(NGX_LOG_ERR, c->log, err,
                      "sesame: connect() to Postfix %V failed",
                      &ngx_http_sesame_worker.conf->inject.name);
        return ngx_http_sesame_peer_failed(p, "Postfix cannot be reached");
    }

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    p->connected = 1;
    (void) ngx_tcp_nodelay(c);

    ngx_add_timer(c->read, HELLO_MS);

    if (ngx_handle_read_event(c->read, 0) != NGX_OK
        || ngx_handle_write_event(c->write, 0) != NGX_OK)
    {
        return ngx_http_sesame_peer_failed(p, "no event can be added");
    }

    return NGX_OK;
}


/* Write up to two pieces; wait at most ms for the reply. */

static ngx_int_t
ngx_http_sesame_peer_say(ngx_http_sesame_peer_t *p, ses_str_t first,
    ses_str_t second, ngx_msec_t ms)
{
    ngx_uint_t   i;
    ses_str_t    piece[2];

    piece[0] = first;
    piece[1] = second;
    p->out = NULL;

    for (i = 2; i-- > 0; /* void */ ) {
        if (piece[i].n == 0) {
            continue;
        }

        ngx_memzero(&p->buf[i], sizeof(ngx_buf_t));
        p->buf[i].pos = (u_char *) piece[i].p;
        p->buf[i].last = p->buf[i].pos + piece[i].n;
        p->buf[i].memory = 1;

        p->chain[i].buf = &p->buf[i];
        p->chain[i].next = p->out;
        p->out = &p->chain[i];
    }

    ngx_add_timer(p->c->read, ms);

    return ngx_http_sesame_peer_flush(p);
}


static ngx_int_t
ngx_http_sesame_peer_flush(ngx_http_sesame_peer_t *p)
{
    ngx_connection_t  *c;

    c = p->c;

    if (p->out != NULL) {
        p->out = c->send_chain(c, p->out, 0);

        if (p->out == NGX_CHAIN_ERROR) {
            return ngx_http_sesame_peer_lost(p);
        }
    }

    if (p->out != NULL) {
        ngx_add_timer(c->write, WRITE_MS);

    } else if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return ngx_http_sesame_peer_lost(p);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_sesame_peer_start(ngx_http_sesame_peer_t *p,
    ngx_http_sesame_call_t *call)
{
    op_send_t  *m;

    if (p->idle) {
        ngx_queue_remove(&p->queue);
        p->idle = 0;
        p->c->idle = 0;
        p->c->read->cancelable = 0;
    }

    p->call = call;
    p->data = 0;
    call->peer = p;
    call->fresh = 0;

    ses_arena_reset(p->arena);
    m = &call->api->message;

    return ngx_http_sesame_peer_say(p,
               smtp_envelope(&p->smtp, p->arena, m->mail, m->rcpts, m->nrcpts),
               SES_STR(""), ENVELOPE_MS);
}


/* The envelope is accepted: the ticket is stamped now. */

static ngx_int_t
ngx_http_sesame_peer_data(ngx_http_sesame_peer_t *p)
{
    ses_str_t    ticket, head, data;
    api_call_t  *api;

    api = p->call->api;
    data = api->message.data;
    ticket = send_ticket(api);
    head = ses_str_cat(p->arena,
                       smtp_chunk(&p->smtp, p->arena, ticket.n + data.n),
                       ticket);
    p->data = 1;

    return ngx_http_sesame_peer_say(p, head, data, ANSWER_MS);
}


/* Take the message off the connection. */

static ngx_http_sesame_call_t *
ngx_http_sesame_peer_unload(ngx_http_sesame_peer_t *p)
{
    ngx_http_sesame_call_t  *call;

    call = p->call;
    p->call = NULL;
    p->out = NULL;

    if (call != NULL) {
        call->peer = NULL;
    }

    return call;
}


/* A message is done with; the connection goes on, or not. */

static ngx_int_t
ngx_http_sesame_peer_answer(ngx_http_sesame_peer_t *p, smtp_event_t event)
{
    ngx_int_t                rc;
    ses_str_t                line;
    ngx_http_sesame_call_t  *call;

    call = ngx_http_sesame_peer_unload(p);

    if (call == NULL) {
        ngx_http_sesame_peer_close(p);
        ngx_http_sesame_inject_more();
        return NGX_ERROR;
    }

    line = ses_str_dup(call->api->arena, p->smtp.line);

    if (smtp_is_lost(line)) {
        ngx_http_sesame_peer_close(p);
        ngx_http_sesame_inject_answer(call, line);
        ngx_http_sesame_inject_more();
        return NGX_ERROR;
    }

    if (event == SMTP_REFUSED) {
        rc = ngx_http_sesame_peer_say(p, smtp_reset(&p->smtp), SES_STR(""),
                                      HELLO_MS);
    } else {
        rc = ngx_http_sesame_peer_release(p);
    }

    ngx_http_sesame_inject_answer(call, line);

    return rc;
}


/* Free for the message that asked for it, the next in line, or none. */

static ngx_int_t
ngx_http_sesame_peer_release(ngx_http_sesame_peer_t *p)
{
    ngx_http_sesame_call_t  *call;

    if (p->call != NULL) {
        return ngx_http_sesame_peer_start(p, p->call);
    }

    if (ngx_exiting || ngx_current_msec - p->born > AGE_MS) {
        ngx_http_sesame_peer_quit(p);
        ngx_http_sesame_inject_more();
        return NGX_ERROR;
    }

    call = ngx_http_sesame_inject_take();

    if (call != NULL && !call->fresh) {
        return ngx_http_sesame_peer_start(p, call);
    }

    if (call != NULL) {
        ngx_http_sesame_peer_quit(p);
        if (ngx_http_sesame_peer_send(call) != NGX_OK) {
            ngx_http_sesame_inject_failed(call, "Postfix cannot be reached");
        }
        return NGX_ERROR;
    }

    p->idle = 1;
    p->c->idle = 1;
    p->c->read->cancelable = 1;
    ngx_queue_insert_head(&ngx_http_sesame_idle, &p->queue);
    ngx_add_timer(p->c->read, IDLE_MS);

    return NGX_OK;
}


/* The connection ended, or does not make sense any more. */

static ngx_int_t
ngx_http_sesame_peer_lost(ngx_http_sesame_peer_t *p)
{
    ngx_uint_t               data;
    ngx_http_sesame_call_t  *call;

    data = p->data;
    call = ngx_http_sesame_peer_unload(p);

    ngx_http_sesame_peer_close(p);

    if (call != NULL) {
        ngx_http_sesame_inject_lost(call, data);
    }

    ngx_http_sesame_inject_more();

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_sesame_peer_failed(ngx_http_sesame_peer_t *p, const char *why)
{
    ngx_http_sesame_call_t  *call;

    call = ngx_http_sesame_peer_unload(p);

    ngx_http_sesame_peer_close(p);

    if (call != NULL) {
        ngx_http_sesame_inject_failed(call, why);
    }

    ngx_http_sesame_inject_more();

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_sesame_peer_broken(ngx_http_sesame_peer_t *p)
{
    if (p->smtp.state == SMTP_WAIT_EHLO && p->smtp.line.n > 0
        && p->smtp.line.p[0] == '2')
    {
        ngx_log_error(NGX_LOG_ERR, p->c->log, 0,
                      "sesame: Postfix %V does not offer CHUNKING",
                      &ngx_http_sesame_worker.conf->inject.name);
        return ngx_http_sesame_peer_failed(p, "Postfix lacks CHUNKING");
    }

    return ngx_http_sesame_peer_lost(p);
}


static ngx_int_t
ngx_http_sesame_peer_event(ngx_http_sesame_peer_t *p, smtp_event_t event)
{
    ses_str_t  name;

    switch (event) {

    case SMTP_HELLO:
        name = ngx_http_sesame_worker.conf->env.conf.service_domain;
        return ngx_http_sesame_peer_say(p, smtp_ehlo(p->arena, name),
                                        SES_STR(""), HELLO_MS);

    case SMTP_READY:
        return ngx_http_sesame_peer_release(p);

    case SMTP_GO:
        return ngx_http_sesame_peer_data(p);

    case SMTP_REFUSED:
    case SMTP_ANSWER:
        return ngx_http_sesame_peer_answer(p, event);

    default: /* SMTP_BROKEN */
        return ngx_http_sesame_peer_broken(p);
    }
}


static void
ngx_http_sesame_peer_timeout(ngx_http_sesame_peer_t *p)
{
    if (p->idle) {
        ngx_http_sesame_peer_quit(p);
        return;
    }

    (void) ngx_http_sesame_peer_failed(p, "Postfix does not answer in time");
}


static void
ngx_http_sesame_peer_read(ngx_event_t *rev)
{
    u_char                   buf[2048];
    ssize_t                  n;
    ses_str_t                in;
    smtp_event_t             event;
    ngx_connection_t        *c;
    ngx_http_sesame_peer_t  *p;

    c = rev->data;
    p = c->data;

    if (c->close) {     /* an idle one of a worker that quits */
        ngx_http_sesame_peer_quit(p);
        return;
    }

    if (rev->timedout) {
        ngx_http_sesame_peer_timeout(p);
        return;
    }

    if (!p->connected) {
        if (ngx_http_sesame_peer_connected(p) != NGX_OK) {
            return;
        }
    }

    for ( ;; ) {
        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n <= 0) {
            (void) ngx_http_sesame_peer_lost(p);
            return;
        }

        in = ses_str_n(buf, n);

        while ((event = smtp_feed(&p->smtp, &in)) != SMTP_MORE) {
            if (ngx_http_sesame_peer_event(p, event) != NGX_OK) {
                return;
            }
        }
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        (void) ngx_http_sesame_peer_lost(p);
    }
}


static void
ngx_http_sesame_peer_write(ngx_event_t *wev)
{
    ngx_connection_t        *c;
    ngx_http_sesame_peer_t  *p;

    c = wev->data;
    p = c->data;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_ERR, c->log, NGX_ETIMEDOUT,
                      "sesame: Postfix %V does not take our data",
                      &ngx_http_sesame_worker.conf->inject.name);
        ngx_http_sesame_peer_timeout(p);
        return;
    }

    if (!p->connected) {
        (void) ngx_http_sesame_peer_connected(p);
        return;
    }

    (void) ngx_http_sesame_peer_flush(p);
}
