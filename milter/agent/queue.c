/*
 * queue - what Postfix's queue holds, as far as some messages are concerned
 *
 * postqueue writes one JSON object a line, in this order:
 *
 *   {"queue_name": "x", "queue_id": "x", "arrival_time": 1, "message_size":
 *    1, "forced_expire": false, "sender": "x", "recipients": [...]}
 *
 * Only the beginning is read: what strangers wrote comes later.  A line that
 * does not begin so makes the listing useless, and says so.
 */

#include "queue.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "policy/token.h"
#include "root.h"

#define LINE_MAX_BYTES 1024 /* the beginning; more is dropped */
#define INPUT 65536
#define WAIT_MS 60000

struct listing {
    agent_t *agent;
    ses_cx_t *cx;
    queue_fn_t fn;
    void *arg;
    bool whole;  /* its last line was seen */
    bool broken; /* a line we do not understand */
};

/* The string of a member, taken off the front of *rest. */
static bool
take(ses_str_t *rest, const char *name, ses_str_t *value)
{
    ptrdiff_t at = ses_str_search(*rest, ses_str(name));
    ptrdiff_t quote;

    if (at < 0)
        return false;
    *rest = ses_str_from(*rest, (size_t) at + strlen(name));
    quote = ses_str_find(*rest, '"');
    if (quote < 0)
        return false;
    *value = ses_str_head(*rest, (size_t) quote);
    *rest = ses_str_from(*rest, (size_t) quote);
    return true;
}

static void
line_of(struct listing *l, ses_str_t line)
{
    ses_str_t queue_id, sender;
    ses_msgid_t id;
    ptrdiff_t at;
    bool ours;

    l->whole = ses_str_eqc(line, ROOT_QUEUE_END);
    if (l->whole)
        return;

    if (!ses_str_starts(line, SES_STR("{\"queue_name\": \"")) ||
        !take(&line, "\"queue_id\": \"", &queue_id) ||
        !take(&line, "\"sender\": \"", &sender)) {
        l->broken = true;
        return;
    }

    at = ses_str_rfind(sender, '@');
    ours = at > 0 &&
           ses_token_parse(l->cx, l->agent->tokens,
                           ses_str_head(sender, (size_t) at), &id) == SES_OK;
    l->fn(l->arg, queue_id, ours ? &id : NULL);
}

/* Wait for more; false when it does not come, or we stop. */
static bool
ready(const agent_t *a, int fd)
{
    struct pollfd on[] = {{.fd = fd, .events = POLLIN},
                          {.fd = a->stop_fd, .events = POLLIN}};
    int n;

    do
        n = poll(on, 2, WAIT_MS);
    while (n < 0 && errno == EINTR);
    return n > 0 && on[1].revents == 0;
}

/* From a pipe with the listing; closes fd. */
static bool
read_listing(struct listing *l, int fd)
{
    char in[INPUT], line[LINE_MAX_BYTES];
    size_t have = 0;
    ssize_t got = -1;

    while (ready(l->agent, fd) && (got = read(fd, in, sizeof(in))) > 0)
        for (ssize_t i = 0; i < got; i++) {
            if (in[i] == '\n') {
                line_of(l, ses_str_n(line, have));
                have = 0;
            } else if (have < sizeof(line)) {
                line[have++] = in[i];
            }
        }
    close(fd);

    if (got == 0 && have == 0 && l->whole && !l->broken)
        return true;
    if (!agent_stopping(l->agent))
        ses_log(SES_LOG_WARN, "the queue listing is not whole%s",
                l->broken ? ": a line of another form" : "");
    return false;
}

bool
queue_each(agent_t *a, ses_cx_t *cx, queue_fn_t fn, void *arg)
{
    struct listing l = {.agent = a, .cx = cx, .fn = fn, .arg = arg};
    int fd = root_queue(a->root_fd);

    if (fd < 0) {
        ses_log(SES_LOG_WARN, "queue listing: %s", strerror(errno));
        return false;
    }
    return read_listing(&l, fd);
}

/* --- suspects ------------------------------------------------------------ */

struct search {
    agent_t *agent;
    suspect_t *suspects;
    unsigned n;
};

static void
mark_id(struct search *s, ses_msgid_t id)
{
    uint8_t x[SES_MSGID_KEY], y[SES_MSGID_KEY];

    ses_msgid_key(id, x);
    for (unsigned i = 0; i < s->n; i++) {
        ses_msgid_key(s->suspects[i].id, y);
        if (memcmp(x, y, sizeof(x)) == 0)
            s->suspects[i].listed = true;
    }
}

static void
mark_listed(void *arg, ses_str_t queue_id, const ses_msgid_t *id)
{
    struct search *s = arg;
    ses_msgid_t own;

    if (ses_queueid_parse(queue_id, s->agent->conf->node, &own))
        mark_id(s, own);
    if (id != NULL)
        mark_id(s, *id);
}

bool
queue_list(agent_t *a, ses_cx_t *cx, suspect_t *suspects, unsigned n)
{
    struct search s = {a, suspects, n};

    return queue_each(a, cx, mark_listed, &s);
}
