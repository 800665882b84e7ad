/*
 * value - what template data is made of, with JavaScript's ideas of it
 *
 * Values are small and copied; what they point at lies in an arena and does
 * not change.  Members of an object stand in JavaScript's order: array
 * indexes first, ascending, then the others as they came.
 */
#ifndef SES_TEMPLATE_VALUE_H
#define SES_TEMPLATE_VALUE_H

#include "base/buf.h"
#include "template/number.h"

typedef enum {
    TPL_V_UNDEFINED,
    TPL_V_NULL,
    TPL_V_BOOLEAN,
    TPL_V_NUMBER,
    TPL_V_STRING,
    TPL_V_ARRAY,
    TPL_V_OBJECT
} tpl_type_t;

typedef struct tpl_value_s tpl_value_t;
typedef struct tpl_object_s tpl_object_t;

struct tpl_value_s {
    uint32_t type; /* tpl_type_t */
    uint32_t n;    /* bytes of a string, elements of an array */
    union {
        bool truth;
        double number;
        const char *string;
        const tpl_value_t *array;
        const tpl_object_t *object;
    } u;
};

typedef struct {
    const char *key;
    size_t nkey;
    tpl_value_t value;
} tpl_member_t;

struct tpl_object_s {
    uint32_t n;
    const tpl_member_t *members;
    const tpl_member_t *const *sorted; /* by key, when there are many */
    const tpl_object_t *base; /* its members are here, too, where not hidden */
};

/* What {} is: stands in for a context that is null. */
extern const tpl_object_t tpl_nothing;

static inline tpl_value_t
tpl_undefined(void)
{
    return (tpl_value_t){.type = TPL_V_UNDEFINED};
}

static inline bool
tpl_is_null(tpl_value_t v)
{
    return v.type <= TPL_V_NULL;
}

static inline tpl_value_t
tpl_boolean(bool b)
{
    return (tpl_value_t){.type = TPL_V_BOOLEAN, .u.truth = b};
}

static inline tpl_value_t
tpl_number(double d)
{
    return (tpl_value_t){.type = TPL_V_NUMBER, .u.number = d};
}

static inline tpl_value_t
tpl_string(ses_str_t s)
{
    return (tpl_value_t){
        .type = TPL_V_STRING, .n = (uint32_t) s.n, .u.string = s.p};
}

static inline tpl_value_t
tpl_object(const tpl_object_t *o)
{
    return (tpl_value_t){.type = TPL_V_OBJECT, .u.object = o};
}

/* !!v */
bool tpl_is_true(tpl_value_t v);
/* Nothing for each and with: false values but 0, and []. */
bool tpl_is_empty(tpl_value_t v);

/*
 * Own property name of v: members, elements, the length and the characters
 * of strings and arrays; undefined otherwise.  *steps goes down by what it
 * took.  A surrogate half comes as U+FFFD.
 */
tpl_value_t tpl_get(tpl_value_t v, ses_str_t name, int64_t *steps);

/* String(v) appended to b, but nothing for null and undefined. */
void tpl_print(ses_buf_t *b, tpl_value_t v, int64_t *steps);
/* String(v), in the arena or where it was, at most max bytes of it. */
ses_str_t tpl_text(ses_arena_t *a, tpl_value_t v, size_t max, int64_t *steps);

/* a == b, as JavaScript has it: with conversions. */
bool tpl_equal(tpl_value_t x, tpl_value_t y, int64_t *steps);

/* --- objects ----------------------------------------------------------- */

/* An object of n members with different keys; the list is taken over and
 * brought into order. */
const tpl_object_t *tpl_object_new(ses_arena_t *a, tpl_member_t *members,
                                   uint32_t n);
/* The n members over those of v, if it has any: {...v, ...members}. */
const tpl_object_t *tpl_object_over(ses_arena_t *a, tpl_value_t v,
                                    tpl_member_t *members, uint32_t n,
                                    int64_t *steps);
/* o with all its members in one list. */
const tpl_object_t *tpl_object_flat(ses_arena_t *a, const tpl_object_t *o,
                                    int64_t *steps);

#endif
