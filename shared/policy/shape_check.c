/*
 * shape_check - constraints of an input, with the service's texts
 *
 * Every broken one is told, in the order of the table (contract 1.6).  Only
 * when there is none, the first member whose feature is not there yet.
 */
#include "base/encode.h"
#include "policy/shape_path.h"

#define ERRORS_MAX 20 /* told at once */

struct walk {
    ses_cx_t *cx;
    ses_buf_t text;
    unsigned errors;
    const char *later; /* first member that is refused */
};

/* Content.simple becomes content.simple.headers.1.member.name */
static void
path_put(ses_buf_t *b, const struct path *p)
{
    if (p->up != NULL) {
        path_put(b, p->up);
        ses_buf_char(b, '.');
    }
    if (p->name != NULL) {
        ses_buf_char(b, p->name[0] >= 'A' && p->name[0] <= 'Z'
                            ? (char) (p->name[0] - 'A' + 'a')
                            : p->name[0]);
        ses_buf_c(b, p->name + 1);
    } else if (p->key != NULL) {
        ses_buf_c(b, p->key);
        ses_buf_c(b, ".member");
    } else {
        ses_buf_printf(b, "%u.member", p->index);
    }
}

static void
violation(struct walk *w, const struct path *p, ses_str_t what)
{
    if (w->errors++ >= ERRORS_MAX)
        return;
    if (w->errors > 1)
        ses_buf_c(&w->text, "; ");
    ses_buf_c(&w->text, "Value at '");
    path_put(&w->text, p);
    ses_buf_c(&w->text, "' failed to satisfy constraint: ");
    ses_buf_str(&w->text, what);
}

static ses_str_t
enum_text(ses_arena_t *a, const char *const *values)
{
    ses_buf_t b;

    ses_buf_init(&b, a, 4096);
    ses_buf_c(&b, "Member must satisfy enum value set: [");
    for (; *values != NULL; values++) {
        ses_buf_c(&b, *values);
        if (values[1] != NULL)
            ses_buf_c(&b, ", ");
    }
    ses_buf_char(&b, ']');
    return ses_buf_get(&b);
}

static bool
listed(const char *const *values, const char *s)
{
    for (; *values != NULL; values++)
        if (strcmp(*values, s) == 0)
            return true;
    return false;
}

/* The kinds of constraint a member can have; each: broken? and its text. */
enum constraint { C_MAX, C_MIN, C_PATTERN, C_ENUM, C_END };

static bool
has(const ses_member_t *m, enum constraint c)
{
    switch (c) {
    case C_MAX:
        return m->max != 0;
    case C_MIN:
        return m->min != 0;
    case C_PATTERN:
        return m->pattern != NULL;
    default:
        return m->values != NULL && m->type == SES_T_STRING;
    }
}

static int64_t
measure(const ses_member_t *m, const cJSON *v)
{
    int64_t n = 0;

    switch (m->type) {
    case SES_T_STRING:
        return (int64_t) ses_utf8_length(ses_str(v->valuestring));
    case SES_T_LIST:
    case SES_T_MAP:
        return cJSON_GetArraySize(v);
    case SES_T_BLOB:
        return (int64_t) strlen(v->valuestring) / 4 * 3;
    default:
        if (cJSON_IsString(v))
            return ses_str_i64(ses_str(v->valuestring), &n) ? n : 0;
        return (int64_t) v->valuedouble;
    }
}

static bool
broken(const ses_member_t *m, enum constraint c, const cJSON *v)
{
    if (!has(m, c))
        return false;
    switch (c) {
    case C_MAX:
        return measure(m, v) > m->max;
    case C_MIN:
        return measure(m, v) < m->min;
    case C_PATTERN:
        return m->matches != NULL && !m->matches(ses_str(v->valuestring));
    default:
        return !listed(m->values, v->valuestring);
    }
}

static ses_str_t
constraint_text(ses_arena_t *a, const ses_member_t *m, enum constraint c)
{
    const char *what =
        m->type == SES_T_INT || m->type == SES_T_DOUBLE ? "value" : "length";

    switch (c) {
    case C_MAX:
        return ses_str_printf(a,
                              "Member must have %s less than or equal to %lld",
                              what, (long long) m->max);
    case C_MIN:
        return ses_str_printf(
            a, "Member must have %s greater than or equal to %lld", what,
            (long long) m->min);
    case C_PATTERN:
        return ses_str_printf(
            a, "Member must satisfy regular expression pattern: %s",
            m->pattern);
    default:
        return enum_text(a, m->values);
    }
}

/* What a list says of its scalar elements: all their constraints. */
static ses_str_t
element_text(ses_arena_t *a, const char *before, const ses_member_t *m)
{
    enum constraint c;
    ses_buf_t b;
    bool first = true;

    ses_buf_init(&b, a, 4096);
    ses_buf_c(&b, before);
    for (c = C_MAX; c < C_END; c++) {
        if (!has(m, c))
            continue;
        if (!first)
            ses_buf_c(&b, ", ");
        first = false;
        ses_buf_str(&b, constraint_text(a, m, c));
    }
    ses_buf_char(&b, ']');
    return ses_buf_get(&b);
}

static bool
any_broken(const ses_member_t *m, const cJSON *v)
{
    enum constraint c;

    for (c = C_MAX; c < C_END; c++)
        if (broken(m, c, v))
            return true;
    return false;
}

static void check_members(struct walk *w, const ses_member_t *table,
                          const cJSON *o, const struct path *up);

static void
check_elements(struct walk *w, const ses_member_t *m, const cJSON *v,
               const struct path *p)
{
    bool map = m->type == SES_T_MAP, told = false;
    struct path at = {.up = p};
    const cJSON *e;

    cJSON_ArrayForEach(e, v)
    {
        at.index++;
        at.key = map ? e->string : NULL;
        if (map && m->values != NULL && !listed(m->values, e->string)) {
            violation(
                w, p,
                ses_str_printf(w->cx->arena,
                               "Map keys must satisfy constraint: [%.*s]",
                               SES_FMT(enum_text(w->cx->arena, m->values))));
            return;
        }
        if (cJSON_IsNull(e)) {
            violation(w, &at, SES_STR("Member must not be null"));
        } else if (m->of->type == SES_T_STRUCT) {
            check_members(w, m->of->of, e, &at);
        } else if (!told && any_broken(m->of, e)) {
            told = true;
            violation(w, p,
                      element_text(w->cx->arena,
                                   map ? "Map value must satisfy constraint: ["
                                       : "Member must satisfy constraint: [",
                                   m->of));
        }
        if (w->errors >= ERRORS_MAX)
            return;
    }
}

/* Given, but its feature is not there? */
static bool
is_later(const ses_member_t *m, const cJSON *v)
{
    if ((m->flags & SES_LATER) == 0)
        return false;
    if (m->harmless != NULL && cJSON_IsString(v) &&
        strcmp(v->valuestring, m->harmless) == 0)
        return false;
    return !cJSON_IsArray(v) || v->child != NULL;
}

static void
check_members(struct walk *w, const ses_member_t *table, const cJSON *o,
              const struct path *up)
{
    enum constraint c;
    const cJSON *v;

    for (; table != NULL && table->name != NULL; table++) {
        struct path p = {.up = up, .name = table->name};

        v = ses_json_get(o, table->name);
        if (v == NULL) {
            if (table->flags & SES_REQUIRED)
                violation(w, &p, SES_STR("Member must not be null"));
            continue;
        }
        if (w->later == NULL && is_later(table, v))
            w->later = ses_shape_path(w->cx->arena, &p);
        if (table->type != SES_T_STRUCT)
            for (c = C_MAX; c < C_END; c++)
                if (broken(table, c, v))
                    violation(w, &p, constraint_text(w->cx->arena, table, c));
        if (table->type == SES_T_STRUCT)
            check_members(w, table->of, v, &p);
        else if (table->type == SES_T_LIST || table->type == SES_T_MAP)
            check_elements(w, table, v, &p);
        if (w->errors >= ERRORS_MAX)
            return;
    }
}

ses_rc_t
ses_shape_constraints(ses_cx_t *cx, const ses_member_t *shape, const cJSON *in)
{
    struct walk w = {.cx = cx};

    ses_buf_init(&w.text, cx->arena, 16384);
    check_members(&w, shape, in, NULL);
    if (w.errors > 0)
        return ses_fail(cx, SES_INVALID, "%u validation error%s detected: %.*s",
                        w.errors, w.errors == 1 ? "" : "s",
                        SES_FMT(ses_buf_get(&w.text)));
    if (w.later != NULL)
        return ses_shape_later(cx, w.later);
    return SES_OK;
}
