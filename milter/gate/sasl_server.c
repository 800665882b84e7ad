/*
 * sasl_server - the connections on which sasl.c speaks
 *
 * One thread and poll(): a login is a look-up and five HMACs, and a
 * connection (one a running smtpd) is silent most of its life.  Lines and
 * connections are bounded; when all places are taken, new clients wait in
 * the listening socket's queue.
 *
 * Who is turned away is not cut: his side of the connection stops writing
 * (he gets EPIPE, and Postfix connects again), ours still reads and answers
 * what he had written.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "sasl.h"
#include "snapshot.h"

#define OUT_OF_FDS_MS 100
#define CLIENTS 1024
#define LINE_MAX_BYTES 8192
#define LISTEN 0
#define ASK 1
#define FIRST 2

typedef struct {
    sasl_t sasl;
    size_t n;
    char in[LINE_MAX_BYTES];
} client_t;

typedef struct {
    pthread_t thread;
    bool running, draining;
    atomic_bool stop, drain; /* asked for by stop_fd */
    int stop_fd;
    uint64_t connections;
    atomic_uint n; /* clients */
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

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
            errno == ENOMEM) { /* he still waits, and poll would spin */
            ses_log(SES_LOG_WARN, "login: accept: %m");
            poll(NULL, 0, OUT_OF_FDS_MS);
        }
        return false;
    }
    c = ses_xcalloc(sizeof(*c));
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
    bool good = true;

    snapshot_renew(&c->sasl.gate);
    while (good && (lf = memchr(from, '\n', c->n - (size_t) (from - c->in)))) {
        good = sasl_line(&c->sasl, ses_str_n(from, (size_t) (lf - from)),
                         &answer) &&
               say(fd, answer);
        from = lf + 1;
    }
    snapshot_release(c->sasl.gate);
    c->sasl.gate = NULL;
    c->n -= (size_t) (from - c->in);
    memmove(c->in, from, c->n);
    explicit_bzero(c->in + c->n, sizeof(c->in) - c->n);
    return good && c->n < sizeof(c->in);
}

/* If he is not within a login, or half a line. */
static void
turn_away(const client_t *c, int fd)
{
    if (c->sasl.started && c->sasl.waiting == SASL_IDLE && c->n == 0)
        shutdown(fd, SHUT_RD);
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
    else if (v->draining)
        turn_away(c, fd);
}

static void
drain(server_t *v)
{
    unsigned i;

    v->draining = true;
    for (i = 0; i < v->n; i++)
        turn_away(v->clients[i], v->fds[FIRST + i].fd);
}

/* What was asked for; false: end. */
static bool
obey(server_t *v)
{
    uint64_t times;

    if (read(v->stop_fd, &times, sizeof(times)) < 0 && errno != EAGAIN)
        return false;
    if (v->drain && !v->draining)
        drain(v);
    return !v->stop;
}

static bool
wants_more(const server_t *v)
{
    return v->n < CLIENTS && !v->draining;
}

static void *
run(void *arg)
{
    server_t *v = arg;
    unsigned i;

    for (;;) {
        v->fds[LISTEN].events = wants_more(v) ? POLLIN : 0;
        if (poll(v->fds, FIRST + v->n, -1) < 0 && errno != EINTR) {
            ses_log(SES_LOG_ERROR, "login: poll: %m");
            break;
        }
        if (v->fds[ASK].revents != 0 && !obey(v))
            break;
        for (i = v->n; i-- > 0;) /* from the end: closing moves the last */
            if (v->fds[FIRST + i].revents != 0)
                read_client(v, i);
        if (v->fds[LISTEN].revents & POLLIN)
            while (wants_more(v) && accept_client(v))
                continue;
    }
    while (v->n > 0)
        close_client(v, v->n - 1);
    return NULL;
}

ses_rc_t
sasl_start(ses_cx_t *cx, int fd)
{
    server_t *v = &server;

    v->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    v->fds[LISTEN] = (struct pollfd){.fd = fd, .events = POLLIN};
    v->fds[ASK] = (struct pollfd){.fd = v->stop_fd, .events = POLLIN};
    if (v->stop_fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        pthread_create(&v->thread, NULL, run, v) != 0)
        return ses_fail(cx, SES_FAULT, "the login server does not start");
    v->running = true;
    return SES_OK;
}

static bool
wake(server_t *v)
{
    uint64_t one = 1;

    return write(v->stop_fd, &one, sizeof(one)) == (ssize_t) sizeof(one);
}

void
sasl_drain(void)
{
    server.drain = true;
    (void) wake(&server);
}

unsigned
sasl_clients(void)
{
    return server.n;
}

void
sasl_stop(void)
{
    server_t *v = &server;

    if (!v->running)
        return;
    v->stop = true;
    if (wake(v))
        pthread_join(v->thread, NULL);
    close(v->stop_fd);
    v->running = false;
}
