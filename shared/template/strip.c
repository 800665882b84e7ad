/*
 * strip - which blanks between tags are not printed
 *
 * A tilde takes all blanks on its side, up to the next tag.  A block's tags,
 * a comment or a partial alone in its line takes the line with it.  The rules
 * look at the text as it was written, and go through a program from left to
 * right, inner programs first; that order decides where several apply.
 *
 * Afterwards programs are cleaned: comments and text of which nothing is left
 * go, definitions are put aside.
 */
#include "template/ast.h"

#include "template/space.h"

static void strip_program(tpl_program_t *g, bool root);

/* What a node does to the text beside it. */
typedef struct {
    bool open; /* tildes */
    bool close;
    bool open_alone; /* may be alone in its line */
    bool close_alone;
    bool both_alone;
} effect_t;

static tpl_text_t *
text_at(const tpl_program_t *g, int64_t i)
{
    if (i < 0 || i >= (int64_t) g->n || g->nodes[i].kind != TPL_N_TEXT)
        return NULL;
    return g->nodes[i].u.text;
}

/* --- does a line end, or begin, beside node i? ------------------------- */

static bool
line_before(const tpl_program_t *g, int64_t i, bool root)
{
    const tpl_text_t *t = text_at(g, i - 1);
    const char *end, *from;

    if (i == 0)
        return root;
    if (t == NULL)
        return false;
    end = t->whole.p + t->whole.n;
    from = tpl_space_back(t->whole.p, end);
    if (memchr(from, '\n', (size_t) (end - from)) != NULL)
        return true;
    return root && i == 1 && from == t->whole.p;
}

static bool
line_after(const tpl_program_t *g, int64_t i, bool root)
{
    const tpl_text_t *t = text_at(g, i + 1);
    const char *end, *to;

    if (i + 1 >= (int64_t) g->n)
        return root;
    if (t == NULL)
        return false;
    end = t->whole.p + t->whole.n;
    to = tpl_space_skip(t->whole.p, end);
    if (memchr(t->whole.p, '\n', (size_t) (to - t->whole.p)) != NULL)
        return true;
    return root && i + 2 >= (int64_t) g->n && to == end;
}

/* --- taking blanks away ------------------------------------------------ */

/* At the start of the text in place i: all, or what ends the line. */
static void
take_right(tpl_program_t *g, int64_t i, bool all)
{
    tpl_text_t *t = text_at(g, i);
    const char *p, *end;

    if (t == NULL || (!all && t->right))
        return;
    p = t->text.p;
    end = p + t->text.n;
    if (all) {
        p = tpl_space_skip(p, end);
    } else {
        while (p < end && (*p == ' ' || *p == '\t'))
            p++;
        if (p < end && *p == '\r')
            p++;
        if (p < end && *p == '\n')
            p++;
    }
    t->right = p > t->text.p;
    t->text = ses_str_n(p, (size_t) (end - p));
}

/* At the end of it: all, or what stands in the last line. */
static bool
take_left(tpl_program_t *g, int64_t i, bool all)
{
    tpl_text_t *t = text_at(g, i);
    const char *p, *end;

    if (t == NULL || (!all && t->left))
        return false;
    p = t->text.p;
    end = p + t->text.n;
    if (all)
        end = tpl_space_back(p, end);
    else
        while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
    t->left = end < p + t->text.n;
    t->text.n = (size_t) (end - p);
    return t->left;
}

static void
take_first(tpl_program_t *g, bool all)
{
    take_right(g, 0, all);
}

static void
take_last(tpl_program_t *g, bool all)
{
    take_left(g, (int64_t) g->n - 1, all);
}

/* --- blocks ------------------------------------------------------------ */

/* The first and the last program of {{else if}} ... {{else}}. */
static void
ends_of_chain(tpl_program_t *inverse, tpl_program_t **first,
              tpl_program_t **last)
{
    *first = *last = inverse;
    if (inverse == NULL || !inverse->chained)
        return;
    *first = inverse->nodes[0].u.block->body;
    while ((*last)->chained)
        *last = (*last)->nodes[(*last)->n - 1].u.block->body;
}

static effect_t
strip_block(tpl_block_t *b)
{
    tpl_program_t *body = b->body != NULL ? b->body : b->inverse;
    tpl_program_t *inverse = b->body != NULL ? b->inverse : NULL;
    tpl_program_t *first, *last;
    effect_t e;

    if (b->body != NULL)
        strip_program(b->body, false);
    if (b->inverse != NULL)
        strip_program(b->inverse, false);
    ends_of_chain(inverse, &first, &last);
    if (first == NULL)
        first = body;
    e = (effect_t){.open = b->open.open,
                   .close = b->close.close,
                   .open_alone = line_after(body, -1, false),
                   .close_alone = line_before(first, first->n, false)};
    if (b->open.close)
        take_first(body, true);
    if (inverse == NULL) {
        if (b->close.open)
            take_last(body, true);
        return e;
    }
    if (b->otherwise.open)
        take_last(body, true);
    if (b->otherwise.close)
        take_first(first, true);
    if (b->close.open)
        take_last(last, true);
    if (line_before(body, body->n, false) && line_after(first, -1, false)) {
        take_last(body, false);
        take_first(first, false);
    }
    return e;
}

static effect_t
effect(tpl_node_t *node)
{
    switch (node->kind) {
    case TPL_N_BLOCK:
    case TPL_N_RAW:
    case TPL_N_PARTIAL_BLOCK:
    case TPL_N_INLINE:
        return strip_block(node->u.block);
    case TPL_N_PARTIAL:
    case TPL_N_COMMENT:
        return (effect_t){.open = node->strip.open,
                          .close = node->strip.close,
                          .both_alone = true};
    default:
        return (effect_t){.open = node->strip.open, .close = node->strip.close};
    }
}

/* The blanks that end a text: a partial's lines get them, too. */
static ses_str_t
indent_of(ses_str_t s)
{
    size_t n = s.n;

    while (n > 0 && (s.p[n - 1] == ' ' || s.p[n - 1] == '\t'))
        n--;
    return ses_str_from(s, n);
}

static void
alone(tpl_program_t *g, int64_t i)
{
    tpl_node_t *node = &g->nodes[i];

    take_right(g, i + 1, false);
    if (take_left(g, i - 1, false) && node->kind == TPL_N_PARTIAL)
        node->u.block->indent = indent_of(text_at(g, i - 1)->whole);
}

static void
strip_program(tpl_program_t *g, bool root)
{
    tpl_node_t *node;
    tpl_block_t *b;
    bool before, after;
    effect_t e;
    int64_t i;

    for (i = 0; i < (int64_t) g->n; i++) {
        node = &g->nodes[i];
        if (node->kind == TPL_N_TEXT)
            continue;
        e = effect(node);
        before = (e.open_alone || e.both_alone) && line_before(g, i, root);
        after = (e.close_alone || e.both_alone) && line_after(g, i, root);
        if (e.close)
            take_right(g, i + 1, true);
        if (e.open)
            take_left(g, i - 1, true);
        if (e.both_alone && before && after)
            alone(g, i);
        if (!e.open_alone && !e.close_alone)
            continue;
        b = node->u.block;
        if (e.open_alone && before) {
            take_first(b->body != NULL ? b->body : b->inverse, false);
            take_left(g, i - 1, false);
        }
        if (e.close_alone && after) {
            take_right(g, i + 1, false);
            take_last(b->inverse != NULL ? b->inverse : b->body, false);
        }
    }
}

/* --- cleaning ---------------------------------------------------------- */

static void
clean(ses_arena_t *arena, tpl_program_t *g)
{
    uint32_t i, n = 0, defined = 0;

    for (i = 0; i < g->n; i++)
        g->ninlines += g->nodes[i].kind == TPL_N_INLINE ||
                       g->nodes[i].kind == TPL_N_INLINE_NONE;
    if (g->ninlines > 0)
        g->inlines = ses_alloc(arena, g->ninlines * sizeof(*g->inlines));
    for (i = 0; i < g->n; i++) {
        tpl_node_t *node = &g->nodes[i];
        bool kept = node->kind != TPL_N_COMMENT;

        switch (node->kind) {
        case TPL_N_TEXT:
            kept = node->u.text->text.n > 0;
            break;
        case TPL_N_INLINE:
        case TPL_N_INLINE_NONE:
            g->inlines[defined++] = node->u.block;
            kept = false;
            /* fall through */
        case TPL_N_BLOCK:
        case TPL_N_RAW:
        case TPL_N_PARTIAL:
        case TPL_N_PARTIAL_BLOCK:
            if (node->u.block->body != NULL)
                clean(arena, node->u.block->body);
            if (node->u.block->inverse != NULL)
                clean(arena, node->u.block->inverse);
            break;
        default:
            break;
        }
        if (kept)
            g->nodes[n++] = *node;
    }
    g->n = n;
}

void
tpl_strip(ses_arena_t *arena, tpl_program_t *root)
{
    strip_program(root, true);
    clean(arena, root);
}
