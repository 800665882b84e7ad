/*
 * out - one writer for responses: JSON (v2) or XML (v1, SNS)
 *
 * A handler writes members by name; the format is dispatch's business.  In
 * XML a list's elements are <member>, times are ISO 8601, strings escaped;
 * in JSON times are numbers.
 */
#ifndef SES_API_OUT_H
#define SES_API_OUT_H

#include "base/json.h"

typedef enum { OUT_JSON, OUT_XML } out_format_t;

typedef struct {
    out_format_t format;
    ses_jsonw_t json;
    ses_buf_t xml;
    const char *stack[32]; /* names of open XML elements */
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

#endif
