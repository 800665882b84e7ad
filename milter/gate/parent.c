/*
 * parent - the process that stands for the worker
 *
 * It is what a service manager sees.  SIGTERM: the worker accepts no more,
 * and the parent ends at once, so that the next process can be started; the
 * worker stays until its connections have closed (stop.h).  SIGHUP: the
 * worker reloads, and the manager hears when that is done.  A worker that
 * does not answer is killed if the manager wants to hear of its health
 * (WatchdogSec=): the manager starts another.
 *
 * A worker whose parent was killed leaves by itself.
 */
#include "parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/systemd.h"
#include "worker.h"

#define LEAVE_MS 10000 /* for the worker to close the door */
#define PINGS 2        /* that may stay without an answer */

static struct {
    int fd;
    pid_t worker;
    bool leaving;       /* a signal asked for it */
    bool quick;         /* the worker's end is awaited, too */
    int64_t leave_by;   /* ms, monotonic */
    int64_t ping_every; /* ms; 0 = nobody wants to know */
    int64_t ping_at;
    unsigned pings; /* without an answer */
} parent;

static int64_t
now_ms(void)
{
    return ses_clock_mono_us() / 1000;
}

static void
say(worker_word_t word)
{
    char c = (char) word;

    (void) !send(parent.fd, &c, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
leave(worker_word_t how)
{
    ses_systemd_tell("STOPPING=1");
    say(how);
    parent.quick = how == WORKER_QUICK;
    parent.leaving = true;
    parent.leave_by = now_ms() + LEAVE_MS;
}

static void
hear_signals(int fd)
{
    struct signalfd_siginfo si;

    while (read(fd, &si, sizeof(si)) == (ssize_t) sizeof(si)) {
        if (si.ssi_signo == SIGTERM) {
            leave(WORKER_DRAIN);
        } else if (si.ssi_signo == SIGINT) {
            leave(WORKER_QUICK);
        } else if (si.ssi_signo == SIGHUP) {
            ses_systemd_reloading();
            say(WORKER_RELOAD);
        }
    }
}

/* False: our work is done. */
static bool
hear_worker(void)
{
    char word;

    while (recv(parent.fd, &word, 1, MSG_DONTWAIT) == 1) {
        switch (word) {
        case WORKER_READY:
            ses_systemd_tell("READY=1\nSTATUS=Serving");
            break;
        case WORKER_RELOADED:
            ses_systemd_tell("READY=1\nSTATUS=Serving");
            break;
        case WORKER_UNCHANGED:
            ses_systemd_tell("READY=1\nSTATUS=Serving with the old "
                             "configuration: the new one has an error");
            break;
        case WORKER_PING:
            parent.pings = 0;
            ses_systemd_tell("WATCHDOG=1");
            break;
        case WORKER_DRAIN:
            if (!parent.quick) /* we asked for it, or somebody else did: the
                                  next gate is to be started now */
                return false;
            break;
        }
    }
    return true;
}

static int
give_up(const char *why)
{
    ses_log(SES_LOG_ERROR, "the worker %s: it is killed", why);
    kill(parent.worker, SIGKILL);
    waitpid(parent.worker, NULL, 0);
    return 1;
}

/* Has the worker ended?  Then *status is ours. */
static bool
reap(int *status)
{
    int s;

    if (waitpid(parent.worker, &s, WNOHANG) != parent.worker)
        return false;
    if (WIFSIGNALED(s))
        ses_log(SES_LOG_ERROR, "the worker was killed by signal %d",
                WTERMSIG(s));
    *status = WIFEXITED(s) && WEXITSTATUS(s) == 0 ? 0 : 1;
    return true;
}

/* What is due by now; NULL, or why the worker must go. */
static const char *
look(int64_t now)
{
    if (parent.leaving && now >= parent.leave_by)
        return "does not stop";
    if (parent.ping_every == 0 || now < parent.ping_at || parent.leaving)
        return NULL;
    if (parent.pings >= PINGS)
        return "does not answer";
    say(WORKER_PING);
    parent.pings++;
    parent.ping_at = now + parent.ping_every;
    return NULL;
}

static int
next_look(int64_t now)
{
    int64_t at = parent.leaving      ? parent.leave_by
                 : parent.ping_every ? parent.ping_at
                                     : INT64_MAX;

    return at == INT64_MAX ? -1 : at <= now ? 0 : (int) (at - now);
}

static int
signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
parent_run(int fd, pid_t worker)
{
    struct pollfd on[2] = {{.fd = signals(), .events = POLLIN},
                           {.fd = fd, .events = POLLIN}};
    const char *why;
    int status = 1;

    parent.fd = fd;
    parent.worker = worker;
    parent.ping_every = ses_systemd_watchdog();
    parent.ping_at = now_ms() + parent.ping_every;
    if (on[0].fd < 0)
        return give_up("cannot be watched");
    for (;;) {
        if (poll(on, 2, next_look(now_ms())) > 0) {
            if (on[0].revents != 0)
                hear_signals(on[0].fd);
            if (on[1].revents != 0 && !hear_worker())
                return 0;
            if (on[1].revents & POLLHUP)
                on[1].fd = -1; /* it is ending: its SIGCHLD follows */
        }
        if (reap(&status))
            return status;
        if ((why = look(now_ms())) != NULL)
            return give_up(why);
    }
}
