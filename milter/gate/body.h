/*
 * body - what is wrong with a body, found while it streams by
 */
#ifndef SESAME_GATE_BODY_H
#define SESAME_GATE_BODY_H

#include "base/rc.h"

typedef struct {
    uint64_t bytes;
    size_t line;   /* bytes of the line so far, without its end */
    char last;     /* last byte seen */
    bool nul;      /* a NUL */
    bool stray;    /* a CR or LF that ends no line */
    bool too_long; /* a line above RFC 5322's limit */
} body_t;

void body_scan(body_t *b, const char *p, size_t n);
/* Ended by CRLF (or empty)?  A message sent by BDAT need not be. */
bool body_closed(const body_t *b);
/* SES_INVALID for content that may not pass. */
SES_CHECK ses_rc_t body_check(ses_cx_t *cx, const body_t *b);

#endif
