/*
 * mail - the "mail" object of a message's events, in pieces of JSON
 *
 * Contract 8.2: headers are those the sender wrote, X-SES-* among them, cut
 * after 10 KB; X-Sesame-* is between nginx and us, and so is X-SES-* in mail
 * that nginx composed.  source is the From
 * field as written for the API when it is the envelope sender too, else the
 * envelope sender.
 */
#include "mail.h"

#include "base/clock.h"
#include "base/json.h"
#include "policy/address.h"

#define HEADERS_MAX 10240
#define JSON_MAX (256 * 1024)
#define SUBJECT_MAX 998
#define ADDRESSES_MAX 1000

/* "Name <a@b>" or "a@b" */
static ses_str_t
spelled(ses_arena_t *a, const ses_address_t *x)
{
    if (x->display.n == 0)
        return x->addr;
    return ses_str_printf(a, "%.*s <%.*s>", SES_FMT(x->display),
                          SES_FMT(x->addr));
}

static ses_str_t
source(const session_t *s)
{
    const ses_verdict_t *v = &s->m.verdict;

    if (s->m.has_ticket && v->nfrom == 1 &&
        ses_str_eq(v->from[0].addr, v->source.addr))
        return spelled(s->m.cx.arena, &v->from[0]);
    return v->source.addr;
}

ses_str_t
mail_base(const session_t *s)
{
    const message_t *m = &s->m;
    ses_arena_t *a = m->cx.arena;
    ses_jsonw_t w;
    unsigned i;

    ses_jsonw_init(&w, a, JSON_MAX);
    ses_jsonw_str(&w, "timestamp", ses_clock_iso(a, m->cx.now));
    ses_jsonw_str(&w, "source", source(s));
    ses_jsonw_str(&w, "sourceArn",
                  ses_identity_arn(a, s->gate->conf.region, m->verdict.owner,
                                   m->verdict.identity));
    ses_jsonw_str(&w, "sendingAccountId", m->cx.account);
    ses_jsonw_str(&w, "messageId", m->id_text);
    ses_jsonw_list(&w, "destination");
    for (i = 0; i < m->verdict.nrcpts; i++)
        ses_jsonw_str(&w, NULL, m->verdict.rcpts[i].addr);
    ses_jsonw_end(&w);
    return ses_jsonw_get(&w);
}

/* --- headers ----------------------------------------------------------- */

static void
common_list(const session_t *s, ses_jsonw_t *w, const char *member,
            const char *field)
{
    const message_t *m = &s->m;
    ses_cx_t mine = m->cx; /* refused already if it does not parse */
    ses_str_t value = ses_headers_value(mine.arena, &m->header, field);
    ses_address_t *list;
    size_t room = HEADERS_MAX;
    unsigned n, i;
    ses_str_t text;

    if (value.n == 0 ||
        ses_address_list(&mine, value, ADDRESSES_MAX, &list, &n) != SES_OK ||
        n == 0)
        return;
    ses_jsonw_list(w, member);
    for (i = 0; i < n; i++) {
        text = spelled(mine.arena, &list[i]);
        if (text.n > room)
            break;
        room -= text.n;
        ses_jsonw_str(w, NULL, text);
    }
    ses_jsonw_end(w);
}

ses_str_t
mail_subject(const session_t *s)
{
    return ses_str_head(
        ses_headers_value(s->m.cx.arena, &s->m.header, "Subject"), SUBJECT_MAX);
}

static void
common(const session_t *s, ses_jsonw_t *w)
{
    static const struct {
        const char *member, *field;
    } lists[] = {
        {"from", "From"}, {"to", "To"},         {"cc", "Cc"},
        {"bcc", "Bcc"},   {"sender", "Sender"}, {"replyTo", "Reply-To"},
    };
    const message_t *m = &s->m;
    ses_str_t value;
    size_t i;

    ses_jsonw_open(w, "commonHeaders");
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        common_list(s, w, lists[i].member, lists[i].field);
    value = ses_headers_value(m->cx.arena, &m->header, "Return-Path");
    if (value.n > 0)
        ses_jsonw_str(w, "returnPath", ses_str_head(value, SUBJECT_MAX));
    value = ses_headers_value(m->cx.arena, &m->header, "Date");
    if (value.n > 0)
        ses_jsonw_str(w, "date", ses_str_head(value, SUBJECT_MAX));
    ses_jsonw_str(w, "messageId", m->id_text);
    if (ses_headers_find(&m->header, "Subject") != NULL)
        ses_jsonw_str(w, "subject", mail_subject(s));
    ses_jsonw_close(w);
}

/* Did nginx, or the agent, write the whole message? Then X-SES-* is theirs,
 * not the sender's. */
static bool
composed(const session_t *s)
{
    return s->m.has_ticket && !ses_str_eqc(s->m.operation, "SendRawEmail");
}

static bool
hidden(const session_t *s, ses_str_t name)
{
    return ses_header_sesame(name) ||
           (composed(s) && ses_str_casestarts(name, SES_STR("X-SES-")));
}

/* Fields that fit; the number of the first that does not. */
static unsigned
fitting(const session_t *s)
{
    const ses_headers_t *h = &s->m.header;
    size_t sum = 0;
    unsigned i;

    for (i = 0; i < h->n; i++) {
        if (hidden(s, h->v[i].name))
            continue;
        sum += h->v[i].name.n + h->v[i].value.n;
        if (sum > HEADERS_MAX)
            break;
    }
    return i;
}

static void
field(ses_jsonw_t *w, ses_str_t name, ses_str_t value)
{
    ses_jsonw_open(w, NULL);
    ses_jsonw_str(w, "name", name);
    ses_jsonw_str(w, "value", value);
    ses_jsonw_close(w);
}

ses_str_t
mail_headers(const session_t *s)
{
    const ses_headers_t *h = &s->m.header;
    ses_arena_t *a = s->m.cx.arena;
    unsigned end = fitting(s), i;
    ses_jsonw_t w;

    ses_jsonw_init(&w, a, JSON_MAX);
    ses_jsonw_bool(&w, "headersTruncated", end < h->n);
    ses_jsonw_list(&w, "headers");
    if (composed(s)) /* it is left to the gate to date the message */
        field(&w, SES_STR("Date"), s->m.stamp.date);
    for (i = 0; i < end; i++)
        if (!hidden(s, h->v[i].name))
            field(&w, h->v[i].name, ses_header_unfold(a, h->v[i].value));
    ses_jsonw_end(&w);
    common(s, &w);
    return ses_jsonw_get(&w);
}

/* --- tags -------------------------------------------------------------- */

static void
tag(ses_jsonw_t *w, const char *name, ses_str_t value)
{
    if (value.n == 0)
        return;
    ses_jsonw_list(w, name);
    ses_jsonw_str(w, NULL, value);
    ses_jsonw_end(w);
}

/* The values of tag i and of those of the same name after it; nothing when
 * one before it had the name. */
static void
message_tag(ses_jsonw_t *w, const ses_tag_t *tags, unsigned n, unsigned i)
{
    unsigned k;

    for (k = 0; k < i; k++)
        if (ses_str_eq(tags[k].key, tags[i].key))
            return;
    ses_jsonw_name(w, tags[i].key);
    ses_jsonw_list(w, NULL);
    for (k = i; k < n; k++)
        if (ses_str_eq(tags[k].key, tags[i].key))
            ses_jsonw_str(w, NULL, tags[k].value);
    ses_jsonw_end(w);
}

ses_str_t
mail_tags(const session_t *s)
{
    const message_t *m = &s->m;
    ses_jsonw_t w;
    unsigned i;

    ses_jsonw_init(&w, m->cx.arena, JSON_MAX);
    ses_jsonw_open(&w, "tags");
    tag(&w, "ses:operation", m->operation);
    tag(&w, "ses:configuration-set", m->verdict.set);
    tag(&w, "ses:source-ip", m->client);
    tag(&w, "ses:from-domain", m->verdict.from[0].domain);
    tag(&w, "ses:caller-identity", m->user);
    if (!m->has_ticket)
        tag(&w, "ses:source-tls-version", s->tls);
    for (i = 0; i < m->verdict.ntags; i++)
        message_tag(&w, m->verdict.tags, m->verdict.ntags, i);
    ses_jsonw_close(&w);
    return ses_jsonw_get(&w);
}
