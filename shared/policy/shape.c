/*
 * shape - check an operation's input against its table
 *
 * Three passes, in the service's order: types in the order of the document
 * (the first wrong one ends it), constraints in the order of the table (all
 * of them are told), then members whose feature is not there yet.
 */
#include "policy/shape.h"

#include <limits.h>

#include "base/clock.h"
#include "base/encode.h"

#define ERRORS_MAX 20 /* told at once */

/* Where we are: a member's name, a list's index, or a map's key. */
struct path {
    const struct path *up;
    const char *name;
    const char *key;
    unsigned index;
};

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

/* The same as the API spells it, without list positions. */
static void
path_put_names(ses_buf_t *b, const struct path *p)
{
    if (p->up != NULL)
        path_put_names(b, p->up);
    if (p->name == NULL)
        return;
    if (b->n > 0)
        ses_buf_char(b, '.');
    ses_buf_c(b, p->name);
}

static const char *
path_names(ses_arena_t *a, const struct path *p)
{
    ses_buf_t b;

    ses_buf_init(&b, a, 1024);
    path_put_names(&b, p);
    return ses_str_c(a, ses_buf_get(&b));
}

/* --- types ------------------------------------------------------------- */

static const char *
token_name(const cJSON *v)
{
    if (cJSON_IsString(v))
        return "STRING_VALUE";
    if (cJSON_IsNumber(v))
        return "NUMBER_VALUE";
    return cJSON_IsTrue(v) ? "TRUE_VALUE" : "FALSE_VALUE";
}

static const char *
type_name(ses_type_t t)
{
    switch (t) {
    case SES_T_BOOL:
        return "a Boolean";
    case SES_T_INT:
        return "an Integer";
    case SES_T_DOUBLE:
        return "a Double";
    case SES_T_TIME:
        return "milliseconds since epoch";
    case SES_T_BLOB:
        return "a Blob";
    default:
        return "a String";
    }
}

static bool
integral(const cJSON *v)
{
    return cJSON_IsNumber(v) && v->valuedouble >= INT_MIN &&
           v->valuedouble <= INT_MAX && v->valuedouble == (int) v->valuedouble;
}

/* Text of a query or form that stands for a number, boolean or time. */
static bool
text_fits(ses_type_t t, ses_str_t s)
{
    int64_t n;

    switch (t) {
    case SES_T_INT:
        return ses_str_i64(s, &n) && n >= INT_MIN && n <= INT_MAX;
    case SES_T_TIME:
        return ses_clock_parse_iso(s, &n);
    default:
        return false;
    }
}

static bool
base64_shaped(ses_str_t s)
{
    size_t i, end = s.n;

    if (s.n % 4 != 0)
        return false;
    while (end > 0 && s.n - end < 2 && s.p[end - 1] == '=')
        end--;
    for (i = 0; i < end; i++) {
        char c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '+' || c == '/'))
            return false;
    }
    return true;
}

static ses_rc_t
scalar(ses_cx_t *cx, const ses_member_t *m, const cJSON *v)
{
    bool fits = false;

    if (cJSON_IsArray(v))
        return ses_fail(cx, SES_SERIALIZATION,
                        "Start of list found where not expected");
    if (cJSON_IsObject(v))
        return ses_fail(cx, SES_SERIALIZATION,
                        "Start of structure or map found where not expected.");
    switch (m->type) {
    case SES_T_BOOL:
        fits = cJSON_IsBool(v) || cJSON_IsString(v);
        break;
    case SES_T_INT:
        fits = integral(v);
        break;
    case SES_T_DOUBLE:
    case SES_T_TIME:
        fits = cJSON_IsNumber(v);
        break;
    default:
        fits = cJSON_IsString(v);
    }
    if (!fits && m->where == SES_IN_QUERY && cJSON_IsString(v)) {
        if (!text_fits(m->type, ses_str(v->valuestring)))
            return ses_fail_null(cx, SES_SERIALIZATION);
        fits = true;
    }
    if (!fits)
        return ses_fail(cx, SES_SERIALIZATION, "%s can not be converted to %s",
                        token_name(v), type_name(m->type));
    if (m->type == SES_T_BLOB && !base64_shaped(ses_str(v->valuestring)))
        return ses_fail_null(cx, SES_SERIALIZATION);
    return SES_OK;
}

static const ses_member_t *
member(const ses_member_t *table, const char *name)
{
    for (; table != NULL && table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static ses_rc_t decode_members(ses_cx_t *cx, const ses_member_t *table,
                               const cJSON *o);

static ses_rc_t
decode(ses_cx_t *cx, const ses_member_t *m, const cJSON *v)
{
    const cJSON *e;
    ses_rc_t rc;

    if (cJSON_IsNull(v))
        return m->type == SES_T_BOOL ? ses_fail_null(cx, SES_SERIALIZATION)
                                     : SES_OK;
    switch (m->type) {
    case SES_T_STRUCT:
    case SES_T_MAP:
        if (cJSON_IsArray(v))
            return ses_fail(cx, SES_SERIALIZATION,
                            "Start of list found where not expected");
        if (!cJSON_IsObject(v))
            return ses_fail(cx, SES_SERIALIZATION, "Expected null");
        if (m->type == SES_T_STRUCT)
            return decode_members(cx, m->of, v);
        break;
    case SES_T_LIST:
        if (cJSON_IsObject(v))
            return ses_fail(
                cx, SES_SERIALIZATION,
                "Start of structure or map found where not expected.");
        if (!cJSON_IsArray(v))
            return ses_fail(cx, SES_SERIALIZATION, "Expected list or null");
        break;
    default:
        return scalar(cx, m, v);
    }
    cJSON_ArrayForEach(e,
                       v) if ((rc = decode(cx, m->of, e)) != SES_OK) return rc;
    return SES_OK;
}

static ses_rc_t
decode_members(ses_cx_t *cx, const ses_member_t *table, const cJSON *o)
{
    const ses_member_t *m;
    const cJSON *v;
    ses_rc_t rc;

    cJSON_ArrayForEach(v, o)
    {
        if ((m = member(table, v->string)) == NULL)
            continue;
        if ((rc = decode(cx, m, v)) != SES_OK)
            return rc;
    }
    return SES_OK;
}

/* --- constraints ------------------------------------------------------- */

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
            w->later = path_names(w->cx->arena, &p);
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
ses_shape_check(ses_cx_t *cx, const ses_member_t *shape, const cJSON *in)
{
    struct walk w = {.cx = cx};
    ses_rc_t rc;

    if (in != NULL && !cJSON_IsObject(in))
        return ses_fail_null(cx, SES_SERIALIZATION);
    if ((rc = decode_members(cx, shape, in)) != SES_OK)
        return rc;

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

ses_rc_t
ses_shape_later(ses_cx_t *cx, const char *member_name)
{
    return ses_fail(cx, SES_INVALID, "%s is not supported yet.", member_name);
}

/* --- reading ----------------------------------------------------------- */

bool
ses_shape_bool(const cJSON *o, const char *name)
{
    const cJSON *v = ses_json_get(o, name);

    return cJSON_IsTrue(v) || cJSON_IsString(v);
}

bool
ses_shape_time(const cJSON *o, const char *name, int64_t *ms)
{
    const cJSON *v = ses_json_get(o, name);
    double d;

    if (cJSON_IsString(v))
        return ses_clock_parse_iso(ses_str(v->valuestring), ms);
    if (!cJSON_IsNumber(v))
        return false;
    d = v->valuedouble * 1000;
    if (d > 9e15)
        d = 9e15;
    if (d < -9e15)
        d = -9e15;
    *ms = (int64_t) (d < 0 ? d - 0.5 : d + 0.5);
    return true;
}

/* --- listing ----------------------------------------------------------- */

static void
laters(ses_arena_t *a, const ses_member_t *table, const struct path *up,
       ses_later_fn_t fn, void *arg)
{
    const ses_member_t *of;

    for (; table != NULL && table->name != NULL; table++) {
        struct path p = {.up = up, .name = table->name};

        if (table->flags & (SES_LATER | SES_LATER_OP)) {
            fn(arg, path_names(a, &p), table->harmless);
            continue;
        }
        of = table->of;
        if (table->type == SES_T_LIST && of->type == SES_T_STRUCT)
            of = of->of;
        else if (table->type != SES_T_STRUCT)
            continue;
        laters(a, of, &p, fn, arg);
    }
}

void
ses_shape_laters(ses_arena_t *a, const ses_member_t *shape, ses_later_fn_t fn,
                 void *arg)
{
    laters(a, shape, NULL, fn, arg);
}
