/*
 * postfix_files - who is in which group, and the sockets between Postfix and
 * the daemons
 *
 * A process with group postdrop writes queue records and log lines past every
 * milter; one with group postfix speaks to the gate as Postfix does.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "postfix.h"

#define STATUS_MAX 8192

static ses_str_t
setgid_group(const postfix_t *p)
{
    return postfix_value(p, NULL, "setgid_group");
}

static ses_str_t
mail_owner(const postfix_t *p)
{
    return postfix_value(p, NULL, "mail_owner");
}

/* --- groups ------------------------------------------------------------ */

/* Nobody but except is a member, or has it as the first group. */
static void
alone(postfix_t *p, const postfix_check_t *k, ses_str_t group, ses_str_t except,
      const char *danger)
{
    const struct group *gr = getgrnam(ses_str_c(p->a, group));
    char **m;

    for (m = gr == NULL ? NULL : gr->gr_mem; m != NULL && *m != NULL; m++)
        if (!ses_str_eqc(except, *m))
            postfix_found(
                p, k,
                postfix_fix_command(p, "gpasswd -d %s %s", *m, gr->gr_name),
                "%s is a member of group %s: all its programs %s", *m,
                gr->gr_name, danger);
}

static void
groups(postfix_t *p, const postfix_check_t *k)
{
    alone(p, k, setgid_group(p), SES_STR(""),
          "can queue mail and write log lines past the gate");
    alone(p, k, p->conf->postfix_group, mail_owner(p),
          "can speak to the gate as Postfix does");
}

/* Does user have the group, by membership or as the first one? */
static bool
in_group(const postfix_t *p, ses_str_t user, ses_str_t group)
{
    const struct group *gr = getgrnam(ses_str_c(p->a, group));
    const struct passwd *pw;
    gid_t gid;
    char **m;

    if (gr == NULL)
        return false;
    gid = gr->gr_gid;
    for (m = gr->gr_mem; *m != NULL; m++)
        if (ses_str_eqc(user, *m))
            return true;
    pw = getpwnam(ses_str_c(p->a, user));
    return pw != NULL && pw->pw_gid == gid;
}

static void
postfix_in_sesame(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t user = mail_owner(p), group = p->conf->store_group;

    if (in_group(p, user, group))
        postfix_found(p, k,
                      postfix_fix_command(p, "gpasswd -d %.*s %.*s",
                                          SES_FMT(user), SES_FMT(group)),
                      "%.*s is a member of group %.*s: every process of "
                      "Postfix that is broken into has the store",
                      SES_FMT(user), SES_FMT(group));
}

/* --- a running nginx --------------------------------------------------- */

/* The numbers of a line of /proc/PID/status, is gid among them? */
static bool
line_has(const char *status, const char *name, gid_t gid)
{
    const char *at = strstr(status, name);
    char *end;

    if (at == NULL)
        return false;
    for (at += strlen(name); *at != '\0' && *at != '\n'; at = end) {
        while (*at == '\t' || *at == ' ')
            at++;
        if (!isdigit((unsigned char) *at))
            break;
        if ((gid_t) strtoul(at, &end, 10) == gid)
            return true;
    }
    return false;
}

static bool
nginx_with(const char *pid, gid_t gid)
{
    char path[64], status[STATUS_MAX];
    size_t n;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
    if ((f = fopen(path, "re")) == NULL)
        return false;
    n = fread(status, 1, sizeof(status) - 1, f);
    fclose(f);
    status[n] = '\0';
    return strncmp(status, "Name:\tnginx\n", 12) == 0 &&
           (line_has(status, "\nGid:", gid) ||
            line_has(status, "\nGroups:", gid));
}

/* By "user www-data postdrop;", which no membership shows. */
static void
nginx_group(postfix_t *p, const postfix_check_t *k)
{
    const ses_str_t names[] = {setgid_group(p), p->conf->postfix_group};
    const struct group *gr;
    const struct dirent *d;
    DIR *proc;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        gr = getgrnam(ses_str_c(p->a, names[i]));
        if (gr == NULL || (proc = opendir("/proc")) == NULL)
            continue;
        while ((d = readdir(proc)) != NULL)
            if (isdigit((unsigned char) d->d_name[0]) &&
                nginx_with(d->d_name, gr->gr_gid)) {
                postfix_found(p, k,
                              (postfix_fix_t){"nginx.conf",
                                              SES_STR("user www-data sesame;"),
                                              SES_STR("")},
                              "nginx (process %s) runs with group %.*s: it "
                              "can send past the gate",
                              d->d_name, SES_FMT(names[i]));
                break;
            }
        closedir(proc);
    }
}

/* --- sockets ----------------------------------------------------------- */

typedef struct {
    const char *option, *unit;
    ses_str_t where;
} sock_t;

static void
sockets(const postfix_t *p, sock_t out[3])
{
    out[0] = (sock_t){"milter_socket", "sesame-milter.socket",
                      p->conf->milter_socket};
    out[1] =
        (sock_t){"auth_socket", "sesame-milter.socket", p->conf->auth_socket};
    out[2] =
        (sock_t){"lmtp_socket", "sesame-agent.socket", p->conf->lmtp_socket};
}

static void
socket_files(postfix_t *p, const postfix_check_t *k)
{
    const struct group *gr = getgrnam(ses_str_c(p->a, p->conf->postfix_group));
    const char *path;
    struct stat st;
    sock_t s[3];
    size_t i;

    sockets(p, s);
    for (i = 0; gr != NULL && i < 3; i++) {
        if (!ses_str_starts(s[i].where, SES_STR("unix:")))
            continue; /* a descriptor that was handed down */
        path = ses_str_c(p->a, ses_str_from(s[i].where, 5));
        if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
            postfix_found(
                p, k, postfix_fix_command(p, "systemctl start %s", s[i].unit),
                "%s: %s is not there", s[i].option, path);
        else if (st.st_gid != gr->gr_gid || (st.st_mode & 0777) != 0660)
            postfix_found(
                p, k,
                postfix_fix_command(p, "chgrp %s %s && chmod 0660 %s",
                                    gr->gr_name, path, path),
                "%s: %s has group %u, mode %04o; Postfix, and nobody else, "
                "may use it (0660, group %s)",
                s[i].option, path, (unsigned) st.st_gid,
                (unsigned) (st.st_mode & 0777), gr->gr_name);
    }
}

/* Postfix must get in, and nobody else. */
static void
socket_directory(postfix_t *p, const postfix_check_t *k)
{
    const struct group *gr = getgrnam(ses_str_c(p->a, p->conf->postfix_group));
    const char *dir;
    struct stat st;
    ses_str_t path;
    sock_t s[3];
    size_t i;

    sockets(p, s);
    for (i = 0; gr != NULL && i < 3; i++) {
        path = ses_str_from(s[i].where, 5);
        if (!ses_str_starts(s[i].where, SES_STR("unix:")) ||
            ses_str_rfind(path, '/') <= 0)
            continue;
        dir = ses_str_c(p->a,
                        ses_str_head(path, (size_t) ses_str_rfind(path, '/')));
        if (stat(dir, &st) != 0)
            postfix_found(
                p, k,
                postfix_fix_command(p, "install -d -o root -g %s -m 0750 %s",
                                    gr->gr_name, dir),
                "%s: %s", dir, strerror(errno));
        else if (st.st_uid != 0 || st.st_gid != gr->gr_gid ||
                 (st.st_mode & 0777) != 0750)
            postfix_found(
                p, k,
                postfix_fix_command(p, "chown root:%s %s && chmod 0750 %s",
                                    gr->gr_name, dir, dir),
                "%s: owner %u:%u, mode %04o: Postfix cannot reach the "
                "sockets, or others can",
                dir, (unsigned) st.st_uid, (unsigned) st.st_gid,
                (unsigned) (st.st_mode & 0777));
    }
}

const postfix_check_t postfix_checks_files[] = {
    {.name = "postfix-groups", POSTFIX_ERROR, groups},
    {.name = "sesame-group", POSTFIX_ERROR, postfix_in_sesame},
    {.name = "nginx-group", POSTFIX_ERROR, nginx_group},
    {.name = "socket-directory", POSTFIX_ERROR, socket_directory},
    {.name = "socket", POSTFIX_ERROR, socket_files},
    {0},
};
