/*
 * stream - many items, written as they come
 *
 * As JSON an array, or, followed, one object a line.  As text one line each,
 * which the caller makes.
 */
#ifndef SESAMECTL_STREAM_H
#define SESAMECTL_STREAM_H

#include "ctl.h"

typedef struct {
    bool json, lines;
    unsigned long n;
} stream_t;

void stream_begin(stream_t *s, const ctl_t *c, bool lines);
/* An emitter for the next item, JSON whatever was asked. */
emit_t stream_item(ses_arena_t *a);
/* Write it out. */
void stream_put(stream_t *s, const emit_t *item);
void stream_end(const stream_t *s);

#endif
