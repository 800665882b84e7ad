/*
 * lmtp - takes bounces and complaints from Postfix (RFC 2033)
 *
 * A session has one line buffer and one message buffer, both bounded.  What
 * a message has beyond MESSAGE_MAX is read and dropped: the report stands
 * before the returned message.
 */

#include "lmtp.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "feedback.h"

#define COMMAND_MAX 2048
#define MESSAGE_MAX (1U << 20)
#define RCPTS_MAX 50
#define INPUT 65536
#define IDLE_MS 300000 /* RFC 5321 section 4.5.3.2.7 */
#define RENEW_MS 5000  /* without a guest: take new settings */

typedef struct {
    agent_t *agent;
    int fd;
    bool ended; /* nobody to talk to any more */
    char in[INPUT];
    size_t start, end;
    ses_arena_t *arena; /* of one message */
    bool mail;          /* MAIL was given */
    unsigned nrcpts;
    ses_str_t rcpts[RCPTS_MAX];
} session_t;

/* --- bytes --------------------------------------------------------------- */

/* Wait until fd is ready for what; false when it ends or we do. */
static bool
ready(session_t *s, short what)
{
    struct pollfd on[] = {{.fd = s->fd, .events = what},
                          {.fd = s->agent->stop_fd, .events = POLLIN}};
    int n;

    do
        n = poll(on, 2, IDLE_MS);
    while (n < 0 && errno == EINTR);

    s->ended = n <= 0 || on[1].revents != 0;
    return !s->ended;
}

static void reply(session_t *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
reply(session_t *s, const char *fmt, ...)
{
    char text[512];
    size_t at = 0, n;
    ssize_t put;
    va_list ap;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(text, sizeof(text) - 2, fmt, ap);
    va_end(ap);
    n = len < 0                           ? 0
        : (size_t) len < sizeof(text) - 2 ? (size_t) len
                                          : sizeof(text) - 3;
    text[n++] = '\r';
    text[n++] = '\n';

    while (!s->ended && at < n) {
        put = send(s->fd, text + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put >= 0)
            at += (size_t) put;
        else if (errno == EAGAIN)
            (void) ready(s, POLLOUT);
        else if (errno != EINTR)
            s->ended = true;
    }
}

static bool
fill(session_t *s)
{
    ssize_t n;

    s->start = s->end = 0;
    while (!s->ended) {
        n = recv(s->fd, s->in, sizeof(s->in), MSG_DONTWAIT);
        if (n > 0) {
            s->end = (size_t) n;
            return true;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            s->ended = true;
        else if (errno == EAGAIN)
            (void) ready(s, POLLIN);
    }
    return false;
}

static bool
take_byte(session_t *s, char *c)
{
    if (s->start == s->end && !fill(s))
        return false;
    *c = s->in[s->start++];
    return true;
}

/* A line of at most max bytes, without its end; the rest of a longer one is
 * dropped and *cut set. */
static bool
take_command(session_t *s, char *line, size_t max, size_t *n, bool *cut)
{
    char c;

    *n = 0;
    *cut = false;
    while (take_byte(s, &c)) {
        if (c == '\n') {
            if (*n > 0 && line[*n - 1] == '\r' && !*cut)
                --*n;
            return true;
        }
        if (*n < max)
            line[(*n)++] = c;
        else
            *cut = true;
    }
    return false;
}

/* --- a message ----------------------------------------------------------- */

static void
reset(session_t *s)
{
    s->mail = false;
    s->nrcpts = 0;
    ses_arena_reset(s->arena);
}

/*
 * Everything up to the line with a dot alone, doubled dots undone (RFC 5321
 * section 4.5.2), into text of MESSAGE_MAX bytes.
 */
static bool
take_message(session_t *s, char *text, size_t *size)
{
    enum { BOL, DOT, DOT_CR, MIDDLE, CR } state = BOL;
    size_t n = 0;
    char c;

    while (take_byte(s, &c)) {
        switch (state) {
        case BOL:
            state = c == '.' ? DOT : c == '\r' ? CR : MIDDLE;
            if (c == '.')
                continue;
            break;
        case DOT:
            if (c == '\r') {
                state = DOT_CR;
                continue;
            }
            state = MIDDLE;
            break;
        case DOT_CR:
            if (c == '\n') {
                *size = n;
                return true;
            }
            if (n < MESSAGE_MAX)
                text[n++] = '\r';
            state = c == '\r' ? CR : MIDDLE;
            break;
        case CR:
            state = c == '\n' ? BOL : c == '\r' ? CR : MIDDLE;
            break;
        case MIDDLE:
            state = c == '\r' ? CR : MIDDLE;
            break;
        }
        if (n < MESSAGE_MAX)
            text[n++] = c;
    }
    return false;
}

/* One reply for each recipient, in their order (RFC 2033 section 4.2). */
static void
deliver(session_t *s, ses_str_t bytes)
{
    report_t report;

    report_parse(s->arena, bytes, &report);
    for (unsigned i = 0; i < s->nrcpts && !s->ended; i++) {
        ses_cx_t cx = ses_cx(s->arena, ses_clock_ms());

        if (feedback_take(s->agent, &cx, s->rcpts[i], &report) == SES_OK)
            reply(s, "250 2.0.0 Ok");
        else
            reply(s, "451 4.3.0 Try again later");
    }
}

/* --- commands ------------------------------------------------------------ */

static void
lhlo(session_t *s, ses_str_t arg)
{
    (void) arg;
    reset(s);
    reply(s,
          "250-%.*s\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
          "250 ENHANCEDSTATUSCODES",
          SES_FMT(ses_str_head(s->agent->hostname, 255)));
}

/* What stands between the brackets after word; parameters are ignored. */
static bool
path_of(ses_str_t arg, const char *word, ses_str_t *out)
{
    ses_str_t w = ses_str(word);
    ptrdiff_t end;

    if (!ses_str_casestarts(arg, w))
        return false;
    arg = ses_str_trim(ses_str_from(arg, w.n));
    end = ses_str_rfind(arg, '>');
    if (arg.n < 2 || arg.p[0] != '<' || end < 1)
        return false;
    *out = ses_str_n(arg.p + 1, (size_t) end - 1);
    return true;
}

static void
mail(session_t *s, ses_str_t arg)
{
    ses_str_t from;

    if (!path_of(arg, "FROM:", &from)) {
        reply(s, "450 4.5.2 Syntax: MAIL FROM:<address>");
        return;
    }
    reset(s);
    (void) agent_renew(s->agent);
    s->mail = true;
    reply(s, "250 2.1.0 Ok");
}

static void
rcpt(session_t *s, ses_str_t arg)
{
    ses_str_t to;

    if (!s->mail)
        reply(s, "450 4.5.1 MAIL first");
    else if (s->nrcpts == RCPTS_MAX)
        reply(s, "452 4.5.3 Too many recipients");
    else if (!path_of(arg, "TO:", &to))
        reply(s, "450 4.5.2 Syntax: RCPT TO:<address>");
    else {
        s->rcpts[s->nrcpts++] = ses_str_dup(s->arena, to);
        reply(s, "250 2.1.5 Ok");
    }
}

static void
data(session_t *s, ses_str_t arg)
{
    char *text;
    size_t n;

    (void) arg;
    if (s->nrcpts == 0) {
        reply(s, "450 4.5.1 RCPT first");
        return;
    }
    reply(s, "354 End data with <CR><LF>.<CR><LF>");

    text = ses_xmalloc(MESSAGE_MAX);
    if (take_message(s, text, &n))
        deliver(s, ses_str_n(text, n));
    ses_xfree(text);
    reset(s);
}

static void
rset(session_t *s, ses_str_t arg)
{
    (void) arg;
    reset(s);
    reply(s, "250 2.0.0 Ok");
}

static void
noop(session_t *s, ses_str_t arg)
{
    (void) arg;
    reply(s, "250 2.0.0 Ok");
}

static void
vrfy(session_t *s, ses_str_t arg)
{
    (void) arg;
    reply(s, "252 2.0.0 Send it and see");
}

static void
quit(session_t *s, ses_str_t arg)
{
    (void) arg;
    reply(s, "221 2.0.0 Bye");
    s->ended = true;
}

static const struct {
    const char *verb;
    void (*run)(session_t *s, ses_str_t arg);
} commands[] = {
    {"LHLO", lhlo}, {"MAIL", mail}, {"RCPT", rcpt}, {"DATA", data},
    {"RSET", rset}, {"NOOP", noop}, {"VRFY", vrfy}, {"QUIT", quit},
};

static void
command(session_t *s, ses_str_t line)
{
    ptrdiff_t space = ses_str_find(line, ' ');
    ses_str_t verb = space < 0 ? line : ses_str_head(line, (size_t) space);
    ses_str_t arg = ses_str_trim(ses_str_from(line, verb.n));

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (ses_str_caseeqc(verb, commands[i].verb)) {
            commands[i].run(s, arg);
            return;
        }
    reply(s, "450 4.5.2 Command not recognized");
}

/* --- sessions ------------------------------------------------------------ */

void
lmtp_session(agent_t *a, int fd)
{
    session_t *s = ses_xcalloc(sizeof(*s));
    char line[COMMAND_MAX];
    size_t n;
    bool cut;

    s->agent = a;
    s->fd = fd;
    s->arena = ses_arena_new();

    reply(s, "220 %.*s LMTP Sesame", SES_FMT(ses_str_head(a->hostname, 255)));
    while (!s->ended && take_command(s, line, sizeof(line), &n, &cut)) {
        if (cut)
            reply(s, "450 4.5.2 Line too long");
        else
            command(s, ses_str_trim(ses_str_n(line, n)));
    }

    ses_arena_free(s->arena);
    ses_xfree(s);
}

void
lmtp_run(agent_t *a)
{
    struct pollfd on[] = {{.fd = a->lmtp_fd, .events = POLLIN},
                          {.fd = a->stop_fd, .events = POLLIN}};
    int fd;

    while (!agent_stopping(a)) {
        int n = poll(on, 2, RENEW_MS);

        (void) agent_renew(a);
        if (n <= 0 || on[0].revents == 0)
            continue;

        fd = accept4(a->lmtp_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            lmtp_session(a, fd);
            close(fd);
        } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            ses_log(SES_LOG_WARN, "lmtp: accept: %s", strerror(errno));
            agent_wait(a, 1000);
        }
    }
}
