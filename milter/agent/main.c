/*
 * sesame-agent - everything that waits on the outside world
 *
 * Options, sockets as root, fork.  The parent stays root and serves root.h;
 * the child drops to agent_user and store_group, opens the store, and runs
 * the workers.  Each ends when the other does: the parent collects its
 * child, the child is killed with its parent.
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
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/model.h"
#include "program.h"
#include "report.h"
#include "base/systemd.h"
#include "root.h"
#include "settings.h"
#include "socket.h"
#include "worker.h"

#ifndef SESAME_VERSION
#define SESAME_VERSION "unknown"
#endif

#define CONFIG "/etc/sesame/sesame.conf"
#define QUEUE_LIFETIME (INT64_C(5) * 86400 * 1000) /* Postfix's default */

static const char usage[] =
    "usage: sesame-agent [-c FILE] [--lmtp SOCKET]\n"
    "       sesame-agent --help | --version\n"
    "\n"
    "Follows Postfix's log, takes bounces and complaints over LMTP, publishes\n"
    "events, checks identities in the DNS.  Runs in the foreground, logs to\n"
    "standard error, stops on SIGTERM, reads its configuration again on\n"
    "SIGHUP.\n"
    "\n"
    "  -c, --config FILE  sesame.conf (default " CONFIG ")\n"
    "      --lmtp SOCKET  fd:N or unix:PATH, instead of lmtp_socket\n"
    "  -h, --help         show this text\n"
    "  -V, --version      show the version\n";

struct options {
    const char *config;
    const char *lmtp;
};

/* Exit status to end with now, or -1 to go on. */
static int
parse_options(int argc, char **argv, struct options *out)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"lmtp", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;

    out->config = CONFIG;
    out->lmtp = NULL;
    while ((c = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
            out->config = optarg;
            break;
        case 'l':
            out->lmtp = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        case 'V':
            puts("sesame-agent " SESAME_VERSION);
            return 0;
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    if (optind != argc) {
        fputs(usage, stderr);
        return 2;
    }
    return -1;
}

static int
failed(const ses_cx_t *cx)
{
    if (cx->why_rc != SES_FAULT) /* that was logged where it happened */
        ses_log(SES_LOG_ERROR, "%.*s", SES_FMT(cx->why));
    return 1;
}

/* "5d": Postfix's spelling of a time, days when it has no unit. */
static bool
parse_lifetime(ses_str_t s, int64_t *ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000},
                 {'m', 60000},
                 {'h', 3600000},
                 {'d', 86400000},
                 {'w', INT64_C(7) * 86400000}};
    int64_t unit = 86400000;
    uint64_t n;

    for (size_t i = 0; s.n > 0 && i < sizeof(units) / sizeof(units[0]); i++)
        if (s.p[s.n - 1] == units[i].unit) {
            unit = units[i].ms;
            s.n--;
            break;
        }
    if (!ses_str_u64(s, 36500, &n))
        return false;
    *ms = (int64_t) n * unit;
    return true;
}

/* What the events say about Postfix: its name, how long it tries. */
static void
ask_postfix(ses_cx_t *cx, agent_t *a)
{
    const char *const argv[] = {
        "postconf", "-c",         a->conf->postfix_config.p, "-x",
        "-h",       "myhostname", "maximal_queue_lifetime",  NULL};
    char name[256] = "localhost";
    ses_str_t text, host = {0}, lifetime = {0};

    a->queue_lifetime = QUEUE_LIFETIME;
    if (program_output(cx, argv, &text) == SES_OK &&
        ses_str_cut(&text, '\n', &host) &&
        ses_str_cut(&text, '\n', &lifetime) && host.n > 0 &&
        parse_lifetime(lifetime, &a->queue_lifetime)) {
        a->hostname = host;
        return;
    }

    ses_cx_clear(cx);
    (void) gethostname(name, sizeof(name) - 1);
    a->hostname = ses_str_dup(cx->arena, ses_str(name));
    ses_log(SES_LOG_WARN, "postconf -c %s: no answer, so events name %s",
            a->conf->postfix_config.p, name);
}

/* Neither a core nor a debugger. */
static bool
no_core(void)
{
    struct rlimit none = {0, 0};

    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
           setrlimit(RLIMIT_CORE, &none) == 0;
}

/* Become agent_user: group store_group, and agent_user's own for its keys. */
static ses_rc_t
drop(ses_cx_t *cx, const ses_conf_t *conf)
{
    const char *user = ses_str_c(cx->arena, conf->agent_user);
    const char *group = ses_str_c(cx->arena, conf->store_group);
    struct passwd *pw = getpwnam(user);
    struct group *gr = getgrnam(group);

    if (pw == NULL || pw->pw_uid == 0)
        return ses_fail(cx, SES_INVALID,
                        "agent_user %s: does not exist, or is root", user);
    if (gr == NULL)
        return ses_fail(cx, SES_INVALID, "store_group %s: does not exist",
                        group);

    if (setgroups(1, &pw->pw_gid) != 0 ||
        setresgid(gr->gr_gid, gr->gr_gid, gr->gr_gid) != 0 ||
        setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !no_core())
        return ses_fail(cx, SES_FAULT, "becoming %s: %s", user,
                        strerror(errno));
    return SES_OK;
}

/* Postfix's log is not synced: what was written last before the system
 * crashed may be lost. */
static int64_t
booted(void)
{
    struct timespec up;

    clock_gettime(CLOCK_BOOTTIME, &up);
    return ses_clock_ms() - ((int64_t) up.tv_sec * 1000 + up.tv_nsec / 1000000);
}

static ses_rc_t
open_store(ses_cx_t *cx, agent_t *a)
{
    ses_rc_t rc;

    rc = ses_store_open(cx, a->conf->store.p, a->conf->map_size, 0, &a->store);
    if (rc != SES_OK)
        return rc;
    a->committer = ses_committer_new(a->store, true);
    agent_log_lost(a, booted());
    return SES_OK;
}

/* The manager hears when it is done, whatever came of it. */
static void
reload(agent_t *a)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, ses_clock_ms());
    bool ok;

    ses_systemd_reloading();
    ok = settings_reload(&cx, a) == SES_OK;
    if (ok)
        ses_log(SES_LOG_INFO, "reload: configuration and keys are read anew");
    else
        ses_log(SES_LOG_ERROR, "reload: %.*s; everything stays as it was",
                SES_FMT(cx.why));
    ses_systemd_tell("READY=1\nSTATUS=%s",
                     ok ? "Working"
                        : "Working with the old configuration: the new one "
                          "has an error");
    ses_arena_free(arena);
}

/* Until a signal asks us to stop, or a worker does. */
static void
serve(agent_t *a, const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};
    int sig;

    while (!agent_stopping(a)) {
        sig = sigtimedwait(signals, NULL, &second);
        if (sig == SIGTERM || sig == SIGINT)
            break;
        if (sig == SIGHUP)
            reload(a);
    }
}

static int
run(ses_cx_t *cx, agent_t *a, const sigset_t *signals, pid_t parent)
{
    bool ended;

    if (drop(cx, a->conf) != SES_OK)
        return failed(cx);

    /* after the change of user, which forgets it */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        return 1;

    ses_model_init();
    report_init();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (settings_first(cx, a, a->conf) != SES_OK || open_store(cx, a) != SES_OK)
        return failed(cx);

    ses_log(SES_LOG_INFO, "version=%s store=%s maillog=%s", SESAME_VERSION,
            a->conf->store.p, a->conf->maillog.p);
    if (workers_start(a)) {
        ses_systemd_tell("READY=1\nSTATUS=Working");
        serve(a, signals);
    }

    ses_systemd_tell("STOPPING=1");
    agent_stop(a);
    ended = workers_join();
    ses_log(SES_LOG_INFO, "stopped");
    if (!ended)
        _exit(0); /* what is not committed is done again */
    agent_free(a);
    return 0;
}

static int
split(ses_cx_t *cx, agent_t *a)
{
    pid_t parent = getpid(), child;
    sigset_t signals;
    int pair[2], status;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        ses_log(SES_LOG_ERROR, "socketpair: %s", strerror(errno));
        return 1;
    }

    child = fork();
    if (child < 0) {
        ses_log(SES_LOG_ERROR, "fork: %s", strerror(errno));
        return 1;
    }
    if (child == 0) {
        close(pair[0]);
        a->root_fd = pair[1];
        return run(cx, a, &signals, parent);
    }

    if (!no_core())
        ses_log(SES_LOG_WARN, "a core file cannot be prevented: %s",
                strerror(errno));
    close(pair[1]);
    close(a->lmtp_fd);
    status = root_serve(a->conf, pair[0], child);
    if (status > 128)
        ses_log(SES_LOG_ERROR, "the agent was killed by signal %d",
                status - 128);
    return status;
}

int
main(int argc, char **argv)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, ses_clock_ms());
    struct options options;
    ses_conf_t conf;
    agent_t agent;
    int status;

    status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;

    ses_log_open("sesame-agent", NULL);
    if (geteuid() != 0) {
        ses_log(SES_LOG_ERROR, "must be started as root, to read the log");
        return 1;
    }
    if (ses_conf_load(&cx, options.config, &conf) != SES_OK)
        return failed(&cx);
    if (!agent_init(&agent)) {
        ses_log(SES_LOG_ERROR, "eventfd: %s", strerror(errno));
        return 1;
    }

    agent.conf = &conf;
    if (socket_open(&cx,
                    options.lmtp == NULL ? conf.lmtp_socket
                                         : ses_str(options.lmtp),
                    conf.postfix_group, &agent.lmtp_fd) != SES_OK)
        return failed(&cx);

    ask_postfix(&cx, &agent);
    return split(&cx, &agent);
}
