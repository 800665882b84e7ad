/*
 * parts - how many MIME parts a message has, counted while it streams by
 */
#ifndef SESAME_GATE_PARTS_H
#define SESAME_GATE_PARTS_H

#include "base/rc.h"

#define PARTS_MAX 500 /* contract 4.3 */
#define PARTS_BOUNDARIES 32
#define PARTS_LINE 256

typedef struct {
    unsigned n;            /* parts so far */
    unsigned nboundaries;  /* that may still come up */
    bool in_head;          /* of a part: nested boundaries are named there */
    size_t line_n;         /* bytes of line that are filled */
    char line[PARTS_LINE]; /* the head of the line under way */
    struct {
        size_t n;
        char text[70]; /* RFC 2046 section 5.1.1 */
    } boundaries[PARTS_BOUNDARIES];
} parts_t;

/* content_type: the message's own, "" when it has none. */
void parts_begin(parts_t *p, ses_str_t content_type);
void parts_scan(parts_t *p, const char *text, size_t n);
/* SES_INVALID above PARTS_MAX. */
SES_CHECK ses_rc_t parts_check(ses_cx_t *cx, const parts_t *p);

#endif
