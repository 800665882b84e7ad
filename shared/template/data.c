/*
 * data - JSON into values
 *
 * cJSON reads it; what is kept is a tree of our own, with lengths, members in
 * order and a quick way to find one among many.
 */
#include "template/render.h"

#include "base/json.h"

static tpl_value_t convert(ses_arena_t *a, const cJSON *j);

static uint32_t
children(const cJSON *j)
{
    const cJSON *m;
    uint32_t n = 0;

    for (m = j->child; m != NULL; m = m->next)
        n++;
    return n;
}

static tpl_value_t
string(ses_arena_t *a, const char *s)
{
    return tpl_string(ses_str_dup(a, ses_str(s)));
}

static tpl_value_t
array(ses_arena_t *a, const cJSON *j)
{
    uint32_t i = 0, n = children(j);
    tpl_value_t *v = ses_alloc(a, n * sizeof(*v));
    const cJSON *m;

    for (m = j->child; m != NULL; m = m->next)
        v[i++] = convert(a, m);
    return (tpl_value_t){.type = TPL_V_ARRAY, .n = n, .u.array = v};
}

static tpl_value_t
object(ses_arena_t *a, const cJSON *j)
{
    uint32_t i = 0, n = children(j);
    tpl_member_t *list = ses_alloc(a, n * sizeof(*list));
    const cJSON *m;

    for (m = j->child; m != NULL; m = m->next, i++) {
        ses_str_t key = ses_str_dup(a, ses_str(m->string));

        list[i] = (tpl_member_t){key.p, key.n, convert(a, m)};
    }
    return tpl_object(tpl_object_new(a, list, n));
}

/* As deep as the reader of JSON goes. */
static tpl_value_t
convert(ses_arena_t *a, const cJSON *j)
{
    if (cJSON_IsObject(j))
        return object(a, j);
    if (cJSON_IsArray(j))
        return array(a, j);
    if (cJSON_IsString(j))
        return string(a, j->valuestring);
    if (cJSON_IsNumber(j))
        return tpl_number(j->valuedouble);
    if (cJSON_IsBool(j))
        return tpl_boolean(cJSON_IsTrue(j));
    return (tpl_value_t){.type = TPL_V_NULL};
}

ses_rc_t
ses_tpl_data(ses_cx_t *cx, ses_str_t json, const ses_tpl_data_t **out)
{
    ses_tpl_data_t *data;
    cJSON *j;

    if (ses_json_parse(cx, json, &j) != SES_OK) {
        ses_cx_clear(cx);
        return ses_fail(cx, SES_INVALID, "Template data is not valid JSON.");
    }
    if (!cJSON_IsObject(j)) {
        ses_json_free(j);
        return ses_fail(cx, SES_INVALID, "Template data is not a JSON object.");
    }
    data = ses_alloc(cx->arena, sizeof(*data));
    data->root = convert(cx->arena, j);
    ses_json_free(j);
    *out = data;
    return SES_OK;
}

const ses_tpl_data_t *
ses_tpl_data_over(ses_arena_t *arena, const ses_tpl_data_t *base,
                  const ses_tpl_data_t *over)
{
    ses_tpl_data_t *data = ses_alloc(arena, sizeof(*data));
    tpl_object_t *o = ses_alloc(arena, sizeof(*o));
    int64_t steps = INT64_MAX; /* both were bounded when they were read */

    *o = *tpl_object_flat(arena, over->root.u.object, &steps);
    o->base = base->root.u.object;
    data->root = tpl_object(o);
    return data;
}
