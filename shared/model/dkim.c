/*
 * dkim - rows and slots; what changes them is dkim_change.c's
 */
#include "model/dkim.h"

#include "base/encode.h"
#include "model/object.h"

#define TOKEN_BYTES 20 /* 32 characters of base32 */

static const char *const states[] = {
    [SES_DKIM_EMPTY] = "EMPTY",       [SES_DKIM_WANTED] = "WANTED",
    [SES_DKIM_NEXT] = "NEXT",         [SES_DKIM_CURRENT] = "CURRENT",
    [SES_DKIM_PREVIOUS] = "PREVIOUS",
};

static const char *const kinds[] = {
    [SES_DKIM_RSA] = "rsa",
    [SES_DKIM_ED25519] = "ed25519",
};

#define COUNT(a) (sizeof(a) / sizeof(a[0]))

const char *
ses_dkim_state_name(ses_dkim_state_t s)
{
    return (size_t) s < COUNT(states) ? states[s] : states[SES_DKIM_EMPTY];
}

const char *
ses_dkim_kind_name(ses_dkim_kind_t k)
{
    return (size_t) k < COUNT(kinds) ? kinds[k] : kinds[SES_DKIM_RSA];
}

const char *
ses_dkim_length_name(unsigned bits)
{
    return bits == 2048 ? "RSA_2048_BIT" : bits == 1024 ? "RSA_1024_BIT" : NULL;
}

void
ses_dkim_init(ses_cx_t *cx, ses_dkim_t *d)
{
    uint8_t bytes[TOKEN_BYTES];
    unsigned n;

    *d = (ses_dkim_t){.signing = true, .ed25519 = true, .bits = SES_DKIM_BITS};
    for (n = 0; n < SES_DKIM_SLOTS; n++) {
        d->keys[n].selector = d->keys[n].public_key = SES_STR("");
        if (n >= SES_DKIM_TOKENS)
            continue;
        ses_random(bytes, sizeof(bytes));
        d->keys[n].selector =
            ses_base32(cx->arena, ses_str_n(bytes, sizeof(bytes)));
    }
    ses_dkim_rotate(d, 1u << SES_DKIM_RSA | 1u << SES_DKIM_ED25519, cx->now);
    d->check = 0; /* until there is a key */
}

/* --- rows -------------------------------------------------------------- */

static unsigned
named(ses_str_t s, const char *const *names, size_t n)
{
    unsigned i;

    for (i = 0; i < n; i++)
        if (ses_str_eqc(s, names[i]))
            return i;
    return 0;
}

static void
decode_key(ses_cx_t *cx, const cJSON *j, ses_dkim_key_t *k)
{
    k->selector = ses_object_str(cx, j, "selector");
    k->state = (ses_dkim_state_t) named(ses_json_str(j, "state"), states,
                                        COUNT(states));
    k->kind =
        (ses_dkim_kind_t) named(ses_json_str(j, "kind"), kinds, COUNT(kinds));
    k->bits = (unsigned) ses_json_int(j, "bits", 0);
    k->public_key = ses_object_str(cx, j, "public");
    k->made = ses_json_int(j, "made", 0);
    k->since = ses_json_int(j, "since", 0);
    k->seen = ses_json_int(j, "seen", 0);
}

/* A row of before there were slots: three tokens, one key. */
static void
decode_old(ses_cx_t *cx, const cJSON *row, ses_dkim_t *d)
{
    const cJSON *list = ses_json_get(row, "tokens"), *e;
    unsigned slot = (unsigned) ses_json_int(row, "slot", 0) % SES_DKIM_TOKENS;
    unsigned n = 0;

    cJSON_ArrayForEach(e, list) if (n < SES_DKIM_TOKENS && cJSON_IsString(e))
        d->keys[n++]
            .selector = ses_str_dup(cx->arena, ses_str(e->valuestring));
    if (n == 0) /* an address */
        return;
    d->keys[slot].bits = SES_DKIM_BITS;
    d->keys[slot].public_key = ses_object_str(cx, row, "dkim_public");
    d->keys[slot].made = ses_json_int(row, "dkim_generated", 0);
    d->keys[slot].state =
        d->keys[slot].public_key.n > 0 ? SES_DKIM_CURRENT : SES_DKIM_WANTED;
}

void
ses_dkim_decode(ses_cx_t *cx, const cJSON *row, ses_dkim_t *out)
{
    const cJSON *j = ses_json_get(row, "dkim"), *e;
    unsigned n = 0;

    *out = (ses_dkim_t){
        .signing = ses_json_bool(row, "dkim_signing", false),
        .external = ses_json_bool(j, "external", false),
        .ed25519 = ses_json_bool(j, "ed25519", false),
        .bits = (unsigned) ses_json_int(j, "bits", SES_DKIM_BITS),
        .due = (unsigned) ses_json_int(j, "due", 0),
        .asked = ses_json_int(j, "asked", 0),
        .check = ses_json_int(j, "check", 0),
        .tries = (unsigned) ses_json_int(j, "tries", 0),
    };
    for (; n < SES_DKIM_SLOTS; n++)
        out->keys[n].selector = out->keys[n].public_key = SES_STR("");
    if (j == NULL) {
        decode_old(cx, row, out);
        return;
    }
    n = 0;
    cJSON_ArrayForEach(e, ses_json_get(j, "keys")) if (n < SES_DKIM_SLOTS)
        decode_key(cx, e, &out->keys[n++]);
}

static void
encode_key(ses_jsonw_t *w, const ses_dkim_key_t *k)
{
    ses_jsonw_open(w, NULL);
    ses_jsonw_str(w, "selector", k->selector);
    ses_jsonw_c(w, "state", ses_dkim_state_name(k->state));
    if (k->state != SES_DKIM_EMPTY) {
        ses_jsonw_c(w, "kind", ses_dkim_kind_name(k->kind));
        ses_jsonw_int(w, "bits", k->bits);
        ses_jsonw_str(w, "public", k->public_key);
        ses_jsonw_int(w, "made", k->made);
        ses_jsonw_int(w, "since", k->since);
        ses_jsonw_int(w, "seen", k->seen);
    }
    ses_jsonw_close(w);
}

void
ses_dkim_encode(ses_jsonw_t *w, const ses_dkim_t *d)
{
    unsigned n;

    ses_jsonw_bool(w, "dkim_signing", d->signing);
    if (d->keys[0].selector.n == 0) /* an address */
        return;
    ses_jsonw_open(w, "dkim");
    ses_jsonw_bool(w, "external", d->external);
    ses_jsonw_bool(w, "ed25519", d->ed25519);
    ses_jsonw_int(w, "bits", d->bits);
    ses_jsonw_int(w, "due", d->due);
    ses_jsonw_int(w, "asked", d->asked);
    ses_jsonw_int(w, "check", d->check);
    ses_jsonw_int(w, "tries", d->tries);
    ses_jsonw_list(w, "keys");
    for (n = 0; n < SES_DKIM_SLOTS; n++)
        encode_key(w, &d->keys[n]);
    ses_jsonw_end(w);
    ses_jsonw_close(w);
}

/* --- slots ------------------------------------------------------------- */

int
ses_dkim_slot(const ses_dkim_t *d, ses_dkim_kind_t kind, ses_dkim_state_t state)
{
    int n, found = -1;

    for (n = 0; n < SES_DKIM_SLOTS; n++)
        if (d->keys[n].state == state && d->keys[n].kind == kind &&
            (found < 0 || d->keys[n].since > d->keys[found].since))
            found = n;
    return found;
}

const ses_dkim_key_t *
ses_dkim_current(const ses_dkim_t *d)
{
    int n = ses_dkim_slot(d, SES_DKIM_RSA, SES_DKIM_CURRENT);

    return n < 0 ? NULL : &d->keys[n];
}

int
ses_dkim_wanted(const ses_dkim_t *d)
{
    int n;

    for (n = 0; n < SES_DKIM_SLOTS; n++)
        if (d->keys[n].state == SES_DKIM_WANTED)
            return n;
    return -1;
}

ses_str_t
ses_dkim_txt(ses_arena_t *a, const ses_dkim_t *d, unsigned slot)
{
    const ses_dkim_key_t *k = &d->keys[slot % SES_DKIM_SLOTS];

    if (k->selector.n == 0 || k->state == SES_DKIM_WANTED ||
        (k->state == SES_DKIM_EMPTY && ses_dkim_current(d) == NULL))
        return SES_STR("");
    if (k->state == SES_DKIM_EMPTY)
        return SES_STR("v=DKIM1; p=");
    return ses_str_printf(a, "v=DKIM1; k=%s; p=%.*s",
                          ses_dkim_kind_name(k->kind), SES_FMT(k->public_key));
}

void
ses_dkim_fill(ses_dkim_t *d, unsigned slot, ses_str_t public_key, int64_t now)
{
    ses_dkim_key_t *k = &d->keys[slot];
    bool first = k->kind == SES_DKIM_RSA && ses_dkim_current(d) == NULL;

    k->public_key = public_key;
    k->made = k->since = now;
    k->seen = 0;
    k->state = first ? SES_DKIM_CURRENT : SES_DKIM_NEXT;
    d->check = now;
    d->tries = 0;
}
