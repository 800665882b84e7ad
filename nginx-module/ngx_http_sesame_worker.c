/*
 * ngx_http_sesame_worker - a worker's store, reader, and pool thread tasks
 *
 * The reader is made once, at start (that takes a shared mutex), and only
 * renewed and reset afterwards.  While a task is out an ordinary timer is
 * armed, because a worker that is told to quit goes as soon as it sees none,
 * with requests still waiting for the thread.
 */

#include "ngx_http_sesame.h"

#include "base/clock.h"

#define HOLD_MS   60000
#define TEND_MS   30000   /* between reader checks */
#define OPEN_MS   2000    /* between attempts to open the store */


ngx_http_sesame_worker_t  ngx_http_sesame_worker;

static ngx_connection_t  ngx_http_sesame_nobody;   /* for timers' logs */


static void ngx_http_sesame_hold(ngx_event_t *ev);
static void ngx_http_sesame_tend(ngx_event_t *ev);


void
ngx_http_sesame_timer_init(ngx_event_t *ev, ngx_event_handler_pt handler,
    void *data)
{
    /* nginx's debug log wants a connection as data: ours is in the event */
    ngx_memzero(ev, sizeof(ngx_event_t));
    ev->handler = handler;
    ev->log = ngx_cycle->log;
    ev->data = data != NULL ? data : &ngx_http_sesame_nobody;
}


static ngx_int_t
ngx_http_sesame_store_open(ngx_http_sesame_worker_t *w)
{
    char         *path;
    ses_cx_t      cx;
    ngx_int_t     rc;
    ses_arena_t  *arena;

    rc = NGX_ERROR;
    arena = ses_arena_new();
    cx = ses_cx(arena, ses_clock_ms());

    if (ses_store_open(&cx, w->conf->env.conf.store.p,
                       w->conf->env.conf.map_size, 0, &w->store)
        != SES_OK)
    {
        w->store = NULL;
        goto failed;
    }

    (void) ses_store_reader_check(w->store);

    if (ses_txn_read(&cx, w->store, &w->txn) != SES_OK) {
        ses_store_close(w->store);
        w->store = NULL;
        goto failed;
    }
    ses_txn_reset(w->txn);

    path = ses_str_c(arena, ses_str_cat(arena, w->conf->env.conf.store,
                                        SES_STR("/nginx.turn")));
    w->turn_fd = open(path, O_RDWR|O_CREAT|O_CLOEXEC, 0660);
    if (w->turn_fd == -1) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, ngx_errno,
                      "sesame: no turn lock \"%s\"", path);
    }

    rc = NGX_OK;

failed:

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "sesame: the store cannot be opened: %*s",
                      cx.why.n, cx.why.p);
    }

    ses_arena_free(arena);

    return rc;
}


ngx_int_t
ngx_http_sesame_worker_init(ngx_cycle_t *cycle,
    ngx_http_sesame_main_conf_t *conf)
{
    ngx_int_t                  rc;
    ngx_http_sesame_worker_t  *w;

    w = &ngx_http_sesame_worker;

    ngx_http_sesame_nobody.fd = (ngx_socket_t) -1;

    w->conf = conf;
    w->turn_fd = -1;
    w->cache = sigv4_cache_new();

    ngx_http_sesame_timer_init(&w->hold, ngx_http_sesame_hold, NULL);
    ngx_http_sesame_timer_init(&w->tend, ngx_http_sesame_tend, NULL);
    w->tend.cancelable = 1;

    ngx_http_sesame_inject_init(cycle);
    ngx_http_sesame_peer_init(cycle);

    /* without a store the worker answers 503 and tries again */
    rc = ngx_http_sesame_store_open(w);

    ngx_add_timer(&w->tend, rc == NGX_OK ? TEND_MS : OPEN_MS);

    return NGX_OK;
}


void
ngx_http_sesame_worker_exit(ngx_cycle_t *cycle)
{
    ngx_http_sesame_worker_t  *w;

    w = &ngx_http_sesame_worker;

    if (w->store != NULL) {
        ses_txn_end(w->txn);
        ses_store_close(w->store);
    }

    if (w->turn_fd != -1) {
        close(w->turn_fd);
    }

    sigv4_cache_free(w->cache);
    ses_keyring_wipe(&w->conf->env.site);
    ses_keyring_wipe(&w->conf->env.ticket);
}


ses_txn_t *
ngx_http_sesame_read(ses_cx_t *cx)
{
    ngx_http_sesame_worker_t  *w;

    w = &ngx_http_sesame_worker;

    if (w->store == NULL || ses_txn_renew(cx, w->txn) != SES_OK) {
        return NULL;
    }

    return w->txn;
}


void
ngx_http_sesame_read_done(ses_txn_t *t)
{
    if (t != NULL) {
        ses_txn_reset(t);
    }
}


static void
ngx_http_sesame_hold(ngx_event_t *ev)
{
    if (ngx_http_sesame_worker.tasks > 0) {
        ngx_add_timer(ev, HOLD_MS);
    }
}


ngx_int_t
ngx_http_sesame_task_post(ngx_thread_task_t *task, ngx_event_handler_pt done)
{
    ngx_http_sesame_worker_t  *w;

    w = &ngx_http_sesame_worker;

    task->event.complete = 0;
    task->event.handler = done;
    task->event.log = ngx_cycle->log;

    if (ngx_thread_task_post(w->conf->pool, task) != NGX_OK) {
        return NGX_ERROR;
    }

    w->tasks++;

    if (!w->hold.timer_set) {
        ngx_add_timer(&w->hold, HOLD_MS);
    }

    return NGX_OK;
}


void
ngx_http_sesame_task_done(void)
{
    ngx_http_sesame_worker_t  *w;

    w = &ngx_http_sesame_worker;

    w->tasks--;

    if (w->tasks == 0 && w->hold.timer_set) {
        ngx_del_timer(&w->hold);
    }
}


/* Slots of readers that died are freed on a pool thread. */

static void
ngx_http_sesame_check_run(void *data, ngx_log_t *log)
{
    ses_store_t  **store = data;

    (void) ses_store_reader_check(*store);
}


static void
ngx_http_sesame_check_done(ngx_event_t *ev)
{
    ngx_http_sesame_task_done();
    ngx_http_sesame_worker.checking = 0;
}


static void
ngx_http_sesame_tend(ngx_event_t *ev)
{
    ngx_msec_t                 again;
    ngx_http_sesame_worker_t  *w;

    w = &ngx_http_sesame_worker;
    again = TEND_MS;

    if (w->store == NULL) {

        if (ngx_http_sesame_store_open(w) != NGX_OK) {
            again = OPEN_MS;
        }

    } else if (!w->checking && !ngx_exiting) {

        w->check.handler = ngx_http_sesame_check_run;
        w->check.ctx = &w->store;

        if (ngx_http_sesame_task_post(&w->check, ngx_http_sesame_check_done)
            == NGX_OK)
        {
            w->checking = 1;
        }
    }

    ngx_add_timer(ev, again);
}
