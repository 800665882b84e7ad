/*
 * milter - the milter protocol on one connection, the filter's side
 *
 *   packet = length (4 bytes, of what follows) command (1 byte) data
 *
 * Macros come before the command they belong to, a packet a stage; those of
 * a message are forgotten at its end.
 */
#include "milter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmilter/mfdef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

#define VERSION 6
#define ROOM 131072           /* two body chunks */
#define PACKET_MAX (4U << 20) /* a header field is the largest */
#define HEAD 4
#define MACROS_MAX 65536

/* A macro packet's data, as it came: NUL-ended names and values in turn. */
struct macros {
    char *p;
    size_t n, size;
};

struct milter_s {
    int fd;
    const milter_calls_t *calls;
    void *it;
    char *in; /* [0, have): read, not yet looked at */
    size_t have, size;
    ses_arena_t *arena; /* of out */
    ses_buf_t out;
    size_t answered; /* bytes of out that belong to earlier commands */
    char reply[600]; /* of milter_refuse */
    struct macros macros[MILTER_STAGES];
    bool over; /* in peace */
};

/* --- out --------------------------------------------------------------- */

static void
out_reset(milter_t *m)
{
    ses_arena_reset(m->arena);
    ses_buf_init(&m->out, m->arena, MILTER_OUT);
}

static void
put_u32(milter_t *m, uint32_t n)
{
    uint32_t wire = htonl(n);

    ses_buf_add(&m->out, &wire, sizeof(wire));
}

/* A packet's head; n bytes of data follow. */
static void
put_head(milter_t *m, char command, size_t n)
{
    put_u32(m, (uint32_t) n + 1);
    ses_buf_char(&m->out, command);
}

/* With its NUL. */
static void
put_str(milter_t *m, const char *s)
{
    ses_buf_add(&m->out, s, strlen(s) + 1);
}

static bool
flush(milter_t *m)
{
    ses_str_t left = ses_buf_get(&m->out);
    bool ok = !m->out.overflow;

    while (ok && left.n > 0) {
        ssize_t n = send(m->fd, left.p, left.n, MSG_NOSIGNAL);

        if (n > 0)
            left = ses_str_from(left, (size_t) n);
        else if (n == 0 || errno != EINTR)
            ok = false;
    }
    out_reset(m);
    return ok;
}

void
milter_refuse(milter_t *m, const char *code, const char *dsn, const char *text)
{
    ses_str_t line = ses_str_printf(m->arena, "%s %s %s", code, dsn, text);

    line = ses_str_head(line, sizeof(m->reply) - 1);
    memcpy(m->reply, line.p, line.n);
    m->reply[line.n] = '\0';
}

bool
milter_add_header(milter_t *m, const char *name, const char *value)
{
    put_head(m, SMFIR_ADDHEADER, strlen(name) + strlen(value) + 2);
    put_str(m, name);
    put_str(m, value);
    return !m->out.overflow;
}

static bool
put_header(milter_t *m, char command, unsigned at, const char *name,
           const char *value)
{
    put_head(m, command, 4 + strlen(name) + strlen(value) + 2);
    put_u32(m, at);
    put_str(m, name);
    put_str(m, value);
    return !m->out.overflow;
}

bool
milter_change_header(milter_t *m, const char *name, unsigned nth,
                     const char *value)
{
    return put_header(m, SMFIR_CHGHEADER, nth, name,
                      value == NULL ? "" : value);
}

bool
milter_insert_header(milter_t *m, unsigned at, const char *name,
                     const char *value)
{
    return put_header(m, SMFIR_INSHEADER, at, name, value);
}

static bool
put_path(milter_t *m, char command, const char *path)
{
    put_head(m, command, strlen(path) + 1);
    put_str(m, path);
    return !m->out.overflow;
}

bool
milter_change_from(milter_t *m, const char *path)
{
    return put_path(m, SMFIR_CHGFROM, path);
}

bool
milter_delete_rcpt(milter_t *m, const char *path)
{
    return put_path(m, SMFIR_DELRCPT, path);
}

static bool
answer(milter_t *m, milter_answer_t a)
{
    switch (a) {
    case MILTER_CONTINUE:
        put_head(m, SMFIR_CONTINUE, 0);
        return true;
    case MILTER_ACCEPT:
        put_head(m, SMFIR_ACCEPT, 0);
        return true;
    case MILTER_REFUSED:
        m->out.n = m->answered; /* no edits of what is refused */
        m->out.overflow = false;
        if (m->reply[0] == '\0')
            put_head(m, SMFIR_TEMPFAIL, 0);
        else
            put_path(m, SMFIR_REPLYCODE, m->reply);
        m->reply[0] = '\0';
        return true;
    }
    return false;
}

/* --- macros ------------------------------------------------------------ */

static void
forget(milter_t *m, milter_stage_t from)
{
    for (unsigned i = from; i < MILTER_STAGES; i++)
        m->macros[i].n = 0;
}

static bool
stage_of(char command, milter_stage_t *stage)
{
    static const struct {
        char command;
        milter_stage_t stage;
    } stages[] = {
        {SMFIC_CONNECT, MILTER_CONNECT}, {SMFIC_HELO, MILTER_HELO},
        {SMFIC_MAIL, MILTER_MAIL},       {SMFIC_RCPT, MILTER_RCPT},
        {SMFIC_DATA, MILTER_DATA},       {SMFIC_BODYEOB, MILTER_EOM},
        {SMFIC_EOH, MILTER_EOH},
    };

    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
        if (stages[i].command == command) {
            *stage = stages[i].stage;
            return true;
        }
    return false;
}

/* "D" command, then names and values. */
static bool
define(milter_t *m, ses_str_t data)
{
    milter_stage_t stage;
    struct macros *set;

    if (data.n == 0)
        return false;
    if (!stage_of(data.p[0], &stage))
        return true; /* of a stage that we do not look at */
    data = ses_str_from(data, 1);
    if (data.n > MACROS_MAX || (data.n > 0 && data.p[data.n - 1] != '\0'))
        return false;
    set = &m->macros[stage];
    if (data.n > set->size) {
        ses_xfree(set->p);
        set->p = ses_xmalloc(data.n);
        set->size = data.n;
    }
    if (data.n > 0)
        memcpy(set->p, data.p, data.n);
    set->n = data.n;
    return true;
}

static ses_str_t
bare(ses_str_t name)
{
    if (name.n > 2 && name.p[0] == '{' && name.p[name.n - 1] == '}')
        return ses_str_n(name.p + 1, name.n - 2);
    return name;
}

static bool
macro_in(const struct macros *set, ses_str_t name, ses_str_t *value)
{
    size_t at = 0;

    while (at < set->n) {
        ses_str_t n = ses_str(set->p + at);

        at += n.n + 1;
        if (at >= set->n)
            break;
        *value = ses_str(set->p + at);
        if (ses_str_eq(bare(n), name))
            return true;
        at += value->n + 1;
    }
    return false;
}

ses_str_t
milter_macro(const milter_t *m, const char *name)
{
    static const milter_stage_t latest_first[] = {
        MILTER_EOM,  MILTER_EOH,  MILTER_DATA,    MILTER_RCPT,
        MILTER_MAIL, MILTER_HELO, MILTER_CONNECT,
    };
    ses_str_t value, wanted = bare(ses_str(name));

    for (size_t i = 0; i < MILTER_STAGES; i++)
        if (macro_in(&m->macros[latest_first[i]], wanted, &value))
            return value;
    return SES_STR("");
}

/* --- commands ---------------------------------------------------------- */

/* The first NUL-ended string of data. */
static bool
take(ses_str_t *data, ses_str_t *out)
{
    ptrdiff_t end = ses_str_find(*data, '\0');

    if (end < 0)
        return false;
    *out = ses_str_head(*data, (size_t) end);
    *data = ses_str_from(*data, (size_t) end + 1);
    return true;
}

static uint32_t
u32_at(ses_str_t data, size_t at)
{
    uint32_t wire;

    memcpy(&wire, data.p + at, sizeof(wire));
    return ntohl(wire);
}

static bool
negotiate(milter_t *m, ses_str_t data)
{
    const milter_calls_t *c = m->calls;
    size_t macros = 0;
    unsigned i;

    if (data.n < 12 || m->it != NULL)
        return false;
    if (u32_at(data, 0) < VERSION ||
        (u32_at(data, 4) & c->actions) != c->actions ||
        (u32_at(data, 8) & c->steps) != c->steps) {
        ses_log(SES_LOG_ERROR,
                "milter: version %u, actions %#x and steps %#x are too few: "
                "Postfix needs milter_protocol = 6",
                u32_at(data, 0), u32_at(data, 4), u32_at(data, 8));
        return false;
    }
    m->it = c->begin();
    for (i = 0; i < MILTER_STAGES; i++)
        if (c->macros[i] != NULL)
            macros += 4 + strlen(c->macros[i]) + 1;
    put_head(m, SMFIC_OPTNEG, 12 + macros);
    put_u32(m, VERSION);
    put_u32(m, c->actions);
    put_u32(m, c->steps);
    for (i = 0; i < MILTER_STAGES; i++)
        if (c->macros[i] != NULL) {
            put_u32(m, i);
            put_str(m, c->macros[i]);
        }
    return true;
}

/* host NUL family [port (2 bytes) address NUL] */
static bool
connected(milter_t *m, ses_str_t data)
{
    ses_str_t host, address = SES_STR("");
    char family;

    if (!take(&data, &host) || data.n == 0)
        return false;
    family = data.p[0];
    data = ses_str_from(data, 1);
    if (family != SMFIA_UNKNOWN) {
        if (data.n < 2)
            return false;
        data = ses_str_from(data, 2);
        if (!take(&data, &address))
            return false;
        if (family != SMFIA_INET && family != SMFIA_INET6)
            address = SES_STR("");
    }
    m->calls->connect(m, m->it, host, address);
    return true;
}

static bool
mailed(milter_t *m, ses_str_t data)
{
    milter_answer_t a;
    ses_str_t path;

    if (!take(&data, &path))
        return false;
    a = m->calls->mail(m, m->it, path);
    if (a != MILTER_CONTINUE)
        forget(m, MILTER_MAIL);
    return answer(m, a);
}

static bool
addressed(milter_t *m, ses_str_t data)
{
    ses_str_t path;

    if (!take(&data, &path))
        return false;
    m->calls->rcpt(m, m->it, path);
    return true;
}

static bool
headed(milter_t *m, ses_str_t data)
{
    ses_str_t name, value;

    if (!take(&data, &name) || !take(&data, &value))
        return false;
    m->calls->header(m, m->it, name, value);
    return true;
}

static bool
end_of_header(milter_t *m, ses_str_t data)
{
    (void) data;
    m->calls->eoh(m, m->it);
    return true;
}

static bool
body(milter_t *m, ses_str_t data)
{
    if (data.n > 0)
        m->calls->body(m, m->it, data.p, data.n);
    return true;
}

/* Its data, if any, is the last of the body. */
static bool
end_of_message(milter_t *m, ses_str_t data)
{
    bool ok = body(m, data) && answer(m, m->calls->eom(m, m->it));

    forget(m, MILTER_MAIL);
    return ok;
}

static bool
aborted(milter_t *m, ses_str_t data)
{
    (void) data;
    m->calls->abort(m, m->it);
    forget(m, MILTER_MAIL);
    return true;
}

static bool
quit(milter_t *m, ses_str_t data)
{
    (void) data;
    m->over = true;
    return true;
}

/* Another client on the same connection. */
static bool
next_client(milter_t *m, ses_str_t data)
{
    (void) data;
    m->calls->abort(m, m->it);
    forget(m, MILTER_CONNECT);
    return true;
}

/* Not asked for, and harmless. */
static bool
ignored(milter_t *m, ses_str_t data)
{
    (void) data;
    return answer(m, MILTER_CONTINUE);
}

static const struct {
    char command;
    bool (*obey)(milter_t *m, ses_str_t data); /* false: that is no milter
                                                  protocol */
} commands[] = {
    {SMFIC_MACRO, define},
    {SMFIC_HEADER, headed},
    {SMFIC_BODY, body},
    {SMFIC_RCPT, addressed},
    {SMFIC_MAIL, mailed},
    {SMFIC_EOH, end_of_header},
    {SMFIC_BODYEOB, end_of_message},
    {SMFIC_ABORT, aborted},
    {SMFIC_CONNECT, connected},
    {SMFIC_OPTNEG, negotiate},
    {SMFIC_QUIT, quit},
    {SMFIC_QUIT_NC, next_client},
    {SMFIC_HELO, ignored},
    {SMFIC_DATA, ignored},
    {SMFIC_UNKNOWN, ignored},
};

static bool
obey(milter_t *m, char command, ses_str_t data)
{
    if (m->it == NULL && command != SMFIC_OPTNEG && command != SMFIC_QUIT)
        return false;
    m->answered = m->out.n;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].command == command)
            return commands[i].obey(m, data);
    return false;
}

/* --- in ---------------------------------------------------------------- */

/* All whole packets; the beginning of the next moves to the front. */
static bool
obey_all(milter_t *m)
{
    size_t at = 0;
    bool ok = true;

    while (ok && !m->over && m->have - at >= HEAD) {
        uint32_t n = u32_at(ses_str_n(m->in + at, HEAD), 0);

        if (n == 0 || n > PACKET_MAX)
            return false;
        if (m->have - at - HEAD < n)
            break;
        ok = obey(m, m->in[at + HEAD], ses_str_n(m->in + at + HEAD + 1, n - 1));
        at += HEAD + n;
    }
    m->have -= at;
    memmove(m->in, m->in + at, m->have);
    return ok;
}

/* Room for the packet that has begun. */
static void
make_room(milter_t *m)
{
    size_t need = ROOM;

    if (m->have >= HEAD)
        need = HEAD + (size_t) u32_at(ses_str_n(m->in, HEAD), 0);
    if (need < ROOM)
        need = ROOM;
    if (need <= m->size)
        return;
    m->in = ses_xrealloc(m->in, need);
    m->size = need;
}

/* false: the connection has ended, or failed. */
static bool
fill(milter_t *m)
{
    ssize_t n;

    make_room(m);
    do
        n = recv(m->fd, m->in + m->have, m->size - m->have, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != ECONNRESET)
        ses_log(SES_LOG_WARN, "milter: connection of Postfix: %s",
                errno == EAGAIN ? "nothing came for too long"
                                : strerror(errno));
    if (n <= 0)
        return false;
    m->have += (size_t) n;
    return true;
}

void
milter_serve(int fd, const milter_calls_t *calls)
{
    milter_t *m = ses_xcalloc(sizeof(*m));

    m->fd = fd;
    m->calls = calls;
    m->arena = ses_arena_new();
    out_reset(m);
    while (!m->over && fill(m)) {
        if (!obey_all(m)) {
            ses_log(SES_LOG_WARN, "milter: the peer does not speak the "
                                  "milter protocol");
            break;
        }
        if (!flush(m))
            break;
    }
    close(fd);
    if (m->it != NULL)
        calls->end(m->it);
    for (unsigned i = 0; i < MILTER_STAGES; i++)
        ses_xfree(m->macros[i].p);
    ses_arena_free(m->arena);
    ses_xfree(m->in);
    ses_xfree(m);
}
