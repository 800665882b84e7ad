/*
 * ngx_http_sesame_batch - group commit of one worker
 *
 * Calls that write line up; one task at a time takes the whole line to a
 * pool thread, which runs it in one transaction.  What queued meanwhile is
 * the next batch.  The thread keeps off the writer's lock between batches
 * and shares one turn with the other workers (commit.c).
 */

#include "ngx_http_sesame.h"

#include "base/clock.h"


typedef struct {
    ses_op_t           *first;      /* the line */
    ses_op_t          **last;
    ses_op_t           *running;    /* with the thread */
    ses_op_t           *left;       /* not begun */
    ngx_thread_task_t   task;
    unsigned            busy:1;
} ngx_http_sesame_batch_t;


static ngx_http_sesame_batch_t  batch;


static void ngx_http_sesame_batch_start(void);
static void ngx_http_sesame_batch_run(void *data, ngx_log_t *log);
static void ngx_http_sesame_batch_done(ngx_event_t *ev);


void
ngx_http_sesame_batch_add(ngx_http_sesame_call_t *call)
{
    call->op.cx = &call->api->cx;
    call->op.fn = api_write;
    call->op.arg = call->api;
    call->op.queued_us = ses_clock_mono_us();
    call->op.rc = SES_OK;
    call->op.next = NULL;

    if (batch.last == NULL) {
        batch.last = &batch.first;
    }

    *batch.last = &call->op;
    batch.last = &call->op.next;

    if (!batch.busy) {
        ngx_http_sesame_batch_start();
    }
}


/* Answer everything from op up to end. */

static void
ngx_http_sesame_batch_answer(ses_op_t *op, ses_op_t *end)
{
    ses_op_t                *next;
    ngx_http_sesame_call_t  *call;

    for ( /* void */ ; op != end; op = next) {
        next = op->next;

        call = ngx_queue_data(op, ngx_http_sesame_call_t, op);
        call->api->rc = op->rc;
        call->next = api_committed(call->api);

        ngx_http_sesame_call_next(call);
    }
}


static void
ngx_http_sesame_batch_start(void)
{
    ses_op_t  *op, *refused;

    batch.running = batch.first;
    batch.left = NULL;
    batch.first = NULL;
    batch.last = &batch.first;

    batch.task.handler = ngx_http_sesame_batch_run;
    batch.task.ctx = &batch;

    if (ngx_http_sesame_worker.store != NULL
        && ngx_http_sesame_task_post(&batch.task, ngx_http_sesame_batch_done)
           == NGX_OK)
    {
        batch.busy = 1;
        return;
    }

    refused = batch.running;
    batch.running = NULL;

    for (op = refused; op != NULL; op = op->next) {
        op->rc = SES_BUSY;
    }

    ngx_http_sesame_batch_answer(refused, NULL);
}


static void
ngx_http_sesame_batch_run(void *data, ngx_log_t *log)
{
    ngx_http_sesame_batch_t  *b = data;

    b->left = ses_commit_batch(ngx_http_sesame_worker.store, b->running,
                               ngx_http_sesame_worker.turn_fd);
}


/* Start the next batch, then answer. */

static void
ngx_http_sesame_batch_done(ngx_event_t *ev)
{
    ses_op_t  *finished, *left, *tail;

    ngx_http_sesame_task_done();

    finished = batch.running;
    left = batch.left;
    batch.running = NULL;
    batch.busy = 0;

    if (left != NULL) {

        for (tail = left; tail->next != NULL; tail = tail->next) {
            /* void */
        }

        tail->next = batch.first;
        if (batch.first == NULL) {
            batch.last = &tail->next;
        }
        batch.first = left;
    }

    if (batch.first != NULL) {
        ngx_http_sesame_batch_start();
    }

    ngx_http_sesame_batch_answer(finished, left);
}
