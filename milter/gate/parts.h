/*
 * parts - how many MIME parts a message has, and what their headers name as
 * attachments, seen while it streams by
 */
#ifndef SESAME_GATE_PARTS_H
#define SESAME_GATE_PARTS_H

#include "base/rc.h"

#define PARTS_MAX 500 /* contract 4.3 */
#define PARTS_BOUNDARIES 32
#define PARTS_LINE 1000
#define PARTS_FIELD 4096

typedef struct {
    unsigned n;              /* parts so far */
    unsigned nboundaries;    /* that may still come up */
    bool in_head;            /* of a part: nested boundaries are named there */
    bool message;            /* the part is a message: its header follows */
    ses_str_t refused;       /* why, "" = nothing found */
    size_t field_n;          /* bytes of field that are filled */
    char field[PARTS_FIELD]; /* of a part's header, unfolded */
    size_t line_n;           /* bytes of line that are filled */
    char line[PARTS_LINE];   /* the head of the line under way */
    struct {
        size_t n;
        char text[70]; /* RFC 2046 section 5.1.1 */
    } boundaries[PARTS_BOUNDARIES];
} parts_t;

/* content_type: the message's own, "" when it has none. */
void parts_begin(parts_t *p, ses_str_t content_type);
void parts_scan(ses_cx_t *cx, parts_t *p, const char *text, size_t n);
/* SES_INVALID above PARTS_MAX, or when one may not be sent. */
SES_CHECK ses_rc_t parts_check(ses_cx_t *cx, const parts_t *p);

#endif
