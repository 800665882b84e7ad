/*
 * maillog - one line of Postfix's log: bytes in, struct out
 *
 *   STAMP HOST SYSLOG_NAME/DAEMON[PID]: QUEUEID: what
 *
 * STAMP is "Nov 24 03:30:19" or RFC 3339 (rsyslog).  The table of daemons
 * says who may state what; a line of any other is none of ours.
 */

#include "maillog.h"

#include <arpa/inet.h>
#include <time.h>

#define QUEUE_ID_MAX 64
#define YEAR_MS (INT64_C(366) * 86400 * 1000)
#define AHEAD_MS (INT64_C(3600) * 1000) /* a clock that was set back */

/* Takes lit off the front of *rest. */
static bool
take(ses_str_t *rest, const char *lit)
{
    ses_str_t s = ses_str(lit);

    if (!ses_str_starts(*rest, s))
        return false;

    *rest = ses_str_from(*rest, s.n);
    return true;
}

/* Takes everything before sep, and sep. */
static bool
take_until(ses_str_t *rest, const char *sep, ses_str_t *out)
{
    ses_str_t s = ses_str(sep);
    ptrdiff_t at = ses_str_search(*rest, s);

    if (at < 0)
        return false;

    *out = ses_str_head(*rest, (size_t) at);
    *rest = ses_str_from(*rest, (size_t) at + s.n);
    return true;
}

/*
 * Takes "address>" off the front: a quoted local part may hold a '>' (RFC
 * 5321 section 4.1.2), nothing else in an address can.
 */
static bool
take_address(ses_str_t *rest, ses_str_t *out)
{
    size_t i = 0;

    if (rest->n > 0 && rest->p[0] == '"') {
        for (i = 1; i < rest->n && rest->p[i] != '"'; i++)
            if (rest->p[i] == '\\')
                i++;
    }

    while (i < rest->n && rest->p[i] != '>')
        i++;

    if (i >= rest->n)
        return false;

    *out = ses_str_head(*rest, i);
    *rest = ses_str_from(*rest, i + 1);
    return true;
}

/* to=<a>, orig_to=<b>, relay=r, conn_use=n, delay=d, delays=w/x/y/z,
 * dsn=5.1.1, status=bounced (text) */
static bool
recipient(ses_str_t rest, maillog_t *out)
{
    static const struct {
        const char *word;
        maillog_kind_t kind;
    } statuses[] = {
        {"sent (", MAILLOG_SENT},
        {"deferred (", MAILLOG_DEFERRED},
        {"bounced (", MAILLOG_BOUNCED},
    };
    ses_str_t skipped;

    if (!take(&rest, "to=<") || !take_address(&rest, &out->rcpt))
        return false;
    if (take(&rest, ", orig_to=<") && !take_address(&rest, &out->orig_rcpt))
        return false;
    if (!take(&rest, ", relay=") || !take_until(&rest, ", ", &out->relay))
        return false;
    if (take(&rest, "conn_use=") && !take_until(&rest, ", ", &skipped))
        return false;
    if (!take(&rest, "delay=") || !take_until(&rest, ", ", &out->delay))
        return false;
    if (take(&rest, "delays=") && !take_until(&rest, ", ", &skipped))
        return false;
    if (!take(&rest, "dsn=") || !take_until(&rest, ", ", &out->dsn))
        return false;
    if (!take(&rest, "status="))
        return false;

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (!take(&rest, statuses[i].word))
            continue;
        out->kind = statuses[i].kind;
        out->text = rest;
        if (rest.n > 0 && rest.p[rest.n - 1] == ')') /* else it was cut */
            out->text.n--;
        return true;
    }
    return false;
}

/* from=<s>, size=1, nrcpt=1 (queue active)
 * from=<s>, status=expired, returned to sender     (or force-expired)
 * removed
 * or a recipient that qmgr disposes of itself */
static bool
qmgr(ses_str_t rest, maillog_t *out)
{
    if (ses_str_eqc(rest, "removed")) {
        out->kind = MAILLOG_REMOVED;
        return true;
    }
    if (recipient(rest, out))
        return true;
    if (!take(&rest, "from=<") || !take_address(&rest, &out->sender))
        return false;

    if (take(&rest, ", size=")) {
        out->kind = MAILLOG_QUEUED;
        return true;
    }
    if (take(&rest, ", status=") &&
        (take(&rest, "expired,") || take(&rest, "force-expired,"))) {
        out->kind = MAILLOG_EXPIRED;
        return true;
    }
    return false;
}

/* milter-reject: END-OF-MESSAGE ...   reject: header ...
 * write queue file: No space left     message rejected: hopcount exceeded
 * queue file size limit exceeded      or a recipient that it bounces */
static bool
cleanup(ses_str_t rest, maillog_t *out)
{
    static const char *const failures[] = {
        "milter-reject: END-OF-MESSAGE",
        "milter-header-reject: ",
        "milter-body-reject: ",
        "reject: ",
        "write queue file: ",
        "queue file size limit exceeded",
        "message rejected: ",
    };

    if (recipient(rest, out))
        return true;

    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        if (take(&rest, failures[i])) {
            out->kind = MAILLOG_REFUSED;
            return true;
        }
    return false;
}

/* uid=0 from=<s> orig_id=QUEUEID */
static bool
pickup(ses_str_t rest, maillog_t *out)
{
    ses_str_t skipped;

    if (!take(&rest, "uid=") || !take_until(&rest, " from=<", &skipped) ||
        !take_address(&rest, &out->sender) || !take(&rest, " orig_id="))
        return false;

    out->orig_id = rest;
    out->kind = MAILLOG_REQUEUED;
    return true;
}

static bool
postsuper(ses_str_t rest, maillog_t *out)
{
    if (!ses_str_eqc(rest, "removed"))
        return false;

    out->kind = MAILLOG_DELETED;
    return true;
}

/* Whoever logs loses what is on its way when postlogd or all of Postfix is
 * killed: the one is said in words, the other begins with a new start.
 * daemon started -- version 3.7.11, configuration /etc/postfix
 * warning: process /usr/lib/postfix/sbin/postlogd pid 1 killed by signal 9 */
static bool
master(ses_str_t rest, maillog_t *out)
{
    ses_str_t program;

    if (!take(&rest, "daemon started ") &&
        !(take(&rest, "warning: process ") &&
          take_until(&rest, " ", &program) &&
          ses_str_ends(program, SES_STR("/postlogd"))))
        return false;

    out->kind = MAILLOG_LOST;
    return true;
}

static const struct {
    const char *name;
    bool (*parse)(ses_str_t rest, maillog_t *out);
} daemons[] = {
    {"smtp", recipient},      {"lmtp", recipient},    {"qmgr", qmgr},
    {"cleanup", cleanup},     {"pickup", pickup},     {"error", recipient},
    {"local", recipient},     {"virtual", recipient}, {"pipe", recipient},
    {"discard", recipient},   {"retry", recipient},   {"relay", recipient},
    {"postsuper", postsuper}, {"nqmgr", qmgr},        {"oqmgr", qmgr},
    {"master", master},
};

/* The stamp: three words, or one that starts with a digit (RFC 3339). */
static bool
take_stamp(ses_str_t *rest, ses_str_t *stamp)
{
    const size_t old = sizeof("Nov 24 03:30:19") - 1;

    if (rest->n > 0 && rest->p[0] >= '0' && rest->p[0] <= '9')
        return take_until(rest, " ", stamp);

    if (rest->n <= old || rest->p[old] != ' ')
        return false;

    *stamp = ses_str_head(*rest, old);
    *rest = ses_str_from(*rest, old + 1);
    return true;
}

/* SYSLOG_NAME/DAEMON[PID]: -> DAEMON */
static bool
take_daemon(ses_str_t *rest, ses_str_t *name)
{
    ses_str_t tag, pid;
    ptrdiff_t slash;

    if (!take_until(rest, ": ", &tag))
        return false;

    if (!take_until(&tag, "[", name))
        return false;
    pid = tag;

    slash = ses_str_rfind(*name, '/');
    if (slash < 0 || pid.n < 2 || ses_str_find(*name, ' ') >= 0)
        return false;

    *name = ses_str_from(*name, (size_t) slash + 1);
    return true;
}

static bool
take_queue_id(ses_str_t *rest, ses_str_t *id)
{
    size_t i = 0;

    (void) (take(rest, "warning: ") || take(rest, "error: "));

    while (i < rest->n && i <= QUEUE_ID_MAX &&
           ((rest->p[i] >= '0' && rest->p[i] <= '9') ||
            (rest->p[i] >= 'A' && rest->p[i] <= 'Z') ||
            (rest->p[i] >= 'a' && rest->p[i] <= 'z')))
        i++;

    if (i < 5 || i > QUEUE_ID_MAX)
        return false;

    *id = ses_str_head(*rest, i);
    *rest = ses_str_from(*rest, i);
    return take(rest, ": ");
}

bool
maillog_parse(ses_str_t line, maillog_t *out)
{
    maillog_t fact = {.kind = MAILLOG_NONE};
    ses_str_t rest = line, name;

    while (rest.n > 0 &&
           (rest.p[rest.n - 1] == '\n' || rest.p[rest.n - 1] == '\r'))
        rest.n--;

    if (!take_stamp(&rest, &fact.stamp) ||
        !take_until(&rest, " ", &fact.host) || !take_daemon(&rest, &name))
        return false;

    for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++) {
        if (!ses_str_eqc(name, daemons[i].name))
            continue;
        if ((daemons[i].parse != master &&
             !take_queue_id(&rest, &fact.queue_id)) ||
            !daemons[i].parse(rest, &fact))
            return false;
        *out = fact;
        return true;
    }
    return false;
}

/* --- time ---------------------------------------------------------------- */

/* RFC 3339 with a numeric zone or Z, as rsyslog writes it. */
static bool
parse_rfc3339(ses_str_t s, int64_t *ms, bool *exact)
{
    char text[48], *end;
    struct tm tm = {0};
    int64_t frac = 0, scale = 100, zone = 0;

    if (s.n >= sizeof(text))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';

    end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (end == NULL)
        return false;

    *exact = *end == '.';
    if (*end == '.')
        for (end++; *end >= '0' && *end <= '9'; end++, scale /= 10)
            frac += (*end - '0') * scale;

    if (*end == '+' || *end == '-') {
        int h = 0, m = 0;

        if (end[1] < '0' || end[1] > '9' || end[2] < '0' || end[2] > '9' ||
            end[3] != ':' || end[4] < '0' || end[4] > '9' || end[5] < '0' ||
            end[5] > '9' || end[6] != '\0')
            return false;
        h = (end[1] - '0') * 10 + end[2] - '0';
        m = (end[4] - '0') * 10 + end[5] - '0';
        zone = (h * 60 + m) * 60;
        if (*end == '-')
            zone = -zone;
    } else if (end[0] != 'Z' || end[1] != '\0') {
        return false;
    }

    *ms = ((int64_t) timegm(&tm) - zone) * 1000 + frac;
    return true;
}

/* Local time without a year: the latest such moment that is not ahead. */
static bool
parse_bsd(ses_str_t s, int64_t now, int64_t *ms)
{
    char text[32];
    time_t second = (time_t) (now / 1000);
    struct tm today, tm;
    const char *end;

    if (s.n >= sizeof(text) || localtime_r(&second, &today) == NULL)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';

    for (int year = today.tm_year + 1; year >= today.tm_year - 1; year--) {
        time_t t;

        memset(&tm, 0, sizeof(tm));
        end = strptime(text, "%b %d %H:%M:%S", &tm);
        if (end == NULL || *end != '\0')
            return false;
        tm.tm_year = year;
        tm.tm_isdst = -1;
        t = mktime(&tm);
        if (t == (time_t) -1)
            return false;
        if ((int64_t) t * 1000 <= now + AHEAD_MS) {
            *ms = (int64_t) t * 1000;
            return true;
        }
    }
    return false;
}

int64_t
maillog_time(ses_str_t stamp, int64_t now)
{
    int64_t ms = now;
    bool exact = false;

    if (!parse_rfc3339(stamp, &ms, &exact) && !parse_bsd(stamp, now, &ms))
        return now;

    if (ms < now - YEAR_MS || ms > now + AHEAD_MS)
        return now;
    if (exact)
        return ms;
    return now < ms ? ms : now > ms + 999 ? ms + 999 : now;
}

/* --- pieces of fields ---------------------------------------------------- */

ses_str_t
maillog_relay_ip(ses_str_t relay)
{
    ptrdiff_t open = ses_str_rfind(relay, '['), close;
    unsigned char addr[16];
    char text[64];
    ses_str_t ip;

    if (open < 0)
        return SES_STR("");
    ip = ses_str_from(relay, (size_t) open + 1);
    close = ses_str_find(ip, ']');
    if (close <= 0 || (size_t) close >= sizeof(text))
        return SES_STR("");
    ip = ses_str_head(ip, (size_t) close);

    memcpy(text, ip.p, ip.n);
    text[ip.n] = '\0';
    if (inet_pton(AF_INET, text, addr) != 1 &&
        inet_pton(AF_INET6, text, addr) != 1)
        return SES_STR("");
    return ip;
}

ses_str_t
maillog_said(ses_str_t text)
{
    ses_str_t rest = text, skipped;
    ptrdiff_t reply;

    if (!take(&rest, "host ") || !take_until(&rest, " said: ", &skipped))
        return SES_STR("");

    /* Postfix's own remark is the last one */
    reply = -1;
    for (size_t i = rest.n; i > 0 && reply < 0; i--)
        if (ses_str_starts(ses_str_from(rest, i - 1),
                           SES_STR(" (in reply to ")))
            reply = (ptrdiff_t) i - 1;

    return reply < 0 ? rest : ses_str_head(rest, (size_t) reply);
}
