/*
 * destination - where events of a configuration set go
 *
 * Stored in SES_DB_DESTINATION under account, set and name.
 */
#include "model/destination.h"

#include "model/object.h"
#include "store/record.h"

#define DESTINATION_NAME_MAX 64

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_destination_t *d = out;

    d->account = ses_str_dup(cx->arena, ses_object_part(key, 0));
    d->set = ses_str_dup(cx->arena, ses_object_part(key, 1));
    d->name = ses_str_dup(cx->arena, ses_object_part(key, 2));
    d->enabled = ses_json_bool(j, "enabled", false);
    d->types = (unsigned) ses_json_int(j, "types", 0);
    d->topic_arn = ses_object_str(cx, j, "topic");
    d->start = (uint64_t) ses_json_int(j, "start", 0);
    d->created = ses_json_int(j, "created", 0);
    d->version = version;
    return SES_OK;
}

static ses_str_t
key_of(ses_cx_t *cx, const ses_destination_t *d)
{
    return ses_key3(cx->arena, d->account, d->set, d->name);
}

ses_rc_t
ses_destination_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                     ses_str_t set, ses_str_t name, ses_destination_t *out)
{
    if (!ses_object_name(set, DESTINATION_NAME_MAX) ||
        !ses_object_name(name, DESTINATION_NAME_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_DESTINATION,
                           ses_key3(cx->arena, account, set, name), decode,
                           out);
}

void
ses_destination_put(ses_cx_t *cx, ses_change_t *c, const ses_destination_t *d)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_bool(&w, "enabled", d->enabled);
    ses_jsonw_int(&w, "types", d->types);
    ses_jsonw_str(&w, "topic", d->topic_arn);
    ses_jsonw_int(&w, "start", (int64_t) d->start);
    ses_jsonw_int(&w, "created", d->created);
    ses_change_put(c, SES_DB_DESTINATION, key_of(cx, d), d->version,
                   ses_object_close(&w));
}

void
ses_destination_del(ses_cx_t *cx, ses_change_t *c, const ses_destination_t *d)
{
    ses_change_del(c, SES_DB_DESTINATION, key_of(cx, d), d->version);
}

struct list {
    ses_destination_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct list *l = arg;
    ses_destination_t d;
    ses_rc_t rc = decode(cx, key, j, version, &d);

    return rc == SES_OK ? l->fn(cx, &d, l->arg) : rc;
}

ses_rc_t
ses_destination_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                     ses_str_t set, ses_destination_fn_t fn, void *arg)
{
    ses_str_t prefix = SES_STR("");
    struct list l = {fn, arg};

    if (account.n > 0)
        prefix = set.n > 0 ? ses_key_prefix2(cx->arena, account, set)
                           : ses_key_prefix1(cx->arena, account);
    return ses_object_walk(cx, t, SES_DB_DESTINATION, prefix, SES_STR(""), each,
                           &l);
}
