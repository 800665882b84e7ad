/*
 * contact - a person on a contact list, and what they chose
 *
 * Stored in SES_DB_CONTACT under account, the list's id and the key.
 */
#include "model/contact.h"

#include "model/object.h"
#include "store/record.h"

#define KEY_MAX 320 /* RFC 5321 4.5.3.1: 64, "@", 255 */

const ses_preference_t *
ses_contact_preference(const ses_contact_t *c, ses_str_t topic)
{
    unsigned i;

    for (i = 0; i < c->npreferences; i++)
        if (ses_str_eq(c->preferences[i].topic, topic))
            return &c->preferences[i];
    return NULL;
}

bool
ses_contact_opted_in(const ses_contact_t *c, const ses_list_topic_t *t)
{
    const ses_preference_t *p;

    if (c->unsubscribe_all || t == NULL)
        return !c->unsubscribe_all;
    p = ses_contact_preference(c, t->name);
    return p != NULL ? p->opt_in : t->opt_in;
}

/* --- rows -------------------------------------------------------------- */

static ses_str_t
key_of(ses_cx_t *cx, const ses_contact_t *x)
{
    return ses_key3(cx->arena, x->account, x->list, x->key);
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_contact_t *x = out;
    const cJSON *e;

    *x = (ses_contact_t){
        .account = ses_str_dup(cx->arena, ses_object_part(key, 0)),
        .list = ses_str_dup(cx->arena, ses_object_part(key, 1)),
        .key = ses_str_dup(cx->arena, ses_object_part(key, 2)),
        .address = ses_object_str(cx, j, "address"),
        .unsubscribe_all = ses_json_bool(j, "unsubscribe_all", false),
        .created = ses_json_int(j, "created", 0),
        .updated = ses_json_int(j, "updated", 0),
        .version = version};
    if (ses_json_get(j, "attributes") != NULL)
        x->attributes = ses_object_str(cx, j, "attributes");
    x->preferences =
        ses_calloc(cx->arena, SES_LIST_TOPICS_MAX * sizeof(*x->preferences));
    cJSON_ArrayForEach(e, ses_json_get(j, "preferences"))
    {
        if (x->npreferences == SES_LIST_TOPICS_MAX)
            break;
        x->preferences[x->npreferences++] = (ses_preference_t){
            ses_object_str(cx, e, "topic"), ses_json_bool(e, "opt_in", false)};
    }
    return SES_OK;
}

ses_rc_t
ses_contact_find(ses_cx_t *cx, ses_txn_t *t, const ses_contact_list_t *l,
                 ses_str_t key, ses_contact_t *out)
{
    if (!ses_object_name(key, KEY_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_CONTACT,
                           ses_key3(cx->arena, l->account, l->id, key), decode,
                           out);
}

void
ses_contact_put(ses_cx_t *cx, ses_change_t *c, const ses_contact_t *x)
{
    const ses_preference_t *p;
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_str(&w, "address", x->address);
    ses_jsonw_list(&w, "preferences");
    for (p = x->preferences; p < x->preferences + x->npreferences; p++) {
        ses_jsonw_open(&w, NULL);
        ses_jsonw_str(&w, "topic", p->topic);
        ses_jsonw_bool(&w, "opt_in", p->opt_in);
        ses_jsonw_close(&w);
    }
    ses_jsonw_end(&w);
    ses_jsonw_bool(&w, "unsubscribe_all", x->unsubscribe_all);
    if (x->attributes.p != NULL)
        ses_jsonw_str(&w, "attributes", x->attributes);
    ses_jsonw_int(&w, "created", x->created);
    ses_jsonw_int(&w, "updated", x->updated);
    ses_change_put(c, SES_DB_CONTACT, key_of(cx, x), x->version,
                   ses_object_close(&w));
}

void
ses_contact_del(ses_cx_t *cx, ses_change_t *c, const ses_contact_t *x)
{
    ses_change_del(c, SES_DB_CONTACT, key_of(cx, x), x->version);
}

struct contacts {
    ses_contact_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct contacts *l = arg;
    ses_contact_t x;
    ses_rc_t rc = decode(cx, key, j, version, &x);

    return rc == SES_OK ? l->fn(cx, &x, l->arg) : rc;
}

ses_rc_t
ses_contact_walk(ses_cx_t *cx, ses_txn_t *t, const ses_contact_list_t *l,
                 ses_str_t after, ses_contact_fn_t fn, void *arg)
{
    struct contacts w = {fn, arg};

    return ses_object_walk(cx, t, SES_DB_CONTACT,
                           ses_key_prefix2(cx->arena, l->account, l->id), after,
                           each, &w);
}
