/*
 * v1_attributes - state and settings of identities in v1: verification, DKIM,
 * MAIL FROM
 *
 * Get...Attributes takes up to a hundred names and answers with a map; who is
 * no identity is left out of it.
 */
#include "api/v1.h"

#include "api/op_dkim.h"
#include "api/op_identity.h"
#include "policy/shapes_v1.h"

/* --- shared ------------------------------------------------------------ */

const char *
v1_verify_name(ses_verify_t v)
{
    static const char *const names[] = {
        [SES_VERIFY_NOT_STARTED] = "NotStarted",
        [SES_VERIFY_PENDING] = "Pending",
        [SES_VERIFY_SUCCESS] = "Success",
        [SES_VERIFY_FAILED] = "Failed",
        [SES_VERIFY_TEMPORARY_FAILURE] = "TemporaryFailure",
    };

    return names[v];
}

ses_rc_t
v1_no_identity(op_t *op, ses_str_t given)
{
    return ses_fail(op->cx, SES_INVALID,
                    "Identity %.*s is invalid. Must be a verified email "
                    "address or domain.",
                    SES_FMT(given));
}

ses_rc_t
v1_identity(op_t *op, ses_identity_t *i)
{
    ses_str_t given = op_str(op, "Identity");
    ses_rc_t rc = op_identity_find(op, given, i);

    return rc == SES_NOT_FOUND ? v1_no_identity(op, given) : rc;
}

/* Was this name asked before, in the same list? */
static bool
repeated(const cJSON *list, const cJSON *name)
{
    const cJSON *e;

    for (e = list->child; e != name; e = e->next)
        if (strcmp(e->valuestring, name->valuestring) == 0)
            return true;
    return false;
}

ses_rc_t
v1_identities(op_t *op, const char *map, v1_show_fn_t show)
{
    const cJSON *list = ses_json_get(op->in, "Identities"), *e;
    ses_identity_t i;
    ses_rc_t rc;

    out_map(op->out, map);
    cJSON_ArrayForEach(e, list)
    {
        if (repeated(list, e))
            continue;
        rc = op_identity_find(op, ses_str(e->valuestring), &i);
        if (rc == SES_NOT_FOUND)
            continue;
        if (rc != SES_OK)
            return rc;
        out_key(op->out, ses_str(e->valuestring));
        out_open(op->out, NULL);
        if ((rc = show(op, &i)) != SES_OK)
            return rc;
        out_close(op->out);
    }
    out_map_end(op->out);
    return SES_OK;
}

/* --- verification ------------------------------------------------------ */

static ses_rc_t
show_verification(op_t *op, const ses_identity_t *i)
{
    out_sym(op->out, "VerificationStatus", v1_verify_name(i->status));
    if (i->proof.n > 0)
        out_str(op->out, "VerificationToken", i->proof);
    return SES_OK;
}

/* GetIdentityVerificationAttributes */
static ses_rc_t
get_verification(op_t *op)
{
    return v1_identities(op, "VerificationAttributes", show_verification);
}

/* --- DKIM -------------------------------------------------------------- */

static ses_rc_t
show_dkim(op_t *op, const ses_identity_t *i)
{
    ses_identity_t d;
    ses_rc_t rc = op_identity_signer(op, i, &d);

    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    out_bool(op->out, "DkimEnabled", rc == SES_OK && d.dkim.signing);
    out_sym(op->out, "DkimVerificationStatus",
            v1_verify_name(rc == SES_OK ? op_dkim_status(&d)
                                        : SES_VERIFY_NOT_STARTED));
    if (rc == SES_OK)
        op_dkim_tokens(op, "DkimTokens", &d);
    return SES_OK;
}

/* GetIdentityDkimAttributes */
static ses_rc_t
get_dkim(op_t *op)
{
    return v1_identities(op, "DkimAttributes", show_dkim);
}

/* SetIdentityDkimEnabled */
static ses_rc_t
set_dkim(op_t *op)
{
    return op_dkim_switch(op, op_str(op, "Identity"),
                          ses_shape_bool(op->in, "DkimEnabled"));
}

/* --- MAIL FROM --------------------------------------------------------- */

static ses_rc_t
show_mail_from(op_t *op, const ses_identity_t *i)
{
    if (i->mail_from.domain.n > 0) {
        out_str(op->out, "MailFromDomain", i->mail_from.domain);
        out_sym(op->out, "MailFromDomainStatus",
                v1_verify_name(i->mail_from.status));
    }
    out_sym(op->out, "BehaviorOnMXFailure",
            i->mail_from.reject ? "RejectMessage" : "UseDefaultValue");
    return SES_OK;
}

/* GetIdentityMailFromDomainAttributes */
static ses_rc_t
get_mail_from(op_t *op)
{
    return v1_identities(op, "MailFromDomainAttributes", show_mail_from);
}

/* SetIdentityMailFromDomain */
static ses_rc_t
set_mail_from(op_t *op)
{
    ses_identity_t i;
    ses_rc_t rc;

    if (!op_has(op, "MailFromDomain"))
        return ses_fail(op->cx, SES_INVALID,
                        "MailFromDomain is required (use an empty string to "
                        "clear the existing setting).");
    if ((rc = v1_identity(op, &i)) != SES_OK)
        return rc;
    return op_identity_mail_from(
        op, &i, op_str(op, "MailFromDomain"),
        ses_str_eqc(op_str(op, "BehaviorOnMXFailure"), "RejectMessage"));
}

const op_def_t ops_v1_attributes[] = {
    {"GetIdentityVerificationAttributes", OP_QUERY, "POST", NULL,
     "ses:GetIdentityVerificationAttributes", OP_READ, get_verification,
     ses_v1_identities, 0},
    {"GetIdentityDkimAttributes", OP_QUERY, "POST", NULL,
     "ses:GetIdentityDkimAttributes", OP_READ, get_dkim, ses_v1_identities, 0},
    {"SetIdentityDkimEnabled", OP_QUERY, "POST", NULL,
     "ses:SetIdentityDkimEnabled", OP_WRITE, set_dkim, ses_v1_set_dkim, 0},
    {"GetIdentityMailFromDomainAttributes", OP_QUERY, "POST", NULL,
     "ses:GetIdentityMailFromDomainAttributes", OP_READ, get_mail_from,
     ses_v1_identities, 0},
    {"SetIdentityMailFromDomain", OP_QUERY, "POST", NULL,
     "ses:SetIdentityMailFromDomain", OP_WRITE, set_mail_from,
     ses_v1_set_mail_from, 0},
    {0},
};
