/*
 * content - may what a part of a message carries be sent?
 *
 * Fed line by line while the message streams by; costs nothing once a part
 * is known to be harmless, mostly after its first character.
 */
#ifndef SES_POLICY_CONTENT_H
#define SES_POLICY_CONTENT_H

#include "base/str.h"

/* Of Content-Transfer-Encoding; any other is taken as it stands. */
typedef enum {
    SES_CODING_NONE,
    SES_CODING_QUOTED,
    SES_CODING_BASE64
} ses_coding_t;

typedef struct {
    bool bad;  /* a part was: the message goes to nobody (contract 4.13) */
    bool open; /* the part under way may still turn out to be: show its lines */
    bool line_end; /* one is due, if anything follows */
    ses_coding_t coding;
    unsigned n;    /* characters of it so far, decoded */
    unsigned bits; /* of base64 that make no character yet */
    unsigned nbits;
} ses_content_t;

/* What a header field's value says. */
ses_coding_t ses_content_coding(ses_str_t value);
/* The body of a part, or of a message that has no parts, begins ... */
void ses_content_begin(ses_content_t *c, ses_coding_t coding);
/* ... has a line, given without its end ... */
void ses_content_line(ses_content_t *c, ses_str_t line);
/* ... and is over; nothing happens when none had begun. */
void ses_content_end(ses_content_t *c);

#endif
