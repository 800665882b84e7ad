/*
 * shape - what an operation takes: members, types, bounds, enumerations
 *
 * The input of every operation is decoded into one cJSON object: labels of
 * the path, query parameters and body members (or, in the Query protocol,
 * form fields), each under its member name.  ses_shape_check walks it by a
 * table and gives the service's texts (contract 1.6): SES_SERIALIZATION for
 * wrong types, SES_INVALID "N validation errors detected: ..." for broken
 * constraints, SES_INVALID naming the member for members whose feature is
 * not there yet.  Unknown members are ignored.
 */
#ifndef SES_POLICY_SHAPE_H
#define SES_POLICY_SHAPE_H

#include "base/json.h"

typedef enum {
    SES_T_STRING,
    SES_T_BOOL,
    SES_T_INT,
    SES_T_DOUBLE,
    SES_T_TIME, /* number in a body, ISO 8601 in a query */
    SES_T_BLOB, /* base64 text */
    SES_T_STRUCT,
    SES_T_LIST,
    SES_T_MAP
} ses_type_t;

typedef enum { SES_IN_BODY, SES_IN_PATH, SES_IN_QUERY } ses_where_t;

#define SES_REQUIRED 1u
#define SES_LATER 2u /* its feature is not there yet: refused by name */
#define SES_LATER_OP                                                           \
    4u /* the same, but refused by the operation, which has                    \
          something more precise to say first */

typedef struct ses_member_s ses_member_t;

/* A table of members ends with {0}. */
struct ses_member_s {
    const char *name; /* member name: the key in the decoded input */
    ses_type_t type;
    unsigned flags;
    ses_where_t where;
    const char *wire; /* other name in path or query, or NULL */
    int64_t min, max; /* length of strings and lists, or value; max 0 and
                         min 0 = unbounded */
    const char *const *values;    /* enumeration in AWS's printed order, ends
                                     with NULL */
    const char *pattern;          /* regular expression as AWS prints it */
    bool (*matches)(ses_str_t s); /* that pattern, as code */
    const ses_member_t *of;       /* members of a struct; the one element of a
                                     list or map */
    const char *harmless; /* value of a SES_LATER member that changes nothing
                             and is accepted */
};

/* In a map, values are the keys that are allowed. */

/* in may be NULL (no input).  Paths are lower-camel, 1-based lists. */
SES_CHECK ses_rc_t ses_shape_check(ses_cx_t *cx, const ses_member_t *shape,
                                   const cJSON *in);

/*
 * A boolean as the service reads it: any string counts as true, an absent
 * member as false.  For input that ses_shape_check passed.
 */
bool ses_shape_bool(const cJSON *o, const char *name);
/* A time of a body (number) or query (ISO 8601) in milliseconds; false when
 * absent. */
bool ses_shape_time(const cJSON *o, const char *name, int64_t *ms);
/* The one wording for what is not there yet; member as the API spells it,
 * "DeliveryOptions.TlsPolicy". */
SES_CHECK ses_rc_t ses_shape_later(ses_cx_t *cx, const char *member);

/* Every member (SES_LATER, SES_LATER_OP) of a shape that is refused: its
 * path and the value that is accepted all the same, or NULL. */
typedef void (*ses_later_fn_t)(void *arg, const char *path,
                               const char *harmless);
void ses_shape_laters(ses_arena_t *a, const ses_member_t *shape,
                      ses_later_fn_t fn, void *arg);

#endif
