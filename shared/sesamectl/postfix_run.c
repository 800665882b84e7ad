/*
 * postfix_run - run a program of Postfix and take what it says
 *
 * No shell, nothing on standard input; output is read up to a ceiling, and a
 * program that does not end is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "postfix.h"

#define PATIENCE_US (60 * INT64_C(1000000))
#define OUTPUT_MAX (1 << 20)

static void
child(const char *const argv[], int out, int err)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (null >= 0)
        dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execv(argv[0], (char *const *) (uintptr_t) argv);
    _exit(127);
}

/* Take what is there; false at the end of this stream. */
static bool
take(int fd, ses_buf_t *b)
{
    char some[16384];
    ssize_t n = read(fd, some, sizeof(some));

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    ses_buf_add(b, some, (size_t) n);
    return n > 0;
}

/* Read both until they end; false when time is over. */
static bool
listen_to(int out, int err, ses_buf_t b[2])
{
    int64_t end = ses_clock_mono_us() + PATIENCE_US, left;
    struct pollfd fds[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    int i;

    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        left = (end - ses_clock_mono_us()) / 1000;
        if (left <= 0)
            return false;
        if (poll(fds, 2, (int) left) < 0 && errno != EINTR)
            return false;
        for (i = 0; i < 2; i++)
            if (fds[i].fd >= 0 && fds[i].revents != 0 &&
                !take(fds[i].fd, &b[i]))
                fds[i].fd = -1;
    }
    return true;
}

postfix_ran_t
postfix_run(ses_arena_t *a, const char *const argv[])
{
    postfix_ran_t ran = {.status = -1};
    int out[2], err[2], status;
    ses_buf_t b[2];
    bool ended;
    pid_t pid;

    ses_buf_init(&b[0], a, OUTPUT_MAX);
    ses_buf_init(&b[1], a, OUTPUT_MAX);
    if (pipe2(out, O_CLOEXEC) != 0)
        return ran;
    if (pipe2(err, O_CLOEXEC) != 0) {
        close(out[0]);
        close(out[1]);
        return ran;
    }
    if ((pid = fork()) == 0)
        child(argv, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    if (pid > 0) {
        ended = listen_to(out[0], err[0], b);
        if (!ended)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (ended && !b[0].overflow && WIFEXITED(status))
            ran.status = WEXITSTATUS(status);
    }
    close(out[0]);
    close(err[0]);
    ran.out = ses_buf_get(&b[0]);
    ran.err = ses_buf_get(&b[1]);
    return ran;
}
