/*
 * parts - how many MIME parts a message has, what their headers name as
 * attachments, and what they carry, seen while it streams by
 */
#ifndef SESAME_GATE_PARTS_H
#define SESAME_GATE_PARTS_H

#include "base/rc.h"
#include "policy/content.h"

#define PARTS_MAX 500 /* contract 4.3 */
#define PARTS_BOUNDARIES 32
#define PARTS_LINE 1000
#define PARTS_FIELD 4096

typedef struct {
    unsigned n;              /* parts so far */
    unsigned nboundaries;    /* that may still come up */
    bool in_head;            /* of a part: nested boundaries are named there */
    bool message;            /* the part is a message: its header follows */
    bool container;          /* the part has parts, and no content of its own */
    ses_coding_t coding;     /* of the part */
    ses_content_t content;   /* what the parts carry */
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

/* The message's own Content-Type and Content-Transfer-Encoding, "" when it
 * has none. */
void parts_begin(parts_t *p, ses_str_t type, ses_str_t coding);
void parts_scan(ses_cx_t *cx, parts_t *p, const char *text, size_t n);
/* The message is over.  SES_INVALID above PARTS_MAX, or when a part has a
 * name that may not be sent.  What is to be thought of their content is in
 * p->content from then on. */
SES_CHECK ses_rc_t parts_end(ses_cx_t *cx, parts_t *p);

#endif
