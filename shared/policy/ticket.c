/*
 * ticket - stamp a message for the gate; tell a true stamp from any other
 *
 * What is authenticated is a list of length-prefixed strings: format, key,
 * the fields, then the envelope.  A ticket is checked by writing it anew from
 * what was read: one that is spelled otherwise in any byte is not nginx's.
 */
#include "policy/ticket.h"

#include "base/buf.h"
#include "base/encode.h"
#include "store/record.h"

#define VERSION "1"
#define VALUE_MAX 1000             /* the header line stays below 1 KB */
#define COVERED_MAX (1024U * 1024) /* far above any envelope */

static void
cover(ses_buf_t *b, ses_str_t s)
{
    uint8_t n[8];

    ses_put_u64(n, s.n);
    ses_buf_add(b, n, sizeof(n));
    ses_buf_str(b, s);
}

/* The fields as text; all but the HMAC. */
static ses_str_t
fields(ses_arena_t *a, const ses_key_t *k, const ses_ticket_t *t)
{
    ses_str_t s = ses_hex(a, ses_str_n(t->send_key, SES_SEND_KEY));
    ses_str_t b = ses_hex(a, ses_str_n(t->body_hash, SES_BODY_HASH));

    return ses_str_printf(a,
                          VERSION " k=%c a=%.*s n=%.*s c=%.*s r=%.*s e=%u"
                                  " o=%.*s s=%.*s b=%.*s t=%lld",
                          k->id, SES_FMT(t->access_key), SES_FMT(t->account),
                          SES_FMT(t->client), SES_FMT(t->request_id),
                          (unsigned) t->entry, SES_FMT(t->operation),
                          SES_FMT(s), SES_FMT(b), (long long) t->when);
}

static ses_str_t
stamp(ses_arena_t *a, const ses_key_t *k, const ses_ticket_t *t, ses_str_t mail,
      const ses_str_t *rcpts, unsigned n)
{
    ses_str_t head = fields(a, k, t), hex;
    uint8_t sum[SES_SHA256];
    ses_buf_t b;
    unsigned i;

    ses_buf_init(&b, a, COVERED_MAX);
    cover(&b, SES_STR("sesame-ticket"));
    cover(&b, head);
    cover(&b, t->access_key);
    cover(&b, t->account);
    cover(&b, t->client);
    cover(&b, t->request_id);
    cover(&b, t->operation);
    cover(&b, mail);
    for (i = 0; i < n; i++)
        cover(&b, rcpts[i]);
    if (b.overflow) /* no envelope is so long: a stamp that nobody takes */
        return SES_STR("");

    ses_hmac_sha256(ses_key_str(k), ses_buf_get(&b), sum);
    hex = ses_hex(a, ses_str_n(sum, sizeof(sum)));
    return ses_str_printf(a, "%.*s h=%.*s", SES_FMT(head), SES_FMT(hex));
}

ses_str_t
ses_ticket_format(ses_arena_t *a, const ses_keyring_t *ring,
                  const ses_ticket_t *t, ses_str_t mail, const ses_str_t *rcpts,
                  unsigned n)
{
    return stamp(a, &ring->keys[0], t, mail, rcpts, n);
}

/* The next field "NAME=value". */
static bool
field(ses_str_t *rest, char name, ses_str_t *value)
{
    ses_str_t part;

    if (!ses_str_cut(rest, ' ', &part) || part.n < 2 || part.p[0] != name ||
        part.p[1] != '=')
        return false;
    *value = ses_str_from(part, 2);
    return true;
}

static bool
hex_field(ses_arena_t *a, ses_str_t *rest, char name, uint8_t *out, size_t n)
{
    ses_str_t value, bytes;

    if (!field(rest, name, &value) || !ses_hex_parse(a, value, &bytes) ||
        bytes.n != n)
        return false;
    memcpy(out, bytes.p, n);
    return true;
}

/* The fields up to h=, strings pointing into value. */
static bool
read_fields(ses_arena_t *a, ses_str_t value, ses_ticket_t *t, ses_str_t *key)
{
    ses_str_t rest = value, part;
    uint64_t n;

    if (!ses_str_cut(&rest, ' ', &part) || !ses_str_eqc(part, VERSION))
        return false;
    if (!field(&rest, 'k', key) || key->n != 1 ||
        !field(&rest, 'a', &t->access_key) || !field(&rest, 'n', &t->account) ||
        !field(&rest, 'c', &t->client) || !field(&rest, 'r', &t->request_id) ||
        !field(&rest, 'e', &part) || !ses_str_u64(part, UINT32_MAX, &n))
        return false;
    t->entry = (uint32_t) n;
    if (!field(&rest, 'o', &t->operation) ||
        !hex_field(a, &rest, 's', t->send_key, SES_SEND_KEY) ||
        !hex_field(a, &rest, 'b', t->body_hash, SES_BODY_HASH) ||
        !field(&rest, 't', &part) || !ses_str_i64(part, &t->when))
        return false;
    return field(&rest, 'h', &part) && rest.p == NULL;
}

ses_rc_t
ses_ticket_parse(ses_cx_t *cx, const ses_keyring_t *ring, ses_str_t value,
                 ses_str_t mail, const ses_str_t *rcpts, unsigned n,
                 ses_ticket_t *out)
{
    ses_ticket_t t = {.when = 0};
    const ses_key_t *k;
    ses_str_t key;

    value = ses_str_trim(value); /* the blank after the colon */
    if (value.n == 0 || value.n > VALUE_MAX)
        return ses_fail(cx, SES_FORGED, "ticket: %zu bytes", value.n);
    value = ses_str_dup(cx->arena, value);
    if (!read_fields(cx->arena, value, &t, &key))
        return ses_fail(cx, SES_FORGED, "ticket: malformed");
    if ((k = ses_keyring_find(ring, key.p[0])) == NULL)
        return ses_fail(cx, SES_FORGED, "ticket: unknown key");
    if (!ses_str_eq_secret(stamp(cx->arena, k, &t, mail, rcpts, n), value))
        return ses_fail(cx, SES_FORGED, "ticket: wrong HMAC or envelope");
    if (t.when > cx->now + SES_TICKET_SKEW ||
        t.when < cx->now - SES_TICKET_SKEW)
        return ses_fail(cx, SES_STALE, "ticket: stamped at %lld, now %lld",
                        (long long) t.when, (long long) cx->now);
    *out = t;
    return SES_OK;
}

ses_str_t
ses_ticket_account(ses_str_t value)
{
    ses_str_t rest = ses_str_trim(value), part, skip;

    if (!ses_str_cut(&rest, ' ', &part) || !field(&rest, 'k', &skip) ||
        !field(&rest, 'a', &skip) || !field(&rest, 'n', &part))
        return SES_STR("");
    return part;
}

void
ses_send_key(ses_str_t access_key, ses_str_t name, uint32_t entry,
             uint8_t out[SES_SEND_KEY])
{
    uint8_t in[2 * SES_SHA256 + 8]; /* hashed first: names of any length */

    ses_sha256(access_key, in);
    ses_sha256(name, in + SES_SHA256);
    ses_put_u64(in + 2 * SES_SHA256, entry);
    ses_sha256(ses_str_n(in, sizeof(in)), out);
}

/* --- beside the ticket ------------------------------------------------- */

#define AGENT_MAX 512 /* characters of User-Agent */

ses_str_t
ses_caller_format(ses_arena_t *a, bool tls, ses_str_t agent, bool v1)
{
    return ses_str_printf(
        a, "tls=%d agent=%.*s%s", tls,
        SES_FMT(ses_base64(a, ses_str_head(agent, AGENT_MAX))),
        v1 ? " api=1" : "");
}

void
ses_caller_parse(ses_arena_t *a, ses_str_t value, bool *tls, ses_str_t *agent,
                 bool *v1)
{
    ses_str_t rest = ses_str_trim(value), part, name, text;

    if (!ses_str_cut(&rest, ' ', &part) || !ses_str_cut(&rest, ' ', &name) ||
        !ses_str_starts(name, SES_STR("agent=")) ||
        !ses_base64_parse(a, ses_str_from(name, 6), &text))
        return;
    *tls = ses_str_eqc(part, "tls=1");
    *agent = text;
    *v1 = rest.p != NULL && ses_str_eqc(rest, "api=1");
}
