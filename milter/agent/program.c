/*
 * program - runs programs of Postfix, as root
 */

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

#define OUTPUT_MAX 4096

static char *const clean_env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                  "LC_ALL=C", NULL};

/* In a forked child: become argv; a descriptor of -1 is /dev/null. */
static void __attribute__((noreturn))
become(const char *const *argv, int in, int out, int err)
{
    const int null = open("/dev/null", O_RDWR);
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (null < 0 || dup2(in < 0 ? null : in, 0) < 0 ||
        dup2(out < 0 ? null : out, 1) < 0 ||
        dup2(err < 0 ? null : err, 2) < 0 || close_range(3, ~0U, 0) != 0)
        _exit(126);
    execvpe(argv[0], (char *const *) (uintptr_t) argv, clean_env);
    _exit(127);
}

ses_rc_t
program_output(ses_cx_t *cx, const char *const *argv, ses_str_t *out)
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
        become(argv, -1, pipes[1], 2);
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

bool
program_run(const char *const *argv, int in, int out)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        become(argv, in, out, out < 0 ? -1 : 2);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool
program_helper(pid_t *helper, int *fd)
{
    int pipes[2];

    *fd = -1;
    if (*helper > 0)
        errno = EBUSY;
    if (*helper > 0 || pipe2(pipes, O_CLOEXEC) != 0)
        return false;

    *helper = fork();
    if (*helper == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pipes[0]);
        *fd = pipes[1];
        return true;
    }
    close(pipes[1]);
    if (*helper > 0)
        *fd = pipes[0];
    else
        close(pipes[0]);
    return false;
}
