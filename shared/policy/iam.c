/*
 * iam - what a compiled policy says to a question
 */
#include "policy/iam.h"

#include "policy/iam_policy.h"

const char *
ses_iam_effect_name(ses_iam_effect_t e)
{
    static const char *const names[] = {"implicitDeny", "allowed",
                                        "explicitDeny"};

    return names[e];
}

ses_iam_effect_t
ses_iam_join(ses_iam_effect_t a, ses_iam_effect_t b)
{
    return a > b ? a : b;
}

static bool
listed(ses_iam_ask_t *ask, const iam_vars_t *vars, const iam_list_t *l,
       iam_how_t how, ses_str_t s)
{
    unsigned i;

    for (i = 0; i < l->n; i++)
        if (iam_pattern_match(ask, vars, &l->v[i], how, s))
            return !l->negated;
    return l->negated;
}

/* An account (its digits, or its root) means everybody in it. */
static bool
is_principal(const ses_iam_ask_t *ask, ses_str_t who)
{
    const ses_str_t arn = SES_STR("arn:aws:iam::"), root = SES_STR(":root");

    if (ses_str_eq(who, ask->principal) || ses_str_eq(who, ask->account))
        return true;
    return ses_str_starts(who, arn) && ses_str_ends(who, root) &&
           ses_str_eq(ses_str_n(who.p + arn.n, who.n - arn.n - root.n),
                      ask->account);
}

static bool
principal(const ses_iam_ask_t *ask, const iam_statement_t *s)
{
    bool is = s->anybody;
    unsigned i;

    if (!s->principals && !s->not_principals)
        return true;
    for (i = 0; i < s->nwho && !is; i++)
        is = is_principal(ask, s->who[i]);
    return is != s->not_principals;
}

/* What of s does not match; "" when all does. */
static ses_str_t
misses(const ses_policy_t *p, ses_iam_ask_t *ask, const iam_statement_t *s)
{
    unsigned i;

    if (!principal(ask, s))
        return SES_STR("Principal");
    if (!listed(ask, &p->vars, &s->action, IAM_FOLD, ask->action))
        return SES_STR("Action");
    if (!listed(ask, &p->vars, &s->resource, IAM_ARN, ask->resource))
        return SES_STR("Resource");
    for (i = 0; i < s->nconditions; i++)
        if (!iam_condition_holds(ask, &p->vars, &s->conditions[i], s->deny))
            return s->conditions[i].key;
    return SES_STR("");
}

static void
tell(const ses_iam_ask_t *ask, const iam_statement_t *s, ses_iam_step_t *step,
     ses_str_t miss)
{
    unsigned i;

    step->sid = s->sid;
    step->deny = s->deny;
    step->applies = miss.n == 0;
    step->why = miss;
    for (i = 0; i < s->nconditions; i++)
        if (miss.n > 0 && miss.p == s->conditions[i].key.p)
            step->why =
                ses_str_printf(ask->cx->arena, "Condition %.*s %.*s",
                               SES_FMT(s->conditions[i].text), SES_FMT(miss));
}

ses_iam_effect_t
ses_policy_eval(const ses_policy_t *p, ses_iam_ask_t *ask, ses_str_t name,
                ses_iam_trace_t trace, void *arg)
{
    ses_iam_step_t step = {.policy = name};
    ses_iam_effect_t e = SES_IAM_NONE;
    ses_str_t miss;
    unsigned i;

    for (i = 0; i < p->n; i++) {
        miss = misses(p, ask, &p->v[i]);
        if (miss.n == 0)
            e = ses_iam_join(e, p->v[i].deny ? SES_IAM_DENY : SES_IAM_ALLOW);
        if (trace != NULL) {
            step.statement = i + 1;
            tell(ask, &p->v[i], &step, miss);
            trace(arg, &step);
        }
    }
    return ask->steps > SES_IAM_STEPS ? SES_IAM_DENY : e;
}
