/*
 * object - find, walk and write control objects
 */
#include "model/object.h"

#include "base/assert.h"
#include "model/object_tree.h"
#include "store/record.h"

#define OBJECT_VERSION 1
#define OBJECT_MAX (1u << 20)

ses_rc_t
ses_object_parse(ses_cx_t *cx, ses_str_t value, cJSON **out)
{
    cJSON *j;

    if (ses_json_parse(cx, value, &j) != SES_OK) {
        ses_cx_clear(cx);
        return ses_fail(cx, SES_FAULT, "model: a row is no JSON");
    }
    if (ses_json_int(j, "v", 0) != OBJECT_VERSION) {
        ses_json_free(j);
        return ses_fail(cx, SES_FAULT, "model: a row of another version");
    }
    *out = j;
    return SES_OK;
}

ses_rc_t
ses_object_find(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t key,
                ses_object_decode_t decode, void *out)
{
    ses_object_tree_t *tree;
    uint64_t version;
    ses_str_t value;
    ses_rc_t rc;

    if ((rc = ses_control_get(cx, t, db, key, &value, &version)) != SES_OK)
        return rc;
    if ((rc = ses_object_tree(cx, value, &tree)) != SES_OK)
        return rc;
    rc = decode(cx, key, ses_object_root(tree), version, out);
    ses_object_let_go(tree);
    return rc;
}

struct walk {
    ses_object_fn_t fn;
    void *arg;
};

static ses_rc_t
step(ses_cx_t *cx, ses_str_t key, ses_str_t row, void *arg)
{
    struct walk *w = arg;
    uint64_t version;
    ses_str_t value;
    ses_rc_t rc;
    cJSON *j;

    if (!ses_control_split(row, &value, &version))
        return ses_fail(cx, SES_FAULT, "model: a damaged row");
    if ((rc = ses_object_parse(cx, value, &j)) != SES_OK)
        return rc;
    rc = w->fn(cx, key, j, version, w->arg);
    ses_json_free(j);
    return rc;
}

ses_rc_t
ses_object_walk(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t prefix,
                ses_str_t after, ses_object_fn_t fn, void *arg)
{
    struct walk w = {fn, arg};

    return ses_store_walk(cx, t, db, prefix,
                          ses_key_after(cx->arena, prefix, after), step, &w);
}

void
ses_object_open(ses_jsonw_t *w, ses_arena_t *a)
{
    ses_jsonw_init(w, a, OBJECT_MAX);
    ses_jsonw_open(w, NULL);
    ses_jsonw_int(w, "v", OBJECT_VERSION);
}

ses_str_t
ses_object_close(ses_jsonw_t *w)
{
    ses_jsonw_close(w);
    ses_assert(!w->buf.overflow); /* members are bounded where they enter */
    return ses_jsonw_get(w);
}

ses_str_t
ses_object_str(ses_cx_t *cx, const cJSON *j, const char *name)
{
    return ses_str_dup(cx->arena, ses_json_str(j, name));
}

ses_str_t
ses_object_part(ses_str_t key, unsigned n)
{
    ses_str_t part = SES_STR("");

    do {
        if (!ses_str_cut(&key, '\0', &part))
            return SES_STR("");
    } while (n-- > 0);
    return part;
}

bool
ses_object_name(ses_str_t s, size_t max)
{
    return s.n > 0 && s.n <= max && ses_str_find(s, '\0') < 0;
}
