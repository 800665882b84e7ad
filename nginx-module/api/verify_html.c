/*
 * verify_html - may our link stand in this HTML of a customer's?
 *
 * Readers of mail differ in what they make of broken HTML, so only such tags
 * are taken as all of them read alike: names and values without any bracket,
 * quotes that match, no comments (contract 7.6).  Elements whose content is
 * no HTML, and those that act on the rest of the page, are refused; text
 * elements must be closed where the link goes.
 */
#include "api/verify_html.h"

static const char *const refused[] = {
    "applet",  "base", "embed",    "frame",     "frameset", "iframe", "link",
    "listing", "math", "noembed",  "noframes",  "noscript", "object", "script",
    "style",   "svg",  "template", "plaintext", "xmp",
};

static const char *const texts[] = {"textarea", "title"};

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == ':' || c == '.';
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* How many characters at the start of s are of this kind. */
static size_t
run(ses_str_t s, bool (*is)(char c))
{
    size_t n = 0;

    while (n < s.n && is(s.p[n]))
        n++;
    return n;
}

static bool
is_bare(char c)
{
    return c > ' ' && c != 0x7f && strchr("\"'`<>", c) == NULL;
}

/* "value", 'value' or value at the start of s; 0 = none of them. */
static size_t
value(ses_str_t s)
{
    size_t i;

    if (s.n == 0 || (s.p[0] != '"' && s.p[0] != '\''))
        return run(s, is_bare);
    for (i = 1; i < s.n && s.p[i] != s.p[0]; i++)
        if (s.p[i] == '<' || s.p[i] == '>' || s.p[i] == '\0')
            return 0;
    return i < s.n ? i + 1 : 0;
}

/* An attribute, and the blanks after it. */
static size_t
attribute(ses_str_t s)
{
    size_t n = run(s, is_name), k, blanks;

    if (n == 0)
        return 0;
    blanks = run(ses_str_from(s, n), is_blank);
    if (n + blanks < s.n && s.p[n + blanks] == '=') {
        n += blanks + 1;
        n += run(ses_str_from(s, n), is_blank);
        if ((k = value(ses_str_from(s, n))) == 0)
            return 0;
        n += k;
        blanks = run(ses_str_from(s, n), is_blank);
        if (blanks == 0 && n < s.n && s.p[n] != '>' && s.p[n] != '/')
            return 0;
    }
    return n + blanks;
}

/* What stands between name and '>', with it; 0 = malformed. */
static size_t
rest_of_tag(ses_str_t s)
{
    size_t n = run(s, is_blank), k;

    if (n == 0 && s.n > 0 && s.p[0] != '>' && s.p[0] != '/')
        return 0;
    while ((k = attribute(ses_str_from(s, n))) > 0)
        n += k;
    if (n < s.n && s.p[n] == '/')
        n++;
    return n < s.n && s.p[n] == '>' ? n + 1 : 0;
}

static bool
listed(ses_str_t name, const char *const *v, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (ses_str_caseeqc(name, v[i]))
            return true;
    return false;
}

/* A tag, with s at its '<'; *name is its element's, *ends: it closes one. */
static size_t
tag(ses_str_t s, ses_str_t *name, bool *ends)
{
    size_t at = 1, n;

    *ends = s.n > 1 && s.p[1] == '/';
    at += *ends;
    n = run(ses_str_from(s, at), is_name);
    *name = ses_str_head(ses_str_from(s, at), n);
    if (n == 0)
        return 0;
    at += n;
    n = rest_of_tag(ses_str_from(s, at));
    return n == 0 ? 0 : at + n;
}

/* <!DOCTYPE ...> is no more than a tag to us. */
static size_t
doctype(ses_str_t s)
{
    ptrdiff_t end = ses_str_find(s, '>');
    size_t i;

    if (!ses_str_casestarts(s, SES_STR("<!doctype ")) || end < 0)
        return 0;
    for (i = 1; i < (size_t) end; i++)
        if (s.p[i] == '<' || s.p[i] == '[')
            return 0;
    return (size_t) end + 1;
}

size_t
verify_html_place(ses_arena_t *a, ses_str_t html)
{
    ptrdiff_t at = ses_str_search(ses_str_lower(a, html), SES_STR("</body"));

    return at < 0 ? html.n : (size_t) at;
}

const char *
verify_html_check(ses_arena_t *a, ses_str_t html)
{
    size_t place = verify_html_place(a, html), i = 0, n;
    ses_str_t name, open = SES_STR("");
    bool ends;

    for (; i < html.n; i += n) {
        ses_str_t s = ses_str_from(html, i);

        if (i >= place && open.n > 0)
            break;
        n = 1;
        if (s.p[0] == '\0')
            return "it holds a NUL character";
        if (s.p[0] != '<' || s.n == 1 ||
            (!is_letter(s.p[1]) && strchr("/!?", s.p[1]) == NULL))
            continue;
        if (s.p[1] == '!' || s.p[1] == '?') {
            if ((n = doctype(s)) == 0)
                return "it holds a comment or a declaration";
            continue;
        }
        if ((n = tag(s, &name, &ends)) == 0)
            return ses_str_printf(a, "the tag at byte %zu is malformed", i).p;
        if (listed(name, refused, COUNT(refused)))
            return ses_str_printf(a, "the element %.*s is not allowed",
                                  SES_FMT(name))
                .p;
        if (!listed(name, texts, COUNT(texts)))
            continue;
        if (!ends && open.n == 0)
            open = name;
        else if (ends && ses_str_caseeq(open, name))
            open = SES_STR("");
    }
    if (open.n > 0)
        return ses_str_printf(a, "the element %.*s is not closed",
                              SES_FMT(open))
            .p;
    return NULL;
}
