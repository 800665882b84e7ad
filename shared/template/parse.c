/*
 * parse - programs and blocks
 *
 *     program     text, comments, and
 *                 {{call}} {{{call}}} {{&call}}
 *                 {{#call as |a b|}} program [otherwise] {{/path}}
 *                 {{^call as |a b|}} program [{{else}} program] {{/path}}
 *                 {{{{call}}}} text {{{{/path}}}}
 *                 {{> name params pairs}}
 *                 {{#> name params pairs}} program {{/name}}
 *                 {{#*inline name}} program {{/inline}}
 *     otherwise   {{else}} program
 *                 {{else call as |a b|}} program [otherwise]
 *
 * Reading goes down one C frame a level, and no deeper than SES_TPL_DEPTH.
 */
#include "template/parse.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/encode.h"

static bool program(tpl_parse_t *p, tpl_program_t **out);

/* --- failing ----------------------------------------------------------- */

void
tpl_parse_next(tpl_parse_t *p)
{
    tpl_lex_next(&p->lex, &p->token);
}

/* Line and column of a place in the text. */
static void
locate(tpl_parse_t *p, const char *at)
{
    const char *q;

    p->error->line = p->error->column = 1;
    for (q = p->lex.from; q < at; q++) {
        if (*q == '\n') {
            p->error->line++;
            p->error->column = 1;
        } else if (((unsigned char) *q & 0xc0) != 0x80) {
            p->error->column++;
        }
    }
}

bool
tpl_parse_fail(tpl_parse_t *p, const char *at, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    if (p->error->line != 0)
        return false;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    locate(p, at);
    p->error->text = ses_str_dup(p->cx->arena, ses_str(text));
    return false;
}

bool
tpl_parse_unexpected(tpl_parse_t *p, const char *wanted)
{
    if (p->token.kind == TPL_T_BROKEN)
        return tpl_parse_fail(p, p->token.at, "%.*s", SES_FMT(p->token.text));
    return tpl_parse_fail(p, p->token.at, "%s is expected, not %s", wanted,
                          tpl_token_name(p->token.kind));
}

bool
tpl_parse_enter(tpl_parse_t *p)
{
    if (p->nested >= SES_TPL_DEPTH)
        return tpl_parse_fail(p, p->token.at, "nested more than %d deep",
                              SES_TPL_DEPTH);
    p->nested++;
    return true;
}

static bool
expect(tpl_parse_t *p, tpl_token_kind_t kind)
{
    return p->token.kind == kind
               ? true
               : tpl_parse_unexpected(p, tpl_token_name(kind));
}

/* --- programs and what they declare ------------------------------------ */

static tpl_program_t *
program_new(tpl_parse_t *p)
{
    return ses_calloc(p->arena, sizeof(tpl_program_t));
}

static tpl_node_t *
node_add(tpl_parse_t *p, tpl_program_t *g, tpl_node_kind_t kind)
{
    uint32_t room;

    if (g->n == g->room) {
        room = g->room == 0 ? 2 : g->room * 4;
        g->nodes = ses_regrow(p->arena, g->nodes, g->n * sizeof(*g->nodes),
                              room * sizeof(*g->nodes));
        g->room = room;
    }
    g->nodes[g->n] = (tpl_node_t){.kind = (uint8_t) kind};
    return &g->nodes[g->n++];
}

/* as |a b| */
static bool
declared(tpl_parse_t *p, tpl_scope_t *s)
{
    ses_str_t names[TPL_SCOPE], *kept;

    if (p->token.kind != TPL_T_OPEN_PARAMS)
        return true;
    tpl_parse_next(p);
    if (!expect(p, TPL_T_ID))
        return false;
    for (; p->token.kind == TPL_T_ID; tpl_parse_next(p)) {
        if (p->names + s->n >= TPL_SCOPE)
            return tpl_parse_fail(p, p->token.at,
                                  "more than %d block parameters at a time",
                                  TPL_SCOPE);
        names[s->n++] = p->token.text;
    }
    if (!expect(p, TPL_T_CLOSE_PARAMS))
        return false;
    tpl_parse_next(p);
    kept = ses_alloc(p->arena, s->n * sizeof(*kept));
    memcpy(kept, names, s->n * sizeof(*kept));
    s->names = kept;
    return true;
}

/* A program within the current one begins; s, declared before, is visible. */
static bool
scope_in(tpl_parse_t *p, tpl_scope_t *s)
{
    if (!tpl_parse_enter(p))
        return false;
    s->level = ++p->level;
    s->outer = p->scope;
    p->names += s->n;
    if (s->n > 0)
        p->scope = s;
    return true;
}

static void
scope_out(tpl_parse_t *p, const tpl_scope_t *s)
{
    if (s->n > 0)
        p->scope = s->outer;
    p->names -= s->n;
    p->level--;
    p->nested--;
}

static bool
inner_program(tpl_parse_t *p, tpl_scope_t *s, tpl_program_t **out)
{
    if (!scope_in(p, s) || !program(p, out))
        return false;
    scope_out(p, s);
    return true;
}

/* --- tags -------------------------------------------------------------- */

/* The end of an opening tag; its tildes. */
static bool
close_tag(tpl_parse_t *p, bool open, tpl_token_kind_t kind, tpl_strip_t *strip)
{
    if (!expect(p, kind))
        return false;
    *strip = (tpl_strip_t){open, p->token.close};
    tpl_parse_next(p);
    return true;
}

/* {{/path}}, and path is what was opened. */
static bool
end_tag(tpl_parse_t *p, const tpl_expr_t *opened, tpl_strip_t *strip)
{
    const char *at = p->token.at;
    bool open = p->token.open;
    tpl_expr_t e;

    if (!expect(p, TPL_T_OPEN_END))
        return false;
    tpl_parse_next(p);
    if (!tpl_parse_head(p, &e) || !close_tag(p, open, TPL_T_CLOSE, strip))
        return false;
    if (tpl_parse_same(opened, &e))
        return true;
    if (opened->text.n > 0 && e.text.n > 0)
        return tpl_parse_fail(p, at, "%.*s doesn't match %.*s",
                              (int) (opened->text.n < 80 ? opened->text.n : 80),
                              opened->text.p,
                              (int) (e.text.n < 80 ? e.text.n : 80), e.text.p);
    return tpl_parse_fail(p, at, "this does not close the open block");
}

static const ses_str_t reserved[] = {
    SES_STR_INIT("ses:openTracker"),
    SES_STR_INIT("amazonSESUnsubscribeUrl"),
};

static bool
is_reserved(const tpl_call_t *call)
{
    size_t i;

    for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (call->kind == TPL_AMBIGUOUS && !call->path.data &&
            ses_str_eq(call->path.text, reserved[i]))
            return true;
    return false;
}

/* {{*inline "name"}}: there is no partial of that name from here on. */
static bool
undefinition(tpl_parse_t *p, tpl_program_t *g, bool open)
{
    tpl_block_t *b = ses_calloc(p->arena, sizeof(*b));
    const char *at = p->token.at;
    tpl_node_t *node;

    if (!tpl_parse_head(p, &b->call.path) || !tpl_parse_arguments(p, &b->call))
        return false;
    if (b->call.path.kind > TPL_STRING ||
        !ses_str_eqc(b->call.path.text, "inline"))
        return tpl_parse_fail(p, at, "there is no decorator but inline");
    node = node_add(p, g, TPL_N_INLINE_NONE);
    node->u.block = b;
    return close_tag(p, open, TPL_T_CLOSE, &node->strip);
}

static bool
print(tpl_parse_t *p, tpl_program_t *g)
{
    bool bare = p->token.kind == TPL_T_OPEN_BARE, open = p->token.open;
    bool star = p->token.star;
    tpl_node_t *node;
    tpl_call_t *call;

    tpl_parse_next(p);
    if (star)
        return undefinition(p, g, open);
    call = ses_calloc(p->arena, sizeof(*call));
    if (!tpl_parse_call(p, call))
        return false;
    node = node_add(p, g, TPL_N_PRINT);
    node->u.print = call;
    if (is_reserved(call)) {
        node->kind = TPL_N_RESERVED;
        node->u.reserved =
            ses_str_printf(p->arena, "{{%.*s}}", SES_FMT(call->path.text));
    }
    return close_tag(p, open, bare ? TPL_T_CLOSE_BARE : TPL_T_CLOSE,
                     &node->strip);
}

static bool
partial(tpl_parse_t *p, tpl_program_t *g)
{
    bool block = p->token.kind == TPL_T_OPEN_PARTIAL_BLOCK;
    tpl_block_t *b = ses_calloc(p->arena, sizeof(*b));
    const char *at = p->token.at;
    bool open = p->token.open;
    tpl_scope_t s = {.n = 0};
    tpl_node_t *node;

    node = node_add(p, g, block ? TPL_N_PARTIAL_BLOCK : TPL_N_PARTIAL);
    node->u.block = b;
    b->call.at = at;
    tpl_parse_next(p);
    if (!(p->token.kind == TPL_T_OPEN_CALL
              ? tpl_parse_sub(p, &b->call.path)
              : tpl_parse_head(p, &b->call.path)) ||
        !tpl_parse_arguments(p, &b->call))
        return false;
    if (b->call.nparams > 1)
        return tpl_parse_fail(p, at,
                              "Unsupported number of partial arguments: %u",
                              b->call.nparams);
    if (!block)
        return close_tag(p, open, TPL_T_CLOSE, &node->strip);
    return close_tag(p, open, TPL_T_CLOSE, &b->open) &&
           inner_program(p, &s, &b->body) &&
           end_tag(p, &b->call.path, &b->close);
}

/* --- blocks ------------------------------------------------------------ */

typedef struct {
    tpl_program_t *program; /* or NULL */
    tpl_strip_t strip;
    bool chain; /* {{else if}}: the program is one block */
} otherwise_t;

static bool otherwise(tpl_parse_t *p, bool chain, otherwise_t *out);

/* {{else call}} and all that follows up to the end of the block around it. */
static bool
chain(tpl_parse_t *p, otherwise_t *out)
{
    tpl_block_t *b = ses_calloc(p->arena, sizeof(*b));
    tpl_scope_t outer = {.n = 0}, s = {.n = 0};
    bool open = p->token.open;
    otherwise_t last;

    out->program = program_new(p);
    out->program->chained = true;
    out->chain = true;
    node_add(p, out->program, TPL_N_BLOCK)->u.block = b;
    if (!scope_in(p, &outer))
        return false;
    tpl_parse_next(p);
    if (!tpl_parse_call(p, &b->call) || !declared(p, &s) ||
        !close_tag(p, open, TPL_T_CLOSE, &b->open) ||
        !inner_program(p, &s, &b->body) || !otherwise(p, true, &last))
        return false;
    scope_out(p, &outer);
    out->strip = b->open;
    b->inverse = last.program;
    b->otherwise = b->close = last.strip;
    if (last.chain)
        last.program->nodes[0].u.block->close = last.strip;
    return true;
}

static bool
otherwise(tpl_parse_t *p, bool may_chain, otherwise_t *out)
{
    tpl_scope_t s = {.n = 0};

    *out = (otherwise_t){.program = NULL};
    if (p->token.kind == TPL_T_OPEN_CHAIN && may_chain)
        return chain(p, out);
    if (p->token.kind != TPL_T_INVERSE)
        return true;
    out->strip = (tpl_strip_t){p->token.open, p->token.close};
    tpl_parse_next(p);
    return inner_program(p, &s, &out->program);
}

/* The call of a block, or the name that a definition defines. */
static bool
block_call(tpl_parse_t *p, bool star, tpl_block_t *b, tpl_expr_t *opened)
{
    const char *at = p->token.at;

    b->call.at = at;
    if (!tpl_parse_head(p, &b->call.path))
        return false;
    *opened = b->call.path;
    if (!tpl_parse_arguments(p, &b->call))
        return false;
    if (!star)
        return tpl_parse_classify(p, &b->call);
    if (opened->kind > TPL_STRING || !ses_str_eqc(opened->text, "inline"))
        return tpl_parse_fail(p, at, "there is no decorator but inline");
    return true;
}

static bool
block(tpl_parse_t *p, tpl_program_t *g)
{
    bool inverted = p->token.kind == TPL_T_OPEN_INVERSE;
    bool star = p->token.star, open = p->token.open;
    tpl_block_t *b = ses_calloc(p->arena, sizeof(*b));
    tpl_scope_t s = {.n = 0};
    otherwise_t last;
    tpl_expr_t opened;
    tpl_program_t *body;
    const char *at;

    node_add(p, g, star ? TPL_N_INLINE : TPL_N_BLOCK)->u.block = b;
    tpl_parse_next(p);
    if (!block_call(p, star, b, &opened) || !declared(p, &s) ||
        !close_tag(p, open, TPL_T_CLOSE, &b->open) ||
        !inner_program(p, &s, &body))
        return false;
    at = p->token.at;
    if (!otherwise(p, !inverted, &last))
        return false;
    if (star && last.program != NULL)
        return tpl_parse_fail(p, at, "Unexpected inverse block on decorator");
    b->body = inverted ? last.program : body;
    b->inverse = inverted ? body : last.program;
    b->otherwise = last.strip;
    if (!end_tag(p, &opened, &b->close))
        return false;
    if (last.chain)
        last.program->nodes[0].u.block->close = b->close;
    return true;
}

static void
text_add(tpl_parse_t *p, tpl_program_t *g)
{
    tpl_text_t *t = ses_calloc(p->arena, sizeof(*t));

    t->whole = t->text = p->token.text;
    node_add(p, g, TPL_N_TEXT)->u.text = t;
    tpl_parse_next(p);
}

static bool
raw_block(tpl_parse_t *p, tpl_program_t *g)
{
    tpl_block_t *b = ses_calloc(p->arena, sizeof(*b));
    tpl_expr_t opened, closed;

    node_add(p, g, TPL_N_RAW)->u.block = b;
    tpl_parse_next(p);
    if (!block_call(p, false, b, &opened) || !expect(p, TPL_T_CLOSE_RAW))
        return false;
    tpl_parse_next(p);
    b->body = program_new(p);
    while (p->token.kind == TPL_T_CONTENT)
        text_add(p, b->body);
    if (!expect(p, TPL_T_END_RAW))
        return false;
    closed = (tpl_expr_t){.kind = TPL_STRING, .text = p->token.text};
    if (!tpl_parse_same(&opened, &closed))
        return tpl_parse_fail(p, p->token.at,
                              "this does not close the open raw block");
    tpl_parse_next(p);
    return true;
}

/* --- a program --------------------------------------------------------- */

static bool
program(tpl_parse_t *p, tpl_program_t **out)
{
    tpl_program_t *g = program_new(p);
    bool good = true;

    while (good) {
        switch (p->token.kind) {
        case TPL_T_CONTENT:
            text_add(p, g);
            break;
        case TPL_T_COMMENT:
            node_add(p, g, TPL_N_COMMENT)->strip =
                (tpl_strip_t){p->token.open, p->token.close};
            tpl_parse_next(p);
            break;
        case TPL_T_OPEN:
        case TPL_T_OPEN_BARE:
            good = print(p, g);
            break;
        case TPL_T_OPEN_BLOCK:
        case TPL_T_OPEN_INVERSE:
            good = block(p, g);
            break;
        case TPL_T_OPEN_RAW:
            good = raw_block(p, g);
            break;
        case TPL_T_OPEN_PARTIAL:
        case TPL_T_OPEN_PARTIAL_BLOCK:
            good = partial(p, g);
            break;
        default:
            *out = g;
            return true;
        }
    }
    return false;
}

bool
tpl_parse(ses_cx_t *cx, ses_arena_t *arena, ses_str_t text, tpl_program_t **out,
          ses_tpl_error_t *error)
{
    tpl_parse_t p = {.cx = cx, .arena = arena, .error = error};

    *error = (ses_tpl_error_t){.line = 0};
    tpl_lex_init(&p.lex, arena, text);
    if (text.n > SES_TPL_TEXT_MAX)
        return tpl_parse_fail(&p, text.p, "more than %u bytes",
                              SES_TPL_TEXT_MAX);
    if (memchr(text.p, '\0', text.n) != NULL)
        return tpl_parse_fail(&p, memchr(text.p, '\0', text.n),
                              "a NUL character");
    if (!ses_utf8_valid(text))
        return tpl_parse_fail(&p, text.p, "not UTF-8");
    tpl_parse_next(&p);
    return program(&p, out) &&
           (p.token.kind == TPL_T_END ? true
                                      : tpl_parse_unexpected(&p, "the end"));
}
