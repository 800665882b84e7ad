/*
 * reply - a refusal in the words of SMTP
 */
#ifndef SESAME_GATE_REPLY_H
#define SESAME_GATE_REPLY_H

#include "base/rc.h"

/* As milter_refuse takes it; NUL-terminated, in the arena. */
typedef struct {
    char *code; /* "554" */
    char *dsn;  /* "5.7.1" */
    char *text; /* one line, '%' doubled */
} reply_t;

reply_t reply_make(ses_arena_t *a, ses_rc_t rc, ses_str_t why);

#endif
