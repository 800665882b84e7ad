/*
 * socket - the listening sockets: given by name or number, or made
 *
 * One that was given outlives this process, so that Postfix waits while the
 * next one starts.  One that is made here replaces what a process before us
 * left: that serves the connections it has and no others.
 */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

/* root:postfix_group 0660; as somebody else (tests): his own. */
static ses_rc_t
open_to_postfix(ses_cx_t *cx, const ses_conf_t *conf, const char *path)
{
    const char *name = ses_str_c(cx->arena, conf->postfix_group);
    struct group *g = getgrnam(name);

    if (geteuid() == 0) {
        if (g == NULL)
            return ses_fail(cx, SES_INVALID, "no group %s", name);
        if (chown(path, 0, g->gr_gid) != 0)
            return ses_fail(cx, SES_FAULT, "%s: %m", path);
    }
    if (chmod(path, 0660) != 0)
        return ses_fail(cx, SES_FAULT, "%s: %m", path);
    return SES_OK;
}

static ses_rc_t
listen_at(ses_cx_t *cx, const ses_conf_t *conf, ses_str_t path, int *fd)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    mode_t mask;
    int rc;

    if (path.n == 0 || path.n >= sizeof(sa.sun_path))
        return ses_fail(cx, SES_INVALID, "socket path \"%.*s\" is too long",
                        SES_FMT(path));
    memcpy(sa.sun_path, path.p, path.n);
    if ((*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
        return ses_fail(cx, SES_FAULT, "socket: %m");
    unlink(sa.sun_path); /* of a process before us */
    mask = umask(0177);
    rc = bind(*fd, (const struct sockaddr *) &sa, sizeof(sa));
    umask(mask);
    if (rc != 0 || listen(*fd, BACKLOG) != 0)
        return ses_fail(cx, SES_FAULT, "%s: %m", sa.sun_path);
    return open_to_postfix(cx, conf, sa.sun_path);
}

static bool
listens(int fd)
{
    int on = 0;
    socklen_t size = sizeof(on);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 &&
           on != 0;
}

ses_rc_t
socket_open(ses_cx_t *cx, const ses_conf_t *conf, ses_str_t where, int *fd)
{
    uint64_t n;
    ses_rc_t rc;

    if (ses_str_starts(where, SES_STR("fd:"))) {
        if (!ses_str_u64(ses_str_from(where, 3), 65535, &n) ||
            !listens((int) n))
            return ses_fail(cx, SES_INVALID, "%.*s is no listening socket",
                            SES_FMT(where));
        *fd = (int) n;
    } else if (ses_str_starts(where, SES_STR("unix:"))) {
        if ((rc = listen_at(cx, conf, ses_str_from(where, 5), fd)) != SES_OK)
            return rc;
    } else {
        return ses_fail(cx, SES_INVALID, "%.*s: fd:N or unix:PATH?",
                        SES_FMT(where));
    }
    if (fcntl(*fd, F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(*fd, F_SETFD, FD_CLOEXEC) != 0)
        return ses_fail(cx, SES_FAULT, "%.*s: %m", SES_FMT(where));
    return SES_OK;
}
