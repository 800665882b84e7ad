/*
 * shape - check an operation's input against its table
 *
 * Three passes, in the service's order: types in the order of the document
 * (the first wrong one ends it), constraints in the order of the table (all
 * of them are told), then members whose feature is not there yet.  Types
 * are here, the rest is in shape_check.c.
 */
#include "policy/shape.h"

#include <limits.h>

#include "base/clock.h"
#include "policy/shape_path.h"

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

ses_rc_t
ses_shape_check(ses_cx_t *cx, const ses_member_t *shape, const cJSON *in)
{
    ses_rc_t rc;

    if (in != NULL && !cJSON_IsObject(in))
        return ses_fail_null(cx, SES_SERIALIZATION);
    if ((rc = decode_members(cx, shape, in)) != SES_OK)
        return rc;
    return ses_shape_constraints(cx, shape, in);
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
put_names(ses_buf_t *b, const struct path *p)
{
    if (p->up != NULL)
        put_names(b, p->up);
    if (p->name == NULL)
        return;
    if (b->n > 0)
        ses_buf_char(b, '.');
    ses_buf_c(b, p->name);
}

const char *
ses_shape_path(ses_arena_t *a, const struct path *p)
{
    ses_buf_t b;

    ses_buf_init(&b, a, 1024);
    put_names(&b, p);
    return ses_str_c(a, ses_buf_get(&b));
}

static void
laters(ses_arena_t *a, const ses_member_t *table, const struct path *up,
       ses_later_fn_t fn, void *arg)
{
    const ses_member_t *of;

    for (; table != NULL && table->name != NULL; table++) {
        struct path p = {.up = up, .name = table->name};

        if (table->flags & (SES_LATER | SES_LATER_OP)) {
            fn(arg, ses_shape_path(a, &p), table->harmless);
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
