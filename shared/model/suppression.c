/*
 * suppression - addresses this account no longer sends to
 *
 * Stored in SES_DB_SUPPRESSION under a 16-byte hash of account, list and
 * address: struct record, then list, address, message id and feedback id.
 * The account's own list has the empty name.  Listed in order of addresses
 * through SES_DB_SUPPRESSION_LIST.
 */
#include "model/suppression.h"

#include "model/index.h"
#include "store/record.h"

#define RECORD_VERSION 1
#define LIST SES_STR("")

/* The stored form.  Host byte order: a store never leaves its machine. */
struct record {
    uint8_t version;
    uint8_t reason;
    uint8_t list;        /* length of the list's name */
    uint8_t message_id;  /* length */
    uint16_t address;    /* length */
    uint8_t feedback_id; /* length */
    uint8_t unused;
    int64_t since;
    char account[SES_ACCOUNT_LEN];
    char pad[4];
};

_Static_assert(sizeof(struct record) == 32, "stored form must not change");

const char *
ses_reason_name(unsigned reason)
{
    return reason == SES_REASON_COMPLAINT ? "COMPLAINT" : "BOUNCE";
}

unsigned
ses_reason_parse(ses_str_t s)
{
    if (ses_str_eqc(s, "BOUNCE"))
        return SES_REASON_BOUNCE;
    return ses_str_eqc(s, "COMPLAINT") ? SES_REASON_COMPLAINT : 0;
}

static ses_str_t
key_of(ses_cx_t *cx, ses_str_t account, ses_str_t address)
{
    return ses_key_hash(cx->arena, account, LIST, address);
}

/* Read a value out of the map.  Copies, so that out outlives the txn. */
static ses_rc_t
decode(ses_cx_t *cx, ses_str_t val, uint64_t version, ses_suppression_t *out)
{
    ses_arena_t *a = cx->arena;
    struct record rec;
    ses_str_t rest;

    if (val.n < sizeof(rec))
        return ses_fail(cx, SES_FAULT, "suppression: %zu-byte record", val.n);
    memcpy(&rec, val.p, sizeof(rec)); /* LMDB values may be unaligned */
    rest = ses_str_from(val, sizeof(rec));
    if (rec.version != RECORD_VERSION ||
        rest.n !=
            (size_t) rec.list + rec.address + rec.message_id + rec.feedback_id)
        return ses_fail(cx, SES_FAULT, "suppression: record version %u",
                        rec.version);

    out->account = ses_str_dup(a, ses_str_n(rec.account, SES_ACCOUNT_LEN));
    out->reason = rec.reason;
    out->since = rec.since;
    rest = ses_str_from(rest, rec.list);
    out->address = ses_str_dup(a, ses_str_head(rest, rec.address));
    rest = ses_str_from(rest, rec.address);
    out->message_id = ses_str_dup(a, ses_str_head(rest, rec.message_id));
    rest = ses_str_from(rest, rec.message_id);
    out->feedback_id = ses_str_dup(a, rest);
    out->version = version;
    return SES_OK;
}

static ses_rc_t
get(ses_cx_t *cx, ses_txn_t *t, ses_str_t key, ses_suppression_t *out)
{
    uint64_t version;
    ses_str_t val;
    ses_rc_t rc;

    rc = ses_control_get(cx, t, SES_DB_SUPPRESSION, key, &val, &version);
    return rc == SES_OK ? decode(cx, val, version, out) : rc;
}

ses_rc_t
ses_suppression_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                     ses_str_t address, unsigned reasons,
                     ses_suppression_t *out)
{
    ses_suppression_t found;
    ses_rc_t rc = get(cx, t, key_of(cx, account, address), &found);

    if (rc != SES_OK)
        return rc;
    if ((found.reason & reasons) == 0)
        return SES_NOT_FOUND;
    *out = found;
    return SES_OK;
}

void
ses_suppression_put(ses_cx_t *cx, ses_change_t *c, const ses_suppression_t *s)
{
    ses_str_t message_id = ses_str_head(s->message_id, UINT8_MAX);
    ses_str_t feedback_id = ses_str_head(s->feedback_id, UINT8_MAX);
    struct record rec = {
        .version = RECORD_VERSION,
        .reason = (uint8_t) s->reason,
        .message_id = (uint8_t) message_id.n,
        .address = (uint16_t) s->address.n,
        .feedback_id = (uint8_t) feedback_id.n,
        .since = s->since,
    };
    ses_arena_t *a = cx->arena;
    ses_str_t val;

    if (s->account.n > 0)
        memcpy(rec.account, s->account.p,
               s->account.n < SES_ACCOUNT_LEN ? s->account.n : SES_ACCOUNT_LEN);
    val = ses_str_cat(a, ses_str_n(&rec, sizeof(rec)), s->address);
    val = ses_str_cat(a, ses_str_cat(a, val, message_id), feedback_id);
    ses_change_put(c, SES_DB_SUPPRESSION, key_of(cx, s->account, s->address),
                   s->version, val);
}

void
ses_suppression_del(ses_cx_t *cx, ses_change_t *c, const ses_suppression_t *s)
{
    ses_change_del(c, SES_DB_SUPPRESSION, key_of(cx, s->account, s->address),
                   s->version);
}

ses_rc_t
ses_suppression_index(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                      ses_index_emit_t emit, void *ctx)
{
    ses_suppression_t s;
    ses_rc_t rc;

    if ((rc = decode(cx, value, 0, &s)) != SES_OK)
        return rc;
    return emit(ctx, SES_DB_SUPPRESSION_LIST,
                ses_key3(cx->arena, s.account, LIST, s.address), key);
}

struct list {
    ses_txn_t *t;
    ses_suppression_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct list *l = arg;
    ses_suppression_t s;
    ses_rc_t rc = get(cx, l->t, val, &s);

    (void) key;
    if (rc == SES_NOT_FOUND)
        return SES_OK;
    return rc == SES_OK ? l->fn(cx, &s, l->arg) : rc;
}

ses_rc_t
ses_suppression_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                     ses_str_t after, ses_suppression_fn_t fn, void *arg)
{
    ses_arena_t *a = cx->arena;
    ses_str_t prefix = ses_key_prefix2(a, account, LIST);
    ses_str_t from = SES_STR("");
    struct list l = {t, fn, arg};

    if (after.n > 0)
        from = ses_str_cat(a, ses_str_cat(a, prefix, after), ses_str_n("", 1));
    return ses_store_walk(cx, t, SES_DB_SUPPRESSION_LIST, prefix, from, each,
                          &l);
}
