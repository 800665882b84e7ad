/*
 * verify_template - a custom verification email template of an account
 *
 * Stored in SES_DB_VERIFY_TEMPLATE under account and name, as JSON, and in
 * SES_DB_VERIFY_CONTENT under the same key, as the HTML itself.
 */
#include "model/verify_template.h"

#include "model/object.h"
#include "store/record.h"

#define TEMPLATE_NAME_MAX 64

static ses_str_t
key_of(ses_cx_t *cx, const ses_verify_template_t *v)
{
    return ses_key2(cx->arena, v->account, v->name);
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_verify_template_t *v = out;

    v->account = ses_str_dup(cx->arena, ses_object_part(key, 0));
    v->name = ses_str_dup(cx->arena, ses_object_part(key, 1));
    v->from = ses_object_str(cx, j, "from");
    v->subject = ses_object_str(cx, j, "subject");
    v->success_url = ses_object_str(cx, j, "success_url");
    v->failure_url = ses_object_str(cx, j, "failure_url");
    ses_tags_read(cx->arena, j, "tags", &v->tags, &v->ntags);
    v->created = ses_json_int(j, "created", 0);
    v->version = version;
    return SES_OK;
}

ses_rc_t
ses_verify_template_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                         ses_str_t name, ses_verify_template_t *out)
{
    if (!ses_object_name(name, TEMPLATE_NAME_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_VERIFY_TEMPLATE,
                           ses_key2(cx->arena, account, name), decode, out);
}

ses_rc_t
ses_verify_template_content(ses_cx_t *cx, ses_txn_t *t,
                            const ses_verify_template_t *v, ses_str_t *html)
{
    uint64_t version;

    return ses_control_get(cx, t, SES_DB_VERIFY_CONTENT, key_of(cx, v), html,
                           &version);
}

void
ses_verify_template_put(ses_cx_t *cx, ses_change_t *c,
                        const ses_verify_template_t *v, ses_str_t html)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_str(&w, "from", v->from);
    ses_jsonw_str(&w, "subject", v->subject);
    ses_jsonw_str(&w, "success_url", v->success_url);
    ses_jsonw_str(&w, "failure_url", v->failure_url);
    ses_tags_write(&w, "tags", v->tags, v->ntags);
    ses_jsonw_int(&w, "created", v->created);
    ses_change_put(c, SES_DB_VERIFY_TEMPLATE, key_of(cx, v), v->version,
                   ses_object_close(&w));
    ses_change_put(c, SES_DB_VERIFY_CONTENT, key_of(cx, v), SES_VERSION_ANY,
                   html);
}

void
ses_verify_template_del(ses_cx_t *cx, ses_change_t *c,
                        const ses_verify_template_t *v)
{
    ses_change_del(c, SES_DB_VERIFY_TEMPLATE, key_of(cx, v), v->version);
    ses_change_del(c, SES_DB_VERIFY_CONTENT, key_of(cx, v), SES_VERSION_ANY);
}

struct list {
    ses_verify_template_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct list *l = arg;
    ses_verify_template_t v;
    ses_rc_t rc = decode(cx, key, j, version, &v);

    return rc == SES_OK ? l->fn(cx, &v, l->arg) : rc;
}

ses_rc_t
ses_verify_template_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                         ses_str_t after, ses_verify_template_fn_t fn,
                         void *arg)
{
    struct list l = {fn, arg};

    return ses_object_walk(cx, t, SES_DB_VERIFY_TEMPLATE,
                           ses_key_prefix1(cx->arena, account), after, each,
                           &l);
}
