/*
 * ast - what a template is compiled to
 *
 * A program is a list of nodes: the template itself, or what stands in a
 * block.  Everything lies in one arena and does not change after compiling.
 * Whether a name is a helper, a block parameter or an attribute is decided
 * here as far as the text decides it.
 */
#ifndef SES_TEMPLATE_AST_H
#define SES_TEMPLATE_AST_H

#include "template/template.h"

typedef struct tpl_call_s tpl_call_t;
typedef struct tpl_program_s tpl_program_t;

/* --- expressions ------------------------------------------------------- */

typedef enum {
    TPL_PATH,
    TPL_STRING,
    TPL_NUMBER,
    TPL_BOOLEAN,
    TPL_UNDEFINED,
    TPL_NULL,
    TPL_CALL /* a sub-expression */
} tpl_expr_kind_t;

typedef struct {
    uint8_t kind;    /* tpl_expr_kind_t */
    bool data;       /* @name */
    bool scoped;     /* starts with this or '.': an attribute, nothing else */
    bool truth;      /* TPL_BOOLEAN */
    int16_t frame;   /* a block parameter: frames outwards; or -1 */
    uint16_t param;  /* its number there */
    uint32_t depth;  /* how many ../ */
    uint32_t nparts; /* names of the path; 0 is the context */
    ses_str_t text;  /* the path as written, the string */
    union {
        const ses_str_t *parts;
        double number;
        const tpl_call_t *call;
    } u;
} tpl_expr_t;

typedef struct {
    ses_str_t key;
    tpl_expr_t value;
} tpl_pair_t;

/* {{path}}, {{helper param key=value}}: what a tag says. */
typedef enum {
    TPL_SIMPLE,    /* an attribute, whatever stands after it */
    TPL_AMBIGUOUS, /* an attribute, as no helper has its name */
    TPL_HELPER     /* a helper, known or not */
} tpl_call_kind_t;

typedef enum {
    TPL_NO_HELPER,
    TPL_EACH,
    TPL_IF,
    TPL_UNLESS,
    TPL_WITH,
    TPL_LOOKUP,
    TPL_LOG,
    TPL_HOOK /* helperMissing, blockHelperMissing: not to be called */
} tpl_helper_t;

struct tpl_call_s {
    uint8_t kind;   /* tpl_call_kind_t */
    uint8_t helper; /* tpl_helper_t, of TPL_HELPER */
    bool hash;      /* it had pairs, even if none is left */
    uint32_t nparams;
    uint32_t npairs;
    tpl_expr_t path;
    const tpl_expr_t *params;
    const tpl_pair_t *pairs;
    const char *at; /* in the template's text */
};

/* --- nodes ------------------------------------------------------------- */

/* The tildes of a tag. */
typedef struct {
    bool open;
    bool close;
} tpl_strip_t;

typedef struct {
    ses_str_t whole; /* as it stands in the text */
    ses_str_t text;  /* without what whitespace control took away */
    bool left;       /* something was taken at its end, at its start */
    bool right;
} tpl_text_t;

/* Also a raw block, a partial's block and a definition. */
typedef struct {
    tpl_call_t call;
    tpl_program_t *body; /* or NULL */
    tpl_program_t *inverse;
    tpl_strip_t open; /* tildes of {{#x}}, {{else}} and {{/x}} */
    tpl_strip_t otherwise;
    tpl_strip_t close;
    ses_str_t indent; /* of a partial that stands alone in its line */
} tpl_block_t;

typedef enum {
    TPL_N_TEXT,
    TPL_N_COMMENT,
    TPL_N_RESERVED, /* a placeholder of SES's, printed as it is */
    TPL_N_PRINT,
    TPL_N_BLOCK,
    TPL_N_RAW,
    TPL_N_PARTIAL,
    TPL_N_PARTIAL_BLOCK,
    TPL_N_INLINE,      /* {{#*inline}} */
    TPL_N_INLINE_NONE, /* {{*inline}}: defines that there is none */
} tpl_node_kind_t;

typedef struct {
    uint8_t kind; /* tpl_node_kind_t */
    tpl_strip_t strip;
    union {
        tpl_text_t *text;
        ses_str_t reserved;
        tpl_call_t *print;
        tpl_block_t *block;
    } u;
} tpl_node_t;

struct tpl_program_s {
    tpl_node_t *nodes;
    uint32_t n;
    uint32_t room;
    bool chained;                /* made of {{else if}} */
    uint32_t ninlines;           /* definitions, which hold in all of it */
    const tpl_block_t **inlines; /* body NULL: there is none of that name */
};

struct ses_tpl_s {
    tpl_program_t *root;
    size_t text; /* bytes of text that is printed as it is, about */
    void *kept;  /* the cache's, while it is there */
};

/* --- how they are made ------------------------------------------------- */

/* ses_tpl_compile, for who goes on with the result. */
SES_CHECK ses_rc_t tpl_compile(ses_cx_t *cx, ses_arena_t *arena, ses_str_t text,
                               ses_tpl_t **out, ses_tpl_error_t *error);
/* Text into nodes (parse.c); false: error says why. */
bool tpl_parse(ses_cx_t *cx, ses_arena_t *arena, ses_str_t text,
               tpl_program_t **out, ses_tpl_error_t *error);
/* Whitespace control: tildes, and tags alone in their lines (strip.c). */
void tpl_strip(ses_arena_t *arena, tpl_program_t *root);

#endif
