/*
 * policy - named policy documents
 *
 * Managed ones in SES_DB_POLICY under account and name, an identity's in
 * SES_DB_IDENTITY_POLICY under account and identity.
 */
#include "model/policy.h"

#include "model/object.h"
#include "store/record.h"

/* --- lists in a row ---------------------------------------------------- */

void
ses_policies_write(ses_jsonw_t *w, const char *member,
                   const ses_named_policy_t *v, unsigned n)
{
    unsigned i;

    ses_jsonw_list(w, member);
    for (i = 0; i < n; i++) {
        ses_jsonw_open(w, NULL);
        ses_jsonw_str(w, "name", v[i].name);
        ses_jsonw_str(w, "text", v[i].text);
        ses_jsonw_close(w);
    }
    ses_jsonw_end(w);
}

void
ses_policies_read(ses_arena_t *a, const cJSON *j, const char *member,
                  ses_named_policy_t **v, unsigned *n)
{
    const cJSON *list = ses_json_get(j, member), *e;
    int size = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;

    *v = ses_calloc(a, ((size_t) size + 1) * sizeof(**v));
    *n = 0;
    if (size == 0)
        return;
    cJSON_ArrayForEach(e, list)
    {
        (*v)[*n].name = ses_str_dup(a, ses_json_str(e, "name"));
        (*v)[*n].text = ses_str_dup(a, ses_json_str(e, "text"));
        (*n)++;
    }
}

void
ses_words_write(ses_jsonw_t *w, const char *member, const ses_str_t *v,
                unsigned n)
{
    unsigned i;

    ses_jsonw_list(w, member);
    for (i = 0; i < n; i++)
        ses_jsonw_str(w, NULL, v[i]);
    ses_jsonw_end(w);
}

void
ses_words_read(ses_arena_t *a, const cJSON *j, const char *member,
               ses_str_t **v, unsigned *n)
{
    const cJSON *list = ses_json_get(j, member), *e;
    int size = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;

    *v = ses_calloc(a, ((size_t) size + 1) * sizeof(**v));
    *n = 0;
    if (size == 0)
        return;
    cJSON_ArrayForEach(e, list)
    {
        if (cJSON_IsString(e))
            (*v)[(*n)++] = ses_str_dup(a, ses_str(e->valuestring));
    }
}

unsigned
ses_policies_find(const ses_named_policy_t *v, unsigned n, ses_str_t name)
{
    unsigned i;

    for (i = 0; i < n; i++)
        if (ses_str_eq(v[i].name, name))
            break;
    return i;
}

unsigned
ses_words_find(const ses_str_t *v, unsigned n, ses_str_t word)
{
    unsigned i;

    for (i = 0; i < n; i++)
        if (ses_str_eq(v[i], word))
            break;
    return i;
}

/* --- managed ----------------------------------------------------------- */

ses_str_t
ses_managed_policy_key(ses_arena_t *a, ses_str_t account, ses_str_t name)
{
    return ses_key2(a, account, name);
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_managed_policy_t *p = out;

    p->account = ses_str_dup(cx->arena, ses_object_part(key, 0));
    p->name = ses_str_dup(cx->arena, ses_object_part(key, 1));
    p->text = ses_object_str(cx, j, "text");
    p->created = ses_json_int(j, "created", 0);
    p->version = version;
    return SES_OK;
}

ses_rc_t
ses_managed_policy_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                        ses_str_t name, ses_managed_policy_t *out)
{
    if (!ses_object_name(name, SES_MANAGED_NAME_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_POLICY,
                           ses_managed_policy_key(cx->arena, account, name),
                           decode, out);
}

void
ses_managed_policy_put(ses_cx_t *cx, ses_change_t *c,
                       const ses_managed_policy_t *p)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_str(&w, "text", p->text);
    ses_jsonw_int(&w, "created", p->created);
    ses_change_put(c, SES_DB_POLICY,
                   ses_managed_policy_key(cx->arena, p->account, p->name),
                   p->version, ses_object_close(&w));
}

void
ses_managed_policy_del(ses_cx_t *cx, ses_change_t *c,
                       const ses_managed_policy_t *p)
{
    ses_change_del(c, SES_DB_POLICY,
                   ses_managed_policy_key(cx->arena, p->account, p->name),
                   p->version);
}

struct list {
    ses_managed_policy_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct list *l = arg;
    ses_managed_policy_t p;
    ses_rc_t rc = decode(cx, key, j, version, &p);

    return rc == SES_OK ? l->fn(cx, &p, l->arg) : rc;
}

ses_rc_t
ses_managed_policy_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                        ses_managed_policy_fn_t fn, void *arg)
{
    struct list l = {fn, arg};

    return ses_object_walk(cx, t, SES_DB_POLICY,
                           ses_key_prefix1(cx->arena, account), SES_STR(""),
                           each, &l);
}

/* --- of an identity ---------------------------------------------------- */

ses_str_t
ses_identity_policies_key(ses_arena_t *a, ses_str_t account, ses_str_t identity)
{
    return ses_key2(a, account, identity);
}

static ses_rc_t
decode_identity(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version,
                void *out)
{
    ses_identity_policies_t *p = out;

    (void) key;
    ses_policies_read(cx->arena, j, "policies", &p->v, &p->n);
    p->version = version;
    return SES_OK;
}

ses_rc_t
ses_identity_policies_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                           ses_str_t identity, ses_identity_policies_t *out)
{
    ses_identity_policies_t p = {
        .account = account, .identity = identity, .version = SES_VERSION_NONE};
    ses_rc_t rc;

    rc =
        ses_object_find(cx, t, SES_DB_IDENTITY_POLICY,
                        ses_identity_policies_key(cx->arena, account, identity),
                        decode_identity, &p);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    *out = p;
    return SES_OK;
}

void
ses_identity_policies_put(ses_cx_t *cx, ses_change_t *c,
                          const ses_identity_policies_t *p)
{
    ses_str_t key =
        ses_identity_policies_key(cx->arena, p->account, p->identity);
    ses_jsonw_t w;

    if (p->n == 0) {
        if (p->version != SES_VERSION_NONE)
            ses_change_del(c, SES_DB_IDENTITY_POLICY, key, p->version);
        return;
    }
    ses_object_open(&w, cx->arena);
    ses_policies_write(&w, "policies", p->v, p->n);
    ses_change_put(c, SES_DB_IDENTITY_POLICY, key, p->version,
                   ses_object_close(&w));
}
