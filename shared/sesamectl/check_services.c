/*
 * check_services - do gate, agent, nginx and Postfix answer, and is Postfix
 * set up as DESIGN needs it?
 */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "probe.h"

/* Option negotiation as Postfix sends it: version 6, all actions, steps. */
static const char negotiate[] = "\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff"
                                "\xff";

/* --- sockets for Postfix ----------------------------------------------- */

static void
check_socket_mode(check_t *k, const char *option, const char *path)
{
    const struct group *gr =
        getgrnam(ses_str_c(k->c->arena, k->c->conf.postfix_group));
    struct stat st;

    if (stat(path, &st) != 0 || gr == NULL)
        return; /* said elsewhere */
    if ((st.st_mode & 0777) != 0660 || st.st_gid != gr->gr_gid)
        check_found(k,
                    ses_str_printf(k->c->arena,
                                   "It is made 0660, group %s, by its "
                                   "systemd socket unit.",
                                   gr->gr_name)
                        .p,
                    "%s: %s has group %u, mode %04o", option, path,
                    (unsigned) st.st_gid, (unsigned) (st.st_mode & 0777));
}

static void
check_socket(check_t *k, const char *option, ses_str_t where,
             const char *daemon, ses_str_t send, ses_str_t expect)
{
    const char *wrong;

    if (!ses_str_starts(where, SES_STR("unix:")))
        return; /* a descriptor that was handed down */
    wrong = probe(k->c->arena, where.p, send, expect);
    if (wrong != NULL)
        check_found(k,
                    ses_str_printf(k->c->arena,
                                   "Is %s running? systemctl status %s, and "
                                   "its log.",
                                   daemon, daemon)
                        .p,
                    "%s: %.*s: %s", option, SES_FMT(where), wrong);
    check_socket_mode(k, option, where.p + 5);
}

/* --- nginx ------------------------------------------------------------- */

static void
check_nginx(check_t *k)
{
    static const char remedy[] =
        "Is nginx running, with the module, and does public_url reach it? "
        "nginx -t, and its error log.";
    ses_arena_t *a = k->c->arena;
    ses_str_t url = k->c->conf.public_url, host, rest;
    bool tls = ses_str_starts(url, SES_STR("https://"));
    const char *where, *wrong;

    rest = ses_str_from(url, tls ? 8 : 7);
    if (!ses_str_cut(&rest, '/', &host))
        return;
    where =
        ses_str_find(
            ses_str_from(host, host.p[0] == '['
                                   ? (size_t) ses_str_find(host, ']') + 1
                                   : 0),
            ':') >= 0
            ? ses_str_c(a, host)
            : ses_str_printf(a, "%.*s:%s", SES_FMT(host), tls ? "443" : "80").p;
    /* Without a signature the service refuses, in its own words. */
    wrong = probe(a, where,
                  ses_str_printf(a,
                                 "GET /v2/email/account HTTP/1.1\r\n"
                                 "Host: %.*s\r\nConnection: close\r\n\r\n",
                                 SES_FMT(host)),
                  tls ? SES_STR("") : SES_STR("MissingAuthentication"));
    if (wrong != NULL)
        check_found(k, remedy, "public_url %.*s: %s", SES_FMT(url), wrong);
}

void
check_services(check_t *k)
{
    const ses_conf_t *conf = &k->c->conf;
    const char *wrong;

    check_socket(k, "milter_socket", conf->milter_socket, "sesame-milter",
                 ses_str_n(negotiate, sizeof(negotiate) - 1), SES_STR("O"));
    check_socket(k, "auth_socket", conf->auth_socket, "sesame-milter",
                 SES_STR(""), SES_STR("VERSION\t"));
    check_socket(k, "lmtp_socket", conf->lmtp_socket, "sesame-agent",
                 SES_STR(""), SES_STR("220 "));
    check_nginx(k);
    wrong = probe(k->c->arena, ses_str_c(k->c->arena, conf->inject),
                  SES_STR(""), SES_STR("220 "));
    if (wrong != NULL)
        check_found(k,
                    "Are Postfix, with the injection service of "
                    "master.cf, and the gate running? postfix status.",
                    "inject %.*s: %s", SES_FMT(conf->inject), wrong);
}

/* --- Postfix's own settings -------------------------------------------- */

static const struct {
    const char *name, *want, *why;
} settings[] = {
    {"enable_long_queue_ids", "yes", "message ids are made of long queue ids"},
    {"milter_default_action", "tempfail",
     "else mail leaves unchecked while the gate is down"},
};

/* "300s", "5m": Postfix's spelling of time, in milliseconds; -1 = odd. */
static int64_t
postfix_time(const char *value)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'\0', 1000},   {'s', 1000},     {'m', 60000},
                 {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
    size_t n = strspn(value, "0123456789"), i;
    uint64_t number;

    if (!ses_str_u64(ses_str_n(value, n), 1000000000, &number) ||
        (value[n] != '\0' && value[n + 1] != '\0'))
        return -1;
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (value[n] == units[i].unit)
            return (int64_t) number * units[i].ms;
    return -1;
}

static bool
postconf(check_t *k, const char *name, char *out, size_t size)
{
    int pair[2], status;
    ssize_t n = 0;
    pid_t pid;

    if (pipe2(pair, O_CLOEXEC) != 0)
        return false;
    if ((pid = fork()) == 0) {
        dup2(pair[1], STDOUT_FILENO);
        execl("/usr/sbin/postconf", "postconf", "-c",
              k->c->conf.postfix_config.p, "-h", name, (char *) NULL);
        _exit(127);
    }
    close(pair[1]);
    if (pid > 0) {
        n = read(pair[0], out, size - 1);
        while (waitpid(pid, &status, 0) < 0)
            ;
    }
    close(pair[0]);
    if (pid < 0 || status != 0 || n < 0)
        return false;
    out[n] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return true;
}

/* Numbers of the two that must fit. */
static void
check_fit(check_t *k)
{
    const ses_conf_t *conf = &k->c->conf;
    char value[256];
    uint64_t size;

    if (postconf(k, "message_size_limit", value, sizeof(value)) &&
        ses_str_u64(ses_str(value), UINT64_MAX, &size) && size != 0 &&
        size < conf->max_message_size)
        check_found(k,
                    "Raise message_size_limit in main.cf above "
                    "max_message_size, or lower that in sesame.conf.",
                    "Postfix: message_size_limit = %s is below "
                    "max_message_size = %llu",
                    value, (unsigned long long) conf->max_message_size);
    if (postconf(k, "milter_content_timeout", value, sizeof(value)) &&
        postfix_time(value) > conf->eom_timeout)
        check_found(k,
                    "Set eom_timeout in sesame.conf to that or more: before, "
                    "a message that Postfix still waits for may be taken for "
                    "lost.",
                    "Postfix: milter_content_timeout = %s is longer than "
                    "eom_timeout = %lld s",
                    value, (long long) conf->eom_timeout / 1000);
}

void
check_postfix(check_t *k)
{
    char value[256];
    size_t i;

    for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (!postconf(k, settings[i].name, value, sizeof(value))) {
            check_found(k, "Is postfix_config right, and Postfix installed?",
                        "postconf -c %s %s: failed",
                        k->c->conf.postfix_config.p, settings[i].name);
            return;
        }
        if (strcmp(value, settings[i].want) != 0)
            check_found(k,
                        ses_str_printf(k->c->arena,
                                       "postconf -c %s -e %s=%s, and postfix "
                                       "reload: %s.",
                                       k->c->conf.postfix_config.p,
                                       settings[i].name, settings[i].want,
                                       settings[i].why)
                            .p,
                        "Postfix: %s = %s", settings[i].name, value);
    }
    check_fit(k);
}
