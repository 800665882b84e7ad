/*
 * config_set - a named bundle of per-message settings
 *
 * Stored in SES_DB_CONFIG_SET under account and name.
 */
#include "model/config_set.h"

#include "model/account.h"
#include "model/object.h"
#include "store/record.h"

#define SET_NAME_MAX 64

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_config_set_t *s = out;

    s->account = ses_str_dup(cx->arena, ses_object_part(key, 0));
    s->name = ses_str_dup(cx->arena, ses_object_part(key, 1));
    s->sending = ses_json_bool(j, "sending", false);
    s->reputation = ses_json_bool(j, "reputation", false);
    s->fresh_start = ses_json_int(j, "fresh_start", 0);
    s->has_suppression = ses_json_get(j, "reasons") != NULL;
    s->reasons = (unsigned) ses_json_int(j, "reasons", 0) & SES_REASON_ANY;
    s->tls_required = ses_json_bool(j, "tls", false);
    s->pool = ses_object_str(cx, j, "pool");
    s->max_delivery = (uint32_t) ses_json_int(j, "max_delivery", 0);
    ses_tags_read(cx->arena, j, "tags", &s->tags, &s->ntags);
    s->created = ses_json_int(j, "created", 0);
    s->version = version;
    return SES_OK;
}

ses_rc_t
ses_config_set_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                    ses_str_t name, ses_config_set_t *out)
{
    if (!ses_object_name(name, SET_NAME_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_CONFIG_SET,
                           ses_key2(cx->arena, account, name), decode, out);
}

void
ses_config_set_put(ses_cx_t *cx, ses_change_t *c, const ses_config_set_t *s)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_bool(&w, "sending", s->sending);
    ses_jsonw_bool(&w, "reputation", s->reputation);
    if (s->fresh_start != 0)
        ses_jsonw_int(&w, "fresh_start", s->fresh_start);
    if (s->has_suppression)
        ses_jsonw_int(&w, "reasons", s->reasons);
    if (s->tls_required)
        ses_jsonw_bool(&w, "tls", true);
    if (s->pool.n > 0)
        ses_jsonw_str(&w, "pool", s->pool);
    if (s->max_delivery != 0)
        ses_jsonw_int(&w, "max_delivery", s->max_delivery);
    ses_tags_write(&w, "tags", s->tags, s->ntags);
    ses_jsonw_int(&w, "created", s->created);
    ses_change_put(c, SES_DB_CONFIG_SET,
                   ses_key2(cx->arena, s->account, s->name), s->version,
                   ses_object_close(&w));
}

void
ses_config_set_del(ses_cx_t *cx, ses_change_t *c, const ses_config_set_t *s)
{
    ses_change_del(c, SES_DB_CONFIG_SET,
                   ses_key2(cx->arena, s->account, s->name), s->version);
}

struct list {
    ses_config_set_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct list *l = arg;
    ses_config_set_t s;
    ses_rc_t rc = decode(cx, key, j, version, &s);

    return rc == SES_OK ? l->fn(cx, &s, l->arg) : rc;
}

ses_rc_t
ses_config_set_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                    ses_str_t after, ses_config_set_fn_t fn, void *arg)
{
    struct list l = {fn, arg};

    return ses_object_walk(cx, t, SES_DB_CONFIG_SET,
                           ses_key_prefix1(cx->arena, account), after, each,
                           &l);
}
