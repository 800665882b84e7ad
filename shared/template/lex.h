/*
 * lex - a template's text as tokens
 *
 * The tokens are those of Handlebars.js, and so are the rules by which text
 * is cut; their order matters where two of them fit.
 */
#ifndef SES_TEMPLATE_LEX_H
#define SES_TEMPLATE_LEX_H

#include "base/arena.h"
#include "base/str.h"

typedef enum {
    TPL_T_END,
    TPL_T_BROKEN, /* text has why */
    TPL_T_CONTENT,
    TPL_T_COMMENT,
    TPL_T_OPEN_RAW,  /* {{{{ */
    TPL_T_CLOSE_RAW, /* }}}} */
    TPL_T_END_RAW,   /* {{{{/name}}}} */
    TPL_T_OPEN_PARTIAL,
    TPL_T_OPEN_PARTIAL_BLOCK,
    TPL_T_OPEN_BLOCK,
    TPL_T_OPEN_END,
    TPL_T_INVERSE, /* {{else}} and {{^}} */
    TPL_T_OPEN_INVERSE,
    TPL_T_OPEN_CHAIN, /* {{else */
    TPL_T_OPEN_BARE,  /* {{{ */
    TPL_T_OPEN,
    TPL_T_CLOSE_BARE, /* }}} */
    TPL_T_CLOSE,
    TPL_T_OPEN_CALL, /* ( */
    TPL_T_CLOSE_CALL,
    TPL_T_EQUALS,
    TPL_T_ID,
    TPL_T_SEPARATOR,
    TPL_T_STRING,
    TPL_T_NUMBER,
    TPL_T_BOOLEAN,
    TPL_T_UNDEFINED,
    TPL_T_NULL,
    TPL_T_DATA,        /* @ */
    TPL_T_OPEN_PARAMS, /* as | */
    TPL_T_CLOSE_PARAMS
} tpl_token_kind_t;

typedef struct {
    tpl_token_kind_t kind;
    const char *at;  /* its first byte in the text */
    ses_str_t text;  /* content, a name, a string without its quotes */
    bool literal;    /* ID: stood in brackets */
    bool before_set; /* ID: '=' follows */
    bool open;       /* '~' after the opening braces */
    bool close;      /* '~' before the closing ones */
    bool star;       /* a decorator's */
} tpl_token_t;

typedef struct {
    ses_arena_t *arena;
    const char *from;
    const char *p;
    const char *end;
    enum { TPL_TEXT, TPL_ESCAPED, TPL_RAW, TPL_TAG } mode;
    unsigned raw; /* raw blocks within the raw block */
} tpl_lex_t;

/* text must stay; it is valid UTF-8 without NUL. */
void tpl_lex_init(tpl_lex_t *l, ses_arena_t *arena, ses_str_t text);
/* The next token. */
void tpl_lex_next(tpl_lex_t *l, tpl_token_t *t);
/* A token's kind in a reader's words. */
const char *tpl_token_name(tpl_token_kind_t kind);

#endif
