/*
 * main - sesame-milter: options, sockets, keys; then drop, open, serve
 *
 * In this order: read the configuration, open or take over the sockets and
 * load the keys as root, become gate_user with the store's group and nothing
 * else, open the store, start the threads, serve until SIGTERM.  Always in
 * the foreground; log lines go to standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "bind.h"
#include "callbacks.h"
#include "keys.h"
#include "model/model.h"
#include "sasl.h"
#include "sealing.h"
#include "sign.h"
#include "stop.h"

#ifndef SESAME_VERSION
#define SESAME_VERSION "0"
#endif

#define BACKLOG 512

static const char usage_text[] =
    "Usage: sesame-milter -c FILE [--milter SOCKET] [--auth SOCKET]\n"
    "\n"
    "The gate: a milter that checks, counts and signs what accounts send,\n"
    "and the login server of the submission service.  Runs in the\n"
    "foreground until SIGTERM.\n"
    "\n"
    "  -c, --config FILE  sesame.conf (default /etc/sesame/sesame.conf)\n"
    "      --milter SOCKET  fd:N or unix:PATH, instead of milter_socket\n"
    "      --auth SOCKET    fd:N or unix:PATH, instead of auth_socket\n"
    "  -h, --help         show this text\n"
    "  -V, --version      show the version\n";

typedef struct {
    const char *config;
    const char *milter, *auth;
} options_t;

static gate_t gate;

/* --- options ----------------------------------------------------------- */

/* Exit status to leave with, or -1. */
static int
read_options(int argc, char **argv, options_t *o)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"milter", required_argument, NULL, 'm'},
        {"auth", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
    };
    int c;

    *o = (options_t){.config = "/etc/sesame/sesame.conf"};
    while ((c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            o->config = optarg;
            break;
        case 'm':
            o->milter = optarg;
            break;
        case 'a':
            o->auth = optarg;
            break;
        case 'h':
            fputs(usage_text, stdout);
            return 0;
        case 'V':
            puts("sesame-milter " SESAME_VERSION);
            return 0;
        default:
            fputs("Try: sesame-milter --help\n", stderr);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "sesame-milter: what is \"%s\"?\n", argv[optind]);
        return 2;
    }
    return -1;
}

/* --- sockets ----------------------------------------------------------- */

/* root:postfix_group 0660; as somebody else (tests): his own. */
static ses_rc_t
open_to_postfix(ses_cx_t *cx, const char *path)
{
    const char *name = ses_str_c(cx->arena, gate.conf.postfix_group);
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
listen_at(ses_cx_t *cx, ses_str_t path, int *fd)
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
    return open_to_postfix(cx, sa.sun_path);
}

/* fd:N or unix:PATH -> a listening socket that does not block. */
static ses_rc_t
open_socket(ses_cx_t *cx, ses_str_t where, int *fd)
{
    struct stat st;
    uint64_t n;
    ses_rc_t rc;

    if (ses_str_starts(where, SES_STR("fd:"))) {
        if (!ses_str_u64(ses_str_from(where, 3), 65535, &n) ||
            fstat((int) n, &st) != 0 || !S_ISSOCK(st.st_mode))
            return ses_fail(cx, SES_INVALID, "%.*s is no socket",
                            SES_FMT(where));
        *fd = (int) n;
    } else if (ses_str_starts(where, SES_STR("unix:"))) {
        if ((rc = listen_at(cx, ses_str_from(where, 5), fd)) != SES_OK)
            return rc;
    } else {
        return ses_fail(cx, SES_INVALID, "%.*s: fd:N or unix:PATH?",
                        SES_FMT(where));
    }
    if (fcntl(*fd, F_SETFL, O_NONBLOCK) != 0)
        return ses_fail(cx, SES_FAULT, "%.*s: %m", SES_FMT(where));
    return SES_OK;
}

/* --- keys and identity ------------------------------------------------- */

static ses_rc_t
load_keys(ses_cx_t *cx)
{
    const struct {
        const char *name;
        ses_keyring_t *ring;
    } files[] = {
        {"ticket.key", &gate.ticket},
        {"token.key", &gate.token},
        {"site.key", &gate.site},
    };
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        rc = ses_keyring_load(cx, ses_conf_key(cx, &gate.conf, files[i].name),
                              files[i].ring);
        if (rc != SES_OK)
            return rc;
    }
    /* A host that was set up before there was one: all but the service's own
     * mail goes on. */
    rc = ses_keyring_load(cx, ses_conf_key(cx, &gate.conf, "agent-ticket.key"),
                          &gate.agent);
    if (rc == SES_NOT_FOUND) {
        ses_log(SES_LOG_WARN,
                "%.*s: Sesame's own mail is refused; run sesamectl key files",
                SES_FMT(cx->why));
        ses_cx_clear(cx);
        rc = SES_OK;
    }
    if (rc != SES_OK)
        return rc;
    return sealing_load(cx, ses_conf_key(cx, &gate.conf, "gate.key"));
}

/* Become gate_user, with the store's group only.  Not root (tests): stay. */
static ses_rc_t
drop(ses_cx_t *cx)
{
    const char *user = ses_str_c(cx->arena, gate.conf.gate_user);
    const char *group = ses_str_c(cx->arena, gate.conf.store_group);
    struct passwd *p = getpwnam(user);
    struct group *g = getgrnam(group);

    if (geteuid() != 0)
        return SES_OK;
    if (p == NULL || g == NULL)
        return ses_fail(cx, SES_INVALID, "no %s %s",
                        p == NULL ? "user" : "group", p == NULL ? user : group);
    if (p->pw_uid == 0)
        return ses_fail(cx, SES_INVALID, "gate_user must not be root");
    if (setgroups(0, NULL) != 0 || setresgid(g->gr_gid, g->gr_gid, g->gr_gid) ||
        setresuid(p->pw_uid, p->pw_uid, p->pw_uid) != 0)
        return ses_fail(cx, SES_FAULT, "becoming %s: %m", user);
    return SES_OK;
}

/* No core, no debugger, no new rights; as many descriptors as there are. */
static void
harden(void)
{
    struct rlimit none = {0, 0}, files;

    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &none);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* --- life -------------------------------------------------------------- */

/*
 * Threads of libmilter may still be in a callback when it has returned, so
 * what they use is left to the kernel.
 */
static void
stop_threads(void)
{
    sasl_stop();
    keys_stop();
    ses_log(SES_LOG_INFO, "stopped");
    fflush(NULL);
}

static void
stop(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, stop_threads);
}

static ses_rc_t
check_bindings(ses_cx_t *cx)
{
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(cx, gate.store, &t)) != SES_OK)
        return rc;
    rc = bind_check(cx, t, &gate.conf);
    ses_txn_end(t);
    return rc;
}

static ses_rc_t
start(ses_cx_t *cx, const options_t *o, int *milter_fd)
{
    ses_rc_t rc;
    int auth_fd;

    if ((rc = ses_conf_load(cx, o->config, &gate.conf)) != SES_OK ||
        (rc = open_socket(
             cx, o->milter ? ses_str(o->milter) : gate.conf.milter_socket,
             milter_fd)) != SES_OK ||
        (rc =
             open_socket(cx, o->auth ? ses_str(o->auth) : gate.conf.auth_socket,
                         &auth_fd)) != SES_OK ||
        (rc = load_keys(cx)) != SES_OK || (rc = drop(cx)) != SES_OK)
        return rc;
    harden();
    if ((rc = sign_init(cx)) != SES_OK ||
        (rc = ses_store_open(cx, ses_str_c(cx->arena, gate.conf.store),
                             gate.conf.map_size, 0, &gate.store)) != SES_OK ||
        (rc = check_bindings(cx)) != SES_OK)
        return rc;
    gate.committer = ses_committer_new(gate.store, false);
    if ((rc = keys_start(cx, &gate)) != SES_OK)
        return rc;
    if ((rc = sasl_start(cx, &gate, auth_fd)) != SES_OK)
        return rc;
    return stop_watch(cx, stop);
}

/* Signals are libmilter's: it waits for them on a thread of its own. */
static void
block_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int
main(int argc, char **argv)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, ses_clock_ms());
    options_t o;
    int fd = -1, status;
    ses_rc_t rc;

    if ((status = read_options(argc, argv, &o)) >= 0)
        return status;
    ses_log_open("sesame-milter", NULL);
    ses_model_init();
    block_signals();
    if ((rc = start(&cx, &o, &fd)) == SES_OK) {
        ses_log(SES_LOG_INFO, "ready: store=%.*s", SES_FMT(gate.conf.store));
        rc = callbacks_run(&cx, &gate, fd);
        stop();
    }
    if (rc != SES_OK)
        ses_log(SES_LOG_ERROR, "%.*s", SES_FMT(cx.why));
    fflush(NULL);
    _exit(rc == SES_OK ? 0 : 1);
}
