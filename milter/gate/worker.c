/*
 * worker - the process that does the gate's work
 *
 * A thread accepts, and one serves each connection.  Signals are open in
 * the first thread alone, and their handler tells the loop here.  To accept no
 * more, the listening descriptor is made another file's, one that never has
 * anybody waiting; the socket itself belongs to the next process, too.
 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "callbacks.h"
#include "keys.h"
#include "model/counter.h"
#include "sasl.h"
#include "sealing.h"
#include "sign.h"
#include "snapshot.h"
#include "stop.h"

#define QUICK_MS 5000 /* for messages under way */
#define SAME_REQUEST_MS 500
#define FAILED 'x'

static struct {
    const worker_start_t *start;
    int pipe[2]; /* from signal handler and the thread that accepts */
    bool draining;
    bool failed;
} worker;

/* --- beginning --------------------------------------------------------- */

static void
knock(char what)
{
    int kept = errno;

    if (write(worker.pipe[1], &what, 1) != 1)
        errno = kept; /* full: it has been told often enough */
    errno = kept;
}

static void
on_signal(int signal)
{
    knock(signal == SIGHUP    ? WORKER_RELOAD
          : signal == SIGTERM ? WORKER_DRAIN
                              : WORKER_QUICK);
}

static void
mask_signals(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(how, &set, NULL);
}

static void
catch_signals(void)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigemptyset(&act.sa_mask);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
    mask_signals(SIG_UNBLOCK);
}

static void *
serve_milter(void *unused)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, ses_clock_ms());

    (void) unused;
    if (callbacks_run(&cx, worker.start->milter) != SES_OK)
        ses_log(SES_LOG_ERROR, "%.*s", SES_FMT(cx.why));
    knock(FAILED); /* it never returns while all is well */
    ses_arena_free(arena);
    return NULL;
}

static ses_rc_t
begin(ses_cx_t *cx)
{
    pthread_t thread;
    gate_t *gate;
    ses_rc_t rc;

    if ((rc = snapshot_first(cx, worker.start->config, &gate)) != SES_OK ||
        (rc = sealing_load(cx, ses_conf_key(cx, &gate->conf, "gate.key"))) !=
            SES_OK ||
        (rc = sign_init(cx)) != SES_OK ||
        (rc = ses_store_open(cx, ses_str_c(cx->arena, gate->conf.store),
                             gate->conf.map_size, 0, &gate->store)) != SES_OK ||
        (rc = snapshot_check(cx, gate)) != SES_OK)
        return rc;
    gate->committer = ses_committer_new(gate->store, false);
    if (pipe2(worker.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return ses_fail(cx, SES_FAULT, "pipe: %m");
    mask_signals(SIG_BLOCK); /* in every thread but this one */
    if ((rc = keys_start(cx)) != SES_OK ||
        (rc = sasl_start(cx, worker.start->auth)) != SES_OK)
        return rc;
    if (pthread_create(&thread, NULL, serve_milter, NULL) != 0)
        return ses_fail(cx, SES_FAULT, "the milter's thread does not start");
    pthread_detach(thread);
    catch_signals();
    ses_log(SES_LOG_INFO, "ready: store=%.*s", SES_FMT(gate->conf.store));
    return SES_OK;
}

/* --- words ------------------------------------------------------------- */

static void
tell(worker_word_t word)
{
    char c = (char) word;

    /* a parent that is gone needs no answer */
    (void) !send(worker.start->parent, &c, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
reload(void)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, ses_clock_ms());
    bool ok = snapshot_reload(&cx) == SES_OK;

    if (ok)
        ses_log(SES_LOG_INFO, "reload: configuration and keys are read anew");
    else
        ses_log(SES_LOG_ERROR, "reload: %.*s; everything stays as it was",
                SES_FMT(cx.why));
    tell(ok ? WORKER_RELOADED : WORKER_UNCHANGED);
    ses_arena_free(arena);
}

/* Let nobody in any more.  No connection is lost: whoever waits in the
 * socket's queue is the next process's. */
static void
close_door(void)
{
    int nobody = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (nobody < 0 || dup3(nobody, worker.start->milter, O_CLOEXEC) < 0)
        ses_log(SES_LOG_ERROR, "the socket does not close: %m");
    close(nobody);
    sasl_drain();
}

static void
drain(bool quick)
{
    static int64_t asked_ms;
    int64_t now = ses_clock_mono_us() / 1000;
    const gate_t *gate;

    /* A signal to parent and worker is one request, told twice. */
    if (!quick && worker.draining && now - asked_ms < SAME_REQUEST_MS)
        return;
    asked_ms = now;
    gate = snapshot_hold();
    if (!worker.draining) {
        close_door();
        tell(WORKER_DRAIN);
        ses_log(SES_LOG_INFO, "stopping: connections=%u drain_timeout=%llds",
                stop_connections(),
                (long long) (quick ? 0 : gate->conf.drain_timeout / 1000));
    }
    if (quick || worker.draining) /* asked twice: in a hurry */
        stop_begin(0, QUICK_MS);
    else
        stop_begin(gate->conf.drain_timeout, gate->conf.eom_timeout);
    worker.draining = true;
    snapshot_release(gate);
}

static void
obey(char word)
{
    switch (word) {
    case WORKER_RELOAD:
        reload();
        break;
    case WORKER_PING:
        tell(WORKER_PING);
        break;
    case WORKER_DRAIN:
        drain(false);
        break;
    case WORKER_QUICK:
        drain(true);
        break;
    case FAILED:
        worker.failed = true;
        break;
    }
}

/* --- the loop ---------------------------------------------------------- */

static void
hear(struct pollfd on[2])
{
    ssize_t n;
    char word;

    if (on[0].revents != 0)
        while (read(worker.pipe[0], &word, 1) == 1)
            obey(word);
    if (on[1].revents == 0)
        return;
    n = recv(worker.start->parent, &word, 1, MSG_DONTWAIT);
    if (n == 1) {
        obey(word);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        on[1].fd = -1; /* the parent has gone: so do we */
        if (!worker.draining)
            drain(false);
    }
}

static void
serve(void)
{
    struct pollfd on[2] = {
        {.fd = worker.pipe[0], .events = POLLIN},
        {.fd = worker.start->parent, .events = POLLIN},
    };

    tell(WORKER_READY);
    while (!worker.failed) {
        if (poll(on, 2, worker.draining ? STOP_LOOK_MS : -1) > 0)
            hear(on);
        if (worker.draining && stop_over(sasl_clients()))
            return;
    }
}

static void
end(void)
{
    stop_report_t r = stop_report();
    unsigned i;

    for (i = 0; worker.draining && i < r.cut; i++)
        ses_tally(SES_SESSION_CUT);
    sasl_stop();
    keys_stop(); /* writes the tallies */
    if (worker.draining)
        ses_log(r.messages > 0 ? SES_LOG_WARN : SES_LOG_INFO,
                "stopped: connections=%u cut=%u messages_cut=%u ms=%lld",
                r.connections, r.cut, r.messages, (long long) r.ms);
}

/*
 * Threads of connections may still be in a callback, so what they use is left
 * to the kernel.
 */
int
worker_run(const worker_start_t *start)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, ses_clock_ms());

    worker.start = start;
    if (begin(&cx) != SES_OK) {
        ses_log(SES_LOG_ERROR, "%.*s", SES_FMT(cx.why));
        return 1;
    }
    serve();
    end();
    return worker.failed ? 1 : 0;
}
