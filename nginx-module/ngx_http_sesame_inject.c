/*
 * ngx_http_sesame_inject - messages on their way to Postfix
 *
 * send.c decides, ngx_http_sesame_peer.c speaks; here a message waits: in
 * line for a connection, between two looks at the ledger, and never longer
 * than its deadline.  The client may go meanwhile; the message does not.
 */

#include "ngx_http_sesame.h"

#define WAITING_MAX  1024


static ngx_queue_t  ngx_http_sesame_line;
static ngx_uint_t   ngx_http_sesame_length;


static void ngx_http_sesame_inject_act(ngx_http_sesame_call_t *call,
    send_next_t next);
static void ngx_http_sesame_inject_deadline(ngx_event_t *ev);
static void ngx_http_sesame_inject_look(ngx_event_t *ev);


void
ngx_http_sesame_inject_init(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_http_sesame_line);
    ngx_http_sesame_length = 0;
}


void
ngx_http_sesame_inject_add(ngx_http_sesame_call_t *call)
{
    ses_txn_t    *t;
    send_next_t   next;

    ngx_http_sesame_timer_init(&call->deadline,
                               ngx_http_sesame_inject_deadline, call);
    ngx_http_sesame_timer_init(&call->look, ngx_http_sesame_inject_look, call);

    ngx_add_timer(&call->deadline, SEND_DEADLINE);

    t = ngx_http_sesame_read(&call->api->cx);
    next = send_first(call->api, t);
    ngx_http_sesame_read_done(t);

    ngx_http_sesame_inject_act(call, next);
}


static void
ngx_http_sesame_inject_finish(ngx_http_sesame_call_t *call)
{
    if (call->deadline.timer_set) {
        ngx_del_timer(&call->deadline);
    }

    if (call->look.timer_set) {
        ngx_del_timer(&call->look);
    }

    ngx_http_sesame_call_done(call);
}


static void
ngx_http_sesame_inject_wait(ngx_http_sesame_call_t *call)
{
    if (ngx_http_sesame_length >= WAITING_MAX) {
        ngx_http_sesame_inject_failed(call, "too many messages wait");
        return;
    }

    /* a message that was in line already keeps its place */
    if (call->fresh) {
        ngx_queue_insert_head(&ngx_http_sesame_line, &call->queue);
    } else {
        ngx_queue_insert_tail(&ngx_http_sesame_line, &call->queue);
    }

    call->waiting = 1;
    ngx_http_sesame_length++;
}


static void
ngx_http_sesame_inject_unlink(ngx_http_sesame_call_t *call)
{
    ngx_queue_remove(&call->queue);
    call->waiting = 0;
    ngx_http_sesame_length--;
}


static void
ngx_http_sesame_inject_submit(ngx_http_sesame_call_t *call)
{
    switch (ngx_http_sesame_peer_send(call)) {

    case NGX_OK:
        break;

    case NGX_BUSY:
        ngx_http_sesame_inject_wait(call);
        break;

    default:
        ngx_http_sesame_inject_failed(call, "Postfix cannot be reached");
        break;
    }
}


static void
ngx_http_sesame_inject_act(ngx_http_sesame_call_t *call, send_next_t next)
{
    switch (next) {

    case SEND_INJECT:
    case SEND_FRESH:
        call->fresh = (next == SEND_FRESH);
        ngx_http_sesame_inject_submit(call);
        break;

    case SEND_LOOK:
        ngx_add_timer(&call->look, SEND_LOOK_MS);
        break;

    default: /* SEND_DONE */
        ngx_http_sesame_inject_finish(call);
        break;
    }
}


static void
ngx_http_sesame_inject_look(ngx_event_t *ev)
{
    ses_txn_t               *t;
    send_next_t              next;
    ngx_http_sesame_call_t  *call = ev->data;

    t = ngx_http_sesame_read(&call->api->cx);
    next = send_look(call->api, t);
    ngx_http_sesame_read_done(t);

    ngx_http_sesame_inject_act(call, next);
}


static void
ngx_http_sesame_inject_deadline(ngx_event_t *ev)
{
    ngx_http_sesame_call_t  *call = ev->data;

    if (call->waiting) {
        ngx_http_sesame_inject_unlink(call);
    }

    if (call->peer != NULL) {
        ngx_http_sesame_peer_drop(call);
    }

    ngx_http_sesame_inject_failed(call, "no answer in time");
}


void
ngx_http_sesame_inject_answer(ngx_http_sesame_call_t *call, ses_str_t line)
{
    ses_txn_t    *t;
    send_next_t   next;

    t = ngx_http_sesame_read(&call->api->cx);
    next = send_answer(call->api, t, line);
    ngx_http_sesame_read_done(t);

    ngx_http_sesame_inject_act(call, next);
}


void
ngx_http_sesame_inject_lost(ngx_http_sesame_call_t *call, ngx_uint_t data)
{
    ses_txn_t    *t;
    send_next_t   next;

    t = ngx_http_sesame_read(&call->api->cx);
    next = send_lost(call->api, t, data);
    ngx_http_sesame_read_done(t);

    ngx_http_sesame_inject_act(call, next);
}


void
ngx_http_sesame_inject_failed(ngx_http_sesame_call_t *call, const char *why)
{
    ngx_http_sesame_inject_act(call, send_failed(call->api, why));
}


ngx_http_sesame_call_t *
ngx_http_sesame_inject_take(void)
{
    ngx_http_sesame_call_t  *call;

    if (ngx_queue_empty(&ngx_http_sesame_line)) {
        return NULL;
    }

    call = ngx_queue_data(ngx_queue_head(&ngx_http_sesame_line),
                          ngx_http_sesame_call_t, queue);
    ngx_http_sesame_inject_unlink(call);

    return call;
}


void
ngx_http_sesame_inject_more(void)
{
    ngx_http_sesame_call_t  *call;

    call = ngx_http_sesame_inject_take();

    if (call != NULL) {
        ngx_http_sesame_inject_submit(call);
    }
}
