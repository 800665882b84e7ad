/*
 * smtp - a client's state machine
 *
 * Replies are counted: 1 for the sender, 1 for each recipient, then 1 for
 * the message.  The first refusal of an envelope is the one that counts: the
 * later ones only repeat it (503).
 */
#include "api/smtp.h"

#include "base/assert.h"

void
smtp_init(smtp_t *s)
{
    memset(s, 0, sizeof(*s));
    s->state = SMTP_WAIT_BANNER;
    s->line = SES_STR("");
}

ses_str_t
smtp_ehlo(ses_arena_t *a, ses_str_t name)
{
    return ses_str_printf(a, "EHLO %.*s\r\n", SES_FMT(name));
}

ses_str_t
smtp_envelope(smtp_t *s, ses_arena_t *a, ses_str_t mail, const ses_str_t *rcpts,
              unsigned n)
{
    ses_buf_t b;
    unsigned i;

    ses_assert(s->state == SMTP_IDLE);
    ses_buf_init(&b, a, 1 << 20);
    ses_buf_printf(&b, "MAIL FROM:<%.*s>\r\n", SES_FMT(mail));
    for (i = 0; i < n; i++)
        ses_buf_printf(&b, "RCPT TO:<%.*s>\r\n", SES_FMT(rcpts[i]));
    ses_assert(!b.overflow);

    s->state = SMTP_WAIT_ENVELOPE;
    s->expect = 1 + n;
    s->refused = false;
    return ses_buf_get(&b);
}

ses_str_t
smtp_chunk(smtp_t *s, ses_arena_t *a, size_t n)
{
    ses_assert(s->state == SMTP_ACCEPTED);
    s->state = SMTP_WAIT_ANSWER;
    return ses_str_printf(a, "BDAT %zu LAST\r\n", n);
}

ses_str_t
smtp_reset(smtp_t *s)
{
    s->state = SMTP_WAIT_RESET;
    return SES_STR("RSET\r\n");
}

bool
smtp_is_lost(ses_str_t line)
{
    return ses_str_starts(line, SES_STR("421")) ||
           ses_str_starts(line, SES_STR("451 4.7.1 "));
}

static void
keep(smtp_t *s, ses_str_t line)
{
    memcpy(s->kept, line.p, line.n);
    s->line = ses_str_n(s->kept, line.n);
}

static smtp_event_t
broken(smtp_t *s, ses_str_t line)
{
    keep(s, line);
    return SMTP_BROKEN;
}

static smtp_event_t
envelope_reply(smtp_t *s, ses_str_t line, bool good)
{
    s->expect--;
    if (!good && !s->refused) {
        s->refused = true;
        keep(s, line);
    }
    if (s->expect > 0)
        return SMTP_MORE;
    if (s->refused)
        return SMTP_REFUSED;
    s->state = SMTP_ACCEPTED;
    return SMTP_GO;
}

/* The last line of a reply. */
static smtp_event_t
reply(smtp_t *s, ses_str_t line)
{
    bool good = line.p[0] == '2';

    switch (s->state) {
    case SMTP_WAIT_BANNER:
        if (!good)
            return broken(s, line);
        s->state = SMTP_WAIT_EHLO;
        return SMTP_HELLO;
    case SMTP_WAIT_EHLO:
        if (!good || !s->chunking)
            return broken(s, line);
        s->state = SMTP_IDLE;
        return SMTP_READY;
    case SMTP_WAIT_ENVELOPE:
        if (ses_str_starts(line, SES_STR("421")))
            return broken(s, line);
        return envelope_reply(s, line, good);
    case SMTP_WAIT_ANSWER:
        keep(s, line);
        s->state = SMTP_IDLE;
        return SMTP_ANSWER;
    case SMTP_WAIT_RESET:
        if (!good)
            return broken(s, line);
        s->state = SMTP_IDLE;
        return SMTP_READY;
    default: /* nobody asked: a server that closes (421) */
        return broken(s, line);
    }
}

static bool
is_reply(ses_str_t line)
{
    return line.n >= 3 && line.p[0] >= '2' && line.p[0] <= '5' &&
           line.p[1] >= '0' && line.p[1] <= '9' && line.p[2] >= '0' &&
           line.p[2] <= '9' &&
           (line.n == 3 || line.p[3] == ' ' || line.p[3] == '-');
}

static smtp_event_t
whole_line(smtp_t *s, ses_str_t line)
{
    if (!is_reply(line))
        return broken(s, line);
    if (s->state == SMTP_WAIT_EHLO &&
        ses_str_caseeqc(ses_str_trim(ses_str_from(line, 4)), "CHUNKING"))
        s->chunking = true;
    if (line.n > 3 && line.p[3] == '-')
        return SMTP_MORE;
    return reply(s, line);
}

smtp_event_t
smtp_feed(smtp_t *s, ses_str_t *in)
{
    smtp_event_t event;
    ses_str_t line;
    char c;

    while (in->n > 0) {
        c = in->p[0];
        *in = ses_str_from(*in, 1);
        if (c != '\n') {
            if (s->n == SMTP_LINE)
                return broken(s, ses_str_n(s->text, s->n));
            s->text[s->n++] = c;
            continue;
        }
        line = ses_str_n(s->text, s->n);
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        s->n = 0;
        if ((event = whole_line(s, line)) != SMTP_MORE)
            return event;
    }
    return SMTP_MORE;
}
