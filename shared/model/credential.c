/*
 * credential - access keys and the SMTP passwords that follow from them
 *
 * Stored in SES_DB_CREDENTIAL under the access key id.  The secret is boxed
 * with the key id and the account as associated data, so that a row that was
 * copied to another account or id does not open.
 */
#include "model/credential.h"

#include "base/encode.h"
#include "model/object.h"
#include "store/record.h"
#include "store/seal.h"

#define ID_MAX 128
#define SECRET_LEN 40
#define USED_STEP 60000 /* ms */
#define SMTP_VERSION 4  /* contract section 6 */

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_credential_t *k = out;
    ses_str_t boxed;

    if (!ses_base64_parse(cx->arena, ses_json_str(j, "secret"), &boxed))
        return ses_fail(cx, SES_FAULT, "credential: no secret in a row");
    k->id = ses_str_dup(cx->arena, key);
    k->account = ses_object_str(cx, j, "account");
    k->user = ses_object_str(cx, j, "user");
    k->iam = ses_json_bool(j, "iam", false);
    k->active = ses_json_bool(j, "active", false);
    k->boxed = boxed;
    k->created = ses_json_int(j, "created", 0);
    k->expires = ses_json_int(j, "expires", 0);
    k->user_since = ses_json_int(j, "user_since", 0);
    k->policy = ses_object_str(cx, j, "policy");
    if (!ses_base64_parse(cx->arena, ses_json_str(j, "token"), &k->token) ||
        k->token.n != (k->expires != 0 ? SES_SHA256 : 0))
        return ses_fail(cx, SES_FAULT, "credential: a session without token");
    k->version = version;
    return SES_OK;
}

ses_rc_t
ses_credential_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t id,
                    ses_credential_t *out)
{
    if (!ses_object_name(id, ID_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_CREDENTIAL, id, decode, out);
}

void
ses_credential_put(ses_cx_t *cx, ses_change_t *c, const ses_credential_t *k)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_str(&w, "account", k->account);
    ses_jsonw_str(&w, "user", k->user);
    if (k->iam)
        ses_jsonw_bool(&w, "iam", true);
    ses_jsonw_bool(&w, "active", k->active);
    ses_jsonw_str(&w, "secret", ses_base64(cx->arena, k->boxed));
    ses_jsonw_int(&w, "created", k->created);
    if (k->expires != 0) {
        ses_jsonw_int(&w, "expires", k->expires);
        ses_jsonw_str(&w, "token", ses_base64(cx->arena, k->token));
        ses_jsonw_str(&w, "policy", k->policy);
        ses_jsonw_int(&w, "user_since", k->user_since);
    }
    ses_change_put(c, SES_DB_CREDENTIAL, k->id, k->version,
                   ses_object_close(&w));
}

void
ses_credential_del(ses_change_t *c, const ses_credential_t *k)
{
    ses_change_del(c, SES_DB_CREDENTIAL, k->id, k->version);
}

ses_rc_t
ses_credential_last_used(ses_cx_t *cx, ses_txn_t *t, ses_str_t id,
                         int64_t *when)
{
    ses_str_t value;
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_KEY_USED, id, &value);

    *when = rc == SES_OK && value.n == 8 ? (int64_t) ses_key_u64(value) : 0;
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

ses_rc_t
ses_credential_used(ses_cx_t *cx, ses_txn_t *t, ses_str_t id)
{
    uint8_t value[8];
    int64_t before;
    ses_rc_t rc;

    if ((rc = ses_credential_last_used(cx, t, id, &before)) != SES_OK ||
        (cx->now >= before && cx->now - before < USED_STEP))
        return rc;
    ses_put_u64(value, (uint64_t) cx->now);
    return ses_store_put(cx, t, SES_DB_KEY_USED, id,
                         ses_str_n(value, sizeof(value)));
}

struct list {
    ses_str_t account;
    ses_credential_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct list *l = arg;
    ses_credential_t k;
    ses_rc_t rc;

    if (l->account.n > 0 && !ses_str_eq(ses_json_str(j, "account"), l->account))
        return SES_OK;
    rc = decode(cx, key, j, version, &k);
    return rc == SES_OK ? l->fn(cx, &k, l->arg) : rc;
}

ses_rc_t
ses_credential_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                    ses_credential_fn_t fn, void *arg)
{
    struct list l = {account, fn, arg};

    return ses_object_walk(cx, t, SES_DB_CREDENTIAL, SES_STR(""), SES_STR(""),
                           each, &l);
}

static ses_str_t
aad(ses_arena_t *a, ses_str_t id, ses_str_t account)
{
    return ses_key2(a, id, account);
}

/* Letters and digits: nothing a shell, a URL or a form would trip over. */
static ses_str_t
draw_secret(ses_arena_t *a)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789";
    char *p = ses_alloc(a, SECRET_LEN + 1);
    size_t n = 0;
    uint8_t r;

    while (n < SECRET_LEN) {
        ses_random(&r, 1);
        r &= 63;
        if (r < sizeof(alphabet) - 1)
            p[n++] = alphabet[r];
    }
    p[n] = '\0';
    return ses_str_n(p, n);
}

ses_rc_t
ses_credential_draw(ses_cx_t *cx, const ses_keyring_t *site, const char *kind,
                    ses_credential_t *k, ses_str_t *secret)
{
    ses_arena_t *a = cx->arena;
    ses_str_t plain = draw_secret(a), id, boxed;
    uint8_t bytes[10];
    ses_rc_t rc;

    ses_random(bytes, sizeof(bytes));
    id = ses_str_cat(
        a, ses_str(kind),
        ses_str_upper(a, ses_base32(a, ses_str_n(bytes, sizeof(bytes)))));
    rc = ses_box(cx, site->keys[0].key, aad(a, id, k->account), plain, &boxed);
    if (rc != SES_OK)
        return rc;
    k->id = id;
    k->boxed = boxed;
    k->active = true;
    k->created = cx->now;
    k->version = SES_VERSION_NONE;
    *secret = plain;
    return SES_OK;
}

ses_rc_t
ses_credential_new(ses_cx_t *cx, const ses_keyring_t *site, ses_str_t account,
                   ses_str_t user, ses_credential_t *out, ses_str_t *secret)
{
    ses_credential_t k = {.account = account, .user = user};
    ses_rc_t rc = ses_credential_draw(cx, site, "AKIA", &k, secret);

    if (rc == SES_OK)
        *out = k;
    return rc;
}

ses_rc_t
ses_credential_secret(ses_cx_t *cx, const ses_keyring_t *site,
                      const ses_credential_t *k, ses_str_t *secret)
{
    ses_str_t bound = aad(cx->arena, k->id, k->account);
    ses_rc_t rc = SES_DENIED;
    ses_cx_t try;
    unsigned i;

    for (i = 0; i < site->n && rc == SES_DENIED; i++) {
        try = *cx; /* a retired key may be the right one */
        rc = ses_unbox(&try, site->keys[i].key, bound, k->boxed, secret);
    }
    if (rc == SES_OK)
        return SES_OK;
    return ses_fail(cx, SES_FAULT, "credential: %.*s does not open",
                    SES_FMT(k->id));
}

ses_str_t
ses_credential_smtp(ses_arena_t *a, ses_str_t secret, ses_str_t region)
{
    const ses_str_t steps[] = {SES_STR("11111111"), region, SES_STR("ses"),
                               SES_STR("aws4_request"),
                               SES_STR("SendRawEmail")};
    uint8_t k[SES_SHA256], next[SES_SHA256], raw[1 + SES_SHA256];
    ses_str_t key = ses_str_cat(a, SES_STR("AWS4"), secret);
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        ses_hmac_sha256(key, steps[i], next);
        memcpy(k, next, sizeof(k));
        key = ses_str_n(k, sizeof(k));
    }
    raw[0] = SMTP_VERSION;
    memcpy(raw + 1, k, sizeof(k));
    return ses_base64(a, ses_str_n(raw, sizeof(raw)));
}

ses_str_t
ses_credential_arn(ses_arena_t *a, const ses_credential_t *k)
{
    return ses_str_printf(a, "arn:aws:iam::%.*s:user/%.*s", SES_FMT(k->account),
                          SES_FMT(k->user));
}
