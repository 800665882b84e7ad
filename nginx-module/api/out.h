/*
 * out - one writer for responses: JSON (v2) or XML (v1, SNS)
 *
 * A handler writes members by name; the format is dispatch's business.  In
 * XML a list's elements are <member>, times are ISO 8601, strings escaped;
 * in JSON times are numbers.  dispatch opens and closes the response itself
 * (out_open and out_close with no name, outside everything); a handler
 * writes only its members.
 */
#ifndef SES_API_OUT_H
#define SES_API_OUT_H

#include "base/json.h"

typedef enum { OUT_JSON, OUT_XML } out_format_t;

#define OUT_DEPTH 32

typedef struct {
    out_format_t format;
    ses_jsonw_t json;
    ses_buf_t xml;
    struct {
        const char *name; /* of the open XML element, NULL = none */
        uint8_t kind;     /* what it is: decides how its parts are named */
    } stack[OUT_DEPTH];
    unsigned depth;
} out_t;

void out_init(out_t *o, ses_arena_t *a, out_format_t format, size_t max);
/* A structure member; name NULL inside a list. */
void out_open(out_t *o, const char *name);
void out_close(out_t *o);
/* A list member. */
void out_list(out_t *o, const char *name);
void out_end(out_t *o);
/* A map member: out_map, then out_key and a value with name NULL each. */
void out_map(out_t *o, const char *name);
void out_key(out_t *o, ses_str_t key);
void out_map_end(out_t *o);
void out_str(out_t *o, const char *name, ses_str_t s);
void out_sym(out_t *o, const char *name, const char *s);
void out_int(out_t *o, const char *name, int64_t v);
void out_bool(out_t *o, const char *name, bool v);
void out_double(out_t *o, const char *name, double v);
void out_time(out_t *o, const char *name, int64_t ms);
ses_str_t out_get(const out_t *o);
/* Did the response grow over its ceiling? */
bool out_overflow(const out_t *o);

/* s with the characters XML keeps for itself written as entities, and those
 * it cannot hold as U+FFFD. */
void out_xml_text(ses_buf_t *b, ses_str_t s);

#endif
