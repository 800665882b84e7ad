/*
 * op_account - what the account is allowed, and its switches
 *
 * GetAccount shows the limits that the operator set (sesamectl quota,
 * production); the Put operations change what is the account's own, or ask
 * the operator to let it out of the sandbox.
 */
#include "api/op_account.h"

#include "base/encode.h"
#include "model/review.h"
#include "policy/quota.h"
#include "policy/shapes_v2.h"

ses_rc_t
op_account_find(op_t *op, ses_account_t *a)
{
    ses_rc_t rc = ses_account_find(op->cx, op->txn, op->cx->account, a);

    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_FAULT, "account %.*s is gone",
                        SES_FMT(op->cx->account));
    return rc;
}

static void
put_details(op_t *op, const ses_review_t *r)
{
    unsigned i;

    out_open(op->out, "Details");
    out_str(op->out, "MailType", r->mail_type);
    out_str(op->out, "WebsiteURL", r->website);
    if (r->language.n > 0)
        out_str(op->out, "ContactLanguage", r->language);
    if (r->use_case.n > 0)
        out_str(op->out, "UseCaseDescription", r->use_case);
    if (r->ncontacts > 0) {
        out_list(op->out, "AdditionalContactEmailAddresses");
        for (i = 0; i < r->ncontacts; i++)
            out_str(op->out, NULL, r->contacts[i]);
        out_end(op->out);
    }
    if (r->status != SES_REVIEW_NONE) {
        out_open(op->out, "ReviewDetails");
        out_sym(op->out, "Status", ses_review_name(r->status));
        out_str(op->out, "CaseId", r->case_id);
        out_close(op->out);
    }
    out_close(op->out);
}

ses_rc_t
op_account_quota(op_t *op, const ses_account_t *a)
{
    uint64_t used = 0;
    ses_rc_t rc = ses_quota_used(op->cx, op->txn, op->cx->account, &used);

    if (rc != SES_OK)
        return rc;
    out_double(op->out, "Max24HourSend", a->max24);
    out_double(op->out, "MaxSendRate", a->rate);
    out_double(op->out, "SentLast24Hours", (double) used);
    return SES_OK;
}

static ses_rc_t
get_account(op_t *op)
{
    ses_review_t review;
    ses_account_t a;
    ses_rc_t rc;

    if ((rc = op_account_find(op, &a)) != SES_OK)
        return rc;

    out_bool(op->out, "DedicatedIpAutoWarmupEnabled", false);
    out_sym(op->out, "EnforcementStatus", a.suspended ? "SHUTDOWN" : "HEALTHY");
    out_bool(op->out, "ProductionAccessEnabled", a.production);
    out_open(op->out, "SendQuota");
    if ((rc = op_account_quota(op, &a)) != SES_OK)
        return rc;
    out_close(op->out);
    out_bool(op->out, "SendingEnabled", a.sending && !a.suspended);
    out_open(op->out, "SuppressionAttributes");
    op_put_reasons(op, a.reasons);
    out_close(op->out);
    rc = ses_review_find(op->cx, op->txn, op->cx->account, &review);
    if (rc == SES_OK)
        put_details(op, &review);
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

/*
 * PutAccountDetails: what the account sends, and, when it asks for it and is
 * not there, a request for production.  While one waits nothing changes.
 */
static ses_rc_t
put_account_details(op_t *op)
{
    ses_review_t r = {.account = op->cx->account}, old;
    const cJSON *e;
    ses_account_t a;
    uint8_t id[8];
    ses_rc_t rc;

    if ((rc = op_account_find(op, &a)) != SES_OK)
        return rc;
    rc = ses_review_find(op->cx, op->txn, op->cx->account, &old);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    if (rc == SES_OK && old.status == SES_REVIEW_PENDING)
        return ses_fail(op->cx, SES_CONFLICT,
                        "Your account details are under review and cannot be "
                        "changed until it is complete.");
    if (rc == SES_OK) {
        r.status = old.status;
        r.case_id = old.case_id;
        r.asked = old.asked;
        r.version = old.version;
    }
    r.mail_type = op_str(op, "MailType");
    r.website = op_str(op, "WebsiteURL");
    r.language = op_str(op, "ContactLanguage");
    r.use_case = op_str(op, "UseCaseDescription");
    cJSON_ArrayForEach(e,
                       ses_json_get(op->in, "AdditionalContactEmailAddresses"))
        r.contacts[r.ncontacts++] = ses_str(e->valuestring);
    if (ses_shape_bool(op->in, "ProductionAccessEnabled") && !a.production) {
        ses_random(id, sizeof(id));
        r.status = SES_REVIEW_PENDING;
        r.case_id = ses_hex(op->cx->arena, ses_str_n(id, sizeof(id)));
        r.asked = op->cx->now;
    }
    ses_review_put(op->cx, op->change, &r);
    return SES_OK;
}

ses_rc_t
op_account_switch(op_t *op, bool on)
{
    ses_account_t a;
    ses_rc_t rc;

    if ((rc = op_account_find(op, &a)) != SES_OK)
        return rc;
    a.sending = on;
    ses_account_put(op->cx, op->change, &a);
    return SES_OK;
}

/* PutAccountSendingAttributes */
static ses_rc_t
put_sending(op_t *op)
{
    return op_account_switch(op, ses_shape_bool(op->in, "SendingEnabled"));
}

/* PutAccountSuppressionAttributes: the reasons given are all there are */
static ses_rc_t
put_suppression(op_t *op)
{
    ses_account_t a;
    ses_rc_t rc;

    if ((rc = op_account_find(op, &a)) != SES_OK)
        return rc;
    a.reasons = op_reasons(ses_json_get(op->in, "SuppressedReasons"));
    ses_account_put(op->cx, op->change, &a);
    return SES_OK;
}

const op_def_t ops_account[] = {
    {"GetAccount", OP_REST, "GET", "/v2/email/account", "ses:GetAccount",
     OP_READ, get_account, NULL, 0},
    {"PutAccountDetails", OP_REST, "POST", "/v2/email/account/details",
     "ses:PutAccountDetails", OP_WRITE, put_account_details,
     ses_v2_put_account_details, 0},
    {"PutAccountSendingAttributes", OP_REST, "PUT", "/v2/email/account/sending",
     "ses:PutAccountSendingAttributes", OP_WRITE, put_sending,
     ses_v2_put_account_sending, 0},
    {"PutAccountSuppressionAttributes", OP_REST, "PUT",
     "/v2/email/account/suppression", "ses:PutAccountSuppressionAttributes",
     OP_WRITE, put_suppression, ses_v2_put_account_suppression, 0},
    {0},
};
