/*
 * json - a strict reader in front of cJSON, and a writer
 *
 * cJSON accepts duplicate keys, invalid UTF-8, NUL in strings, and more; the
 * scanner here refuses all of it first (RFC 8259, I-JSON), so what cJSON
 * sees is clean.  Depth is bounded.  Member order is kept.
 */
#ifndef SES_BASE_JSON_H
#define SES_BASE_JSON_H

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/rc.h"

#define SES_JSON_DEPTH 32

/*
 * Parse s.  The tree is freed by ses_json_free.  SES_SERIALIZATION with a
 * null text when s is not strict JSON (duplicate member, depth, UTF-8, ...).
 */
SES_CHECK ses_rc_t ses_json_parse(ses_cx_t *cx, ses_str_t s, cJSON **out);
void ses_json_free(cJSON *j);

/* Strict JSON?  Grammar, UTF-8, surrogate pairs, no NUL, depth, numbers;
 * duplicate members are found on the tree. */
bool ses_json_scan(ses_str_t s);

/* Member by exact name, NULL when absent or null. */
const cJSON *ses_json_get(const cJSON *o, const char *name);
/* Member's string (in the tree), or "" when absent or no string. */
ses_str_t ses_json_str(const cJSON *o, const char *name);
bool ses_json_bool(const cJSON *o, const char *name, bool otherwise);
/* Integral number (to 2^53), or otherwise. */
int64_t ses_json_int(const cJSON *o, const char *name, int64_t otherwise);

/* --- writing ----------------------------------------------------------- */

/* A writer: commas and quotes are its business.  Name NULL inside arrays. */
typedef struct {
    ses_buf_t buf;
    bool comma;
} ses_jsonw_t;

void ses_jsonw_init(ses_jsonw_t *w, ses_arena_t *a, size_t max);
void ses_jsonw_open(ses_jsonw_t *w, const char *name); /* { */
void ses_jsonw_close(ses_jsonw_t *w);                  /* } */
void ses_jsonw_list(ses_jsonw_t *w, const char *name); /* [ */
void ses_jsonw_end(ses_jsonw_t *w);                    /* ] */
/* A string; invalid UTF-8 bytes become U+FFFD. */
void ses_jsonw_str(ses_jsonw_t *w, const char *name, ses_str_t s);
void ses_jsonw_c(ses_jsonw_t *w, const char *name, const char *s);
void ses_jsonw_int(ses_jsonw_t *w, const char *name, int64_t v);
void ses_jsonw_bool(ses_jsonw_t *w, const char *name, bool v);
void ses_jsonw_null(ses_jsonw_t *w, const char *name);
/* A double in the shortest form that reads back ("200" prints as 200.0). */
void ses_jsonw_double(ses_jsonw_t *w, const char *name, double v);
/* Milliseconds as seconds with a fraction: a JSON number (contract 1.4). */
void ses_jsonw_time(ses_jsonw_t *w, const char *name, int64_t ms);
/* Bytes that are JSON already. */
void ses_jsonw_raw(ses_jsonw_t *w, const char *name, ses_str_t json);
/* A name whose bytes come from data (maps). */
void ses_jsonw_name(ses_jsonw_t *w, ses_str_t name);
ses_str_t ses_jsonw_get(const ses_jsonw_t *w);

#endif
