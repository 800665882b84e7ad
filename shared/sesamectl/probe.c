/*
 * probe - does somebody answer there?
 */
#include "probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define PATIENCE_US (5 * INT64_C(1000000))
#define ANSWER_MAX 4096

/* Wait until fd is ready; false when time is over. */
static bool
ready(int fd, short events, int64_t end)
{
    struct pollfd p = {fd, events, 0};
    int64_t left = (end - ses_clock_mono_us()) / 1000;

    return left > 0 && poll(&p, 1, (int) left) == 1;
}

static int
connected(int fd, const struct sockaddr *addr, socklen_t n, int64_t end)
{
    socklen_t len = sizeof(int);
    int err = 0;

    if (connect(fd, addr, n) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EAGAIN)
        return errno;
    if (!ready(fd, POLLOUT, end))
        return ETIMEDOUT;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
        return errno;
    return err;
}

static int
open_unix(const char *path, int64_t end, int *err)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    int fd;

    if (n >= sizeof(sun.sun_path)) {
        *err = ENAMETOOLONG;
        return -1;
    }
    memcpy(sun.sun_path, path, n);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *err = fd < 0 ? errno
                  : connected(fd, (struct sockaddr *) &sun, sizeof(sun), end);
    return fd;
}

/* HOST:PORT, the first address that takes the connection. */
static int
open_tcp(ses_arena_t *a, ses_str_t where, int64_t end, int *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list, *ai;
    ptrdiff_t colon = ses_str_rfind(where, ':');
    ses_str_t host = ses_str_head(where, colon < 0 ? 0 : (size_t) colon);
    int fd = -1;

    if (host.n > 2 && host.p[0] == '[')
        host = ses_str_n(host.p + 1, host.n - 2);
    *err = EHOSTUNREACH;
    if (getaddrinfo(ses_str_c(a, host),
                    ses_str_c(a, ses_str_from(where, (size_t) (colon + 1))),
                    &hints, &list) != 0)
        return -1;
    for (ai = list; ai != NULL; ai = ai->ai_next) {
        fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    0);
        if (fd < 0)
            continue;
        *err = connected(fd, ai->ai_addr, ai->ai_addrlen, end);
        if (*err == 0)
            break;
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

static const char *
converse(ses_arena_t *a, int fd, ses_str_t send_, ses_str_t expect, int64_t end)
{
    char answer[ANSWER_MAX];
    size_t n = 0;
    ssize_t got;

    if (send_.n > 0 &&
        send(fd, send_.p, send_.n, MSG_NOSIGNAL) != (ssize_t) send_.n)
        return "it closes the connection";
    while (n < sizeof(answer)) {
        if (ses_str_search(ses_str_n(answer, n), expect) >= 0)
            return NULL;
        if (!ready(fd, POLLIN, end))
            return "no answer within 5 s";
        got = recv(fd, answer + n, sizeof(answer) - n, 0);
        if (got < 0)
            return strerror(errno);
        if (got == 0)
            break;
        n += (size_t) got;
    }
    if (n == 0)
        return "it closes the connection";
    n = n > 60 ? 60 : n;
    return ses_str_printf(
               a, "it answers \"%.*s\"",
               (int) strcspn(ses_str_c(a, ses_str_n(answer, n)), "\r\n"),
               answer)
        .p;
}

const char *
probe(ses_arena_t *a, const char *where, ses_str_t send_, ses_str_t expect)
{
    int64_t end = ses_clock_mono_us() + PATIENCE_US;
    const char *wrong;
    int fd, err;

    fd = strncmp(where, "unix:", 5) == 0
             ? open_unix(where + 5, end, &err)
             : open_tcp(a, ses_str(where), end, &err);
    if (fd < 0 || err != 0) {
        if (fd >= 0)
            close(fd);
        return strerror(err);
    }
    wrong = expect.n == 0 ? NULL : converse(a, fd, send_, expect, end);
    close(fd);
    return wrong;
}
