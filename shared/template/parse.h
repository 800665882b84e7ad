/*
 * parse - what the files of the parser share
 *
 * parse.c has programs and blocks, expr.c what stands within a tag.  Each
 * function reads from the current token on, leaves the first token that is
 * not its own, and returns false after tpl_parse_fail.
 */
#ifndef SES_TEMPLATE_PARSE_H
#define SES_TEMPLATE_PARSE_H

#include "template/ast.h"
#include "template/lex.h"

#define TPL_PARAMS 128 /* parameters, or key=value pairs, of one tag */
#define TPL_SCOPE 64   /* block parameters that are visible at a time */
#define TPL_PARTS 64   /* names of one path */

/* The names that a program declares: as |a b|. */
typedef struct tpl_scope_s {
    const struct tpl_scope_s *outer; /* the next that declares any */
    const ses_str_t *names;
    unsigned n;
    unsigned level; /* programs around it */
} tpl_scope_t;

typedef struct {
    ses_cx_t *cx;
    ses_arena_t *arena;
    tpl_lex_t lex;
    tpl_token_t token;
    const tpl_scope_t *scope;
    unsigned level;  /* programs around the current one */
    unsigned names;  /* in all scopes */
    unsigned nested; /* blocks and sub-expressions */
    ses_tpl_error_t *error;
} tpl_parse_t;

void tpl_parse_next(tpl_parse_t *p);
/* Keep the first failure; at is in the text. */
bool tpl_parse_fail(tpl_parse_t *p, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The token is not what may stand here. */
bool tpl_parse_unexpected(tpl_parse_t *p, const char *wanted);
/* One level deeper; false when too deep. */
bool tpl_parse_enter(tpl_parse_t *p);

/* What a tag names first: a path, or a literal. */
bool tpl_parse_head(tpl_parse_t *p, tpl_expr_t *e);
/* ( ... ) */
bool tpl_parse_sub(tpl_parse_t *p, tpl_expr_t *e);
/* Parameters, then pairs, into call. */
bool tpl_parse_arguments(tpl_parse_t *p, tpl_call_t *call);
/* A head and its arguments, and what they mean here. */
bool tpl_parse_call(tpl_parse_t *p, tpl_call_t *call);
/* What call, whose parts are read, means here. */
bool tpl_parse_classify(tpl_parse_t *p, tpl_call_t *call);
/* Do a closing tag's head and the opening one's agree? */
bool tpl_parse_same(const tpl_expr_t *a, const tpl_expr_t *b);

#endif
