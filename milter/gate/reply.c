/*
 * reply - a refusal in the words of SMTP
 *
 * The table in rc.c says which words.  Postfix takes "%%" in a milter's
 * reply for "%" and drops a single one, hence the doubling.
 */
#include "reply.h"

#include <stdio.h>

static char *
doubled(ses_arena_t *a, ses_str_t s)
{
    char *p = ses_alloc(a, 2 * s.n + 1);
    size_t i, n = 0;

    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '%')
            p[n++] = '%';
        p[n++] = s.p[i];
    }
    p[n] = '\0';
    return p;
}

reply_t
reply_make(ses_arena_t *a, ses_rc_t rc, ses_str_t why)
{
    const char *dsn;
    ses_str_t text;
    int code;

    ses_rc_smtp(a, rc, why, &code, &dsn, &text);
    return (reply_t){
        .code = ses_str_c(a, ses_str_printf(a, "%d", code)),
        .dsn = ses_str_c(a, ses_str(dsn)),
        .text = doubled(a, text),
    };
}
