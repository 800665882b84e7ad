/*
 * root - the parent that stays root, and what the agent may ask of it
 *
 * One thread, no store, no input but requests of fixed size.  Log files are
 * the configured path and, in its directory, plain files whose name goes on
 * after its own with '.' or '-'.
 */

#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define ANSWER_SECONDS 30
#define OUTPUT_MAX 4096

typedef enum {
    ASK_LOG_INODE,
    ASK_LOG_NEXT,
    ASK_QUEUE,
    ASK_POOLS, /* addresses stand behind the request */
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
    poolfile_source_t sources[POOLFILE_SOURCES];
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

/* One question at a time.  An answer that never came would be taken for the
 * next one's, so the pair is not used again after a time-out. */
static int
ask(int fd, ask_t what, uint64_t inode, int64_t since,
    const poolfile_source_t *v, unsigned nsources)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    static bool broken;
    struct request r = {.what = what, .inode = inode, .since = since};
    struct iovec iov[] = {{&r, sizeof(r)},
                          {(void *) (uintptr_t) v, nsources * sizeof(*v)}};
    const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    const ssize_t size = (ssize_t) (sizeof(r) + nsources * sizeof(*v));
    struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    int passed = -1;

    pthread_mutex_lock(&turn);
    if (broken) {
        errno = EPIPE;
    } else if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
                   0 &&
               sendmsg(fd, &msg, MSG_NOSIGNAL) == size) {
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
    return ask(fd, ASK_POOLS, 0, 0, v, n);
}

/* --- the mail log -------------------------------------------------------- */

static bool
compressed(const char *name)
{
    static const char *const ends[] = {".gz", ".bz2", ".xz", ".zst", ".Z"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ses_str_ends(ses_str(name), ses_str(ends[i])))
            return true;
    return false;
}

/* Order of rotated files: by their last line, then by inode. */
struct place {
    int64_t ns;
    uint64_t inode;
};

static struct place
place_of(const struct stat *st)
{
    return (struct place){(int64_t) st->st_mtim.tv_sec * 1000000000 +
                              st->st_mtim.tv_nsec,
                          st->st_ino};
}

static bool
before(struct place x, struct place y)
{
    return x.ns < y.ns || (x.ns == y.ns && x.inode < y.inode);
}

/* A rotated log: in dir, plain, named BASE.x or BASE-x. */
static int
open_rotated(int dir, const char *base, const char *name, struct stat *st)
{
    size_t n = strlen(base);
    int fd;

    if (strncmp(name, base, n) != 0 || (name[n] != '.' && name[n] != '-') ||
        compressed(name))
        return -1;

    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

static int
open_current(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

/* Which rotated file does a request want?  best is replaced by a better. */
struct choice {
    const struct request *r;
    struct place after; /* NEXT: the first one behind this */
    struct place place; /* of best */
    int best;
};

static void
consider(struct choice *c, int fd, const struct stat *st)
{
    struct place at = place_of(st);
    bool better;

    if (c->r->what == ASK_LOG_INODE)
        better = st->st_ino == c->r->inode;
    else
        better = before(c->after, at) && (c->best < 0 || before(at, c->place));

    if (!better) {
        close(fd);
        return;
    }
    if (c->best >= 0)
        close(c->best);
    c->best = fd;
    c->place = at;
}

static void
each_rotated(const char *path, struct choice *c)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    char folder[4096];
    struct dirent *e;
    struct stat st;
    DIR *dir;
    int fd;

    if (slash == NULL || (size_t) (slash - path) >= sizeof(folder) - 1)
        return;
    memcpy(folder, path, (size_t) (slash - path) + 1);
    folder[slash - path + 1] = '\0';

    dir = opendir(folder);
    if (dir == NULL)
        return;
    while ((e = readdir(dir)) != NULL)
        if ((fd = open_rotated(dirfd(dir), base, e->d_name, &st)) >= 0)
            consider(c, fd, &st);
    closedir(dir);
}

/* Where the file of this inode stands, if it is there. */
static bool
find_place(const char *path, uint64_t inode, struct place *out)
{
    struct request r = {.what = ASK_LOG_INODE, .inode = inode};
    struct choice c = {.r = &r, .best = -1};

    each_rotated(path, &c);
    if (c.best < 0)
        return false;
    close(c.best);
    *out = c.place;
    return true;
}

static int
open_asked(const char *path, const struct request *r)
{
    struct choice c = {.r = r, .best = -1};
    struct stat st;
    int fd = open_current(path, &st);

    if (fd >= 0 && st.st_ino == r->inode)
        return fd; /* nothing follows the current log */

    if (r->what == ASK_LOG_NEXT && !find_place(path, r->inode, &c.after))
        c.after.ns =
            r->since < INT64_MAX / 1000000 ? r->since * 1000000 : INT64_MAX;
    each_rotated(path, &c);

    if (c.best >= 0 || r->what == ASK_LOG_NEXT) {
        if (c.best >= 0 && fd >= 0)
            close(fd);
        return c.best >= 0 ? c.best : fd;
    }
    if (fd >= 0)
        close(fd);
    errno = ENOENT;
    return -1;
}

/* --- programs of Postfix ------------------------------------------------- */

static char *const clean_env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                  "LC_ALL=C", NULL};

/* In a forked child: become argv with out as standard output. */
static void __attribute__((noreturn)) become(const char *const *argv, int out)
{
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 ||
        close_range(3, ~0U, 0) != 0)
        _exit(126);
    execvpe(argv[0], (char *const *) (uintptr_t) argv, clean_env);
    _exit(127);
}

ses_rc_t
root_output(ses_cx_t *cx, const char *const *argv, ses_str_t *out)
{
    char *text = ses_alloc(cx->arena, OUTPUT_MAX);
    size_t n = 0;
    ssize_t got;
    int pipes[2], status;
    pid_t pid;

    if (pipe2(pipes, O_CLOEXEC) != 0)
        return ses_fail(cx, SES_FAULT, "%s: %s", argv[0], strerror(errno));

    pid = fork();
    if (pid == 0)
        become(argv, pipes[1]);
    close(pipes[1]);

    while (pid > 0 && n < OUTPUT_MAX &&
           ((got = read(pipes[0], text + n, OUTPUT_MAX - n)) > 0 ||
            (got < 0 && errno == EINTR)))
        n += got < 0 ? 0 : (size_t) got;
    close(pipes[0]);

    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        return ses_fail(cx, SES_FAULT, "%s failed", argv[0]);
    *out = ses_str_n(text, n);
    return SES_OK;
}

/*
 * The listing in a process of its own, which says at the end whether it is
 * whole.  *helper is its pid.
 */
static int
list_queue(const char *config, pid_t *helper)
{
    const char *const argv[] = {"postqueue", "-c", config, "-j", NULL};
    int pipes[2], status;
    pid_t pid;

    if (*helper > 0) {
        errno = EBUSY;
        return -1;
    }
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return -1;

    *helper = fork();
    if (*helper != 0) {
        close(pipes[1]);
        if (*helper > 0)
            return pipes[0];
        close(pipes[0]);
        return -1;
    }

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(pipes[0]);
    pid = fork();
    if (pid == 0)
        become(argv, pipes[1]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        _exit(1);
    if (write(pipes[1], ROOT_QUEUE_END "\n", sizeof(ROOT_QUEUE_END)) < 0)
        _exit(1);
    _exit(0);
}

/* The files in a process of its own, too: a reload takes its time. */
static int
write_pools(const ses_conf_t *conf, const struct packet *p, unsigned n,
            pid_t *helper)
{
    int pipes[2];

    if (conf->pool_map.n == 0 || *helper > 0) {
        errno = conf->pool_map.n == 0 ? EINVAL : EBUSY;
        return -1;
    }
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return -1;

    *helper = fork();
    if (*helper != 0) {
        close(pipes[1]);
        if (*helper > 0)
            return pipes[0];
        close(pipes[0]);
        return -1;
    }

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(pipes[0]);
    if (!poolfile_apply(conf, p->sources, n) || write(pipes[1], "ok", 2) != 2)
        _exit(1);
    _exit(0);
}

/* --- the parent ---------------------------------------------------------- */

/* Processes that work for the agent, 0 = none. */
struct helpers {
    pid_t queue, pools;
};

/* One request; false when the child is gone. */
static bool
serve_one(const ses_conf_t *conf, int fd, struct helpers *h)
{
    static struct packet p;
    const struct request *r = &p.r;
    ssize_t n = recv(fd, &p, sizeof(p), MSG_DONTWAIT | MSG_TRUNC);
    size_t more = n < (ssize_t) sizeof(*r) ? 0 : (size_t) n - sizeof(*r);
    int passed, err = 0;
    bool ok;

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;

    errno = EINVAL;
    passed = -1;
    if (n >= (ssize_t) sizeof(*r) && n <= (ssize_t) sizeof(p) &&
        r->what == ASK_POOLS && more % sizeof(p.sources[0]) == 0)
        passed = write_pools(conf, &p, (unsigned) (more / sizeof(p.sources[0])),
                             &h->pools);
    else if (n == (ssize_t) sizeof(*r) && r->what == ASK_QUEUE)
        passed = list_queue(conf->postfix_config.p, &h->queue);
    else if (n == (ssize_t) sizeof(*r) && r->what < ASK_QUEUE)
        passed = open_asked(conf->maillog.p, r);
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
    struct helpers helpers = {0, 0};
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
