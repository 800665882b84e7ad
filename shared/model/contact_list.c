/*
 * contact_list - an account's list of people, and the topics they choose
 *
 * Stored in SES_DB_CONTACT_LIST under account and name; of a deleted one,
 * account and id are in SES_DB_CONTACT_GONE until its contacts are gone.
 */
#include "model/contact_list.h"

#include "base/encode.h"
#include "model/object.h"
#include "store/record.h"

ses_str_t
ses_contact_list_id(ses_arena_t *a)
{
    uint8_t id[8];

    ses_random(id, sizeof(id));
    return ses_hex(a, ses_str_n(id, sizeof(id)));
}

const ses_list_topic_t *
ses_contact_list_topic(const ses_contact_list_t *l, ses_str_t name)
{
    unsigned i;

    for (i = 0; i < l->ntopics; i++)
        if (ses_str_eq(l->topics[i].name, name))
            return &l->topics[i];
    return NULL;
}

/* --- rows -------------------------------------------------------------- */

static void
read_topics(ses_cx_t *cx, const cJSON *j, ses_contact_list_t *l)
{
    const cJSON *e;

    l->topics = ses_calloc(cx->arena, SES_LIST_TOPICS_MAX * sizeof(*l->topics));
    cJSON_ArrayForEach(e, ses_json_get(j, "topics"))
    {
        if (l->ntopics == SES_LIST_TOPICS_MAX)
            break;
        l->topics[l->ntopics++] = (ses_list_topic_t){
            .name = ses_object_str(cx, e, "name"),
            .display = ses_object_str(cx, e, "display"),
            .description = ses_object_str(cx, e, "description"),
            .opt_in = ses_json_bool(e, "opt_in", false)};
    }
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_contact_list_t *l = out;

    *l = (ses_contact_list_t){
        .account = ses_str_dup(cx->arena, ses_object_part(key, 0)),
        .name = ses_str_dup(cx->arena, ses_object_part(key, 1)),
        .id = ses_object_str(cx, j, "id"),
        .description = ses_object_str(cx, j, "description"),
        .created = ses_json_int(j, "created", 0),
        .updated = ses_json_int(j, "updated", 0),
        .version = version};
    read_topics(cx, j, l);
    ses_tags_read(cx->arena, j, "tags", &l->tags, &l->ntags);
    return SES_OK;
}

ses_rc_t
ses_contact_list_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                      ses_str_t name, ses_contact_list_t *out)
{
    if (!ses_object_name(name, SES_LIST_NAME_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_CONTACT_LIST,
                           ses_key2(cx->arena, account, name), decode, out);
}

void
ses_contact_list_put(ses_cx_t *cx, ses_change_t *c, const ses_contact_list_t *l)
{
    const ses_list_topic_t *x;
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_str(&w, "id", l->id);
    ses_jsonw_str(&w, "description", l->description);
    ses_jsonw_list(&w, "topics");
    for (x = l->topics; x < l->topics + l->ntopics; x++) {
        ses_jsonw_open(&w, NULL);
        ses_jsonw_str(&w, "name", x->name);
        ses_jsonw_str(&w, "display", x->display);
        ses_jsonw_str(&w, "description", x->description);
        ses_jsonw_bool(&w, "opt_in", x->opt_in);
        ses_jsonw_close(&w);
    }
    ses_jsonw_end(&w);
    ses_tags_write(&w, "tags", l->tags, l->ntags);
    ses_jsonw_int(&w, "created", l->created);
    ses_jsonw_int(&w, "updated", l->updated);
    ses_change_put(c, SES_DB_CONTACT_LIST,
                   ses_key2(cx->arena, l->account, l->name), l->version,
                   ses_object_close(&w));
}

void
ses_contact_list_del(ses_cx_t *cx, ses_change_t *c, const ses_contact_list_t *l)
{
    ses_jsonw_t w;

    ses_change_del(c, SES_DB_CONTACT_LIST,
                   ses_key2(cx->arena, l->account, l->name), l->version);
    ses_object_open(&w, cx->arena);
    ses_jsonw_int(&w, "deleted", cx->now);
    ses_change_put(c, SES_DB_CONTACT_GONE,
                   ses_key2(cx->arena, l->account, l->id), SES_VERSION_NONE,
                   ses_object_close(&w));
}

/* --- lists ------------------------------------------------------------- */

struct lists {
    ses_contact_list_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct lists *l = arg;
    ses_contact_list_t x;
    ses_rc_t rc = decode(cx, key, j, version, &x);

    return rc == SES_OK ? l->fn(cx, &x, l->arg) : rc;
}

ses_rc_t
ses_contact_list_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                      ses_str_t after, ses_contact_list_fn_t fn, void *arg)
{
    struct lists l = {fn, arg};

    return ses_object_walk(cx, t, SES_DB_CONTACT_LIST,
                           ses_key_prefix1(cx->arena, account), after, each,
                           &l);
}

/* --- what deleted lists leave ------------------------------------------ */

struct rest {
    ses_str_t gone; /* key of the list that is being emptied */
    ses_change_t change;
};

static ses_rc_t
first(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct rest *r = arg;

    (void) val;
    r->gone = ses_str_dup(cx->arena, key);
    return SES_NOT_FOUND; /* one at a time */
}

static ses_rc_t
remove_row(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct rest *r = arg;

    (void) val;
    if (r->change.n == SES_CHANGE_ROWS)
        return SES_NOT_FOUND;
    ses_change_del(&r->change, SES_DB_CONTACT, ses_str_dup(cx->arena, key),
                   SES_VERSION_ANY);
    return SES_OK;
}

ses_rc_t
ses_contact_list_purge(ses_cx_t *cx, ses_txn_t *t, unsigned max, unsigned *n)
{
    struct rest r;
    ses_rc_t rc;

    *n = 0;
    do {
        r = (struct rest){.gone = SES_STR("")};
        rc = ses_store_walk(cx, t, SES_DB_CONTACT_GONE, SES_STR(""),
                            SES_STR(""), first, &r);
        if (rc != SES_OK || r.gone.n == 0)
            return rc;
        rc = ses_store_walk(cx, t, SES_DB_CONTACT,
                            ses_key_prefix2(cx->arena,
                                            ses_object_part(r.gone, 0),
                                            ses_object_part(r.gone, 1)),
                            SES_STR(""), remove_row, &r);
        if (rc == SES_OK && r.change.n == 0)
            ses_change_del(&r.change, SES_DB_CONTACT_GONE, r.gone,
                           SES_VERSION_ANY);
        if (rc == SES_OK)
            rc = ses_journal_apply(cx, t, &r.change,
                                   "contacts of a deleted list");
        *n += r.change.n;
    } while (rc == SES_OK && *n < max);
    return rc;
}
