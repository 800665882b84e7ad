/*
 * v1_account - quota, statistics and the sending switch of the account in v1
 */
#include "api/op_account.h"

#include "model/statistic.h"
#include "policy/shapes_v1.h"

/* GetSendQuota */
static ses_rc_t
get_quota(op_t *op)
{
    ses_account_t a;
    ses_rc_t rc = op_account_find(op, &a);

    return rc == SES_OK ? op_account_quota(op, &a) : rc;
}

/* GetAccountSendingEnabled */
static ses_rc_t
get_enabled(op_t *op)
{
    ses_account_t a;
    ses_rc_t rc = op_account_find(op, &a);

    if (rc == SES_OK)
        out_bool(op->out, "Enabled", a.sending && !a.suspended);
    return rc;
}

/* UpdateAccountSendingEnabled */
static ses_rc_t
update_enabled(op_t *op)
{
    return op_account_switch(op, ses_shape_bool(op->in, "Enabled"));
}

static ses_rc_t
put_point(ses_cx_t *cx, const ses_statistic_t *s, void *arg)
{
    op_t *op = arg;

    (void) cx;
    out_open(op->out, NULL);
    out_time(op->out, "Timestamp", s->when);
    out_int(op->out, "DeliveryAttempts", (int64_t) s->n[SES_STAT_ATTEMPTS]);
    out_int(op->out, "Bounces", (int64_t) s->n[SES_STAT_BOUNCES]);
    out_int(op->out, "Complaints", (int64_t) s->n[SES_STAT_COMPLAINTS]);
    out_int(op->out, "Rejects", (int64_t) s->n[SES_STAT_REJECTS]);
    out_close(op->out);
    return SES_OK;
}

/* GetSendStatistics */
static ses_rc_t
get_statistics(op_t *op)
{
    ses_rc_t rc;

    out_list(op->out, "SendDataPoints");
    rc = ses_statistic_list(op->cx, op->txn, op->cx->account, put_point, op);
    if (rc == SES_OK)
        out_end(op->out);
    return rc;
}

const op_def_t ops_v1_account[] = {
    {"GetSendQuota", OP_QUERY, "POST", NULL, "ses:GetSendQuota", OP_READ,
     get_quota, NULL, 0},
    {"GetSendStatistics", OP_QUERY, "POST", NULL, "ses:GetSendStatistics",
     OP_READ, get_statistics, NULL, 0},
    {"GetAccountSendingEnabled", OP_QUERY, "POST", NULL,
     "ses:GetAccountSendingEnabled", OP_READ, get_enabled, NULL, 0},
    {"UpdateAccountSendingEnabled", OP_QUERY, "POST", NULL,
     "ses:UpdateAccountSendingEnabled", OP_WRITE, update_enabled,
     ses_v1_enabled, OP_BARE},
    {0},
};
