/*
 * account - the owner of everything
 *
 * Stored in SES_DB_ACCOUNT under its 12 digits.
 */
#include "model/account.h"

#include "model/object.h"

bool
ses_account_valid(ses_str_t id)
{
    uint64_t v;

    return id.n == SES_ACCOUNT_LEN && ses_str_u64(id, UINT64_MAX, &v);
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    const cJSON *max24 = ses_json_get(j, "max24");
    const cJSON *rate = ses_json_get(j, "rate");
    ses_account_t *a = out;

    if (!cJSON_IsNumber(max24) || !cJSON_IsNumber(rate))
        return ses_fail(cx, SES_FAULT, "account: no limits in a row");
    a->id = ses_str_dup(cx->arena, key);
    a->sending = ses_json_bool(j, "sending", false);
    a->suspended = ses_json_bool(j, "suspended", false);
    a->production = ses_json_bool(j, "production", false);
    a->max24 = max24->valuedouble;
    a->rate = rate->valuedouble;
    a->reasons = (unsigned) ses_json_int(j, "reasons", 0) & SES_REASON_ANY;
    a->created = ses_json_int(j, "created", 0);
    a->version = version;
    return SES_OK;
}

ses_rc_t
ses_account_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t id, ses_account_t *out)
{
    if (!ses_account_valid(id))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_ACCOUNT, id, decode, out);
}

void
ses_account_put(ses_cx_t *cx, ses_change_t *c, const ses_account_t *a)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_bool(&w, "sending", a->sending);
    ses_jsonw_bool(&w, "suspended", a->suspended);
    ses_jsonw_bool(&w, "production", a->production);
    ses_jsonw_double(&w, "max24", a->max24);
    ses_jsonw_double(&w, "rate", a->rate);
    ses_jsonw_int(&w, "reasons", a->reasons);
    ses_jsonw_int(&w, "created", a->created);
    ses_change_put(c, SES_DB_ACCOUNT, a->id, a->version, ses_object_close(&w));
}

struct list {
    ses_account_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct list *l = arg;
    ses_account_t a;
    ses_rc_t rc = decode(cx, key, j, version, &a);

    return rc == SES_OK ? l->fn(cx, &a, l->arg) : rc;
}

ses_rc_t
ses_account_list(ses_cx_t *cx, ses_txn_t *t, ses_account_fn_t fn, void *arg)
{
    struct list l = {fn, arg};

    return ses_object_walk(cx, t, SES_DB_ACCOUNT, SES_STR(""), SES_STR(""),
                           each, &l);
}

void
ses_account_init(ses_account_t *a, ses_str_t id, int64_t now)
{
    *a = (ses_account_t){.id = id,
                         .sending = true,
                         .max24 = 200,
                         .rate = 1,
                         .reasons = SES_REASON_ANY,
                         .created = now,
                         .version = SES_VERSION_NONE};
}
