/*
 * op_account - what the account is allowed, and its switches
 *
 * GetAccount shows the limits that the operator set (sesamectl quota,
 * production); the two Put operations change what is the account's own.
 */
#include "api/op.h"

#include "model/account.h"
#include "policy/quota.h"
#include "policy/shapes_v2.h"

/* The caller's account; it was there when the key was checked. */
static ses_rc_t
find(op_t *op, ses_account_t *a)
{
    ses_rc_t rc = ses_account_find(op->cx, op->txn, op->cx->account, a);

    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_FAULT, "account %.*s is gone",
                        SES_FMT(op->cx->account));
    return rc;
}

static ses_rc_t
get_account(op_t *op)
{
    ses_account_t a;
    uint64_t used = 0;
    ses_rc_t rc;

    if ((rc = find(op, &a)) != SES_OK)
        return rc;
    rc = ses_quota_used(op->cx, op->txn, op->cx->account, &used);
    if (rc != SES_OK)
        return rc;

    out_bool(op->out, "DedicatedIpAutoWarmupEnabled", false);
    out_sym(op->out, "EnforcementStatus", a.suspended ? "SHUTDOWN" : "HEALTHY");
    out_bool(op->out, "ProductionAccessEnabled", a.production);
    out_open(op->out, "SendQuota");
    out_double(op->out, "Max24HourSend", a.max24);
    out_double(op->out, "MaxSendRate", a.rate);
    out_double(op->out, "SentLast24Hours", (double) used);
    out_close(op->out);
    out_bool(op->out, "SendingEnabled", a.sending && !a.suspended);
    out_open(op->out, "SuppressionAttributes");
    op_put_reasons(op, a.reasons);
    out_close(op->out);
    return SES_OK;
}

/* PutAccountSendingAttributes */
static ses_rc_t
put_sending(op_t *op)
{
    ses_account_t a;
    ses_rc_t rc;

    if ((rc = find(op, &a)) != SES_OK)
        return rc;
    a.sending = ses_shape_bool(op->in, "SendingEnabled");
    ses_account_put(op->cx, op->change, &a);
    return SES_OK;
}

/* PutAccountSuppressionAttributes: the reasons given are all there are */
static ses_rc_t
put_suppression(op_t *op)
{
    ses_account_t a;
    ses_rc_t rc;

    if ((rc = find(op, &a)) != SES_OK)
        return rc;
    a.reasons = op_reasons(ses_json_get(op->in, "SuppressedReasons"));
    ses_account_put(op->cx, op->change, &a);
    return SES_OK;
}

const op_def_t ops_account[] = {
    {"GetAccount", OP_REST, "GET", "/v2/email/account", "ses:GetAccount",
     OP_READ, get_account, NULL, 0},
    {"PutAccountSendingAttributes", OP_REST, "PUT", "/v2/email/account/sending",
     "ses:PutAccountSendingAttributes", OP_WRITE, put_sending,
     ses_v2_put_account_sending, 0},
    {"PutAccountSuppressionAttributes", OP_REST, "PUT",
     "/v2/email/account/suppression", "ses:PutAccountSuppressionAttributes",
     OP_WRITE, put_suppression, ses_v2_put_account_suppression, 0},
    {0},
};
