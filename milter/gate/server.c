/*
 * server - takes Postfix's connections, a thread each
 *
 * Postfix has one connection a client session, a hundred by default; a
 * thread that waits for its next command, or for a group commit, costs
 * nothing but its stack.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

#define IDLE_SECONDS 7210 /* a client's session between two messages */
#define SEND_SECONDS 300
#define STACK (512U << 10)
#define OUT_OF_FDS_MS 100

typedef struct {
    int fd;
    const milter_calls_t *calls;
} guest_t;

static void *
serve(void *arg)
{
    guest_t guest = *(guest_t *) arg;

    ses_xfree(arg);
    milter_serve(guest.fd, guest.calls);
    return NULL;
}

static void
set_patience(int fd)
{
    struct timeval idle = {.tv_sec = IDLE_SECONDS};
    struct timeval patience = {.tv_sec = SEND_SECONDS};

    (void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
    (void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

/* Who cannot be served is sent away: his client hears 451. */
static void
let_in(int fd, const milter_calls_t *calls, const pthread_attr_t *attr)
{
    guest_t *guest = ses_xcalloc(sizeof(*guest));
    pthread_t thread;
    int error;

    set_patience(fd);
    *guest = (guest_t){fd, calls};
    error = pthread_create(&thread, attr, serve, guest);
    if (error != 0) {
        ses_log(SES_LOG_ERROR, "milter: no thread for a connection: %s",
                strerror(error));
        close(fd);
        ses_xfree(guest);
    }
}

/* Errors of the guest or of the moment, not of the socket; ENOTSOCK: it was
 * made another file's while somebody knocked. */
static bool
passing(int error)
{
    return error == EINTR || error == ENOTSOCK || error == EAGAIN ||
           error == ECONNABORTED || error == EPROTO || error == EPERM;
}

static bool
out_of_something(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS ||
           error == ENOMEM;
}

static ses_rc_t
take_guests(ses_cx_t *cx, int fd, const milter_calls_t *calls,
            const pthread_attr_t *attr)
{
    struct pollfd on = {.fd = fd, .events = POLLIN};

    for (;;) {
        int guest;

        if (poll(&on, 1, -1) < 0 && errno != EINTR)
            return ses_fail(cx, SES_FAULT, "milter: poll: %m");
        if (on.revents == 0)
            continue;
        guest = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (guest >= 0) {
            let_in(guest, calls, attr);
        } else if (out_of_something(errno)) {
            ses_log(SES_LOG_WARN, "milter: accept: %m");
            poll(NULL, 0, OUT_OF_FDS_MS);
        } else if (!passing(errno)) {
            return ses_fail(cx, SES_FAULT, "milter: accept: %m");
        }
    }
}

ses_rc_t
server_run(ses_cx_t *cx, int fd, const milter_calls_t *calls)
{
    pthread_attr_t attr;
    ses_rc_t rc;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK);
    rc = take_guests(cx, fd, calls, &attr);
    pthread_attr_destroy(&attr);
    return rc;
}
