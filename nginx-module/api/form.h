/*
 * form - urlencoded fields, decoded and sorted by name
 *
 * Sorted, so that the fields of a list or map lie side by side.
 */
#ifndef SES_API_FORM_H
#define SES_API_FORM_H

#include "base/rc.h"

typedef struct {
    ses_str_t name, value; /* decoded, valid UTF-8, without NUL */
} form_field_t;

typedef struct {
    form_field_t *fields;
    size_t n;
} form_t;

/* '+' is a space.  SES_INVALID on a broken escape, NUL, invalid UTF-8 or a
 * name given twice. */
SES_CHECK ses_rc_t form_parse(ses_cx_t *cx, ses_str_t text, form_t *out);
/* NULL when it is not there. */
const ses_str_t *form_find(const form_t *f, ses_str_t name);
/* "" when it is not there. */
ses_str_t form_get(const form_t *f, const char *name);
/* The first field whose name starts with prefix, and how many follow. */
const form_field_t *form_range(const form_t *f, ses_str_t prefix, size_t *n);

/* Decode one name, value or label: false as for form_parse. */
bool form_decode(ses_arena_t *a, ses_str_t s, bool plus, ses_str_t *out);

#endif
