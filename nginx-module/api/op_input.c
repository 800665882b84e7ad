/*
 * op_input - members that several operations take or show
 */
#include "api/op.h"

#include <strings.h>

#include "base/encode.h"
#include "model/suppression.h"
#include "policy/address.h"
#include "store/record.h"

#define NAME_MAX_CHARS 64

void
op_about(op_t *op, op_about_t about, ses_str_t a, ses_str_t b)
{
    op->about = about;
    /* what is sent is answered when the input is gone */
    op->about_names[0] = a.n > 0 ? ses_str_dup(op->cx->arena, a) : a;
    op->about_names[1] = b.n > 0 ? ses_str_dup(op->cx->arena, b) : b;
}

ses_rc_t
op_tags(op_t *op, ses_tag_t **tags, unsigned *n)
{
    const cJSON *list = ses_json_get(op->in, "Tags"), *e;
    ses_tag_t *v;
    unsigned count = 0, i;

    if (list != NULL && cJSON_GetArraySize(list) > SES_TAGS_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "A resource cannot have more than %d tags.",
                        SES_TAGS_MAX);
    v = ses_calloc(op->cx->arena, SES_TAGS_MAX * sizeof(*v));
    cJSON_ArrayForEach(e, list)
    {
        v[count].key = ses_json_str(e, "Key");
        v[count].value = ses_json_str(e, "Value");
        if (ses_str_casestarts(v[count].key, SES_STR("aws:")))
            return ses_fail(op->cx, SES_INVALID,
                            "Tag keys cannot start with 'aws:'.");
        for (i = 0; i < count; i++)
            if (ses_str_eq(v[i].key, v[count].key))
                return ses_fail(op->cx, SES_INVALID,
                                "Duplicate tag key '%.*s'.",
                                SES_FMT(v[count].key));
        count++;
    }
    *tags = v;
    *n = count;
    return SES_OK;
}

ses_rc_t
op_name(op_t *op, const char *what, ses_str_t name)
{
    if (name.n == 0)
        return ses_fail(op->cx, SES_INVALID, "The %s name must be specified.",
                        what);
    if (!ses_name_chars(name))
        return ses_fail(op->cx, SES_INVALID,
                        "Invalid %s name <%.*s>: only alphanumeric ASCII "
                        "characters, '_', and '-' are allowed.",
                        what, SES_FMT(name));
    if (name.n > NAME_MAX_CHARS)
        return ses_fail(op->cx, SES_INVALID,
                        "%c%s name cannot exceed %d characters.",
                        what[0] - 'a' + 'A', what + 1, NAME_MAX_CHARS);
    return SES_OK;
}

ses_rc_t
op_set(op_t *op, ses_str_t name, ses_config_set_t *set)
{
    ses_rc_t rc = SES_NOT_FOUND;

    if (name.n > 0 && name.n <= NAME_MAX_CHARS)
        rc = ses_config_set_find(op->cx, op->txn, op->cx->account, name, set);
    if (rc != SES_NOT_FOUND)
        return rc;
    op_about(op, OP_ABOUT_SET, name, SES_STR(""));
    return ses_fail(op->cx, SES_NOT_FOUND,
                    "Configuration set <%.*s> does not exist.", SES_FMT(name));
}

ses_rc_t
op_address(op_t *op, ses_str_t *out)
{
    ses_str_t given = op_str(op, "EmailAddress"), s = ses_str_trim(given);
    ses_address_t a;
    ses_rc_t rc;

    if (s.n == 0)
        return ses_fail(op->cx, SES_INVALID, "EmailAddress can't be blank.");
    rc = ses_address_parse(op->cx, s, &a);
    if (rc == SES_OK && ses_str_caseeq(a.addr, s)) {
        *out = a.addr;
        return SES_OK;
    }
    if (rc == SES_OK || rc == SES_INVALID) {
        ses_cx_clear(op->cx);
        return ses_fail(op->cx, SES_INVALID, "EmailAddress <%.*s> is invalid",
                        SES_FMT(given));
    }
    return rc;
}

unsigned
op_reasons(const cJSON *list)
{
    const cJSON *e;
    unsigned bits = 0;

    cJSON_ArrayForEach(e, list) bits |=
        ses_reason_parse(ses_str(e->valuestring));
    return bits;
}

void
op_put_reasons(op_t *op, unsigned reasons)
{
    static const unsigned each[] = {SES_REASON_BOUNCE, SES_REASON_COMPLAINT};
    unsigned i;

    out_list(op->out, "SuppressedReasons");
    for (i = 0; i < 2; i++)
        if (reasons & each[i])
            out_sym(op->out, NULL, ses_reason_name(each[i]));
    out_end(op->out);
}

void
op_put_tags(op_t *op, const ses_tag_t *tags, unsigned n)
{
    unsigned i;

    out_list(op->out, "Tags");
    for (i = 0; i < n; i++) {
        out_open(op->out, NULL);
        out_str(op->out, "Key", tags[i].key);
        out_str(op->out, "Value", tags[i].value);
        out_close(op->out);
    }
    out_end(op->out);
}

ses_str_t
op_filter(const op_t *op, const char *key)
{
    return ses_json_str(ses_json_get(op->in, "Filter"), key);
}

bool
op_contains(ses_str_t haystack, ses_str_t needle)
{
    size_t i;

    for (i = 0; needle.n + i <= haystack.n; i++)
        if (needle.n == 0 ||
            strncasecmp(haystack.p + i, needle.p, needle.n) == 0)
            return true;
    return false;
}

struct count {
    unsigned n, max;
};

static ses_rc_t
count_row(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct count *c = arg;

    (void) cx;
    (void) key;
    (void) val;
    return ++c->n < c->max ? SES_OK : SES_NOT_FOUND;
}

ses_rc_t
op_count(op_t *op, ses_db_t db, unsigned max, unsigned *n)
{
    struct count c = {.max = max};
    ses_rc_t rc = ses_store_walk(
        op->cx, op->txn, db, ses_key_prefix1(op->cx->arena, op->cx->account),
        SES_STR(""), count_row, &c);

    if (rc == SES_OK)
        *n = c.n;
    return rc;
}
