/*
 * op_identity_policy - who else may send as an identity (contract 13.8)
 *
 * Up to 20 named documents an identity; the gate asks them for every
 * message.  Deleting one that is not there succeeds.
 */
#include "api/op_identity_policy.h"

#include "api/op_identity.h"
#include "base/encode.h"
#include "policy/iam.h"
#include "policy/shapes_v2.h"

ses_rc_t
op_policies_find(op_t *op, ses_str_t given, ses_identity_policies_t *out)
{
    ses_identity_t i;
    ses_rc_t rc = op_identity_find(op, given, &i);

    if (rc != SES_OK)
        return rc;
    return ses_identity_policies_find(op->cx, op->txn, op->cx->account, i.name,
                                      out);
}

/* The identity of the call, and its policies. */
static ses_rc_t
find(op_t *op, ses_identity_policies_t *out)
{
    ses_str_t given = op_str(op, "EmailIdentity");
    ses_rc_t rc = op_policies_find(op, given, out);

    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_NOT_FOUND,
                        "Email identity %.*s does not exist.", SES_FMT(given));
    return rc;
}

ses_rc_t
op_policy_name(op_t *op, ses_str_t name)
{
    if (ses_name_chars(name))
        return SES_OK;
    return ses_fail(op->cx, SES_INVALID,
                    "PolicyName is invalid. Policy names must only include "
                    "alpha-numeric characters, dashes, and underscores.");
}

ses_rc_t
op_policy_check(op_t *op, const ses_identity_policies_t *p, ses_str_t text)
{
    const ses_policy_t *compiled;

    return ses_policy_parse(op->cx, SES_POLICY_IDENTITY,
                            ses_identity_arn(op->cx->arena,
                                             op->env->conf.region, p->account,
                                             p->identity),
                            text, &compiled);
}

ses_rc_t
op_policy_put(op_t *op, ses_identity_policies_t *p, ses_str_t name,
              ses_str_t text)
{
    unsigned at = ses_policies_find(p->v, p->n, name);
    ses_named_policy_t *v;

    if (at < p->n) {
        p->v[at].text = text;
    } else {
        if (p->n >= SES_IDENTITY_POLICIES_MAX)
            return ses_fail(op->cx, SES_LIMIT,
                            "An identity cannot have more than %d policies.",
                            SES_IDENTITY_POLICIES_MAX);
        v = ses_calloc(op->cx->arena, (p->n + 1) * sizeof(*v));
        if (p->n > 0)
            memcpy(v, p->v, p->n * sizeof(*v));
        v[p->n++] = (ses_named_policy_t){name, text};
        p->v = v;
    }
    ses_identity_policies_put(op->cx, op->change, p);
    return SES_OK;
}

void
op_policy_del(op_t *op, ses_identity_policies_t *p, ses_str_t name)
{
    unsigned at = ses_policies_find(p->v, p->n, name);

    if (at == p->n)
        return;
    p->n--;
    memmove(p->v + at, p->v + at + 1, (p->n - at) * sizeof(*p->v));
    ses_identity_policies_put(op->cx, op->change, p);
}

/* The identity's policies, the place of the one that is named (or n), and
 * the new text, checked. */
static ses_rc_t
prepare(op_t *op, ses_identity_policies_t *p, unsigned *at)
{
    ses_str_t name = op_str(op, "PolicyName");
    ses_rc_t rc;

    if ((rc = op_policy_name(op, name)) != SES_OK ||
        (rc = find(op, p)) != SES_OK)
        return rc;
    *at = ses_policies_find(p->v, p->n, name);
    return op_policy_check(op, p, op_str(op, "Policy"));
}

/* CreateEmailIdentityPolicy */
static ses_rc_t
create_policy(op_t *op)
{
    ses_identity_policies_t p;
    unsigned at = 0;
    ses_rc_t rc;

    if ((rc = prepare(op, &p, &at)) != SES_OK)
        return rc;
    if (at < p.n)
        return ses_fail(op->cx, SES_EXISTS, "Policy <%.*s> already exists",
                        SES_FMT(p.v[at].name));
    return op_policy_put(op, &p, op_str(op, "PolicyName"),
                         op_str(op, "Policy"));
}

static ses_rc_t
unknown(op_t *op)
{
    return ses_fail(op->cx, SES_NOT_FOUND, "Policy <%.*s> does not exist",
                    SES_FMT(op_str(op, "PolicyName")));
}

/* UpdateEmailIdentityPolicy */
static ses_rc_t
update_policy(op_t *op)
{
    ses_identity_policies_t p;
    unsigned at = 0;
    ses_rc_t rc;

    if ((rc = prepare(op, &p, &at)) != SES_OK)
        return rc;
    if (at == p.n)
        return unknown(op);
    return op_policy_put(op, &p, op_str(op, "PolicyName"),
                         op_str(op, "Policy"));
}

/* DeleteEmailIdentityPolicy */
static ses_rc_t
delete_policy(op_t *op)
{
    ses_str_t name = op_str(op, "PolicyName");
    ses_identity_policies_t p;
    ses_rc_t rc;

    if ((rc = op_policy_name(op, name)) != SES_OK ||
        (rc = find(op, &p)) != SES_OK)
        return rc;
    op_policy_del(op, &p, name);
    return SES_OK;
}

/* GetEmailIdentityPolicies */
static ses_rc_t
get_policies(op_t *op)
{
    ses_identity_policies_t p;
    unsigned i;
    ses_rc_t rc;

    if ((rc = find(op, &p)) != SES_OK)
        return rc;
    out_map(op->out, "Policies");
    for (i = 0; i < p.n; i++) {
        out_key(op->out, p.v[i].name);
        out_str(op->out, NULL, p.v[i].text);
    }
    out_map_end(op->out);
    return SES_OK;
}

#define POLICY "/v2/email/identities/{EmailIdentity}/policies/{PolicyName}"

const op_def_t ops_identity_policy[] = {
    {"CreateEmailIdentityPolicy", OP_REST, "POST", POLICY,
     "ses:CreateEmailIdentityPolicy", OP_WRITE, create_policy,
     ses_v2_put_identity_policy, 0},
    {"UpdateEmailIdentityPolicy", OP_REST, "PUT", POLICY,
     "ses:UpdateEmailIdentityPolicy", OP_WRITE, update_policy,
     ses_v2_put_identity_policy, 0},
    {"DeleteEmailIdentityPolicy", OP_REST, "DELETE", POLICY,
     "ses:DeleteEmailIdentityPolicy", OP_WRITE, delete_policy,
     ses_v2_delete_identity_policy, 0},
    {"GetEmailIdentityPolicies", OP_REST, "GET",
     "/v2/email/identities/{EmailIdentity}/policies",
     "ses:GetEmailIdentityPolicies", OP_READ, get_policies, ses_v2_identity, 0},
    {0},
};
