/*
 * lex - cut a template's text
 *
 * Three ways of reading besides that of tags: plain text up to "{{"; the text
 * after \{{, which is kept as it is up to the next tag; and the inside of a
 * raw block.  Every byte is looked at a bounded number of times.
 */
#include "template/lex.h"

#include "template/space.h"

static const char *const names[] = {
    [TPL_T_END] = "the end",
    [TPL_T_BROKEN] = "an unknown character",
    [TPL_T_CONTENT] = "text",
    [TPL_T_COMMENT] = "a comment",
    [TPL_T_OPEN_RAW] = "'{{{{'",
    [TPL_T_CLOSE_RAW] = "'}}}}'",
    [TPL_T_END_RAW] = "the end of a raw block",
    [TPL_T_OPEN_PARTIAL] = "'{{>'",
    [TPL_T_OPEN_PARTIAL_BLOCK] = "'{{#>'",
    [TPL_T_OPEN_BLOCK] = "'{{#'",
    [TPL_T_OPEN_END] = "'{{/'",
    [TPL_T_INVERSE] = "'{{else}}'",
    [TPL_T_OPEN_INVERSE] = "'{{^'",
    [TPL_T_OPEN_CHAIN] = "'{{else'",
    [TPL_T_OPEN_BARE] = "'{{{'",
    [TPL_T_OPEN] = "'{{'",
    [TPL_T_CLOSE_BARE] = "'}}}'",
    [TPL_T_CLOSE] = "'}}'",
    [TPL_T_OPEN_CALL] = "'('",
    [TPL_T_CLOSE_CALL] = "')'",
    [TPL_T_EQUALS] = "'='",
    [TPL_T_ID] = "a name",
    [TPL_T_SEPARATOR] = "a path separator",
    [TPL_T_STRING] = "a string",
    [TPL_T_NUMBER] = "a number",
    [TPL_T_BOOLEAN] = "a boolean",
    [TPL_T_UNDEFINED] = "undefined",
    [TPL_T_NULL] = "null",
    [TPL_T_DATA] = "'@'",
    [TPL_T_OPEN_PARAMS] = "block parameters",
    [TPL_T_CLOSE_PARAMS] = "'|'",
};

const char *
tpl_token_name(tpl_token_kind_t kind)
{
    return names[kind];
}

void
tpl_lex_init(tpl_lex_t *l, ses_arena_t *arena, ses_str_t text)
{
    *l = (tpl_lex_t){.arena = arena,
                     .from = text.p,
                     .p = text.p,
                     .end = text.p + text.n,
                     .mode = TPL_TEXT};
}

static size_t
left(const char *p, const char *end)
{
    return p < end ? (size_t) (end - p) : 0;
}

static bool
starts(const char *p, const char *end, ses_str_t s)
{
    return left(p, end) >= s.n && memcmp(p, s.p, s.n) == 0;
}

#define STARTS(p, end, lit) starts(p, end, SES_STR(lit))

static const char *
find(const char *p, const char *end, ses_str_t s)
{
    return left(p, end) < s.n ? NULL : memmem(p, left(p, end), s.p, s.n);
}

/* The token t from l->p to end. */
static void
take(tpl_lex_t *l, tpl_token_t *t, tpl_token_kind_t kind, const char *end)
{
    t->kind = kind;
    t->text = ses_str_n(l->p, (size_t) (end - l->p));
    l->p = end;
}

static void
broken(tpl_lex_t *l, tpl_token_t *t, const char *why)
{
    t->kind = TPL_T_BROKEN;
    t->text = ses_str(why);
    l->p = l->end;
}

/* --- text -------------------------------------------------------------- */

/* Up to "{{".  A backslash before it means that it is no tag; two are one. */
static bool
plain(tpl_lex_t *l, tpl_token_t *t)
{
    const char *tag = find(l->p, l->end, SES_STR("{{"));
    const char *end = tag == NULL ? l->end : tag;

    if (tag != NULL) {
        l->mode = TPL_TAG;
        if (end > l->p && end[-1] == '\\') {
            end--;
            if (end == l->p || end[-1] != '\\')
                l->mode = TPL_ESCAPED;
        }
    }
    take(l, t, TPL_T_CONTENT, end);
    if (tag != NULL)
        l->p = tag;
    return t->text.n > 0;
}

/* "{{" that is no tag, and what follows up to the next that may be one. */
static void
escaped(tpl_lex_t *l, tpl_token_t *t)
{
    const char *from = l->p + 2;
    const char *end = find(from, l->end, SES_STR("{{"));

    if (end == NULL)
        end = l->end;
    else if (end - from >= 2 && end[-1] == '\\' && end[-2] == '\\')
        end -= 2;
    else if (end - from >= 1 && end[-1] == '\\')
        end--;
    l->mode = TPL_TEXT;
    take(l, t, TPL_T_CONTENT, end);
}

/* May a name contain this character?  Its bytes, or 0. */
static size_t
name_char(const char *p, const char *end)
{
    size_t n = 1;

    if (p >= end || tpl_space(p, end) > 0)
        return 0;
    if ((unsigned char) *p < 0x80)
        return strchr("!\"#%&'()*+,./;<=>@[\\]^`{|}~", *p) == NULL ? 1 : 0;
    while (p + n < end && ((unsigned char) p[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static const char *
name_end(const char *p, const char *end)
{
    size_t n;

    while ((n = name_char(p, end)) > 0)
        p += n;
    return p;
}

/* The inside of a raw block; blocks of their own kind in it are text. */
static void
raw(tpl_lex_t *l, tpl_token_t *t)
{
    const char *end;

    if (STARTS(l->p, l->end, "{{{{") && left(l->p, l->end) > 4) {
        if (l->p[4] != '/') {
            l->raw++;
            take(l, t, TPL_T_CONTENT, l->p + 4);
            return;
        }
        end = name_end(l->p + 5, l->end);
        if (end > l->p + 5 && STARTS(end, l->end, "}}}}")) {
            if (l->raw > 0) {
                l->raw--;
                take(l, t, TPL_T_CONTENT, end + 4);
                return;
            }
            l->mode = TPL_TEXT;
            t->kind = TPL_T_END_RAW;
            t->text = ses_str_n(l->p + 5, (size_t) (end - l->p - 5));
            l->p = end + 4;
            return;
        }
    }
    end = left(l->p, l->end) == 0 ? NULL
                                  : find(l->p + 1, l->end, SES_STR("{{{{"));
    if (end == NULL)
        broken(l, t, "the raw block has no end");
    else
        take(l, t, TPL_T_CONTENT, end);
}

/* --- tags -------------------------------------------------------------- */

/* Blanks, perhaps '~', and "}}" at p: where that ends, or NULL. */
static const char *
closing(const char *p, const char *end, bool *tilde)
{
    p = tpl_space_skip(p, end);
    *tilde = p < end && *p == '~';
    if (*tilde)
        p++;
    return STARTS(p, end, "}}") ? p + 2 : NULL;
}

/* {{! up to }}, {{!-- up to --}}. */
static bool
comment(tpl_lex_t *l, tpl_token_t *t, const char *bang)
{
    bool dashes = STARTS(bang, l->end, "!--");
    const char *end = dashes ? bang : bang + 1;

    while ((end = find(end, l->end, SES_STR("}}"))) != NULL) {
        const char *text = end[-1] == '~' ? end - 1 : end;

        if (!dashes || (text - bang >= 3 && text[-1] == '-' && text[-2] == '-'))
            break;
        end++;
    }
    if (end == NULL) {
        if (dashes)
            broken(l, t, "the comment has no end");
        return dashes;
    }
    t->close = end[-1] == '~';
    l->mode = TPL_TEXT;
    take(l, t, TPL_T_COMMENT, end + 2);
    return true;
}

/* {{else}}, {{else if ...}}: q stands after the braces. */
static bool
otherwise(tpl_lex_t *l, tpl_token_t *t, const char *q)
{
    const char *end;
    bool tilde;

    q = tpl_space_skip(q, l->end);
    if (!STARTS(q, l->end, "else"))
        return false;
    q += 4;
    if ((end = closing(q, l->end, &tilde)) != NULL) {
        t->close = tilde;
        l->mode = TPL_TEXT;
        take(l, t, TPL_T_INVERSE, end);
        return true;
    }
    if (q < l->end && (*q == '_' || (*q >= '0' && *q <= '9') ||
                       (*q >= 'A' && *q <= 'Z') || (*q >= 'a' && *q <= 'z')))
        return false;
    take(l, t, TPL_T_OPEN_CHAIN, q);
    return true;
}

/* "{{" and the sign after it. */
static void
opening(tpl_lex_t *l, tpl_token_t *t)
{
    const char *q = l->p + 2, *end;
    bool tilde;
    char c;

    t->open = q < l->end && *q == '~';
    if (t->open)
        q++;
    c = q < l->end ? *q : '\0';
    switch (c) {
    case '>':
        take(l, t, TPL_T_OPEN_PARTIAL, q + 1);
        return;
    case '#':
        if (STARTS(q, l->end, "#>")) {
            take(l, t, TPL_T_OPEN_PARTIAL_BLOCK, q + 2);
            return;
        }
        t->star = STARTS(q, l->end, "#*");
        take(l, t, TPL_T_OPEN_BLOCK, q + (t->star ? 2 : 1));
        return;
    case '/':
        take(l, t, TPL_T_OPEN_END, q + 1);
        return;
    case '^':
        if ((end = closing(q + 1, l->end, &tilde)) == NULL) {
            take(l, t, TPL_T_OPEN_INVERSE, q + 1);
            return;
        }
        t->close = tilde;
        l->mode = TPL_TEXT;
        take(l, t, TPL_T_INVERSE, end);
        return;
    case '{':
        take(l, t, TPL_T_OPEN_BARE, q + 1);
        return;
    case '&':
        take(l, t, TPL_T_OPEN, q + 1);
        return;
    case '!':
        if (comment(l, t, q))
            return;
        break;
    default:
        if (otherwise(l, t, q))
            return;
    }
    t->star = c == '*';
    take(l, t, TPL_T_OPEN, q + (t->star ? 1 : 0));
}

/* '}' or '~': the end of a tag. */
static bool
ending(tpl_lex_t *l, tpl_token_t *t)
{
    if (STARTS(l->p, l->end, "}}}}")) {
        l->mode = TPL_RAW;
        l->raw = 0;
        take(l, t, TPL_T_CLOSE_RAW, l->p + 4);
        return true;
    }
    t->close = STARTS(l->p, l->end, "~}}") || STARTS(l->p, l->end, "}~}}");
    if (STARTS(l->p, l->end, "}}}") || STARTS(l->p, l->end, "}~}}"))
        take(l, t, TPL_T_CLOSE_BARE, l->p + (t->close ? 4 : 3));
    else if (STARTS(l->p, l->end, "}}") || STARTS(l->p, l->end, "~}}"))
        take(l, t, TPL_T_CLOSE, l->p + (t->close ? 3 : 2));
    else
        return false;
    l->mode = TPL_TEXT;
    return true;
}

/*
 * What stands between quotes or brackets, l->p at the first: where the last
 * one is, or NULL.  A backslash hides it, unless the text would have no end.
 */
static const char *
quoted(const tpl_lex_t *l, char last)
{
    const char *p = l->p + 1, *hidden = NULL;

    for (; p < l->end && *p != last; p++)
        if (*p == '\\' && p + 1 < l->end && p[1] == last)
            hidden = ++p;
    return p < l->end ? p : hidden;
}

/* s without the backslashes before any of what. */
static ses_str_t
unescaped(ses_arena_t *arena, ses_str_t s, const char *what)
{
    size_t i, n = 0;
    char *p;

    if (ses_str_find(s, '\\') < 0)
        return s;
    p = ses_alloc(arena, s.n);
    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n && strchr(what, s.p[i + 1]) != NULL)
            i++;
        p[n++] = s.p[i];
    }
    return ses_str_n(p, n);
}

static bool
string(tpl_lex_t *l, tpl_token_t *t)
{
    const char what[2] = {*l->p, '\0'};
    const char *last = quoted(l, *l->p);

    if (last == NULL)
        return false;
    t->kind = TPL_T_STRING;
    t->text = unescaped(l->arena,
                        ses_str_n(l->p + 1, (size_t) (last - l->p - 1)), what);
    l->p = last + 1;
    return true;
}

/* [name], any text.  One that contains a line end keeps its brackets. */
static bool
bracketed(tpl_lex_t *l, tpl_token_t *t)
{
    const char *last = quoted(l, ']');
    ses_str_t whole;

    if (last == NULL)
        return false;
    whole = ses_str_n(l->p, (size_t) (last + 1 - l->p));
    t->kind = TPL_T_ID;
    t->text = unescaped(l->arena, whole, "\\]");
    if (ses_str_find(whole, '\n') < 0 && ses_str_find(whole, '\r') < 0 &&
        ses_str_search(whole, SES_STR("\xe2\x80\xa8")) < 0 &&
        ses_str_search(whole, SES_STR("\xe2\x80\xa9")) < 0) {
        t->literal = true;
        t->text = ses_str_n(t->text.p + 1, t->text.n - 2);
    }
    l->p = last + 1;
    return true;
}

/* What may stand after a literal, and after a name. */
static bool
after_literal(const char *p, const char *end)
{
    return p < end &&
           (*p == '~' || *p == '}' || *p == ')' || tpl_space(p, end) > 0);
}

static bool
after_name(const char *p, const char *end)
{
    return after_literal(p, end) ||
           (p < end && (*p == '=' || *p == '/' || *p == '.' || *p == '|'));
}

static const char *
digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

static bool
number(tpl_lex_t *l, tpl_token_t *t)
{
    const char *p = l->p < l->end && *l->p == '-' ? l->p + 1 : l->p;
    const char *q = digits(p, l->end);

    if (q == p)
        return false;
    if (q < l->end && *q == '.' && digits(q + 1, l->end) > q + 1)
        q = digits(q + 1, l->end);
    if (!after_literal(q, l->end))
        return false;
    take(l, t, TPL_T_NUMBER, q);
    return true;
}

static const struct {
    ses_str_t word;
    tpl_token_kind_t kind;
} words[] = {
    {SES_STR_INIT("true"), TPL_T_BOOLEAN},
    {SES_STR_INIT("false"), TPL_T_BOOLEAN},
    {SES_STR_INIT("undefined"), TPL_T_UNDEFINED},
    {SES_STR_INIT("null"), TPL_T_NULL},
};

static bool
word(tpl_lex_t *l, tpl_token_t *t)
{
    const char *end;
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        end = l->p + words[i].word.n;
        if (starts(l->p, l->end, words[i].word) && after_literal(end, l->end)) {
            take(l, t, words[i].kind, end);
            return true;
        }
    }
    if (STARTS(l->p, l->end, "as")) {
        end = tpl_space_skip(l->p + 2, l->end);
        if (end > l->p + 2 && end < l->end && *end == '|') {
            take(l, t, TPL_T_OPEN_PARAMS, end + 1);
            return true;
        }
    }
    return false;
}

static bool
name(tpl_lex_t *l, tpl_token_t *t)
{
    const char *end = name_end(l->p, l->end);

    if (end == l->p || !after_name(end, l->end))
        return false;
    take(l, t, TPL_T_ID, end);
    return true;
}

/* "..", ".", or what separates the parts of a path. */
static void
dots(tpl_lex_t *l, tpl_token_t *t)
{
    if (STARTS(l->p, l->end, ".."))
        take(l, t, TPL_T_ID, l->p + 2);
    else if (*l->p == '.' && after_name(l->p + 1, l->end))
        take(l, t, TPL_T_ID, l->p + 1);
    else
        take(l, t, TPL_T_SEPARATOR, l->p + 1);
}

static bool
tag_token(tpl_lex_t *l, tpl_token_t *t)
{
    switch (*l->p) {
    case '(':
        take(l, t, TPL_T_OPEN_CALL, l->p + 1);
        return true;
    case ')':
        take(l, t, TPL_T_CLOSE_CALL, l->p + 1);
        return true;
    case '{':
        if (STARTS(l->p, l->end, "{{{{"))
            take(l, t, TPL_T_OPEN_RAW, l->p + 4);
        else if (STARTS(l->p, l->end, "{{"))
            opening(l, t);
        else
            return false;
        return true;
    case '}':
    case '~':
        return ending(l, t);
    case '=':
        take(l, t, TPL_T_EQUALS, l->p + 1);
        return true;
    case '.':
    case '/':
        dots(l, t);
        return true;
    case '"':
    case '\'':
        return string(l, t);
    case '@':
        take(l, t, TPL_T_DATA, l->p + 1);
        return true;
    case '|':
        take(l, t, TPL_T_CLOSE_PARAMS, l->p + 1);
        return true;
    case '[':
        return bracketed(l, t);
    default:
        return word(l, t) || number(l, t) || name(l, t);
    }
}

/* What is wrong with the tag at l->p. */
static const char *
why_broken(const tpl_lex_t *l)
{
    if (*l->p == '"' || *l->p == '\'')
        return "the string has no end";
    if (*l->p == '[')
        return "a ']' is missing";
    if (name_end(l->p, l->end) == l->end)
        return "the tag has no end";
    return "a character that no tag may contain here";
}

void
tpl_lex_next(tpl_lex_t *l, tpl_token_t *t)
{
    const char *next;

    do {
        *t = (tpl_token_t){.kind = TPL_T_END, .at = l->p};
        if (l->p >= l->end && l->mode != TPL_RAW)
            return;
    } while (l->mode == TPL_TEXT && !plain(l, t));
    if (t->kind == TPL_T_CONTENT)
        return;
    if (l->mode == TPL_ESCAPED) {
        escaped(l, t);
    } else if (l->mode == TPL_RAW) {
        raw(l, t);
    } else {
        l->p = tpl_space_skip(l->p, l->end);
        t->at = l->p;
        if (l->p < l->end && !tag_token(l, t))
            broken(l, t, why_broken(l));
    }
    if (t->kind == TPL_T_ID) {
        next = tpl_space_skip(l->p, l->end);
        t->before_set = next < l->end && *next == '=';
    }
}
