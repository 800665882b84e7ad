/*
 * user - IAM users and groups
 *
 * Stored in SES_DB_USER and SES_DB_GROUP under account and name.
 */
#include "model/user.h"

#include "model/object.h"
#include "store/record.h"

bool
ses_user_name(ses_str_t s, size_t max)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
              (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
              (s.p[i] >= '0' && s.p[i] <= '9') ||
              (s.p[i] != '\0' && strchr("+=,.@_-", s.p[i]) != NULL)))
            return false;
    return s.n > 0 && s.n <= max;
}

ses_str_t
ses_user_key(ses_arena_t *a, ses_str_t account, ses_str_t name)
{
    return ses_key2(a, account, name);
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_user_t *u = out;

    u->account = ses_str_dup(cx->arena, ses_object_part(key, 0));
    u->name = ses_str_dup(cx->arena, ses_object_part(key, 1));
    ses_words_read(cx->arena, j, "groups", &u->groups, &u->ngroups);
    ses_words_read(cx->arena, j, "attached", &u->attached, &u->nattached);
    ses_policies_read(cx->arena, j, "inline", &u->inlines, &u->ninlines);
    u->created = ses_json_int(j, "created", 0);
    u->version = version;
    return SES_OK;
}

ses_rc_t
ses_user_find(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t account,
              ses_str_t name, ses_user_t *out)
{
    if (!ses_object_name(name, SES_GROUP_NAME_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, db, ses_user_key(cx->arena, account, name),
                           decode, out);
}

void
ses_user_put(ses_cx_t *cx, ses_change_t *c, ses_db_t db, const ses_user_t *u)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_words_write(&w, "groups", u->groups, u->ngroups);
    ses_words_write(&w, "attached", u->attached, u->nattached);
    ses_policies_write(&w, "inline", u->inlines, u->ninlines);
    ses_jsonw_int(&w, "created", u->created);
    ses_change_put(c, db, ses_user_key(cx->arena, u->account, u->name),
                   u->version, ses_object_close(&w));
}

void
ses_user_del(ses_cx_t *cx, ses_change_t *c, ses_db_t db, const ses_user_t *u)
{
    ses_change_del(c, db, ses_user_key(cx->arena, u->account, u->name),
                   u->version);
}

struct list {
    ses_user_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct list *l = arg;
    ses_user_t u;
    ses_rc_t rc = decode(cx, key, j, version, &u);

    return rc == SES_OK ? l->fn(cx, &u, l->arg) : rc;
}

ses_rc_t
ses_user_list(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t account,
              ses_user_fn_t fn, void *arg)
{
    struct list l = {fn, arg};

    return ses_object_walk(cx, t, db, ses_key_prefix1(cx->arena, account),
                           SES_STR(""), each, &l);
}
