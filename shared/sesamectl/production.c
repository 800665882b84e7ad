/*
 * production - sesamectl production: the way out of the sandbox
 *
 * An account asks with PutAccountDetails; the operator grants or denies.
 * Granting needs no request, and can be taken back.
 */
#include "ctl.h"
#include "model/review.h"

typedef struct {
    ses_str_t account;
    bool production;
    ses_review_status_t answer;
    bool asked; /* only when a request waits */
} decision_t;

static ses_rc_t
decide(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const decision_t *d = arg;
    ses_review_t r;
    ses_account_t a;
    ses_rc_t rc = ses_account_find(cx, t, d->account, &a);

    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "account %.*s does not exist",
                        SES_FMT(d->account));
    if (rc != SES_OK)
        return rc;
    rc = ses_review_find(cx, t, d->account, &r);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    if (d->asked && (rc == SES_NOT_FOUND || r.status != SES_REVIEW_PENDING))
        return ses_fail(cx, SES_CONFLICT,
                        "account %.*s has no request that waits",
                        SES_FMT(d->account));
    if (rc == SES_OK && r.status != SES_REVIEW_NONE) {
        r.status = d->answer;
        ses_review_put(cx, change, &r);
    }
    a.production = d->production;
    ses_account_put(cx, change, &a);
    return SES_OK;
}

static int
apply(ctl_t *c, const char *op, decision_t d)
{
    ses_rc_t rc;

    d.account = ctl_arg(c, 0);
    rc = ctl_change(c, d.account, op, decide, &d);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static int
grant(ctl_t *c)
{
    return apply(
        c, "production grant",
        (decision_t){.production = true, .answer = SES_REVIEW_GRANTED});
}

static int
deny(ctl_t *c)
{
    return apply(c, "production deny",
                 (decision_t){.answer = SES_REVIEW_DENIED, .asked = true});
}

static int
revoke(ctl_t *c)
{
    return apply(c, "production revoke",
                 (decision_t){.answer = SES_REVIEW_DENIED});
}

/* --- list -------------------------------------------------------------- */

typedef struct {
    ctl_t *c;
    bool all;
} view_t;

static ses_rc_t
row(ses_cx_t *cx, const ses_review_t *r, void *arg)
{
    view_t *v = arg;
    emit_t *e = &v->c->out;
    unsigned i;

    (void) cx;
    if (r->status != SES_REVIEW_PENDING && !v->all)
        return SES_OK;
    emit_open(e, NULL);
    emit_str(e, "account", r->account);
    emit_c(e, "status", ses_review_name(r->status));
    emit_str(e, "case", r->case_id);
    emit_time(e, "asked", r->asked);
    emit_str(e, "mail_type", r->mail_type);
    emit_str(e, "website", r->website);
    emit_str(e, "language", r->language);
    emit_str(e, "use_case", r->use_case);
    emit_list(e, "contacts");
    for (i = 0; i < r->ncontacts; i++)
        emit_str(e, NULL, r->contacts[i]);
    emit_end(e);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    return ses_review_list(&c->cx, t, row, arg);
}

static int
list(ctl_t *c)
{
    view_t v = {c, ctl_option(c, "all") != NULL};

    return ctl_list(c, rows, &v);
}

const ctl_command_t ctl_production[] = {
    {"list",
     "",
     0,
     0,
     "List the requests for production that wait for an answer.",
     CTL_STORE,
     list,
     {{"all", NULL, "those that were answered too, and mere details"}}},
    {"grant",
     "ACCOUNT",
     1,
     1,
     "Out of the sandbox: the account may send to anybody.",
     CTL_STORE,
     grant,
     {{0}}},
    {"deny",
     "ACCOUNT",
     1,
     1,
     "Refuse the account's request: it stays in the sandbox.",
     CTL_STORE,
     deny,
     {{0}}},
    {"revoke",
     "ACCOUNT",
     1,
     1,
     "Into the sandbox: the account may send to verified identities only.",
     CTL_STORE,
     revoke,
     {{0}}},
    {0},
};
