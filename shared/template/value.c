/*
 * value - truth, text and equality
 */
#include "template/value.h"

#include <math.h>

#define OBJECT_TEXT SES_STR("[object Object]")

bool
tpl_is_true(tpl_value_t v)
{
    switch (v.type) {
    case TPL_V_UNDEFINED:
    case TPL_V_NULL:
        return false;
    case TPL_V_BOOLEAN:
        return v.u.truth;
    case TPL_V_NUMBER:
        return v.u.number < 0 || v.u.number > 0;
    case TPL_V_STRING:
        return v.n > 0;
    default:
        return true;
    }
}

bool
tpl_is_empty(tpl_value_t v)
{
    if (v.type == TPL_V_ARRAY)
        return v.n == 0;
    return v.type != TPL_V_NUMBER && !tpl_is_true(v);
}

/* --- text -------------------------------------------------------------- */

/* As deep as data is: SES_JSON_DEPTH. */
static void
join(ses_buf_t *b, tpl_value_t v, int64_t *steps)
{
    uint32_t i;

    *steps -= v.n;
    for (i = 0; i < v.n && !b->overflow && *steps >= 0; i++) {
        if (i > 0)
            ses_buf_char(b, ',');
        tpl_print(b, v.u.array[i], steps);
    }
}

void
tpl_print(ses_buf_t *b, tpl_value_t v, int64_t *steps)
{
    char text[TPL_NUMBER_MAX];

    switch (v.type) {
    case TPL_V_BOOLEAN:
        ses_buf_str(b, v.u.truth ? SES_STR("true") : SES_STR("false"));
        return;
    case TPL_V_NUMBER:
        ses_buf_add(b, text, tpl_number_format(v.u.number, text));
        return;
    case TPL_V_STRING:
        ses_buf_add(b, v.u.string, v.n);
        return;
    case TPL_V_ARRAY:
        join(b, v, steps);
        return;
    case TPL_V_OBJECT:
        ses_buf_str(b, OBJECT_TEXT);
        return;
    default:
        return;
    }
}

ses_str_t
tpl_text(ses_arena_t *a, tpl_value_t v, size_t max, int64_t *steps)
{
    ses_buf_t b;

    if (v.type == TPL_V_STRING)
        return ses_str_n(v.u.string, v.n < max ? v.n : max);
    if (v.type == TPL_V_UNDEFINED)
        return SES_STR("undefined");
    if (v.type == TPL_V_NULL)
        return SES_STR("null");
    *steps -= 1;
    ses_buf_init(&b, a, max);
    tpl_print(&b, v, steps);
    *steps -= (int64_t) (ses_buf_get(&b).n / 16); /* it stays until the end */
    return ses_buf_get(&b);
}

/* --- equality ---------------------------------------------------------- */

/* Number(v) of what is no object; an array is what its text is. */
static double
to_number(tpl_value_t v, int64_t *steps)
{
    while (v.type == TPL_V_ARRAY) {
        if (v.n == 0)
            return 0;
        if (v.n > 1)
            return NAN; /* a text with a comma */
        v = v.u.array[0];
        if (tpl_is_null(v))
            return 0;
        if (v.type == TPL_V_BOOLEAN)
            return NAN; /* the text "true" */
    }
    switch (v.type) {
    case TPL_V_BOOLEAN:
        return v.u.truth ? 1 : 0;
    case TPL_V_NUMBER:
        return v.u.number;
    case TPL_V_STRING:
        *steps -= v.n / 16;
        return tpl_number_parse(ses_str_n(v.u.string, v.n));
    default:
        return NAN;
    }
}

static bool
same_type(tpl_value_t x, tpl_value_t y, int64_t *steps)
{
    switch (x.type) {
    case TPL_V_BOOLEAN:
        return x.u.truth == y.u.truth;
    case TPL_V_NUMBER:
        return x.u.number <= y.u.number && x.u.number >= y.u.number;
    case TPL_V_STRING:
        *steps -= x.n / 64;
        return x.n == y.n && memcmp(x.u.string, y.u.string, x.n) == 0;
    case TPL_V_ARRAY:
        return x.u.array == y.u.array;
    default:
        return x.u.object == y.u.object;
    }
}

/* Does *rest start with String(v)?  Goes on behind it. */
static bool
text_starts(ses_str_t *rest, tpl_value_t v, int64_t *steps)
{
    char text[TPL_NUMBER_MAX];
    ses_str_t s = ses_str_n(text, 0);
    uint32_t i;

    *steps -= 1;
    switch (v.type) {
    case TPL_V_ARRAY:
        for (i = 0; i < v.n; i++) {
            if (i > 0 && (rest->n == 0 || rest->p[0] != ','))
                return false;
            *rest = ses_str_from(*rest, i > 0 ? 1 : 0);
            if (!text_starts(rest, v.u.array[i], steps))
                return false;
        }
        return true;
    case TPL_V_STRING:
        s = ses_str_n(v.u.string, v.n);
        *steps -= v.n / 64;
        break;
    case TPL_V_NUMBER:
        s.n = tpl_number_format(v.u.number, text);
        break;
    case TPL_V_BOOLEAN:
        s = v.u.truth ? SES_STR("true") : SES_STR("false");
        break;
    case TPL_V_OBJECT:
        s = OBJECT_TEXT;
        break;
    default:
        return true; /* nothing, in a list */
    }
    if (!ses_str_starts(*rest, s))
        return false;
    *rest = ses_str_from(*rest, s.n);
    return true;
}

bool
tpl_equal(tpl_value_t x, tpl_value_t y, int64_t *steps)
{
    double nx, ny;
    ses_str_t s;

    if (tpl_is_null(x) || tpl_is_null(y))
        return tpl_is_null(x) && tpl_is_null(y);
    if (x.type == y.type)
        return same_type(x, y, steps);
    if (x.type >= TPL_V_ARRAY && y.type >= TPL_V_ARRAY)
        return false;
    if (x.type >= TPL_V_ARRAY) { /* the object second */
        tpl_value_t z = x;

        x = y;
        y = z;
    }
    if (x.type == TPL_V_STRING && y.type >= TPL_V_ARRAY) {
        s = ses_str_n(x.u.string, x.n);
        return text_starts(&s, y, steps) && s.n == 0;
    }
    nx = to_number(x, steps);
    ny = to_number(y, steps);
    return nx <= ny && nx >= ny;
}
