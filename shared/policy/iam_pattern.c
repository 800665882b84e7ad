/*
 * iam_pattern - strings with wildcards and policy variables
 *
 * A pattern is compiled into 16-bit codes.  Matching goes back to the last
 * '*' alone, which is enough (an earlier one can only do what it did), so a
 * match takes at most pattern times string steps; all of them are counted.
 *
 * What a variable gives is literal: its '*' matches a '*', and its ':' does
 * not part an ARN.
 */
#include "policy/iam_policy.h"

#define EXPANDED_MAX 8192
#define ARN_PARTS 6

/* --- compiling --------------------------------------------------------- */

static ses_rc_t
add_variable(ses_cx_t *cx, iam_vars_t *vars, ses_str_t s, uint16_t *code)
{
    iam_var_t var = {.has_otherwise = false};
    ses_str_t name;

    if (!ses_str_cut(&s, ',', &name) || ses_str_trim(name).n == 0)
        return ses_fail(cx, SES_INVALID, "a variable without a name");
    var.name = ses_str_dup(cx->arena, ses_str_trim(name));
    if (s.p != NULL) {
        s = ses_str_trim(s);
        if (s.n < 2 || s.p[0] != '\'' || s.p[s.n - 1] != '\'')
            return ses_fail(cx, SES_INVALID,
                            "a variable's default value stands in '...'");
        var.otherwise = ses_str_dup(cx->arena, ses_str_n(s.p + 1, s.n - 2));
        var.has_otherwise = true;
    }
    if (vars->n >= IAM_VARS_MAX)
        return ses_fail(cx, SES_INVALID, "too many variables");
    vars->v = ses_regrow(cx->arena, vars->v, vars->n * sizeof(*vars->v),
                         (vars->n + 1) * sizeof(*vars->v));
    vars->v[vars->n] = var;
    *code = (uint16_t) (IAM_VAR + vars->n++);
    return SES_OK;
}

/* "${...}" at the start of s: its code, and how long it is. */
static ses_rc_t
variable(ses_cx_t *cx, iam_vars_t *vars, ses_str_t s, uint16_t *code,
         size_t *len)
{
    ptrdiff_t end = ses_str_find(s, '}');
    ses_str_t inner;

    if (end < 0)
        return ses_fail(cx, SES_INVALID, "${ without }");
    *len = (size_t) end + 1;
    inner = ses_str_n(s.p + 2, (size_t) end - 2);
    if (inner.n == 1 && strchr("*?$", inner.p[0]) != NULL) {
        *code = (uint8_t) inner.p[0];
        return SES_OK;
    }
    return add_variable(cx, vars, inner, code);
}

ses_rc_t
iam_pattern_parse(ses_cx_t *cx, iam_vars_t *vars, ses_str_t s, bool wild,
                  iam_pattern_t *out)
{
    uint16_t *v = ses_alloc(cx->arena, (s.n + 1) * sizeof(*v));
    iam_pattern_t p = {.v = v};
    size_t i, len;
    ses_rc_t rc;

    for (i = 0; i < s.n; i += len) {
        len = 1;
        if (vars->on && s.p[i] == '$' && i + 1 < s.n && s.p[i + 1] == '{') {
            rc = variable(cx, vars, ses_str_from(s, i), &v[p.n], &len);
            if (rc != SES_OK)
                return rc;
            p.vars = p.vars || v[p.n] >= IAM_VAR;
        } else if (wild && s.p[i] == '*') {
            v[p.n] = IAM_ANY;
        } else if (wild && s.p[i] == '?') {
            v[p.n] = IAM_ONE;
        } else {
            v[p.n] = (uint8_t) s.p[i];
        }
        p.n++;
    }
    *out = p;
    return SES_OK;
}

/* --- variables --------------------------------------------------------- */

static bool
value_of(const ses_iam_ask_t *ask, const iam_var_t *var, ses_str_t *out)
{
    ses_iam_key_t key;

    if (iam_key(ask, var->name, &key) && key.n == 1) {
        *out = key.v[0];
        return true;
    }
    *out = var->otherwise;
    return var->has_otherwise;
}

/* The pattern with its variables' values; false when one has none. */
static bool
expand(ses_iam_ask_t *ask, const iam_vars_t *vars, const iam_pattern_t *p,
       iam_pattern_t *out)
{
    unsigned i, n = 0;
    uint16_t *v;
    ses_str_t s;
    size_t k;

    if (ask->steps > SES_IAM_STEPS)
        return false;
    if (ask->room == NULL)
        ask->room = ses_alloc(ask->cx->arena, EXPANDED_MAX * sizeof(*v));
    v = ask->room;

    for (i = 0; i < p->n; i++) {
        if (p->v[i] < IAM_VAR) {
            if (n == EXPANDED_MAX)
                return false;
            v[n++] = p->v[i];
            continue;
        }
        if (!value_of(ask, &vars->v[p->v[i] - IAM_VAR], &s) ||
            s.n > EXPANDED_MAX - n)
            return false;
        for (k = 0; k < s.n; k++)
            v[n++] = (uint16_t) (IAM_GIVEN + (uint8_t) s.p[k]);
    }
    ask->steps += n;
    *out = (iam_pattern_t){.v = v, .n = n};
    return true;
}

/* --- matching ---------------------------------------------------------- */

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t) (c + 'a' - 'A') : c;
}

static bool
same(uint16_t code, char c, bool fold)
{
    uint8_t a = (uint8_t) code, b = (uint8_t) c;

    if (code == IAM_ONE)
        return true;
    if (code == IAM_ANY)
        return false;
    return fold ? lower(a) == lower(b) : a == b;
}

static bool
match(ses_iam_ask_t *ask, const uint16_t *p, size_t n, ses_str_t s, bool fold)
{
    size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;

    while (j < s.n) {
        if (++ask->steps > SES_IAM_STEPS)
            return false;
        if (i < n && same(p[i], s.p[j], fold)) {
            i++;
            j++;
        } else if (i < n && p[i] == IAM_ANY) {
            star = i++;
            mark = j;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            j = ++mark;
        } else {
            return false;
        }
    }
    while (i < n && p[i] == IAM_ANY)
        i++;
    return i == n;
}

static size_t
part_end(const uint16_t *p, size_t n)
{
    size_t i;

    for (i = 0; i < n && p[i] != ':'; i++)
        ;
    return i;
}

/* arn:partition:service:region:account:resource; the last may hold colons. */
static bool
match_arn(ses_iam_ask_t *ask, const iam_pattern_t *p, ses_str_t s)
{
    const uint16_t *v = p->v;
    size_t n = p->n, end;
    ses_str_t part;
    int i;

    if (n == 1 && v[0] == IAM_ANY)
        return true;
    for (i = 1; i < ARN_PARTS; i++) {
        end = part_end(v, n);
        if (end == n || ses_str_find(s, ':') < 0 ||
            !ses_str_cut(&s, ':', &part) || !match(ask, v, end, part, false))
            return false;
        v += end + 1;
        n -= end + 1;
    }
    return match(ask, v, n, s, false);
}

bool
iam_pattern_match(ses_iam_ask_t *ask, const iam_vars_t *vars,
                  const iam_pattern_t *p, iam_how_t how, ses_str_t s)
{
    iam_pattern_t full = *p;

    if (p->vars && !expand(ask, vars, p, &full))
        return false;
    if (how == IAM_ARN)
        return match_arn(ask, &full, s);
    return match(ask, full.v, full.n, s, how == IAM_FOLD);
}
