/*
 * main - sesame-milter: options, sockets; then drop, split, serve
 *
 * In this order: read the configuration, open or take over the sockets as
 * root, become gate_user with the store's group and his own, and split in
 * two: the worker reads the keys, opens the store and serves, the parent
 * stands for it before whoever started us.  Always in the foreground; log
 * lines go to standard error.
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/systemd.h"
#include "model/model.h"
#include "parent.h"
#include "socket.h"
#include "worker.h"

#ifndef SESAME_VERSION
#define SESAME_VERSION "0"
#endif

static const char usage_text[] =
    "usage: sesame-milter [-c FILE] [--milter SOCKET] [--auth SOCKET]\n"
    "       sesame-milter --help | --version\n"
    "\n"
    "The gate: a milter that checks, counts and signs what accounts send,\n"
    "and the login server of the submission service.  Runs in the\n"
    "foreground until SIGTERM; reads its configuration again on SIGHUP.\n"
    "\n"
    "  -c, --config FILE    sesame.conf (default /etc/sesame/sesame.conf)\n"
    "      --milter SOCKET  fd:N or unix:PATH, instead of milter_socket\n"
    "      --auth SOCKET    fd:N or unix:PATH, instead of auth_socket\n"
    "  -h, --help           show this text\n"
    "  -V, --version        show the version\n";

typedef struct {
    const char *config;
    const char *milter, *auth;
} options_t;

static ses_conf_t conf;

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

/* --- identity ---------------------------------------------------------- */

/* Become gate_user: group store_group, and gate_user's own for its keys.  Not
 * root (tests): stay. */
static ses_rc_t
drop(ses_cx_t *cx)
{
    const char *user = ses_str_c(cx->arena, conf.gate_user);
    const char *group = ses_str_c(cx->arena, conf.store_group);
    struct passwd *p = getpwnam(user);
    struct group *g = getgrnam(group);

    if (geteuid() != 0)
        return SES_OK;
    if (p == NULL || g == NULL)
        return ses_fail(cx, SES_INVALID, "no %s %s",
                        p == NULL ? "user" : "group", p == NULL ? user : group);
    if (p->pw_uid == 0)
        return ses_fail(cx, SES_INVALID, "gate_user must not be root");
    if (setgroups(1, &p->pw_gid) != 0 ||
        setresgid(g->gr_gid, g->gr_gid, g->gr_gid) ||
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

/* An option, or what systemd named so, or the configuration. */
static ses_rc_t
open_one(ses_cx_t *cx, const char *option, const char *name,
         ses_str_t conf_says, int *fd)
{
    int given = option == NULL ? ses_systemd_fd(name) : -1;
    ses_str_t where = option != NULL ? ses_str(option)
                      : given >= 0   ? ses_str_printf(cx->arena, "fd:%d", given)
                                     : conf_says;

    return socket_open(cx, &conf, where, fd);
}

static ses_rc_t
prepare(ses_cx_t *cx, const options_t *o, worker_start_t *start)
{
    ses_rc_t rc;

    if ((rc = ses_conf_load(cx, o->config, &conf)) != SES_OK ||
        (rc = open_one(cx, o->milter, "milter", conf.milter_socket,
                       &start->milter)) != SES_OK ||
        (rc = open_one(cx, o->auth, "auth", conf.auth_socket, &start->auth)) !=
            SES_OK ||
        (rc = drop(cx)) != SES_OK)
        return rc;
    harden();
    start->config = o->config;
    return SES_OK;
}

/* For parent and worker; the worker opens three of them again. */
static void
block_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static int
split(worker_start_t *start)
{
    int pair[2];
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ||
        (child = fork()) < 0) {
        ses_log(SES_LOG_ERROR, "no second process: %m");
        return 1;
    }
    if (child == 0) {
        close(pair[0]);
        start->parent = pair[1];
        return worker_run(start);
    }
    close(pair[1]);
    close(start->milter);
    close(start->auth);
    return parent_run(pair[0], child);
}

int
main(int argc, char **argv)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, ses_clock_ms());
    worker_start_t start;
    options_t o;
    int status;

    if ((status = read_options(argc, argv, &o)) >= 0)
        return status;
    ses_log_open("sesame-milter", NULL);
    ses_model_init();
    block_signals();
    if (prepare(&cx, &o, &start) == SES_OK) {
        status = split(&start);
    } else {
        ses_log(SES_LOG_ERROR, "%.*s", SES_FMT(cx.why));
        status = 1;
    }
    fflush(NULL);
    _exit(status);
}
