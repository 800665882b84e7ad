/*
 * address - local@domain, in headers and SMTP paths alike
 *
 * Refused although some RFC has it: source routes, domain literals, blanks
 * and comments inside an address, quoted words joined by dots.
 */
#include "policy/address.h"

#define LOCAL_MAX 64 /* RFC 5321 4.5.3.1.1, quotes included */

/* The whole of what was given, in texts. */
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

/* RFC 5322 3.2.3, without the dot */
static bool
atext(char c)
{
    return !control(c) && (unsigned char) c < 0x80 &&
           memchr(" ()<>[]:;@\\,.\"", c, 14) == NULL;
}

static bool
dot_atom(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] == '.' ? i == 0 || i + 1 == s.n || s.p[i - 1] == '.'
                          : !atext(s.p[i]))
            return false;
    return s.n > 0;
}

static const char *
local_fault(char c)
{
    return control(c) || c == ' ' ? "Local address contains control or "
                                    "whitespace"
                                  : "Local address contains illegal character";
}

/* An unquoted local part at the head of spec; *n = its length. */
static ses_rc_t
plain_local(ses_cx_t *cx, ses_str_t spec, ses_str_t *out)
{
    size_t i;

    for (i = 0; i < spec.n && spec.p[i] != '@'; i++) {
        if (atext(spec.p[i]))
            continue;
        if (spec.p[i] != '.')
            return bad(cx, local_fault(spec.p[i]));
        if (i == 0)
            return bad(cx, "Local address starts with dot");
        if (spec.p[i - 1] == '.')
            return bad(cx, "Local address contains dot-dot");
        if (i + 1 < spec.n && spec.p[i + 1] == '@')
            return bad(cx, "Local address ends with dot");
    }
    *out = ses_str_head(spec, i);
    return SES_OK;
}

/* A quoted one: its content, without escapes, and the length it took. */
static ses_rc_t
quoted_local(ses_cx_t *cx, ses_str_t spec, ses_str_t *content, size_t *taken)
{
    char *p = ses_alloc(cx->arena, spec.n);
    size_t i, n = 0;

    for (i = 1; i < spec.n && spec.p[i] != '"'; i++) {
        if (spec.p[i] == '\\' && i + 1 < spec.n)
            i++;
        if (control(spec.p[i]) || (unsigned char) spec.p[i] >= 0x80)
            return bad(cx, local_fault(spec.p[i]));
        p[n++] = spec.p[i];
    }
    if (i == spec.n)
        return bad(cx, "Unterminated quote");
    *content = ses_str_n(p, n);
    *taken = i + 1;
    return SES_OK;
}

/* The one spelling: quotes only where they are needed. */
static ses_str_t
canonical_local(ses_arena_t *a, ses_str_t content)
{
    char *p, *at;
    size_t i;

    if (dot_atom(content))
        return ses_str_dup(a, content);
    p = at = ses_alloc(a, 2 * content.n + 3);
    *at++ = '"';
    for (i = 0; i < content.n; i++) {
        if (content.p[i] == '"' || content.p[i] == '\\')
            *at++ = '\\';
        *at++ = content.p[i];
    }
    *at++ = '"';
    *at = '\0';
    return ses_str_n(p, (size_t) (at - p));
}

static ses_rc_t
domain_of(ses_cx_t *cx, ses_str_t s, ses_str_t *out)
{
    ses_cx_t quiet = ses_cx(cx->arena, cx->now); /* has a text of its own */
    size_t i;

    if (s.n == 0)
        return bad(cx, "Missing domain");
    for (i = 0; i < s.n; i++) {
        if (control(s.p[i]) || s.p[i] == ' ')
            return bad(cx, "Domain contains control or whitespace");
        if (s.p[i] == '.' && i == 0)
            return bad(cx, "Domain starts with dot");
        if (s.p[i] == '.' && s.p[i - 1] == '.')
            return bad(cx, "Domain contains dot-dot");
        if (s.p[i] != '.' && s.p[i] != '-' && !atext(s.p[i]))
            return bad(cx, "Domain contains illegal character");
    }
    if (s.p[s.n - 1] == '.')
        return bad(cx, "Domain ends with dot");
    if (ses_domain_canon(&quiet, s, out) != SES_OK)
        return bad(cx, "Domain contains illegal character");
    return SES_OK;
}

ses_rc_t
ses_address_spec(ses_cx_t *cx, ses_str_t spec, ses_str_t whole,
                 ses_address_t *out)
{
    ses_str_t content = SES_STR(""), local, domain;
    size_t taken = 0;
    ses_rc_t rc;

    if (spec.n == 0)
        return invalid(cx, whole);
    if (spec.p[0] == '@')
        return ses_str_find(spec, ':') < 0 ? bad(cx, "Missing local name")
                                           : invalid(cx, whole);
    if (spec.p[0] == '"') {
        rc = quoted_local(cx, spec, &content, &taken);
        if (rc == SES_OK && taken < spec.n && spec.p[taken] != '@')
            rc = bad(cx, local_fault(spec.p[taken]));
        if (rc == SES_OK && content.n > 0 && content.p[0] == '@')
            return invalid(cx, whole); /* Postfix reads a route: "@h:b"@d */
    } else {
        rc = plain_local(cx, spec, &content);
        taken = content.n;
    }
    if (rc != SES_OK)
        return rc;
    if (taken == spec.n)
        return bad(cx, "Missing final '@domain'");

    rc = domain_of(cx, ses_str_from(spec, taken + 1), &domain);
    if (rc != SES_OK)
        return rc;
    local = canonical_local(cx->arena, content);
    if (local.n > LOCAL_MAX)
        return invalid(cx, whole);
    out->display = SES_STR("");
    out->local = local;
    out->domain = domain;
    out->addr =
        ses_str_printf(cx->arena, "%.*s@%.*s", SES_FMT(local), SES_FMT(domain));
    return SES_OK;
}

/* --- SMTP -------------------------------------------------------------- */

ses_rc_t
ses_address_path(ses_cx_t *cx, ses_str_t s, ses_address_t *out)
{
    ses_str_t spec = s;

    if (spec.n > 0 && spec.p[0] == '<') {
        if (spec.n < 2 || spec.p[spec.n - 1] != '>')
            return invalid(cx, s);
        spec = ses_str_n(spec.p + 1, spec.n - 2);
    }
    if (spec.n == 0) {
        *out = (ses_address_t){SES_STR_INIT(""), SES_STR_INIT(""),
                               SES_STR_INIT(""), SES_STR_INIT("")};
        return SES_OK;
    }
    if (spec.p[0] == '@')
        return invalid(cx, s);
    if (spec.n > 1 && spec.p[spec.n - 1] == '.' && spec.p[spec.n - 2] != '.')
        spec.n--;
    return ses_address_spec(cx, spec, s, out);
}

ses_str_t
ses_address_unlabelled(ses_arena_t *a, const ses_address_t *addr)
{
    ptrdiff_t plus = ses_str_find(addr->local, '+');

    if (plus < 1 || addr->local.p[0] == '"')
        return addr->addr;
    return ses_str_printf(a, "%.*s@%.*s",
                          SES_FMT(ses_str_head(addr->local, (size_t) plus)),
                          SES_FMT(addr->domain));
}
