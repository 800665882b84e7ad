/*
 * iam_parse - a policy document, checked and compiled
 *
 * Unknown elements are refused: a misspelt Condition must not become an
 * Allow without one.
 */
#include "base/json.h"
#include "policy/iam_policy.h"

#define STATEMENTS_MAX 100

typedef struct {
    ses_cx_t *cx;
    ses_policy_kind_t kind;
    ses_str_t arn; /* of the identity */
    iam_vars_t *vars;
    unsigned at; /* number of the statement, 0 = the document */
} parse_t;

static ses_rc_t
bad(const parse_t *p, const char *fmt, ses_str_t what)
{
    ses_str_t text =
        ses_str_printf(p->cx->arena, fmt, SES_FMT(ses_str_head(what, 128)));

    ses_cx_clear(p->cx);
    if (p->at == 0)
        return ses_fail(p->cx, SES_INVALID, "Invalid policy: %.*s.",
                        SES_FMT(text));
    return ses_fail(p->cx, SES_INVALID, "Invalid policy: statement %u: %.*s.",
                    p->at, SES_FMT(text));
}

#define BAD(p, text) bad(p, text "%.*s", SES_STR(""))

/* The text of a pattern's failure, as ours. */
static ses_rc_t
reword(const parse_t *p, const char *element)
{
    ses_str_t why = p->cx->why;

    return bad(p, "%.*s",
               ses_str_printf(p->cx->arena, "%s: %.*s", element, SES_FMT(why)));
}

/* Only these elements, none of them null? */
static bool
known(const cJSON *o, const char *const *names, ses_str_t *other)
{
    const cJSON *e;
    size_t i;

    cJSON_ArrayForEach(e, o)
    {
        for (i = 0; names[i] != NULL; i++)
            if (strcmp(e->string, names[i]) == 0)
                break;
        if (names[i] == NULL || cJSON_IsNull(e)) {
            *other = ses_str(e->string);
            return false;
        }
    }
    return true;
}

/* --- Action and Resource ----------------------------------------------- */

static ses_rc_t
check_action(const parse_t *p, ses_str_t s)
{
    if (p->kind == SES_POLICY_IDENTITY) {
        if (!ses_str_casestarts(s, SES_STR("ses:Send")))
            return bad(p, "Action \"%.*s\" is no sending action (ses:Send...)",
                       s);
        return SES_OK;
    }
    if (!ses_str_eqc(s, "*") && ses_str_find(s, ':') < 1)
        return bad(p, "Action \"%.*s\" names no service (ses:...)", s);
    return SES_OK;
}

static ses_rc_t
check_resource(const parse_t *p, ses_str_t s)
{
    unsigned colons = 0;
    size_t i;

    if (p->kind == SES_POLICY_IDENTITY && !ses_str_eq(s, p->arn))
        return bad(p, "Resource \"%.*s\" is not the ARN of this identity", s);
    for (i = 0; i < s.n; i++)
        colons += s.p[i] == ':';
    if (!ses_str_eqc(s, "*") &&
        (colons < 5 || !ses_str_starts(s, SES_STR("arn:"))))
        return bad(p, "Resource \"%.*s\" must be in ARN format or \"*\"", s);
    return SES_OK;
}

typedef ses_rc_t (*check_t)(const parse_t *p, ses_str_t s);

static ses_rc_t
patterns(parse_t *p, const char *name, const cJSON *j, check_t check,
         iam_list_t *out)
{
    const cJSON *e = cJSON_IsArray(j) ? j->child : j;
    int n = cJSON_IsArray(j) ? cJSON_GetArraySize(j) : 1;
    ses_str_t s;
    ses_rc_t rc;

    if (n == 0)
        return bad(p, "%.*s must not be empty", ses_str(name));
    out->v = ses_calloc(p->cx->arena, (size_t) n * sizeof(*out->v));
    out->given = true;
    for (; n > 0; n--, e = e->next) {
        if (!cJSON_IsString(e) || e->valuestring[0] == '\0')
            return bad(p, "%.*s must be a string or a list of strings",
                       ses_str(name));
        s = ses_str(e->valuestring);
        if ((rc = check(p, s)) != SES_OK)
            return rc;
        if (iam_pattern_parse(p->cx, p->vars, s, true, &out->v[out->n]) !=
            SES_OK)
            return reword(p, name);
        out->n++;
    }
    return SES_OK;
}

/* Name or NotName: exactly one of them. */
static ses_rc_t
either(parse_t *p, const cJSON *j, const char *name, const char *not_name,
       check_t check, iam_list_t *out)
{
    const cJSON *yes = ses_json_get(j, name), *no = ses_json_get(j, not_name);

    if (yes != NULL && no != NULL)
        return bad(p, "%.*s and its Not form exclude each other",
                   ses_str(name));
    if (yes == NULL && no == NULL)
        return bad(p, "%.*s is missing", ses_str(name));
    if (no != NULL && p->kind == SES_POLICY_IDENTITY)
        return bad(p, "%.*s is not allowed in an identity's policy",
                   ses_str(not_name));
    out->negated = no != NULL;
    return patterns(p, no != NULL ? not_name : name, no != NULL ? no : yes,
                    check, out);
}

/* --- Principal --------------------------------------------------------- */

static bool
is_account(ses_str_t s)
{
    uint64_t n;

    return s.n == 12 && ses_str_u64(s, UINT64_MAX, &n);
}

static bool
is_principal(ses_str_t s)
{
    const ses_str_t arn = SES_STR("arn:aws:iam::");
    ses_str_t rest = ses_str_from(s, arn.n);

    if (is_account(s))
        return true;
    if (!ses_str_starts(s, arn) || rest.n < 14 ||
        !is_account(ses_str_head(rest, 12)))
        return false;
    rest = ses_str_from(rest, 12);
    return ses_str_eqc(rest, ":root") ||
           (ses_str_starts(rest, SES_STR(":user/")) && rest.n > 6 &&
            ses_str_find(rest, '*') < 0 && ses_str_find(rest, '?') < 0);
}

static ses_rc_t
one_principal(parse_t *p, const cJSON *e, iam_statement_t *s)
{
    ses_str_t who;

    if (!cJSON_IsString(e))
        return BAD(p, "Principal must hold strings");
    who = ses_str(e->valuestring);
    if (ses_str_eqc(who, "*")) {
        s->anybody = true;
        return SES_OK;
    }
    if (!is_principal(who))
        return bad(p, "Principal \"%.*s\" is no account and no user's ARN",
                   who);
    s->who = ses_regrow(p->cx->arena, s->who, s->nwho * sizeof(*s->who),
                        (s->nwho + 1) * sizeof(*s->who));
    s->who[s->nwho++] = ses_str_dup(p->cx->arena, who);
    return SES_OK;
}

static ses_rc_t
principals(parse_t *p, const cJSON *j, iam_statement_t *s)
{
    /* A service's name is nobody who could ask here. */
    static const char *const kinds[] = {"AWS", "Service", NULL};
    const cJSON *aws, *e;
    ses_str_t other;
    ses_rc_t rc;

    if (cJSON_IsString(j) && strcmp(j->valuestring, "*") == 0) {
        s->anybody = true;
        return SES_OK;
    }
    if (!cJSON_IsObject(j) || j->child == NULL)
        return BAD(p, "Principal must be \"*\" or {\"AWS\": ...}");
    if (!known(j, kinds, &other))
        return bad(p, "Principal of kind %.*s is not supported", other);
    if ((aws = ses_json_get(j, "AWS")) == NULL)
        return SES_OK;
    if (!cJSON_IsArray(aws))
        return one_principal(p, aws, s);
    cJSON_ArrayForEach(e, aws) if ((rc = one_principal(p, e, s)) !=
                                   SES_OK) return rc;
    return SES_OK;
}

static ses_rc_t
read_principals(parse_t *p, const cJSON *j, iam_statement_t *s)
{
    const cJSON *yes = ses_json_get(j, "Principal");
    const cJSON *no = ses_json_get(j, "NotPrincipal");

    if (p->kind == SES_POLICY_CALLER)
        return yes == NULL && no == NULL
                   ? SES_OK
                   : BAD(p, "a user's policy must not specify a principal");
    if ((yes == NULL) == (no == NULL))
        return BAD(p, "it needs Principal, or NotPrincipal");
    s->principals = yes != NULL;
    s->not_principals = no != NULL;
    return principals(p, yes != NULL ? yes : no, s);
}

/* --- Condition --------------------------------------------------------- */

static ses_rc_t
one_value(parse_t *p, const cJSON *e, iam_condition_t *c)
{
    ses_str_t s;

    if (cJSON_IsString(e))
        s = ses_str(e->valuestring);
    else if (cJSON_IsBool(e))
        s = cJSON_IsTrue(e) ? SES_STR("true") : SES_STR("false");
    else if (cJSON_IsNumber(e))
        s = ses_str_printf(p->cx->arena, "%.17g", e->valuedouble);
    else
        return bad(p, "Condition %.*s: a value must be a string", c->text);
    if (iam_condition_value(p->cx, p->vars, c, s, &c->v[c->n]) != SES_OK)
        return bad(p, "Condition %.*s",
                   ses_str_printf(p->cx->arena, "%.*s: bad value \"%.*s\"",
                                  SES_FMT(c->text),
                                  SES_FMT(ses_str_head(s, 64))));
    c->n++;
    return SES_OK;
}

static ses_rc_t
one_key(parse_t *p, ses_str_t op, const cJSON *j, iam_condition_t *c)
{
    const cJSON *e = cJSON_IsArray(j) ? j->child : j;
    int n = cJSON_IsArray(j) ? cJSON_GetArraySize(j) : 1;
    ses_rc_t rc;

    if (!iam_condition_operator(ses_str_dup(p->cx->arena, op), c))
        return bad(p, "Condition operator %.*s is unknown", op);
    c->key = ses_str_dup(p->cx->arena, ses_str(j->string));
    if (c->key.n == 0 || n == 0)
        return bad(p, "Condition %.*s: a key or value is missing", op);
    c->v = ses_calloc(p->cx->arena, (size_t) n * sizeof(*c->v));
    for (; n > 0; n--, e = e->next)
        if ((rc = one_value(p, e, c)) != SES_OK)
            return rc;
    return SES_OK;
}

static ses_rc_t
read_conditions(parse_t *p, const cJSON *j, iam_statement_t *s)
{
    const cJSON *all = ses_json_get(j, "Condition"), *op, *key;
    unsigned n = 0;
    ses_rc_t rc;

    if (all == NULL)
        return SES_OK;
    if (!cJSON_IsObject(all))
        return BAD(p, "Condition must be an object");
    cJSON_ArrayForEach(op, all)
    {
        if (!cJSON_IsObject(op) || op->child == NULL)
            return bad(p, "Condition %.*s must be an object",
                       ses_str(op->string));
        n += (unsigned) cJSON_GetArraySize(op);
    }
    s->conditions = ses_calloc(p->cx->arena, n * sizeof(*s->conditions) + 1);
    cJSON_ArrayForEach(op, all)
    {
        cJSON_ArrayForEach(key, op)
        {
            rc = one_key(p, ses_str(op->string), key,
                         &s->conditions[s->nconditions]);
            if (rc != SES_OK)
                return rc;
            s->nconditions++;
        }
    }
    return SES_OK;
}

/* --- the document ------------------------------------------------------ */

static ses_rc_t
read_statement(parse_t *p, const cJSON *j, iam_statement_t *s)
{
    static const char *const elements[] = {
        "Sid",       "Effect",   "Principal",   "NotPrincipal", "Action",
        "NotAction", "Resource", "NotResource", "Condition",    NULL};
    ses_str_t effect, other;
    ses_rc_t rc;

    if (!cJSON_IsObject(j))
        return BAD(p, "it must be an object");
    if (!known(j, elements, &other))
        return bad(p, "unknown element %.*s", other);
    s->sid = ses_str_dup(p->cx->arena, ses_json_str(j, "Sid"));
    effect = ses_json_str(j, "Effect");
    s->deny = ses_str_eqc(effect, "Deny");
    if (!s->deny && !ses_str_eqc(effect, "Allow"))
        return BAD(p, "Effect must be Allow or Deny");
    if ((rc = read_principals(p, j, s)) != SES_OK ||
        (rc = either(p, j, "Action", "NotAction", check_action, &s->action)) !=
            SES_OK ||
        (rc = either(p, j, "Resource", "NotResource", check_resource,
                     &s->resource)) != SES_OK)
        return rc;
    return read_conditions(p, j, s);
}

static ses_rc_t
read_version(parse_t *p, const cJSON *j)
{
    const cJSON *v = ses_json_get(j, "Version");

    if (v == NULL)
        return SES_OK;
    p->vars->on =
        cJSON_IsString(v) && strcmp(v->valuestring, "2012-10-17") == 0;
    if (p->vars->on ||
        (cJSON_IsString(v) && strcmp(v->valuestring, "2008-10-17") == 0))
        return SES_OK;
    return BAD(p, "Version must be 2012-10-17 or 2008-10-17");
}

static ses_rc_t
read_document(parse_t *p, const cJSON *j, ses_policy_t *out)
{
    static const char *const elements[] = {"Version", "Id", "Statement", NULL};
    const cJSON *list = ses_json_get(j, "Statement"), *e;
    ses_str_t other;
    ses_rc_t rc;
    int n;

    if (!cJSON_IsObject(j))
        return BAD(p, "it must be an object");
    if (!known(j, elements, &other))
        return bad(p, "unknown element %.*s", other);
    if ((rc = read_version(p, j)) != SES_OK)
        return rc;
    n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : list != NULL;
    if (n == 0)
        return BAD(p, "Statement is missing");
    if (n > STATEMENTS_MAX)
        return BAD(p, "too many statements");
    out->v = ses_calloc(p->cx->arena, (size_t) n * sizeof(*out->v));
    e = cJSON_IsArray(list) ? list->child : list;
    for (; n > 0; n--, e = e->next) {
        p->at = out->n + 1;
        if ((rc = read_statement(p, e, &out->v[out->n])) != SES_OK)
            return rc;
        out->n++;
    }
    return SES_OK;
}

ses_rc_t
ses_policy_parse(ses_cx_t *cx, ses_policy_kind_t kind, ses_str_t arn,
                 ses_str_t text, const ses_policy_t **out)
{
    size_t max =
        kind == SES_POLICY_IDENTITY ? SES_POLICY_IDENTITY_MAX : SES_POLICY_MAX;
    ses_policy_t *policy = ses_calloc(cx->arena, sizeof(*policy));
    parse_t p = {.cx = cx, .kind = kind, .arn = arn, .vars = &policy->vars};
    ses_rc_t rc;
    cJSON *j;

    if (text.n > max)
        return ses_fail(cx, SES_INVALID,
                        "Invalid policy: it is longer than %zu bytes.", max);
    if (ses_json_parse(cx, text, &j) != SES_OK)
        return BAD(&p, "it is not valid JSON");
    rc = read_document(&p, j, policy);
    ses_json_free(j);
    if (rc == SES_OK)
        *out = policy;
    return rc;
}
