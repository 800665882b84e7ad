/*
 * session - temporary credentials
 *
 * The token is 48 random bytes in base64; the row has their SHA-256, so that
 * a copy of the store holds no token.  When a session ends stands in the
 * work index.
 */
#include "model/session.h"

#include "base/encode.h"
#include "model/index.h"
#include "model/object.h"
#include "model/user.h"

#define TOKEN_BYTES 48
#define BAD_TOKEN "The security token included in the request is invalid."

static ses_str_t
digest(ses_arena_t *a, ses_str_t token)
{
    uint8_t sum[SES_SHA256];

    ses_sha256(token, sum);
    return ses_str_dup(a, ses_str_n(sum, sizeof(sum)));
}

ses_rc_t
ses_session_new(ses_cx_t *cx, const ses_keyring_t *site, int64_t ms,
                ses_credential_t *k, ses_str_t *secret, ses_str_t *token)
{
    uint8_t bytes[TOKEN_BYTES];
    ses_credential_t made = *k;
    ses_str_t plain;
    ses_rc_t rc;

    if ((rc = ses_credential_draw(cx, site, "ASIA", &made, secret)) != SES_OK)
        return rc;
    made.expires = cx->now + ms;
    ses_random(bytes, sizeof(bytes));
    plain = ses_base64(cx->arena, ses_str_n(bytes, sizeof(bytes)));
    made.token = digest(cx->arena, plain);
    *k = made;
    *token = plain;
    return SES_OK;
}

bool
ses_session_is(const ses_credential_t *k)
{
    return k->expires != 0;
}

bool
ses_session_token(const ses_credential_t *k, ses_str_t token)
{
    uint8_t sum[SES_SHA256];

    if (!ses_session_is(k))
        return token.p == NULL;
    if (token.p == NULL)
        return false;
    ses_sha256(token, sum);
    return ses_str_eq_secret(k->token, ses_str_n(sum, sizeof(sum)));
}

ses_rc_t
ses_session_live(ses_cx_t *cx, ses_txn_t *t, const ses_credential_t *k,
                 int64_t now)
{
    ses_user_t user;
    ses_rc_t rc = SES_OK;

    if (ses_session_is(k) && now >= k->expires)
        return ses_fail(cx, SES_EXPIRED,
                        "The security token included in the request is "
                        "expired");
    if (!k->active)
        return ses_fail(cx, SES_UNKNOWN_KEY, BAD_TOKEN);
    if (!ses_session_is(k) || !k->iam)
        return SES_OK;
    rc = ses_user_find(cx, t, SES_DB_USER, k->account, k->user, &user);
    if (rc == SES_NOT_FOUND || (rc == SES_OK && user.created != k->user_since))
        return ses_fail(cx, SES_UNKNOWN_KEY, BAD_TOKEN);
    return rc;
}

/* --- the end of it ------------------------------------------------------ */

ses_rc_t
ses_credential_index(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                     ses_index_emit_t emit, void *ctx)
{
    int64_t expires;
    ses_rc_t rc;
    cJSON *j;

    if ((rc = ses_object_parse(cx, value, &j)) != SES_OK)
        return rc;
    expires = ses_json_int(j, "expires", 0);
    ses_json_free(j);
    if (expires == 0)
        return SES_OK;
    return emit(ctx, SES_DB_WORK,
                ses_work_key(cx->arena, SES_WORK_SESSION, expires, key),
                SES_STR(""));
}

typedef struct {
    ses_str_t *ids;
    unsigned n, max;
} due_t;

static ses_rc_t
collect(ses_cx_t *cx, ses_str_t ref, void *arg)
{
    due_t *d = arg;

    if (d->n == d->max)
        return SES_NOT_FOUND;
    d->ids[d->n++] = ses_str_dup(cx->arena, ref);
    return SES_OK;
}

/* The row, and when it was used last. */
static ses_rc_t
forget(ses_cx_t *cx, ses_txn_t *t, ses_str_t id)
{
    ses_change_t change = {0};
    ses_credential_t k;
    ses_rc_t rc = ses_credential_find(cx, t, id, &k);

    if (rc == SES_OK) {
        ses_credential_del(&change, &k);
        rc = ses_journal_apply(cx, t, &change, "session expire");
    }
    if (rc == SES_OK)
        rc = ses_store_del(cx, t, SES_DB_KEY_USED, id);
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

ses_rc_t
ses_session_purge(ses_cx_t *cx, ses_txn_t *t, int64_t before, unsigned max,
                  unsigned *n)
{
    due_t d = {.max = max};
    unsigned i;
    ses_rc_t rc;

    d.ids = ses_alloc(cx->arena, max * sizeof(*d.ids));
    rc = ses_work_walk(cx, t, SES_WORK_SESSION, before, collect, &d);
    for (i = 0; rc == SES_OK && i < d.n; i++)
        rc = forget(cx, t, d.ids[i]);
    *n = d.n;
    return rc;
}
