/*
 * params - decode the members of an operation's input
 */
#include "api/params.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/encode.h"

#define NUMBER_MAX 64 /* characters */
#define SHOWN_MAX 128 /* of a bad field */

static const char *
wire(const ses_member_t *m)
{
    return m->wire != NULL ? m->wire : m->name;
}

/* --- values ------------------------------------------------------------ */

static cJSON *
text_value(ses_cx_t *cx, ses_str_t s)
{
    cJSON *v = cJSON_CreateString(ses_str_c(cx->arena, s));

    ses_assert(v != NULL);
    return v;
}

/* A decimal number, or NULL. */
static cJSON *
number_value(ses_cx_t *cx, ses_str_t s)
{
    cJSON *v;
    char *text, *end;
    double d;

    if (s.n == 0 || s.n > NUMBER_MAX || !ses_json_scan(s) ||
        (s.p[0] != '-' && (s.p[0] < '0' || s.p[0] > '9')))
        return NULL;
    text = ses_str_c(cx->arena, s);
    d = strtod(text, &end);
    if (*end != '\0')
        return NULL;
    v = cJSON_CreateNumber(d);
    ses_assert(v != NULL);
    return v;
}

/* Text as its type wants it; left as text where it is not of that type. */
static cJSON *
scalar(ses_cx_t *cx, const ses_member_t *m, ses_str_t s)
{
    cJSON *v = NULL;

    if (m->type == SES_T_BOOL && ses_str_caseeqc(s, "true"))
        v = cJSON_CreateTrue();
    else if (m->type == SES_T_BOOL && ses_str_caseeqc(s, "false"))
        v = cJSON_CreateFalse();
    else if (m->type == SES_T_INT || m->type == SES_T_DOUBLE)
        v = number_value(cx, s);
    return v != NULL ? v : text_value(cx, s);
}

static void
put(cJSON *o, const char *name, cJSON *v)
{
    cJSON_DeleteItemFromObjectCaseSensitive(o, name);
    ses_assert(cJSON_AddItemToObject(o, name, v));
}

/* --- REST -------------------------------------------------------------- */

static ses_rc_t
bad_text(ses_cx_t *cx, ses_str_t name)
{
    return ses_fail(cx, SES_INVALID,
                    "%.*s is not valid UTF-8 text, percent-encoded.",
                    SES_FMT(name));
}

/* A GET has a body when its operation takes members from one: older clients
 * send the filter of ListContacts so. */
static bool
takes_body(const op_def_t *def)
{
    const ses_member_t *m;

    if (strcmp(def->method, "GET") != 0 && strcmp(def->method, "DELETE") != 0)
        return true;
    for (m = def->input; m != NULL && m->name != NULL; m++)
        if (m->where == SES_IN_BODY)
            return true;
    return false;
}

static ses_rc_t
parse_body(ses_cx_t *cx, const api_request_t *r, const op_def_t *def,
           cJSON **out)
{
    cJSON *j;
    ses_rc_t rc;

    if (r->body.n == 0 || !takes_body(def)) {
        j = cJSON_CreateObject();
        ses_assert(j != NULL);
        *out = j;
        return SES_OK;
    }
    if ((rc = ses_json_parse(cx, r->body, &j)) != SES_OK)
        return rc;
    if (!cJSON_IsObject(j)) {
        ses_json_free(j);
        return ses_fail_null(cx, SES_SERIALIZATION);
    }
    *out = j;
    return SES_OK;
}

static ses_rc_t
add_label(ses_cx_t *cx, cJSON *in, const op_def_t *def,
          const api_label_t *label)
{
    const ses_member_t *m;
    const char *name = NULL;
    ses_str_t value;

    for (m = def->input; m != NULL && m->name != NULL; m++)
        if (m->where == SES_IN_PATH && ses_str_eqc(label->name, wire(m)))
            name = m->name;
    if (name == NULL)
        name = ses_str_c(cx->arena, label->name);
    if (!form_decode(cx->arena, label->value, false, &value))
        return bad_text(cx, ses_str(name));
    put(in, name, text_value(cx, value));
    return SES_OK;
}

/* All values of one query parameter. */
static ses_rc_t
add_query(ses_cx_t *cx, cJSON *in, const ses_member_t *m, ses_str_t query)
{
    ses_str_t rest = query, name, value;
    cJSON *list = NULL, *v;

    while (api_pair_cut(&rest, &name, &value)) {
        if (!form_decode(cx->arena, name, false, &name) ||
            !ses_str_eqc(name, wire(m)))
            continue;
        if (!form_decode(cx->arena, value, false, &value))
            return bad_text(cx, ses_str(m->name));
        if (m->type != SES_T_LIST) {
            put(in, m->name, scalar(cx, m, value));
            return SES_OK;
        }
        if (list == NULL) {
            list = cJSON_CreateArray();
            ses_assert(list != NULL);
            put(in, m->name, list);
        }
        v = m->of != NULL ? scalar(cx, m->of, value) : text_value(cx, value);
        ses_assert(cJSON_AddItemToArray(list, v));
    }
    return SES_OK;
}

/* Members that the operation does not have: whoever looks for one later (the
 * question of IAM does, for all operations) must not find what has no effect.
 */
static void
drop_unknown(cJSON *j, const op_def_t *def)
{
    const ses_member_t *m;
    cJSON *e, *next;

    for (e = j->child; e != NULL; e = next) {
        next = e->next;
        for (m = def->input; m != NULL && m->name != NULL; m++)
            if (strcmp(m->name, e->string) == 0)
                break;
        if (m == NULL || m->name == NULL)
            cJSON_Delete(cJSON_DetachItemViaPointer(j, e));
    }
}

ses_rc_t
params_rest(ses_cx_t *cx, const api_request_t *r, const op_def_t *def,
            const api_labels_t *labels, cJSON **in)
{
    const ses_member_t *m;
    cJSON *j = NULL;
    ses_rc_t rc;
    unsigned i;

    if ((rc = parse_body(cx, r, def, &j)) != SES_OK)
        return rc;
    drop_unknown(j, def);
    for (m = def->input; m != NULL && m->name != NULL && rc == SES_OK; m++) {
        if (m->where != SES_IN_BODY)
            cJSON_DeleteItemFromObjectCaseSensitive(j, m->name);
        if (m->where == SES_IN_QUERY)
            rc = add_query(cx, j, m, r->query);
    }
    for (i = 0; i < labels->n && rc == SES_OK; i++)
        rc = add_label(cx, j, def, &labels->label[i]);

    if (rc != SES_OK) {
        ses_json_free(j);
        return rc;
    }
    *in = j;
    return SES_OK;
}

/* --- Query protocol ---------------------------------------------------- */

static cJSON *form_value(ses_cx_t *cx, const form_t *f, const ses_member_t *m,
                         ses_str_t at);

static ses_str_t
join(ses_cx_t *cx, ses_str_t at, const char *word)
{
    return at.n == 0 ? ses_str(word)
                     : ses_str_printf(cx->arena, "%.*s.%s", SES_FMT(at), word);
}

static cJSON *
form_struct(ses_cx_t *cx, const form_t *f, const ses_member_t *members,
            ses_str_t at)
{
    cJSON *o = cJSON_CreateObject(), *v;
    const ses_member_t *m;

    ses_assert(o != NULL);
    for (m = members; m != NULL && m->name != NULL; m++) {
        v = form_value(cx, f, m, join(cx, at, wire(m)));
        if (v != NULL)
            put(o, m->name, v);
    }
    return o;
}

static int
by_number(const void *x, const void *y)
{
    const uint64_t *a = x, *b = y;

    return *a < *b ? -1 : *a > *b;
}

/* In a form everything is text: what stands for a value of another type is
 * refused here, and the first one is told. */
static void
wrong(ses_cx_t *cx, ses_str_t at, ses_str_t text, const char *what)
{
    char *path = ses_str_c(cx->arena, at);
    size_t i;

    for (i = 0; i < at.n; i++) /* as the service spells it: lower camel */
        if ((i == 0 || path[i - 1] == '.') && path[i] >= 'A' && path[i] <= 'Z')
            path[i] = (char) (path[i] - 'A' + 'a');
    (void) ses_fail(cx, SES_INVALID,
                    "1 validation error detected: Value '%.*s' at '%s' failed "
                    "to satisfy constraint: Member must be %s",
                    SES_FMT(ses_str_head(text, SHOWN_MAX)), path, what);
}

static cJSON *
form_scalar(ses_cx_t *cx, const ses_member_t *m, ses_str_t at, ses_str_t text)
{
    cJSON *v = m == NULL ? text_value(cx, text) : scalar(cx, m, text);
    int64_t n;

    if (m == NULL)
        return v;
    if (m->type == SES_T_BOOL && !cJSON_IsBool(v))
        wrong(cx, at, text, "a boolean");
    else if (m->type == SES_T_INT &&
             !(ses_str_i64(text, &n) && n >= INT32_MIN && n <= INT32_MAX))
        wrong(cx, at, text, "an integer");
    else if (m->type == SES_T_DOUBLE && !cJSON_IsNumber(v))
        wrong(cx, at, text, "a number");
    return v;
}

/* The numbers N of the fields AT.WORD.N..., in order, once each. */
static size_t
numbers(ses_cx_t *cx, const form_t *f, ses_str_t prefix, uint64_t **out)
{
    const form_field_t *field;
    ses_str_t rest, part;
    size_t count, n = 0, i, kept = 0;
    uint64_t *list;

    field = form_range(f, prefix, &count);
    list = ses_alloc(cx->arena, (count + 1) * sizeof(*list));
    for (i = 0; i < count; i++) {
        rest = ses_str_from(field[i].name, prefix.n);
        if (ses_str_cut(&rest, '.', &part) &&
            ses_str_u64(part, UINT32_MAX, &list[n]) && part.p[0] != '0')
            n++;
    }
    qsort(list, n, sizeof(*list), by_number);
    for (i = 0; i < n; i++)
        if (kept == 0 || list[kept - 1] != list[i])
            list[kept++] = list[i];
    *out = list;
    return kept;
}

static cJSON *
form_list(ses_cx_t *cx, const form_t *f, const ses_member_t *m, ses_str_t at)
{
    ses_str_t prefix = ses_str_printf(cx->arena, "%.*s.member.", SES_FMT(at));
    cJSON *list = NULL, *v;
    uint64_t *number;
    size_t n = numbers(cx, f, prefix, &number), i;
    const ses_str_t *text;

    if (n == 0 && (text = form_find(f, at)) == NULL)
        return NULL;
    if (n == 0 && text->n > 0)
        wrong(cx, at, *text, "a list");
    list = cJSON_CreateArray();
    ses_assert(list != NULL);
    for (i = 0; i < n; i++) {
        v = form_value(cx, f, m->of,
                       ses_str_printf(cx->arena, "%.*s%llu", SES_FMT(prefix),
                                      (unsigned long long) number[i]));
        if (v != NULL)
            ses_assert(cJSON_AddItemToArray(list, v));
    }
    return list;
}

static cJSON *
form_map(ses_cx_t *cx, const form_t *f, const ses_member_t *m, ses_str_t at)
{
    ses_str_t prefix = ses_str_printf(cx->arena, "%.*s.entry.", SES_FMT(at));
    cJSON *map, *v;
    uint64_t *number;
    size_t n = numbers(cx, f, prefix, &number), i;
    const ses_str_t *key;
    ses_str_t entry;

    if (n == 0)
        return NULL;
    map = cJSON_CreateObject();
    ses_assert(map != NULL);
    for (i = 0; i < n; i++) {
        entry = ses_str_printf(cx->arena, "%.*s%llu", SES_FMT(prefix),
                               (unsigned long long) number[i]);
        key = form_find(f, join(cx, entry, "key"));
        v = form_value(cx, f, m->of, join(cx, entry, "value"));
        if (key != NULL && v != NULL)
            put(map, ses_str_c(cx->arena, *key), v);
        else
            cJSON_Delete(v);
    }
    return map;
}

/* The member whose fields start with at; NULL when there is none. */
static cJSON *
form_value(ses_cx_t *cx, const form_t *f, const ses_member_t *m, ses_str_t at)
{
    const ses_str_t *text;
    size_t n;

    switch (m == NULL ? SES_T_STRING : m->type) {
    case SES_T_STRUCT:
        form_range(f, join(cx, at, ""), &n); /* "AT." */
        return n == 0 ? NULL : form_struct(cx, f, m->of, at);
    case SES_T_LIST:
        return form_list(cx, f, m, at);
    case SES_T_MAP:
        return form_map(cx, f, m, at);
    default:
        text = form_find(f, at);
        return text == NULL ? NULL : form_scalar(cx, m, at, *text);
    }
}

ses_rc_t
params_form(ses_cx_t *cx, const form_t *f, const op_def_t *def, cJSON **in)
{
    cJSON *j = form_struct(cx, f, def->input, SES_STR(""));

    if (cx->why_rc != SES_OK) {
        ses_json_free(j);
        return cx->why_rc;
    }
    *in = j;
    return SES_OK;
}
