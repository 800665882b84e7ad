/*
 * socket - the listening socket that is ours: given, or made
 *
 * A socket file nobody listens on is left over and replaced; one that
 * answers belongs to another agent, and is an error.
 */

#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

static ses_rc_t
given(ses_cx_t *cx, ses_str_t number, int *out)
{
    uint64_t n;
    int on = 0, flags;
    socklen_t size = sizeof(on);

    if (!ses_str_u64(number, 1024, &n))
        return ses_fail(cx, SES_INVALID, "socket fd:%.*s: not a number",
                        SES_FMT(number));

    if (getsockopt((int) n, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) != 0 || !on)
        return ses_fail(cx, SES_INVALID, "socket fd:%d: does not listen",
                        (int) n);

    flags = fcntl((int) n, F_GETFL);
    if (flags < 0 || fcntl((int) n, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl((int) n, F_SETFD, FD_CLOEXEC) != 0)
        return ses_fail(cx, SES_FAULT, "socket fd:%d: %s", (int) n,
                        strerror(errno));
    *out = (int) n;
    return SES_OK;
}

/* Is somebody listening there? */
static bool
answers(const struct sockaddr_un *sa)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok =
        fd >= 0 && connect(fd, (const struct sockaddr *) sa, sizeof(*sa)) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

static ses_rc_t
make(ses_cx_t *cx, ses_str_t path, ses_str_t group, int *out)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct group *g = getgrnam(ses_str_c(cx->arena, group));
    struct stat st;
    int fd;

    if (g == NULL)
        return ses_fail(cx, SES_INVALID, "group %.*s: does not exist",
                        SES_FMT(group));
    if (path.n == 0 || path.n >= sizeof(sa.sun_path))
        return ses_fail(cx, SES_INVALID, "socket %.*s: 1 to %zu bytes",
                        SES_FMT(path), sizeof(sa.sun_path) - 1);
    memcpy(sa.sun_path, path.p, path.n);

    if (lstat(sa.sun_path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        if (answers(&sa))
            return ses_fail(cx, SES_FAULT, "socket %s: in use", sa.sun_path);
        unlink(sa.sun_path);
    }

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *) &sa, sizeof(sa)) != 0 ||
        chown(sa.sun_path, 0, g->gr_gid) != 0 ||
        chmod(sa.sun_path, 0660) != 0 || listen(fd, BACKLOG) != 0) {
        int err = errno;

        if (fd >= 0)
            close(fd);
        return ses_fail(cx, SES_FAULT, "socket %s: %s", sa.sun_path,
                        strerror(err));
    }
    *out = fd;
    return SES_OK;
}

ses_rc_t
socket_open(ses_cx_t *cx, ses_str_t spec, ses_str_t group, int *out)
{
    if (ses_str_starts(spec, SES_STR("fd:")))
        return given(cx, ses_str_from(spec, 3), out);
    if (ses_str_starts(spec, SES_STR("unix:")))
        return make(cx, ses_str_from(spec, 5), group, out);
    return ses_fail(cx, SES_INVALID, "socket %.*s: fd:N or unix:PATH",
                    SES_FMT(spec));
}
