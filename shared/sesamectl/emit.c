/*
 * emit - what a command has to say, as text or as JSON
 *
 * JSON goes through ses_jsonw and is written whole by emit_finish.  Text is
 * written as it comes, but for tables, whose columns are as wide as their
 * widest cell.  Inside a cell, lists are words between commas, and of each
 * object only the first member is shown.
 */
#include "emit.h"

#include "base/assert.h"
#include "base/clock.h"

#define OUTPUT_MAX (1u << 30)

enum { OBJECT, LIST, TABLE, ROW, CELL_LIST, CELL_OBJECT };

void
emit_init(emit_t *e, ses_arena_t *a, FILE *file, bool json)
{
    *e = (emit_t){.arena = a, .file = file, .json = json};
    ses_jsonw_init(&e->w, a, OUTPUT_MAX);
}

static struct emit_level *
top(emit_t *e)
{
    return e->depth == 0 ? NULL : &e->level[e->depth - 1];
}

static void
push(emit_t *e, int kind, ses_str_t name)
{
    ses_assert(e->depth < EMIT_DEPTH);
    e->level[e->depth++] = (struct emit_level){.kind = kind, .name = name};
}

/* --- text -------------------------------------------------------------- */

static ses_str_t
printable(emit_t *e, ses_str_t s)
{
    char *p = ses_str_c(e->arena, s);
    size_t i;

    for (i = 0; i < s.n; i++)
        if ((unsigned char) p[i] < ' ' || p[i] == 0x7f)
            p[i] = '?';
    return ses_str_n(p, s.n);
}

static ses_str_t
joined(emit_t *e, ses_str_t words, char sep, ses_str_t word)
{
    if (words.n == 0)
        return word;
    words = ses_str_cat(e->arena, words, ses_str_n(&sep, 1));
    return ses_str_cat(e->arena, words, word);
}

static void
add_cell(emit_t *e, ses_str_t text)
{
    if (e->ncells == e->cap) {
        e->cells = ses_regrow(e->arena, e->cells, e->cap * sizeof(*e->cells),
                              (e->cap + 64) * 2 * sizeof(*e->cells));
        e->cap = (e->cap + 64) * 2;
    }
    e->cells[e->ncells++] = text.n == 0 ? SES_STR("-") : text;
}

static void
cell(emit_t *e, const char *name, ses_str_t text)
{
    ses_assert(e->column < EMIT_COLUMNS);
    if (e->column == e->columns)
        e->heads[e->columns++] = name;
    e->column++;
    add_cell(e, text);
}

static void
line(emit_t *e, ses_str_t prefix, const char *name, ses_str_t text)
{
    fprintf(e->file, "%.*s%s%s =%s%.*s\n", SES_FMT(prefix),
            prefix.n > 0 ? "." : "", name, text.n > 0 ? " " : "",
            SES_FMT(text));
}

static void
scalar(emit_t *e, const char *name, ses_str_t text)
{
    struct emit_level *l = top(e);

    ses_assert(l != NULL);
    text = printable(e, text);
    switch (l->kind) {
    case OBJECT:
        line(e, l->name, name, text);
        break;
    case LIST:
        e->words = joined(e, e->words, ' ', text);
        break;
    case ROW:
        cell(e, name, text);
        break;
    case CELL_LIST:
        e->words = joined(e, e->words, ',', text);
        break;
    case CELL_OBJECT:
        if (l->members == 0)
            e->words = joined(e, e->words, ',', text);
        break;
    default:
        ses_assert(l->kind == OBJECT); /* no scalar between rows */
    }
    l->members++;
}

static void
put_cells(emit_t *e, const ses_str_t *cells, const size_t *widths)
{
    unsigned i;

    for (i = 0; i < e->columns; i++)
        fprintf(e->file, "%.*s%*s", SES_FMT(cells[i]),
                i + 1 == e->columns ? 0 : (int) (widths[i] - cells[i].n) + 2,
                "");
    fputc('\n', e->file);
}

static void
put_table(emit_t *e, ses_str_t name)
{
    ses_str_t heads[EMIT_COLUMNS];
    size_t widths[EMIT_COLUMNS], i;

    if (name.n > 0)
        fprintf(e->file, "\n%.*s:\n", SES_FMT(name));
    for (i = 0; i < e->columns; i++) {
        heads[i] = ses_str_upper(e->arena, ses_str(e->heads[i]));
        widths[i] = heads[i].n;
    }
    for (i = 0; i < e->ncells; i++)
        if (e->cells[i].n > widths[i % e->columns])
            widths[i % e->columns] = e->cells[i].n;
    put_cells(e, heads, widths);
    for (i = 0; i < e->ncells; i += e->columns)
        put_cells(e, e->cells + i, widths);
    e->columns = 0;
    e->ncells = 0;
}

static void
text_open(emit_t *e, const char *name)
{
    struct emit_level *l = top(e);

    if (l == NULL) {
        push(e, OBJECT, SES_STR(""));
    } else if (l->kind == OBJECT) {
        push(e, OBJECT,
             l->name.n == 0
                 ? ses_str(name)
                 : ses_str_printf(e->arena, "%.*s.%s", SES_FMT(l->name), name));
    } else if (l->kind == LIST || l->kind == TABLE) {
        l->kind = TABLE;
        e->column = 0;
        push(e, ROW, SES_STR(""));
    } else {
        push(e, CELL_OBJECT, SES_STR(""));
    }
}

static void
text_close(emit_t *e)
{
    ses_assert(e->depth > 0);
    if (top(e)->kind == ROW)
        ses_assert(e->column == e->columns); /* rows of one shape */
    e->depth--;
}

static void
text_list(emit_t *e, const char *name)
{
    struct emit_level *l = top(e);
    bool in_row = l != NULL && l->kind != OBJECT;

    e->words = SES_STR("");
    push(e, in_row ? CELL_LIST : LIST, ses_str(name));
}

static void
text_end(emit_t *e)
{
    struct emit_level *l = top(e);

    ses_assert(l != NULL);
    e->depth--;
    if (l->kind == TABLE)
        put_table(e, l->name);
    else if (l->kind == CELL_LIST && top(e)->kind == ROW)
        cell(e, l->name.p, e->words);
    else if (l->kind == LIST && top(e) != NULL)
        line(e, top(e)->name, l->name.p, e->words);
}

/* --- either ------------------------------------------------------------ */

void
emit_open(emit_t *e, const char *name)
{
    e->unclosed++;
    if (e->json)
        ses_jsonw_open(&e->w, name);
    else
        text_open(e, name);
}

void
emit_close(emit_t *e)
{
    e->unclosed--;
    if (e->json)
        ses_jsonw_close(&e->w);
    else
        text_close(e);
}

void
emit_list(emit_t *e, const char *name)
{
    e->unclosed++;
    if (e->json)
        ses_jsonw_list(&e->w, name);
    else
        text_list(e, name);
}

void
emit_end(emit_t *e)
{
    e->unclosed--;
    if (e->json)
        ses_jsonw_end(&e->w);
    else
        text_end(e);
}

void
emit_str(emit_t *e, const char *name, ses_str_t s)
{
    if (e->json)
        ses_jsonw_str(&e->w, name, s);
    else
        scalar(e, name, s);
}

void
emit_c(emit_t *e, const char *name, const char *s)
{
    emit_str(e, name, ses_str(s));
}

void
emit_int(emit_t *e, const char *name, int64_t v)
{
    if (e->json)
        ses_jsonw_int(&e->w, name, v);
    else
        scalar(e, name, ses_str_printf(e->arena, "%lld", (long long) v));
}

void
emit_bool(emit_t *e, const char *name, bool v)
{
    if (e->json)
        ses_jsonw_bool(&e->w, name, v);
    else
        scalar(e, name, ses_str(v ? "yes" : "no"));
}

void
emit_number(emit_t *e, const char *name, double v)
{
    if (e->json)
        ses_jsonw_double(&e->w, name, v);
    else
        scalar(e, name, ses_str_printf(e->arena, "%.15g", v));
}

void
emit_time(emit_t *e, const char *name, int64_t ms)
{
    if (ms != 0)
        emit_str(e, name, ses_clock_iso(e->arena, ms));
    else if (e->json)
        ses_jsonw_null(&e->w, name);
    else
        scalar(e, name, SES_STR("-"));
}

void
emit_raw(emit_t *e, const char *name, ses_str_t json)
{
    if (e->json)
        ses_jsonw_raw(&e->w, name, json);
    else
        scalar(e, name, json);
}

bool
emit_finish(emit_t *e)
{
    ses_str_t s;

    if (e->json) {
        ses_assert(!e->w.buf.overflow);
        s = ses_jsonw_get(&e->w);
        if (s.n > 0 && e->unclosed == 0)
            fprintf(e->file, "%.*s\n", SES_FMT(s));
    }
    return fflush(e->file) == 0 && !ferror(e->file);
}
