/*
 * postfix_log - the delivery log that the agent follows
 *
 * It must be a file that Postfix itself writes (postlogd): into syslog or the
 * journal everybody can write lines that look like deliveries, and they drop
 * some.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "postfix.h"

#define QUEUE_ENOUGH 512 /* systemd's */

static bool
is_file(ses_str_t value)
{
    return ses_str_starts(value, SES_STR("/")) &&
           !ses_str_starts(value, SES_STR("/dev/"));
}

static void
syslog_instead(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t value = postfix_value(p, NULL, "maillog_file");

    if (!is_file(value))
        postfix_found(
            p, k, postfix_fix_main(p, "maillog_file", p->conf->maillog),
            value.n == 0
                ? "Postfix logs to syslog, where lines are lost and anybody "
                  "can write them"
                : "maillog_file = %.*s is no file that can be followed",
            SES_FMT(value));
}

static void
differs(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t value = postfix_value(p, NULL, "maillog_file");

    if (is_file(value) && !ses_str_eq(value, p->conf->maillog))
        postfix_found(p, k, postfix_fix_conf(p, "maillog", value),
                      "Postfix logs to %.*s, and the agent follows %.*s",
                      SES_FMT(value), SES_FMT(p->conf->maillog));
}

bool
postfix_may_log(const postfix_t *p, ses_str_t log)
{
    ses_str_t list = postfix_value(p, NULL, "maillog_file_prefixes"), item;

    while (postfix_item(&list, &item))
        if (ses_str_starts(log, item) &&
            (item.p[item.n - 1] == '/' || log.n == item.n ||
             log.p[item.n] == '/'))
            return true;
    return false;
}

ses_str_t
postfix_log_prefixes(const postfix_t *p, ses_str_t log)
{
    ses_str_t raw = postfix_raw(p, NULL, "maillog_file_prefixes");

    return ses_str_printf(
        p->a, "%.*s%s%.*s", SES_FMT(raw), raw.n > 0 ? ", " : "",
        SES_FMT(ses_str_head(log, (size_t) ses_str_rfind(log, '/'))));
}

static void
prefixes(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t log = postfix_value(p, NULL, "maillog_file");

    if (is_file(log) && !postfix_may_log(p, log))
        postfix_found(p, k,
                      postfix_fix_main(p, "maillog_file_prefixes",
                                       postfix_log_prefixes(p, log)),
                      "maillog_file_prefixes do not allow %.*s: Postfix does "
                      "not log at all",
                      SES_FMT(log));
}

/* The directory of the log, and the log. */
static void
file(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t log = postfix_value(p, NULL, "maillog_file");
    ptrdiff_t slash = ses_str_rfind(log, '/');
    const char *dir;
    struct stat st;

    if (!is_file(log))
        return;
    dir = ses_str_c(p->a, ses_str_head(log, (size_t) (slash > 0 ? slash : 1)));
    if (stat(dir, &st) != 0) {
        postfix_found(p, k,
                      postfix_fix_command(p, "install -d -m 0755 %s", dir),
                      "%s: %s: Postfix cannot log", dir, strerror(errno));
        return;
    }
    if (st.st_uid != 0 || (st.st_mode & 022) != 0)
        postfix_found(
            p, k,
            postfix_fix_command(p, "chown root %s && chmod go-w %s", dir, dir),
            "%s: others than root may put a log of theirs in place", dir);
    if (lstat(ses_str_c(p->a, log), &st) == 0 && !S_ISREG(st.st_mode))
        postfix_found(p, k,
                      postfix_fix_main(p, "maillog_file", p->conf->maillog),
                      "%.*s is not a plain file", SES_FMT(log));
}

/*
 * Lines that wait for postlogd.  The kernel's own default is 10; systemd asks
 * for 512 when it starts.  Master writes a line before it starts a new
 * postlogd: where the queue is full then, it waits for ever, and Postfix with
 * it.
 */
static void
queue(postfix_t *p, const postfix_check_t *k)
{
    const char *file = "/proc/sys/net/unix/max_dgram_qlen";
    FILE *f = fopen(file, "re");
    unsigned length = QUEUE_ENOUGH;

    if (f != NULL) {
        if (fscanf(f, "%u", &length) != 1)
            length = QUEUE_ENOUGH;
        fclose(f);
    }
    if (length < QUEUE_ENOUGH &&
        is_file(postfix_value(p, NULL, "maillog_file")))
        postfix_found(
            p, k,
            postfix_fix_command(p, "sysctl -w net.unix.max_dgram_qlen=%d",
                                QUEUE_ENOUGH),
            "net.unix.max_dgram_qlen = %u, which a Postfix that starts now "
            "gets: when its log is that many lines behind, all of it can "
            "come to a stop",
            length);
}

static void
service(postfix_t *p, const postfix_check_t *k)
{
    static const char line[] = "postlog unix-dgram n - n - 1 postlogd";
    postfix_fix_t fix;

    if (!is_file(postfix_value(p, NULL, "maillog_file")) ||
        postfix_service(p, "postlog/unix-dgram") != NULL)
        return;
    fix = postfix_fix_command(p, "postconf -c %s -M -e 'postlog/unix-dgram=%s'",
                              p->conf->postfix_config.p, line);
    fix.file = "master.cf";
    fix.line = SES_STR("postlog unix-dgram n - n - 1 postlogd");
    postfix_found(p, k, fix,
                  "there is no service postlog: maillog_file stays empty");
}

const postfix_check_t postfix_checks_log[] = {
    {.name = "log-syslog", POSTFIX_ERROR, syslog_instead},
    {.name = "log-differs", POSTFIX_ERROR, differs},
    {.name = "log-prefixes", POSTFIX_ERROR, prefixes},
    {.name = "log-file", POSTFIX_ERROR, file},
    {.name = "log-service", POSTFIX_ERROR, service},
    {.name = "log-queue", POSTFIX_WARNING, queue},
    {0},
};
