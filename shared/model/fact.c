/*
 * fact - what happened to a recipient, once
 *
 * Stored in SES_DB_FACT as
 *   message id, type, hash of recipient and extra key -> sequence
 *
 * A fact that is new becomes an event, a count, the end of its recipient and,
 * for hard bounces and complaints, an entry of the suppression list, all in
 * the caller's transaction.
 *
 * A recipient ends with a Delivery or a Bounce.  The one thing that may still
 * follow is a Bounce after a Delivery: the next host took the message and
 * returned it later.
 */
#include "model/event.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/log.h"
#include "model/account.h"
#include "model/config_set.h"
#include "model/counter.h"
#include "model/event_log.h"
#include "model/notify.h"
#include "model/statistic.h"
#include "model/suppression.h"
#include "store/record.h"

#define FACT_KEY (SES_MSGID_KEY + 1 + 16)

/* How a type's event is composed, and what it proves. */
static const struct {
    const char *object; /* name of the type's own object */
    bool to_one;        /* tells of one recipient, and must name it */
    bool bare;          /* its mail object has no headers */
    bool proof;         /* Postfix had the message */
} types[SES_EVENT_MAX] = {
    [SES_EVENT_SEND] = {"send", false, false, true},
    [SES_EVENT_REJECT] = {"reject", false, false, false},
    [SES_EVENT_BOUNCE] = {"bounce", true, false, true},
    [SES_EVENT_COMPLAINT] = {"complaint", true, false, true},
    [SES_EVENT_DELIVERY] = {"delivery", true, false, true},
    [SES_EVENT_OPEN] = {"open", false, false, true},
    [SES_EVENT_CLICK] = {"click", false, false, true},
    [SES_EVENT_RENDERING_FAILURE] = {"failure", false, true, false},
    [SES_EVENT_DELIVERY_DELAY] = {"deliveryDelay", true, true, true},
    [SES_EVENT_SUBSCRIPTION] = {"subscription", false, false, true},
};

/* --- ids --------------------------------------------------------------- */

static ses_str_t
fact_key(ses_arena_t *a, const ses_fact_t *f)
{
    uint8_t key[FACT_KEY];
    ses_str_t hash = ses_key_hash(a, f->recipient, f->key_extra, SES_STR(""));

    ses_msgid_key(f->id, key);
    key[SES_MSGID_KEY] = (uint8_t) f->type;
    memcpy(key + SES_MSGID_KEY + 1, hash.p, 16);
    return ses_str_dup(a, ses_str_n(key, sizeof(key)));
}

static ses_str_t
feedback_id(ses_arena_t *a, unsigned region, ses_msgid_t id,
            ses_str_t recipient, ses_event_type_t type)
{
    ses_fact_t f = {.id = id,
                    .type = type,
                    .recipient = recipient,
                    .key_extra = SES_STR("feedback")};
    uint8_t sum[SES_SHA256];

    ses_sha256(fact_key(a, &f), sum);
    return ses_str_printf(a, "%04x%012llx-%.*s-000000", region,
                          (unsigned long long) id.ms,
                          SES_FMT(ses_uuid_from(a, sum)));
}

ses_str_t
ses_event_feedback_id(ses_arena_t *a, ses_str_t region, ses_msgid_t id,
                      ses_str_t recipient, ses_event_type_t type)
{
    return feedback_id(a, ses_region_code(region), id, recipient, type);
}

/* The message id as text: it stands in every mail object. */
static ses_str_t
id_text(ses_arena_t *a, const ses_message_t *m)
{
    ses_str_t name = SES_STR("\"messageId\":\"");
    ptrdiff_t at = ses_str_search(m->mail_base, name);
    ses_str_t text;

    if (at >= 0) {
        text = ses_str_head(ses_str_from(m->mail_base, (size_t) at + name.n),
                            SES_MSGID_LEN);
        if (text.n == SES_MSGID_LEN)
            return ses_str_dup(a, text);
    }
    return ses_msgid_format(a, m->id, SES_STR("us-east-1"));
}

static unsigned
region_of(ses_arena_t *a, const ses_message_t *m)
{
    ses_str_t hex = ses_str_head(id_text(a, m), 4), bytes;

    if (!ses_hex_parse(a, hex, &bytes))
        return ses_region_code(SES_STR("us-east-1"));
    return (unsigned) (uint8_t) bytes.p[0] << 8 | (uint8_t) bytes.p[1];
}

ses_str_t
ses_fact_feedback_id(ses_arena_t *a, const ses_message_t *m,
                     ses_str_t recipient, ses_event_type_t type)
{
    return feedback_id(a, region_of(a, m), m->id, recipient, type);
}

/* --- the event --------------------------------------------------------- */

static ses_str_t
compose(ses_arena_t *a, const ses_message_t *m, const ses_fact_t *f)
{
    ses_str_t pieces[] = {m->mail_base,
                          types[f->type].bare ? SES_STR("") : m->mail_headers,
                          m->mail_tags};
    ses_jsonw_t w;
    ses_buf_t mail;
    size_t i;

    ses_buf_init(&mail, a, SES_EVENT_BODY_MAX);
    for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        if (pieces[i].n == 0)
            continue;
        ses_buf_char(&mail, mail.n == 0 ? '{' : ',');
        ses_buf_str(&mail, pieces[i]);
    }
    ses_buf_c(&mail, mail.n == 0 ? "{}" : "}");

    ses_jsonw_init(&w, a, SES_EVENT_BODY_MAX);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_c(&w, "eventType", ses_event_name(f->type));
    ses_jsonw_raw(&w, "mail", ses_buf_get(&mail));
    ses_jsonw_raw(&w, types[f->type].object,
                  f->detail.n > 0 ? f->detail : SES_STR("{}"));
    ses_jsonw_close(&w);
    return ses_jsonw_get(&w);
}

/* The account whose identity the message was sent as: its ARN stands in
 * every mail object.  Quotes in what a client wrote have a backslash there. */
static ses_str_t
owner_of(const ses_message_t *m)
{
    ses_str_t name = SES_STR("\"sourceArn\":\"arn:aws:ses:"), rest, part;
    ptrdiff_t at = ses_str_search(m->mail_base, name);

    if (at < 0)
        return m->account;
    rest = ses_str_from(m->mail_base, (size_t) at + name.n);
    if (!ses_str_cut(&rest, ':', &part) || !ses_str_cut(&rest, ':', &part) ||
        !ses_account_valid(part))
        return m->account;
    return part;
}

/* Is the identity's owner told of it? */
static ses_rc_t
find_notified(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
              ses_event_t *e)
{
    ses_str_t owner = owner_of(m);
    ses_notify_kind_t kind;
    bool wanted = false;
    ses_rc_t rc;

    if (m->identity.n == 0 || !ses_notify_of(e->type, &kind))
        return SES_OK;
    rc = ses_notify_wanted(cx, t, owner, m->identity, kind, &wanted);
    if (wanted) {
        e->owner = owner;
        e->identity = m->identity;
    }
    return rc;
}

/* What the account's statistics show, in recipients. */
static const struct {
    ses_event_type_t type;
    ses_stat_t what;
} statistics[] = {
    {SES_EVENT_SEND, SES_STAT_ATTEMPTS},
    {SES_EVENT_BOUNCE, SES_STAT_BOUNCES},
    {SES_EVENT_COMPLAINT, SES_STAT_COMPLAINTS},
    {SES_EVENT_REJECT, SES_STAT_REJECTS},
};

static ses_rc_t
count_statistic(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
                ses_event_type_t type, int64_t when)
{
    uint64_t n = 0;
    unsigned i;

    for (i = 0; i < m->nrcpts; i++) /* those whom the service tried */
        n += m->rcpts[i].removed == SES_RCPT_KEPT ||
             m->rcpts[i].removed == SES_RCPT_REJECTED;
    if (type != SES_EVENT_SEND && type != SES_EVENT_REJECT)
        n = 1;
    for (i = 0; i < sizeof(statistics) / sizeof(statistics[0]); i++)
        if (statistics[i].type == type)
            return ses_statistic_add(cx, t, m->account, statistics[i].what,
                                     when, n);
    return SES_OK;
}

/* event.ACCOUNT.TYPE.YYYYMMDD; what is counted as its own type stands in the
 * statistics, too */
static ses_rc_t
count_event(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
            const ses_fact_t *f, const char *what)
{
    ses_str_t day = ses_str_head(ses_clock_amz(cx->arena, f->when), 8);
    ses_rc_t rc;

    rc =
        ses_counter_add(cx, t,
                        ses_str_printf(cx->arena, "event.%.*s.%s.%.*s",
                                       SES_FMT(m->account), what, SES_FMT(day)),
                        1);
    if (rc != SES_OK || strcmp(what, ses_event_enum(f->type)) != 0)
        return rc;
    return count_statistic(cx, t, m, f->type, f->when);
}

ses_rc_t
ses_fact_enter(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
               const ses_fact_t *f, const char *counted_as)
{
    ses_str_t key = fact_key(cx->arena, f);
    ses_event_t e = {.type = f->type,
                     .when = f->when,
                     .account = m->account,
                     .set = m->config_set,
                     .destination = SES_STR(""),
                     .owner = SES_STR(""),
                     .identity = SES_STR(""),
                     .id = m->id,
                     .body = compose(cx->arena, m, f)};
    uint8_t sum[SES_SHA256], seq[8];
    ses_rc_t rc;

    ses_sha256(key, sum);
    memcpy(e.hash, sum, sizeof(e.hash));
    if ((rc = find_notified(cx, t, m, &e)) != SES_OK ||
        (rc = ses_event_write(cx, t, &e)) != SES_OK)
        return rc;
    ses_put_u64(seq, e.seq);
    rc = ses_store_put(cx, t, SES_DB_FACT, key, ses_str_n(seq, sizeof(seq)));
    return rc == SES_OK ? count_event(cx, t, m, f, counted_as) : rc;
}

/* --- suppression ------------------------------------------------------- */

/* Reasons that put addresses on the list: the set's, else the account's. */
static ses_rc_t
reasons_of(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m, unsigned *out)
{
    ses_config_set_t set;
    ses_account_t account;
    ses_rc_t rc;

    if (m->config_set.n > 0) {
        rc = ses_config_set_find(cx, t, m->account, m->config_set, &set);
        if (rc != SES_OK && rc != SES_NOT_FOUND)
            return rc;
        if (rc == SES_OK && set.has_suppression) {
            *out = set.reasons;
            return SES_OK;
        }
    }
    rc = ses_account_find(cx, t, m->account, &account);
    *out = rc == SES_OK ? account.reasons : 0;
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

/* Put the recipient on the list; a newer entry stays. */
static ses_rc_t
suppress(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m,
         const ses_fact_t *f)
{
    ses_suppression_t s = {.account = m->account,
                           .address = f->recipient,
                           .reason = f->type == SES_EVENT_COMPLAINT
                                         ? SES_REASON_COMPLAINT
                                         : SES_REASON_BOUNCE,
                           .since = f->when,
                           .message_id = id_text(cx->arena, m),
                           .feedback_id = f->feedback_id,
                           .version = SES_VERSION_NONE};
    ses_change_t change = {.n = 0};
    ses_suppression_t old;
    unsigned reasons = 0;
    ses_rc_t rc;

    if ((rc = reasons_of(cx, t, m, &reasons)) != SES_OK ||
        (reasons & s.reason) == 0)
        return rc;
    rc = ses_suppression_find(cx, t, m->account, f->recipient, SES_REASON_ANY,
                              &old);
    if (rc == SES_OK) {
        if (old.since > s.since)
            return SES_OK;
        s.version = old.version;
    } else if (rc != SES_NOT_FOUND) {
        return rc;
    }
    ses_suppression_put(cx, &change, &s);
    return ses_journal_apply(cx, t, &change, "feedback");
}

/* --- proof that Postfix has it ----------------------------------------- */

ses_rc_t
ses_event_queued(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id, int64_t when)
{
    ses_fact_t f = {.type = SES_EVENT_SEND,
                    .id = id,
                    .recipient = SES_STR(""),
                    .key_extra = SES_STR(""),
                    .detail = SES_STR("{}")};
    ses_message_t m;
    bool changed = false;
    ses_rc_t rc;

    if ((rc = ses_message_find(cx, t, SES_STR(""), id, &m)) != SES_OK ||
        (rc = ses_message_queued(cx, t, id, &changed)) != SES_OK || !changed)
        return rc;

    /* log lines have whole seconds */
    f.when = when < m.committed ? m.committed : when;
    rc = ses_fact_enter(cx, t, &m, &f,
                        ses_removed_simulated(&m)
                            ? "SIMULATED"
                            : ses_event_enum(SES_EVENT_SEND));
    return rc == SES_OK ? ses_removed_enter(cx, t, &m, f.when) : rc;
}

/* --- one fact ---------------------------------------------------------- */

/* May this fact follow what is known of the recipient? */
static bool
may_follow(ses_event_type_t type, unsigned end)
{
    switch (type) {
    case SES_EVENT_DELIVERY:
        return end == SES_RCPT_OPEN;
    case SES_EVENT_BOUNCE:
        return end != SES_RCPT_BOUNCED;
    default:
        return true;
    }
}

/* Is f about this message, and new?  *rcpt = -1 when it names nobody. */
static ses_rc_t
is_new(ses_cx_t *cx, ses_txn_t *t, const ses_message_t *m, const ses_fact_t *f,
       int *rcpt, bool *yes)
{
    ses_str_t val;
    ses_rc_t rc;

    *yes = false;
    *rcpt = -1;
    if (m->state == SES_MESSAGE_ABORTED) {
        ses_log(SES_LOG_WARN, "%.*s: %s of an aborted message is ignored",
                SES_FMT(id_text(cx->arena, m)), ses_event_name(f->type));
        return SES_OK;
    }
    if (f->recipient.n > 0) {
        *rcpt = ses_message_rcpt(m, f->recipient);
        if (*rcpt < 0 || m->rcpts[*rcpt].removed != SES_RCPT_KEPT ||
            !may_follow(f->type, m->rcpts[*rcpt].end))
            return SES_OK;
    } else if (types[f->type].to_one) {
        return SES_OK;
    }
    rc = ses_store_get(cx, t, SES_DB_FACT, fact_key(cx->arena, f), &val);
    *yes = rc == SES_NOT_FOUND;
    return *yes ? SES_OK : rc;
}

static ses_rc_t
close_rcpt(ses_cx_t *cx, ses_txn_t *t, const ses_fact_t *f, int rcpt)
{
    if (f->type == SES_EVENT_DELIVERY)
        return ses_message_ended(cx, t, f->id, (unsigned) rcpt,
                                 SES_RCPT_DELIVERED);
    if (f->type == SES_EVENT_BOUNCE)
        return ses_message_ended(cx, t, f->id, (unsigned) rcpt,
                                 SES_RCPT_BOUNCED);
    return SES_OK;
}

ses_rc_t
ses_event_append(ses_cx_t *cx, ses_txn_t *t, const ses_fact_t *f, bool *added)
{
    ses_message_t m;
    bool is = false;
    ses_rc_t rc;
    int rcpt;

    ses_assert(f->type < SES_EVENT_NOTICE);
    if ((rc = ses_message_find(cx, t, SES_STR(""), f->id, &m)) != SES_OK ||
        (rc = is_new(cx, t, &m, f, &rcpt, &is)) != SES_OK)
        return rc;
    if (is && m.state == SES_MESSAGE_PREPARED && types[f->type].proof)
        rc = ses_event_queued(cx, t, f->id, f->when);
    if (is && f->type != SES_EVENT_SEND) {
        if (rc == SES_OK)
            rc = ses_fact_enter(cx, t, &m, f, ses_event_enum(f->type));
        if (rc == SES_OK)
            rc = close_rcpt(cx, t, f, rcpt);
        if (rc == SES_OK && f->hard && rcpt >= 0)
            rc = suppress(cx, t, &m, f);
    }
    if (rc == SES_OK)
        *added = is;
    return rc;
}
