/*
 * sasl_server - the connections on which sasl.c speaks
 *
 * One thread and poll(): a login is a look-up and five HMACs, and a
 * connection (one a running smtpd) is silent most of its life.  Lines and
 * connections are bounded; when all places are taken, new clients wait in
 * the listening socket's queue.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "sasl.h"

#define CLIENTS 1024
#define LINE_MAX_BYTES 8192
#define LISTEN 0
#define STOP 1
#define FIRST 2

typedef struct {
    sasl_t sasl;
    size_t n;
    char in[LINE_MAX_BYTES];
} client_t;

typedef struct {
    const gate_t *gate;
    pthread_t thread;
    bool running;
    int stop_fd;
    uint64_t connections;
    unsigned n; /* clients */
    client_t *clients[CLIENTS];
    struct pollfd fds[FIRST + CLIENTS];
} server_t;

static server_t server;

/* All or nothing: answers are short, and who does not read is gone. */
static bool
say(int fd, ses_str_t s)
{
    return s.n == 0 ||
           send(fd, s.p, s.n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t) s.n;
}

static void
close_client(server_t *v, unsigned i)
{
    client_t *c = v->clients[i];

    close(v->fds[FIRST + i].fd);
    ses_arena_free(c->sasl.arena);
    explicit_bzero(c, sizeof(*c));
    ses_xfree(c);
    v->n--;
    v->clients[i] = v->clients[v->n];
    v->fds[FIRST + i] = v->fds[FIRST + v->n];
}

/* False when nobody waits. */
static bool
accept_client(server_t *v)
{
    int fd =
        accept4(v->fds[LISTEN].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    client_t *c;

    if (fd < 0)
        return false;
    c = ses_xcalloc(sizeof(*c));
    c->sasl.gate = v->gate;
    c->sasl.arena = ses_arena_new();
    v->clients[v->n] = c;
    v->fds[FIRST + v->n] = (struct pollfd){.fd = fd, .events = POLLIN};
    v->n++;
    if (!say(fd, sasl_greeting(c->sasl.arena, ++v->connections)))
        close_client(v, v->n - 1);
    return true;
}

/* Whole lines of what came; the rest waits.  False: close. */
static bool
take_lines(client_t *c, int fd)
{
    char *from = c->in, *lf;
    ses_str_t answer;

    while ((lf = memchr(from, '\n', c->n - (size_t) (from - c->in)))) {
        if (!sasl_line(&c->sasl, ses_str_n(from, (size_t) (lf - from)),
                       &answer) ||
            !say(fd, answer))
            return false;
        from = lf + 1;
    }
    c->n -= (size_t) (from - c->in);
    memmove(c->in, from, c->n);
    explicit_bzero(c->in + c->n, sizeof(c->in) - c->n);
    return c->n < sizeof(c->in);
}

static void
read_client(server_t *v, unsigned i)
{
    client_t *c = v->clients[i];
    int fd = v->fds[FIRST + i].fd;
    ssize_t n = read(fd, c->in + c->n, sizeof(c->in) - c->n);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_client(v, i);
        return;
    }
    c->n += (size_t) n;
    if (!take_lines(c, fd))
        close_client(v, i);
}

static void *
run(void *arg)
{
    server_t *v = arg;
    unsigned i;

    for (;;) {
        v->fds[LISTEN].events = v->n < CLIENTS ? POLLIN : 0;
        if (poll(v->fds, FIRST + v->n, -1) < 0 && errno != EINTR) {
            ses_log(SES_LOG_ERROR, "login: poll: %m");
            break;
        }
        if (v->fds[STOP].revents != 0)
            break;
        for (i = v->n; i-- > 0;) /* from the end: closing moves the last */
            if (v->fds[FIRST + i].revents != 0)
                read_client(v, i);
        if (v->fds[LISTEN].revents & POLLIN)
            while (v->n < CLIENTS && accept_client(v))
                continue;
    }
    while (v->n > 0)
        close_client(v, v->n - 1);
    return NULL;
}

ses_rc_t
sasl_start(ses_cx_t *cx, const gate_t *gate, int fd)
{
    server_t *v = &server;

    v->gate = gate;
    v->stop_fd = eventfd(0, EFD_CLOEXEC);
    v->fds[LISTEN] = (struct pollfd){.fd = fd, .events = POLLIN};
    v->fds[STOP] = (struct pollfd){.fd = v->stop_fd, .events = POLLIN};
    if (v->stop_fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        pthread_create(&v->thread, NULL, run, v) != 0)
        return ses_fail(cx, SES_FAULT, "the login server does not start");
    v->running = true;
    return SES_OK;
}

void
sasl_stop(void)
{
    server_t *v = &server;
    uint64_t one = 1;

    if (!v->running)
        return;
    if (write(v->stop_fd, &one, sizeof(one)) == (ssize_t) sizeof(one))
        pthread_join(v->thread, NULL);
    close(v->stop_fd);
    v->running = false;
}
