/*
 * v1_policy - the policies of an identity in v1
 *
 * Put makes or replaces one; of those asked for by name, the ones that are
 * there are shown; deleting what is not there succeeds.
 */
#include "api/v1.h"

#include "api/op_identity_policy.h"
#include "policy/shapes_v1.h"

static ses_rc_t
find(op_t *op, ses_identity_policies_t *p)
{
    ses_str_t given = op_str(op, "Identity");
    ses_rc_t rc = op_policies_find(op, given, p);

    return rc == SES_NOT_FOUND ? v1_no_identity(op, given) : rc;
}

/* PutIdentityPolicy */
static ses_rc_t
put_policy(op_t *op)
{
    ses_str_t name = op_str(op, "PolicyName"), text = op_str(op, "Policy");
    ses_identity_policies_t p;
    ses_rc_t rc;

    if ((rc = op_policy_name(op, name)) != SES_OK ||
        (rc = find(op, &p)) != SES_OK)
        return rc;
    if ((rc = op_policy_check(op, &p, text)) != SES_OK) {
        op_about(op, OP_ABOUT_POLICY, SES_STR(""), SES_STR(""));
        return rc;
    }
    return op_policy_put(op, &p, name, text);
}

/* DeleteIdentityPolicy */
static ses_rc_t
delete_policy(op_t *op)
{
    ses_str_t name = op_str(op, "PolicyName");
    ses_identity_policies_t p;
    ses_rc_t rc;

    if ((rc = op_policy_name(op, name)) != SES_OK)
        return rc;
    rc = op_policies_find(op, op_str(op, "Identity"), &p);
    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    op_policy_del(op, &p, name);
    return SES_OK;
}

static bool
asked(const cJSON *names, ses_str_t name)
{
    const cJSON *e;

    cJSON_ArrayForEach(
        e, names) if (ses_str_eqc(name, e->valuestring)) return true;
    return false;
}

/* GetIdentityPolicies */
static ses_rc_t
get_policies(op_t *op)
{
    const cJSON *names = ses_json_get(op->in, "PolicyNames");
    ses_identity_policies_t p;
    unsigned i;
    ses_rc_t rc;

    if ((rc = find(op, &p)) != SES_OK)
        return rc;
    out_map(op->out, "Policies");
    for (i = 0; i < p.n; i++) {
        if (!asked(names, p.v[i].name))
            continue;
        out_key(op->out, p.v[i].name);
        out_str(op->out, NULL, p.v[i].text);
    }
    out_map_end(op->out);
    return SES_OK;
}

/* ListIdentityPolicies */
static ses_rc_t
list_policies(op_t *op)
{
    ses_identity_policies_t p;
    unsigned i;
    ses_rc_t rc;

    if ((rc = find(op, &p)) != SES_OK)
        return rc;
    out_list(op->out, "PolicyNames");
    for (i = 0; i < p.n; i++)
        out_str(op->out, NULL, p.v[i].name);
    out_end(op->out);
    return SES_OK;
}

const op_def_t ops_v1_policy[] = {
    {"PutIdentityPolicy", OP_QUERY, "POST", NULL, "ses:PutIdentityPolicy",
     OP_WRITE, put_policy, ses_v1_put_policy, 0},
    {"DeleteIdentityPolicy", OP_QUERY, "POST", NULL, "ses:DeleteIdentityPolicy",
     OP_WRITE, delete_policy, ses_v1_delete_policy, 0},
    {"GetIdentityPolicies", OP_QUERY, "POST", NULL, "ses:GetIdentityPolicies",
     OP_READ, get_policies, ses_v1_get_policies, 0},
    {"ListIdentityPolicies", OP_QUERY, "POST", NULL, "ses:ListIdentityPolicies",
     OP_READ, list_policies, ses_v1_identity, 0},
    {0},
};
