/*
 * op_suppression - addresses this account no longer sends to
 *
 * Entries come by themselves from hard bounces and complaints; here they are
 * put by hand, looked at, listed and deleted (contract 9.3).
 */
#include "api/op.h"

#include "model/suppression.h"
#include "policy/shapes_v2.h"

#define PAGE_MAX 1000
#define SCAN_MAX 5000 /* rows looked at for one page of a filtered list */

static ses_rc_t
find(op_t *op, ses_suppression_t *s)
{
    ses_str_t address;
    ses_rc_t rc;

    if ((rc = op_address(op, &address)) != SES_OK)
        return rc;
    rc = ses_suppression_find(op->cx, op->txn, op->cx->account, address,
                              SES_REASON_ANY, s);
    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_NOT_FOUND,
                        "Email address %.*s does not exist on your "
                        "suppression list.",
                        SES_FMT(address));
    return rc;
}

/* PutSuppressedDestination: a new entry, or a newer one */
static ses_rc_t
put_address(op_t *op)
{
    ses_suppression_t s, old;
    ses_account_t a;
    ses_str_t address;
    ses_rc_t rc;

    if ((rc = op_address(op, &address)) != SES_OK)
        return rc;
    rc = ses_account_find(op->cx, op->txn, op->cx->account, &a);
    if (rc != SES_OK)
        return rc;
    if (!a.production)
        return ses_fail(op->cx, SES_INVALID,
                        "This operation is not available while your account "
                        "is in the sandbox.");
    rc = ses_suppression_find(op->cx, op->txn, op->cx->account, address,
                              SES_REASON_ANY, &old);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;

    s = (ses_suppression_t){.account = op->cx->account,
                            .address = address,
                            .reason = ses_reason_parse(op_str(op, "Reason")),
                            .since = op->cx->now,
                            .message_id = SES_STR(""),
                            .feedback_id = SES_STR(""),
                            .version =
                                rc == SES_OK ? old.version : SES_VERSION_NONE};
    ses_suppression_put(op->cx, op->change, &s);
    return SES_OK;
}

/* GetSuppressedDestination: why and since when an address is on the list */
static ses_rc_t
get_address(op_t *op)
{
    ses_suppression_t s;
    ses_rc_t rc;

    if ((rc = find(op, &s)) != SES_OK)
        return rc;

    out_open(op->out, "SuppressedDestination");
    out_str(op->out, "EmailAddress", s.address);
    out_sym(op->out, "Reason", ses_reason_name(s.reason));
    out_time(op->out, "LastUpdateTime", s.since);
    if (s.message_id.n > 0 || s.feedback_id.n > 0) {
        out_open(op->out, "Attributes");
        if (s.message_id.n > 0)
            out_str(op->out, "MessageId", s.message_id);
        if (s.feedback_id.n > 0)
            out_str(op->out, "FeedbackId", s.feedback_id);
        out_close(op->out);
    }
    out_close(op->out);
    return SES_OK;
}

/* DeleteSuppressedDestination */
static ses_rc_t
delete_address(op_t *op)
{
    ses_suppression_t s;
    ses_rc_t rc;

    if ((rc = find(op, &s)) != SES_OK)
        return rc;
    ses_suppression_del(op->cx, op->change, &s);
    return SES_OK;
}

/* --- list -------------------------------------------------------------- */

struct list {
    op_list_t page;
    unsigned reasons;
    int64_t from, to;
};

static ses_rc_t
list_row(ses_cx_t *cx, const ses_suppression_t *s, void *arg)
{
    struct list *l = arg;
    out_t *out = l->page.op->out;

    (void) cx;
    if (!op_list_look(&l->page, s->address))
        return SES_NOT_FOUND;
    if ((s->reason & l->reasons) == 0 || s->since < l->from || s->since > l->to)
        return SES_OK;
    l->page.n++;
    out_open(out, NULL);
    out_str(out, "EmailAddress", s->address);
    out_sym(out, "Reason", ses_reason_name(s->reason));
    out_time(out, "LastUpdateTime", s->since);
    out_close(out);
    return SES_OK;
}

static ses_rc_t
read_filter(op_t *op, struct list *l)
{
    const cJSON *e;
    unsigned bit;

    l->reasons = 0;
    cJSON_ArrayForEach(e, ses_json_get(op->in, "Reasons"))
    {
        if ((bit = ses_reason_parse(ses_str(e->valuestring))) == 0)
            return ses_fail(op->cx, SES_INVALID,
                            "Reason <%s> is invalid, must be one of [BOUNCE, "
                            "COMPLAINT].",
                            e->valuestring);
        l->reasons |= bit;
    }
    if (l->reasons == 0)
        l->reasons = SES_REASON_ANY;
    if (!ses_shape_time(op->in, "StartDate", &l->from))
        l->from = INT64_MIN;
    if (!ses_shape_time(op->in, "EndDate", &l->to))
        l->to = INT64_MAX;
    return SES_OK;
}

/* ListSuppressedDestinations: in order of addresses */
static ses_rc_t
list_addresses(op_t *op)
{
    struct list l;
    ses_str_t filter;
    ses_rc_t rc;

    if ((rc = read_filter(op, &l)) != SES_OK)
        return rc;
    filter = ses_str_printf(op->cx->arena, "%u|%lld|%lld", l.reasons,
                            (long long) l.from, (long long) l.to);
    rc = op_list_open(&l.page, op, PAGE_MAX, SCAN_MAX, filter);
    if (rc != SES_OK)
        return rc;

    out_list(op->out, "SuppressedDestinationSummaries");
    rc = ses_suppression_list(op->cx, op->txn, op->cx->account, l.page.after,
                              list_row, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l.page);
    return SES_OK;
}

#define ALL "/v2/email/suppression/addresses"
#define ONE ALL "/{EmailAddress}"

const op_def_t ops_suppression[] = {
    {"PutSuppressedDestination", OP_REST, "PUT", ALL,
     "ses:PutSuppressedDestination", OP_WRITE, put_address,
     ses_v2_put_suppressed, 0},
    {"GetSuppressedDestination", OP_REST, "GET", ONE,
     "ses:GetSuppressedDestination", OP_READ, get_address, ses_v2_suppressed,
     0},
    {"DeleteSuppressedDestination", OP_REST, "DELETE", ONE,
     "ses:DeleteSuppressedDestination", OP_WRITE, delete_address,
     ses_v2_suppressed, 0},
    {"ListSuppressedDestinations", OP_REST, "GET", ALL,
     "ses:ListSuppressedDestinations", OP_READ, list_addresses,
     ses_v2_list_suppressed, 0},
    {0},
};
