/*
 * expr - what stands within a tag
 *
 *     path | "string" | 12 | true | undefined | null      then
 *     param ...  key=param ...      where param may be (path param ...)
 *
 * A literal that stands first is the name of an attribute.
 */
#include "template/parse.h"

#include <stdlib.h>

#include "template/number.h"

/* --- paths ------------------------------------------------------------- */

typedef struct {
    ses_str_t part;
    bool literal;
    char separator; /* before it, or 0 */
} segment_t;

/* The path as written, brackets and blanks left out. */
static ses_str_t
original(tpl_parse_t *p, bool data, const segment_t *s, unsigned n)
{
    size_t bytes = data ? 1 : 0;
    char *text, *at;
    unsigned i;

    if (n == 1 && !data)
        return s[0].part;
    for (i = 0; i < n; i++)
        bytes += s[i].part.n + 1;
    text = at = ses_alloc(p->arena, bytes);
    if (data)
        *at++ = '@';
    for (i = 0; i < n; i++) {
        if (s[i].separator != '\0')
            *at++ = s[i].separator;
        if (s[i].part.n > 0)
            memcpy(at, s[i].part.p, s[i].part.n);
        at += s[i].part.n;
    }
    return ses_str_n(text, (size_t) (at - text));
}

/* Starts with a dot, or has a word that ends in "this". */
static bool
is_scoped(ses_str_t path)
{
    ptrdiff_t at;
    char c;

    if (path.n > 0 && path.p[0] == '.')
        return true;
    while ((at = ses_str_search(path, SES_STR("this"))) >= 0) {
        path = ses_str_from(path, (size_t) at + 4);
        c = path.n > 0 ? path.p[0] : '\0';
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_'))
            return true;
    }
    return false;
}

/* Is the path a block parameter, or does it start with one? */
static void
resolve(const tpl_parse_t *p, tpl_expr_t *e)
{
    const tpl_scope_t *s;
    unsigned i;

    e->scoped = is_scoped(e->text);
    e->frame = -1;
    if (e->depth > 0 || e->scoped || e->nparts == 0)
        return;
    for (s = p->scope; s != NULL; s = s->outer) {
        for (i = 0; i < s->n; i++) {
            if (ses_str_eq(s->names[i], e->u.parts[0])) {
                e->frame = (int16_t) (p->level - s->level);
                e->param = (uint16_t) i;
                return;
            }
        }
    }
}

/* Names into parts and depth: dots and this come first, or not at all. */
static bool
prepare(tpl_parse_t *p, const char *at, const segment_t *s, unsigned n,
        tpl_expr_t *e)
{
    ses_str_t *parts = NULL;
    unsigned i;

    e->kind = TPL_PATH;
    e->text = original(p, e->data, s, n);
    for (i = 0; i < n; i++) {
        bool up = ses_str_eqc(s[i].part, "..");

        if (!s[i].literal && (up || ses_str_eqc(s[i].part, ".") ||
                              ses_str_eqc(s[i].part, "this"))) {
            if (e->nparts > 0)
                return tpl_parse_fail(p, at, "Invalid path: %.*s",
                                      (int) (e->text.n < 80 ? e->text.n : 80),
                                      e->text.p);
            e->depth += up;
            continue;
        }
        if (parts == NULL)
            parts = ses_alloc(p->arena, (n - i) * sizeof(*parts));
        parts[e->nparts++] = s[i].part;
    }
    e->u.parts = parts;
    resolve(p, e);
    return true;
}

static bool
path(tpl_parse_t *p, bool data, tpl_expr_t *e)
{
    segment_t s[TPL_PARTS];
    const char *at = p->token.at;
    char separator = '\0';
    unsigned n = 0;

    *e = (tpl_expr_t){.data = data};
    for (;;) {
        if (p->token.kind != TPL_T_ID)
            return tpl_parse_unexpected(p, "a name");
        if (n == TPL_PARTS)
            return tpl_parse_fail(p, at, "a path of more than %d names",
                                  TPL_PARTS);
        s[n++] = (segment_t){p->token.text, p->token.literal, separator};
        tpl_parse_next(p);
        if (p->token.kind != TPL_T_SEPARATOR)
            return prepare(p, at, s, n, e);
        separator = *p->token.at;
        tpl_parse_next(p);
    }
}

/* --- literals ---------------------------------------------------------- */

static bool
literal(tpl_parse_t *p, tpl_expr_t *e)
{
    char text[TPL_NUMBER_MAX];

    *e = (tpl_expr_t){.frame = -1, .text = p->token.text};
    switch (p->token.kind) {
    case TPL_T_STRING:
        e->kind = TPL_STRING;
        break;
    case TPL_T_NUMBER:
        e->kind = TPL_NUMBER;
        e->u.number = strtod(ses_str_c(p->arena, p->token.text), NULL);
        e->text = ses_str_dup(
            p->arena, ses_str_n(text, tpl_number_format(e->u.number, text)));
        break;
    case TPL_T_BOOLEAN:
        e->kind = TPL_BOOLEAN;
        e->truth = p->token.text.p[0] == 't';
        break;
    case TPL_T_UNDEFINED:
        e->kind = TPL_UNDEFINED;
        break;
    case TPL_T_NULL:
        e->kind = TPL_NULL;
        break;
    default:
        return tpl_parse_unexpected(p, "a name or a value");
    }
    tpl_parse_next(p);
    return true;
}

bool
tpl_parse_head(tpl_parse_t *p, tpl_expr_t *e)
{
    if (p->token.kind == TPL_T_ID)
        return path(p, false, e);
    if (p->token.kind == TPL_T_DATA) {
        tpl_parse_next(p);
        return path(p, true, e);
    }
    return literal(p, e);
}

/* A literal where a path is wanted is the name of an attribute. */
static void
literal_to_path(tpl_parse_t *p, tpl_expr_t *e)
{
    ses_str_t *part;

    if (e->kind == TPL_PATH)
        return;
    part = ses_alloc(p->arena, sizeof(*part));
    *part = e->text;
    *e = (tpl_expr_t){
        .kind = TPL_PATH, .text = e->text, .nparts = 1, .u.parts = part};
    resolve(p, e);
}

bool
tpl_parse_same(const tpl_expr_t *a, const tpl_expr_t *b)
{
    bool text_a = a->kind == TPL_PATH || a->kind == TPL_STRING;
    bool text_b = b->kind == TPL_PATH || b->kind == TPL_STRING;

    if (text_a && text_b)
        return ses_str_eq(a->text, b->text);
    if (a->kind == TPL_NUMBER && b->kind == TPL_NUMBER)
        return a->u.number <= b->u.number && a->u.number >= b->u.number;
    /* What a sub-expression is called is undefined, literally. */
    if (a->kind == TPL_CALL)
        return b->kind == TPL_UNDEFINED;
    return a->kind == b->kind && a->truth == b->truth;
}

/* --- arguments --------------------------------------------------------- */

bool
tpl_parse_sub(tpl_parse_t *p, tpl_expr_t *e)
{
    tpl_call_t *call = ses_calloc(p->arena, sizeof(*call));

    if (!tpl_parse_enter(p))
        return false;
    tpl_parse_next(p); /* ( */
    call->kind = TPL_HELPER;
    if (!tpl_parse_call(p, call))
        return false;
    if (p->token.kind != TPL_T_CLOSE_CALL)
        return tpl_parse_unexpected(p, "')'");
    tpl_parse_next(p);
    p->nested--;
    *e = (tpl_expr_t){.kind = TPL_CALL, .frame = -1, .u.call = call};
    return true;
}

static bool
starts_value(tpl_token_kind_t kind)
{
    switch (kind) {
    case TPL_T_ID:
    case TPL_T_DATA:
    case TPL_T_STRING:
    case TPL_T_NUMBER:
    case TPL_T_BOOLEAN:
    case TPL_T_UNDEFINED:
    case TPL_T_NULL:
    case TPL_T_OPEN_CALL:
        return true;
    default:
        return false;
    }
}

static bool
value(tpl_parse_t *p, tpl_expr_t *e)
{
    return p->token.kind == TPL_T_OPEN_CALL ? tpl_parse_sub(p, e)
                                            : tpl_parse_head(p, e);
}

static bool
params(tpl_parse_t *p, tpl_call_t *call)
{
    tpl_expr_t *list = NULL;
    uint32_t room = 0;

    while (starts_value(p->token.kind) && !p->token.before_set) {
        if (call->nparams == TPL_PARAMS)
            return tpl_parse_fail(p, p->token.at, "more than %d parameters",
                                  TPL_PARAMS);
        if (call->nparams == room) {
            room = room == 0 ? 1 : room * 4;
            list = ses_regrow(p->arena, list, call->nparams * sizeof(*list),
                              room * sizeof(*list));
        }
        if (!value(p, &list[call->nparams]))
            return false;
        call->nparams++;
    }
    call->params = list;
    return true;
}

/*
 * The pairs in the order in which Handlebars.js sets them, the last first.  Of
 * two with one key the first counts, and one that is undefined in so many
 * words is left out.  Returns how many there are then.
 */
static uint32_t
settle(tpl_pair_t *list, uint32_t n)
{
    tpl_pair_t swap;
    uint32_t i, j, kept = 0;

    for (i = 0; i < n / 2; i++) {
        swap = list[i];
        list[i] = list[n - 1 - i];
        list[n - 1 - i] = swap;
    }
    for (i = 0; i < n; i++) {
        for (j = 0; j < kept; j++)
            if (ses_str_eq(list[j].key, list[i].key))
                break;
        list[j] = list[i];
        kept += j == kept;
    }
    for (i = 0, n = kept, kept = 0; i < n; i++)
        if (list[i].value.kind != TPL_UNDEFINED)
            list[kept++] = list[i];
    return kept;
}

static bool
pairs(tpl_parse_t *p, tpl_call_t *call)
{
    tpl_pair_t *list = NULL;
    uint32_t room = 0;

    while (p->token.kind == TPL_T_ID && p->token.before_set) {
        if (call->npairs == TPL_PARAMS)
            return tpl_parse_fail(p, p->token.at, "more than %d pairs",
                                  TPL_PARAMS);
        if (call->npairs == room) {
            room = room == 0 ? 2 : room * 4;
            list = ses_regrow(p->arena, list, call->npairs * sizeof(*list),
                              room * sizeof(*list));
        }
        list[call->npairs].key = p->token.text;
        tpl_parse_next(p);
        tpl_parse_next(p); /* = */
        if (!value(p, &list[call->npairs].value))
            return false;
        call->npairs++;
    }
    call->hash = call->npairs > 0;
    call->pairs = list;
    call->npairs = settle(list, call->npairs);
    return true;
}

bool
tpl_parse_arguments(tpl_parse_t *p, tpl_call_t *call)
{
    return params(p, call) && pairs(p, call);
}

/* --- what a call means ------------------------------------------------- */

static const struct {
    ses_str_t name;
    tpl_helper_t helper;
} helpers[] = {
    {SES_STR_INIT("each"), TPL_EACH},
    {SES_STR_INIT("if"), TPL_IF},
    {SES_STR_INIT("unless"), TPL_UNLESS},
    {SES_STR_INIT("with"), TPL_WITH},
    {SES_STR_INIT("lookup"), TPL_LOOKUP},
    {SES_STR_INIT("log"), TPL_LOG},
    {SES_STR_INIT("helperMissing"), TPL_HOOK},
    {SES_STR_INIT("blockHelperMissing"), TPL_HOOK},
};

/* The helper that the path's first name names; the rest does not matter. */
static tpl_helper_t
helper_of(const tpl_expr_t *e)
{
    size_t i;

    for (i = 0; e->nparts > 0 && i < sizeof(helpers) / sizeof(helpers[0]); i++)
        if (ses_str_eq(helpers[i].name, e->u.parts[0]))
            return helpers[i].helper;
    return TPL_NO_HELPER;
}

bool
tpl_parse_classify(tpl_parse_t *p, tpl_call_t *call)
{
    bool sub = call->kind == TPL_HELPER, simple;
    tpl_expr_t *e = &call->path;

    literal_to_path(p, e);
    simple = e->nparts == 1 && !e->scoped && e->depth == 0;
    call->helper = TPL_NO_HELPER;
    if (simple && e->frame >= 0) {
        call->kind = TPL_SIMPLE;
        return true;
    }
    if (sub || call->nparams > 0 || call->hash ||
        (simple && helper_of(e) != TPL_NO_HELPER)) {
        call->kind = TPL_HELPER;
        call->helper = (uint8_t) helper_of(e);
        return true;
    }
    call->kind = simple ? TPL_AMBIGUOUS : TPL_SIMPLE;
    return true;
}

bool
tpl_parse_call(tpl_parse_t *p, tpl_call_t *call)
{
    call->at = p->token.at;
    return tpl_parse_head(p, &call->path) && tpl_parse_arguments(p, call) &&
           tpl_parse_classify(p, call);
}
