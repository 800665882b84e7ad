/*
 * headers - the header of one message: limits, syntax, what SES reads in it
 *
 * Fields are kept as they came: the value is everything after the colon,
 * blanks and folds (LF, or CRLF, then a blank) included.
 */
#ifndef SES_POLICY_HEADERS_H
#define SES_POLICY_HEADERS_H

#include "base/rc.h"
#include "model/tag.h"

#define SES_HEADERS_MAX 1000      /* fields */
#define SES_HEADERS_BYTES 1048576 /* all of them */
/* One field.  Postfix shows a milter no more than 60,000 bytes of one, in
 * whole lines, and says nothing of the rest: nothing that was cut may pass. */
#define SES_HEADER_BYTES 50000
#define SES_LINE_MAX 998 /* RFC 5322 section 2.1.1, without CRLF */

typedef struct {
    ses_str_t name;
    ses_str_t value;
} ses_header_t;

typedef struct {
    ses_arena_t *arena;
    ses_header_t *v;
    unsigned n, cap;
    size_t bytes; /* on the wire: name, colon, value, CRLF */
} ses_headers_t;

void ses_headers_init(ses_headers_t *h, ses_arena_t *a);
/* Append a copy.  SES_INVALID above one of the limits; h stays as it was. */
SES_CHECK ses_rc_t ses_headers_add(ses_cx_t *cx, ses_headers_t *h,
                                   ses_str_t name, ses_str_t value);

/* Syntax of every field: characters, line lengths, and the once-only list
 * (contract 4.9).  Raw 8-bit is refused: there is no SMTPUTF8. */
SES_CHECK ses_rc_t ses_headers_check(ses_cx_t *cx, const ses_headers_t *h);

/* The first field of a name, in any case; NULL when there is none. */
const ses_header_t *ses_headers_find(const ses_headers_t *h, const char *name);
/* Its value on one line, without blanks around it; "" when there is none. */
ses_str_t ses_headers_value(ses_arena_t *a, const ses_headers_t *h,
                            const char *name);
/* A value without line breaks (blanks after them stay) and trimmed. */
ses_str_t ses_header_unfold(ses_arena_t *a, ses_str_t value);

/* X-SES-CONFIGURATION-SET, the first one; "" when there is none. */
ses_str_t ses_headers_set(ses_arena_t *a, const ses_headers_t *h);
/* X-SES-MESSAGE-TAGS, the first one: "name=value, name2=value2". */
SES_CHECK ses_rc_t ses_headers_tags(ses_cx_t *cx, const ses_headers_t *h,
                                    ses_tag_t **tags, unsigned *n);
/* One tag of a message: the service's texts (contract 2.4). */
SES_CHECK ses_rc_t ses_tag_check(ses_cx_t *cx, ses_str_t name, ses_str_t value);
/* X-SES- fields of features that are not there yet: SES_INVALID by name. */
SES_CHECK ses_rc_t ses_headers_later(ses_cx_t *cx, const ses_headers_t *h);

/* Does this field never leave: X-SES-*, X-Sesame-*, Bcc, Return-Path? */
bool ses_header_private(ses_str_t name);
/* Ours alone: X-Sesame-*; not shown in events either. */
bool ses_header_sesame(ses_str_t name);

#endif
