/*
 * root - the parent that stays root, and what the agent may ask of it
 *
 * One thread, no store, no input but requests of bounded size.  What takes
 * time is done by helpers, processes of one job each.
 */

#include "root.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "logdir.h"
#include "program.h"

#define ANSWER_SECONDS 30

typedef enum {
    ASK_LOG_INODE,
    ASK_LOG_NEXT,
    ASK_QUEUE,
    ASK_POOLS,  /* addresses stand behind the request */
    ASK_EXPIRE, /* queue ids do */
    ASK_MAX
} ask_t;

struct request {
    uint32_t what;
    uint32_t unused;
    uint64_t inode;
    int64_t since;
};

struct packet {
    struct request r;
    union {
        poolfile_source_t sources[POOLFILE_SOURCES];
        expire_t expire[EXPIRE_MAX];
    } more;
};

/* --- packets ------------------------------------------------------------- */

static bool
answer(int fd, int err, int passed)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {&err, sizeof(err)};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (passed >= 0) {
        struct cmsghdr *c;

        msg.msg_control = control.bytes;
        msg.msg_controllen = sizeof(control.bytes);
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &passed, sizeof(int));
    }
    return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t) sizeof(err);
}

static int
receive(int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    int err = 0, passed = -1;
    struct iovec iov = {&err, sizeof(err)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *c;
    ssize_t n;

    do
        n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);

    if (n != (ssize_t) sizeof(err)) {
        if (n >= 0)
            errno = EPIPE;
        return -1;
    }

    c = CMSG_FIRSTHDR(&msg);
    if (c != NULL && c->cmsg_level == SOL_SOCKET &&
        c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&passed, CMSG_DATA(c), sizeof(int));
    if (passed < 0)
        errno = err == 0 ? EPROTO : err;
    return passed;
}

/* One question at a time, with more behind it.  An answer that never came would
 * be taken for the next one's, so the pair is not used again after a time-out.
 */
static int
ask(int fd, ask_t what, uint64_t inode, int64_t since, const void *more,
    size_t size)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    static bool broken;
    struct request r = {.what = what, .inode = inode, .since = since};
    struct iovec iov[] = {{&r, sizeof(r)}, {(void *) (uintptr_t) more, size}};
    const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    const ssize_t all = (ssize_t) (sizeof(r) + size);
    struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    int passed = -1;

    pthread_mutex_lock(&turn);
    if (broken) {
        errno = EPIPE;
    } else if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
                   0 &&
               sendmsg(fd, &msg, MSG_NOSIGNAL) == all) {
        passed = receive(fd);
        broken = passed < 0 && (errno == EAGAIN || errno == EPIPE);
    }
    pthread_mutex_unlock(&turn);
    return passed;
}

int
root_log_inode(int fd, uint64_t inode)
{
    return ask(fd, ASK_LOG_INODE, inode, 0, NULL, 0);
}

int
root_log_next(int fd, uint64_t inode, int64_t since)
{
    return ask(fd, ASK_LOG_NEXT, inode, since, NULL, 0);
}

int
root_queue(int fd)
{
    return ask(fd, ASK_QUEUE, 0, 0, NULL, 0);
}

int
root_pools(int fd, const poolfile_source_t *v, unsigned n)
{
    return ask(fd, ASK_POOLS, 0, 0, v, n * sizeof(*v));
}

int
root_expire(int fd, const expire_t *v, unsigned n)
{
    return ask(fd, ASK_EXPIRE, 0, 0, v, n * sizeof(*v));
}

/* --- the parent ---------------------------------------------------------- */

/* Processes that work for the agent, 0 = none. */
struct helpers {
    pid_t queue, pools, expire;
};

/* The listing, and at its end whether it is whole. */
static int
list_queue(const char *config, pid_t *helper)
{
    const char *const argv[] = {"postqueue", "-c", config, "-j", NULL};
    int fd;

    if (!program_helper(helper, &fd))
        return fd;
    _exit(program_run(argv, -1, fd) &&
                  write(fd, ROOT_QUEUE_END "\n", sizeof(ROOT_QUEUE_END)) > 0
              ? 0
              : 1);
}

/* A reload takes its time. */
static int
write_pools(const ses_conf_t *conf, const struct packet *p, unsigned n,
            pid_t *helper)
{
    int fd;

    if (conf->pool_map.n == 0) {
        errno = EINVAL;
        return -1;
    }
    if (!program_helper(helper, &fd))
        return fd;
    _exit(poolfile_apply(conf, p->more.sources, n) && write(fd, "ok", 2) == 2
              ? 0
              : 1);
}

/* So do a thousand messages. */
static int
expire_messages(const ses_conf_t *conf, const struct packet *p, unsigned n,
                pid_t *helper)
{
    int fd;

    if (!program_helper(helper, &fd))
        return fd;
    _exit(expire_apply(conf, p->more.expire, n) && write(fd, "ok", 2) == 2 ? 0
                                                                           : 1);
}

/* How many things of a size stand behind the request; false: no number. */
static bool
count(ssize_t n, size_t size, unsigned *out)
{
    size_t more = (size_t) n - sizeof(struct request);

    *out = (unsigned) (more / size);
    return more % size == 0;
}

/* Do what was asked: the descriptor to pass, or -1 with errno. */
static int
obey(const ses_conf_t *conf, const struct packet *p, ssize_t size,
     struct helpers *h)
{
    const struct request *r = &p->r;
    bool alone = size == (ssize_t) sizeof(*r);
    unsigned n;

    if (size >= (ssize_t) sizeof(*r) && size <= (ssize_t) sizeof(*p)) {
        if (r->what == ASK_POOLS && count(size, sizeof(p->more.sources[0]), &n))
            return write_pools(conf, p, n, &h->pools);
        if (r->what == ASK_EXPIRE && count(size, sizeof(p->more.expire[0]), &n))
            return expire_messages(conf, p, n, &h->expire);
        if (r->what == ASK_QUEUE && alone)
            return list_queue(conf->postfix_config.p, &h->queue);
        if (r->what == ASK_LOG_INODE && alone)
            return logdir_inode(conf->maillog.p, r->inode);
        if (r->what == ASK_LOG_NEXT && alone)
            return logdir_next(conf->maillog.p, r->inode, r->since);
    }
    errno = EINVAL;
    return -1;
}

/* One request; false when the child is gone. */
static bool
serve_one(const ses_conf_t *conf, int fd, struct helpers *h)
{
    static struct packet p;
    ssize_t n = recv(fd, &p, sizeof(p), MSG_DONTWAIT | MSG_TRUNC);
    int passed, err = 0;
    bool ok;

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;

    errno = 0;
    passed = obey(conf, &p, n, h);
    if (passed < 0)
        err = errno == 0 ? EIO : errno;

    ok = answer(fd, err, passed);
    if (passed >= 0)
        close(passed);
    return ok;
}

/* Collect what ended; true and *status when the agent did. */
static bool
reap(pid_t child, struct helpers *h, int *status)
{
    pid_t pid;
    int s;

    while ((pid = waitpid(-1, &s, WNOHANG)) > 0) {
        if (pid == h->queue)
            h->queue = 0;
        if (pid == h->pools)
            h->pools = 0;
        if (pid == h->expire)
            h->expire = 0;
        if (pid != child)
            continue;
        *status = WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s);
        return true;
    }
    return false;
}

int
root_serve(const ses_conf_t *conf, int fd, pid_t child)
{
    struct signalfd_siginfo si;
    struct pollfd on[2];
    struct helpers helpers = {0};
    sigset_t set;
    int status = 1;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    on[0] = (struct pollfd){
        .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN};
    on[1] = (struct pollfd){.fd = fd, .events = POLLIN};
    if (on[0].fd < 0) {
        ses_log(SES_LOG_ERROR, "signalfd: %s", strerror(errno));
        kill(child, SIGKILL);
        return 1;
    }

    for (;;) {
        if (poll(on, 2, -1) < 0)
            continue;
        while (read(on[0].fd, &si, sizeof(si)) == (ssize_t) sizeof(si))
            if (si.ssi_signo != SIGCHLD)
                kill(child, (int) si.ssi_signo);
        if (reap(child, &helpers, &status))
            return status;
        if (on[1].revents != 0 && !serve_one(conf, fd, &helpers))
            on[1].fd = -1; /* it is ending: its SIGCHLD follows */
    }
}
