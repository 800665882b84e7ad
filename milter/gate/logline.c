/*
 * logline - one line for each message that was accepted or refused
 *
 * In Postfix's manner: the queue id, by which its own lines are found, then
 * name=value.  What a client wrote holds no blank and no bracket here, and
 * the reason is the last, so that no value can pass for another.
 */
#include "logline.h"

#include "base/clock.h"
#include "base/log.h"
#include "judge.h"

#define FIELD_MAX 320
#define REASON_MAX 480

/* Printable, at most max bytes, none of not; "-" when it is empty. */
static ses_str_t
clean(ses_arena_t *a, ses_str_t s, size_t max, const char * not )
{
    char *p;
    size_t i;

    if (s.n == 0)
        return SES_STR("-");
    s = ses_str_head(s, max);
    p = ses_str_c(a, s);
    for (i = 0; i < s.n; i++)
        if (p[i] < ' ' || p[i] > '~' || strchr(not, p[i]) != NULL)
            p[i] = '?';
    return ses_str_n(p, s.n);
}

static ses_str_t
field(const session_t *s, ses_str_t value)
{
    return clean(s->m.cx.arena, value, FIELD_MAX, " <>()");
}

/* What made it the account's; with the line of sesame.conf that did. */
static ses_str_t
owner(const session_t *s)
{
    const message_t *m = &s->m;

    switch (m->owner) {
    case OWNER_TICKET:
        return SES_STR("ticket");
    case OWNER_LOGIN:
        return SES_STR("key");
    case OWNER_BOUND:
        return ses_str_printf(m->cx.arena, "%s bind=%u", m->bound.kind,
                              m->bound.line);
    case OWNER_NONE:
        break;
    }
    return SES_STR("nobody");
}

static ses_str_t
sender(const session_t *s)
{
    ses_str_t path = s->m.mail;

    if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>')
        path = ses_str_n(path.p + 1, path.n - 2);
    return path.n == 0 ? SES_STR("") : field(s, path);
}

void
logline_message(const session_t *s, ses_rc_t rc, ses_str_t queue_id)
{
    const message_t *m = &s->m;
    ses_arena_t *a = m->cx.arena;
    int64_t us = ses_clock_mono_us() - m->began_us;
    ses_str_t reason = SES_STR("");
    ses_log_level_t level = SES_LOG_INFO;

    if (rc == SES_OK && m->rejected)
        reason = SES_STR(" reason=(Bad content: to nobody)");
    if (rc != SES_OK)
        reason = ses_str_printf(a, " reason=(%.*s)",
                                SES_FMT(clean(a, m->cx.why, REASON_MAX, "")));
    /* Where the client is told little.  A fault has its own line. */
    if (rc == SES_FORGED ||
        (rc != SES_OK && rc != SES_FAULT && ses_rc_row(rc)->smtp == 451))
        level = SES_LOG_WARN;
    ses_log(level,
            "%.*s: account=%.*s by=%.*s client=%.*s from=<%.*s> "
            "identity=%.*s id=%.*s op=%.*s rc=%s rcpts=%llu size=%llu "
            "ms=%lld%.*s",
            SES_FMT(queue_id.n > 0 ? queue_id : SES_STR("NOQUEUE")),
            SES_FMT(field(s, m->cx.account)), SES_FMT(owner(s)),
            SES_FMT(field(s, m->client)), SES_FMT(sender(s)),
            SES_FMT(field(s, m->verdict.identity)),
            SES_FMT(field(s, m->id_text)), SES_FMT(field(s, m->operation)),
            ses_rc_name(rc), (unsigned long long) m->nrcpts,
            (unsigned long long) judge_size(s), (long long) us / 1000,
            SES_FMT(reason));
}
