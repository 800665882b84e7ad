/*
 * mailbox - addresses as headers have them: names, brackets, groups
 *
 * Text is cut at the characters that have a meaning outside quotes and
 * comments (RFC 5322 3.4); what is left between must be local@domain, which
 * is address.c's business.  Each byte is looked at a bounded number of times.
 */
#include "policy/address.h"

static ses_rc_t
invalid(ses_cx_t *cx, ses_str_t whole)
{
    return ses_fail(cx, SES_INVALID, "Invalid email address %.*s.",
                    SES_FMT(ses_str_head(whole, SES_ADDRESS_MAX)));
}

static ses_rc_t
bad(ses_cx_t *cx, const char *text)
{
    return ses_fail(cx, SES_INVALID, "%s", text);
}

static bool
control(char c)
{
    return (unsigned char) c < ' ' || c == 0x7f;
}

struct scan {
    ses_cx_t *cx;
    ses_str_t whole;
    const char *p, *end;
    bool folded; /* line ends are blanks: a header's value */
};

static bool
blank(const struct scan *s, char c)
{
    return c == ' ' || c == '\t' || (s->folded && (c == '\r' || c == '\n'));
}

static ses_rc_t
skip_comment(struct scan *s)
{
    unsigned depth = 0;

    for (; s->p < s->end; s->p++) {
        if (*s->p == '\\' && s->p + 1 < s->end)
            s->p++;
        else if (*s->p == '(')
            depth++;
        else if (*s->p == ')' && --depth == 0) {
            s->p++;
            return SES_OK;
        }
    }
    return invalid(s->cx, s->whole);
}

static ses_rc_t
skip_quoted(struct scan *s)
{
    for (s->p++; s->p < s->end; s->p++) {
        if (*s->p == '\\' && s->p + 1 < s->end)
            s->p++;
        else if (*s->p == '"') {
            s->p++;
            return SES_OK;
        }
    }
    return bad(s->cx, "Unterminated quote");
}

/*
 * Text up to one of stops, or the end, outside quotes and comments; without
 * the blanks and comments around it.
 */
static ses_rc_t
cut(struct scan *s, const char *stops, ses_str_t *out)
{
    const char *first = NULL, *last = NULL;
    size_t n = strlen(stops);
    ses_rc_t rc = SES_OK;

    while (s->p < s->end && memchr(stops, *s->p, n) == NULL && rc == SES_OK) {
        if (blank(s, *s->p)) {
            s->p++;
            continue;
        }
        if (*s->p == '(') {
            rc = skip_comment(s);
            continue;
        }
        if (first == NULL)
            first = s->p;
        if (*s->p == '"')
            rc = skip_quoted(s);
        else
            s->p++;
        last = s->p;
    }
    *out =
        first == NULL ? SES_STR("") : ses_str_n(first, (size_t) (last - first));
    return rc;
}

static char
at(const struct scan *s)
{
    return s->p < s->end ? *s->p : '\0';
}

/* A display name as written, on one line. */
static ses_rc_t
display_name(struct scan *s, ses_str_t text, ses_str_t *out)
{
    char *p = ses_alloc(s->cx->arena, text.n + 1);
    size_t i, n = 0;

    for (i = 0; i < text.n; i++) {
        if (s->folded && (text.p[i] == '\r' || text.p[i] == '\n'))
            continue;
        if (control(text.p[i]) && text.p[i] != '\t')
            return invalid(s->cx, s->whole);
        p[n++] = text.p[i];
    }
    p[n] = '\0';
    *out = ses_str_n(p, n);
    return SES_OK;
}

/* What is left of "name <local@domain>" behind the name. */
static ses_rc_t
angle(struct scan *s, ses_str_t name, ses_address_t *out)
{
    ses_str_t spec, rest, display;
    ses_rc_t rc;

    s->p++;
    if ((rc = cut(s, ">", &spec)) != SES_OK)
        return rc;
    if (at(s) != '>')
        return invalid(s->cx, s->whole);
    s->p++;
    if ((rc = ses_address_spec(s->cx, spec, s->whole, out)) != SES_OK ||
        (rc = cut(s, ",;", &rest)) != SES_OK ||
        (rc = display_name(s, name, &display)) != SES_OK)
        return rc;
    if (rest.n > 0)
        return invalid(s->cx, s->whole);
    out->display = display;
    return SES_OK;
}

ses_rc_t
ses_address_parse(ses_cx_t *cx, ses_str_t str, ses_address_t *out)
{
    ses_str_t whole = ses_str_trim(str), text;
    struct scan s = {cx, whole, whole.p, whole.p + whole.n, false};
    ses_address_t found;
    ses_rc_t rc;

    if (whole.n == 0)
        return invalid(cx, whole);
    if ((rc = cut(&s, "<,;:", &text)) != SES_OK)
        return rc;
    rc = at(&s) == '<' && s.p < s.end
             ? angle(&s, text, &found)
             : ses_address_spec(cx, text, whole, &found);
    if (rc != SES_OK)
        return rc;
    if (s.p < s.end)
        return invalid(cx, whole);
    *out = found;
    return SES_OK;
}

/* --- lists ------------------------------------------------------------- */

struct list {
    ses_address_t *all;
    unsigned n, cap, max;
};

static ses_rc_t
list_add(ses_cx_t *cx, struct list *l, const ses_address_t *one)
{
    unsigned cap = l->cap == 0 ? 8 : l->cap * 2;

    if (l->n == l->max)
        return ses_fail(cx, SES_INVALID, "Recipient count exceeds %u.", l->max);
    if (l->n == l->cap) {
        l->all = ses_regrow(cx->arena, l->all, l->n * sizeof(*l->all),
                            cap * sizeof(*l->all));
        l->cap = cap;
    }
    l->all[l->n++] = *one;
    return SES_OK;
}

/* One member of a list, up to the separator behind it. */
static ses_rc_t
list_member(struct scan *s, struct list *l, bool *group)
{
    ses_address_t one;
    ses_str_t text;
    ses_rc_t rc;

    if ((rc = cut(s, "<,;:", &text)) != SES_OK)
        return rc;
    switch (at(s)) {
    case '<':
        rc = angle(s, text, &one);
        break;
    case ':':
        if (*group || text.n == 0)
            return invalid(s->cx, s->whole);
        *group = true;
        s->p++;
        return SES_OK;
    default:
        if (text.n == 0) /* ",," and empty groups */
            return SES_OK;
        rc = ses_address_spec(s->cx, text, s->whole, &one);
    }
    return rc == SES_OK ? list_add(s->cx, l, &one) : rc;
}

ses_rc_t
ses_address_list(ses_cx_t *cx, ses_str_t value, unsigned max,
                 ses_address_t **out, unsigned *n)
{
    struct scan s = {cx, ses_str_trim(value), value.p, value.p + value.n, true};
    struct list l = {NULL, 0, 0, max};
    bool group = false;
    ses_rc_t rc;

    while (s.p < s.end) {
        if ((rc = list_member(&s, &l, &group)) != SES_OK)
            return rc;
        if (at(&s) == ';' && s.p < s.end) {
            if (!group)
                return bad(cx, "Illegal semicolon, not in group");
            group = false;
            s.p++;
        } else if (at(&s) == ',' && s.p < s.end) {
            s.p++;
        }
    }
    if (group)
        return invalid(cx, s.whole);
    *out = l.all;
    *n = l.n;
    return SES_OK;
}
