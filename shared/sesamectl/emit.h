/*
 * emit - what a command has to say, as text or as JSON
 *
 * A command says it once, by name; --json decides the form.  As text an
 * object is "name = value" lines, a list of objects a table, a list of words
 * one line.  Text goes to a terminal: control characters become '?'.
 */
#ifndef SESAMECTL_EMIT_H
#define SESAMECTL_EMIT_H

#include <stdio.h>

#include "base/json.h"

#define EMIT_DEPTH 8
#define EMIT_COLUMNS 24

typedef struct {
    ses_arena_t *arena;
    FILE *file;
    bool json;
    ses_jsonw_t w;
    struct emit_level {
        int kind;
        ses_str_t name; /* of the members: prefix; of a list: its name */
        unsigned members;
    } level[EMIT_DEPTH];
    unsigned depth;
    unsigned unclosed; /* objects and lists */
    ses_str_t words;   /* of a list or a cell */
    const char *heads[EMIT_COLUMNS];
    unsigned columns, column;
    ses_str_t *cells;
    size_t ncells, cap;
} emit_t;

void emit_init(emit_t *e, ses_arena_t *a, FILE *file, bool json);
/* Name NULL at the top and inside lists. */
void emit_open(emit_t *e, const char *name);
void emit_close(emit_t *e);
void emit_list(emit_t *e, const char *name);
void emit_end(emit_t *e);
void emit_str(emit_t *e, const char *name, ses_str_t s);
void emit_c(emit_t *e, const char *name, const char *s);
void emit_int(emit_t *e, const char *name, int64_t v);
void emit_bool(emit_t *e, const char *name, bool v);
void emit_number(emit_t *e, const char *name, double v);
/* ISO 8601; 0 is null, as text "-". */
void emit_time(emit_t *e, const char *name, int64_t ms);
/* Bytes that are JSON already. */
void emit_raw(emit_t *e, const char *name, ses_str_t json);
/* Write out what is left (nothing, when it was broken off in the middle);
 * false when the file did not take it. */
bool emit_finish(emit_t *e);

#endif
