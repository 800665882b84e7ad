/*
 * iam_keys - condition keys of every request, and the caller's own policies
 *
 * A caller without IAM user is the account itself: it may do everything of
 * the account, as an account's root may.
 */
#include "base/clock.h"
#include "policy/iam_send.h"

#define COMMON 12

void
ses_iam_key_add(ses_iam_key_t *keys, unsigned *n, const char *name,
                const ses_str_t *v, unsigned nv)
{
    keys[(*n)++] = (ses_iam_key_t){ses_str(name), v, nv};
}

static void
one(ses_cx_t *cx, ses_iam_key_t *keys, unsigned *n, const char *name,
    ses_str_t value)
{
    ses_str_t *v = ses_alloc(cx->arena, sizeof(*v));

    *v = value;
    ses_iam_key_add(keys, n, name, v, value.n > 0 ? 1 : 0);
}

ses_iam_key_t *
ses_iam_keys(ses_cx_t *cx, ses_str_t account, const ses_caller_t *c,
             unsigned more, unsigned *n)
{
    ses_iam_key_t *k = ses_calloc(cx->arena, (COMMON + more) * sizeof(*k));

    *n = 0;
    one(cx, k, n, "aws:CurrentTime", ses_clock_iso(cx->arena, cx->now));
    one(cx, k, n, "aws:EpochTime",
        ses_str_printf(cx->arena, "%lld", (long long) (cx->now / 1000)));
    one(cx, k, n, "aws:SecureTransport",
        c->tls ? SES_STR("true") : SES_STR("false"));
    one(cx, k, n, "aws:SourceIp", c->client);
    one(cx, k, n, "aws:UserAgent", c->agent);
    one(cx, k, n, "aws:username", c->iam ? c->user : SES_STR(""));
    one(cx, k, n, "aws:userid", c->iam ? c->user : account);
    one(cx, k, n, "aws:PrincipalArn", cx->caller);
    one(cx, k, n, "aws:PrincipalAccount", account);
    one(cx, k, n, "aws:PrincipalType",
        c->iam ? SES_STR("User") : SES_STR("Account"));
    one(cx, k, n, "ses:ApiVersion", ses_str(c->version ? c->version : "2"));
    return k;
}

/* A session has what its own policy and its user's both allow. */
static ses_rc_t
narrow(ses_cx_t *cx, ses_txn_t *t, const ses_caller_t *caller,
       ses_iam_ask_t *ask, ses_iam_trace_t trace, void *arg,
       ses_iam_effect_t *out)
{
    ses_iam_set_t *set;
    ses_rc_t rc;

    ask->narrowed = false;
    if (caller->session.n == 0)
        return SES_OK;
    rc = ses_iam_set_session(cx, t, caller->session, &set);
    if (rc == SES_OK) {
        ask->narrowed = ses_iam_set_eval(set, ask, trace, arg) != SES_IAM_ALLOW;
        ses_iam_set_release(set);
    } else if (rc == SES_NOT_FOUND) { /* expired, and deleted meanwhile */
        ask->narrowed = true;
        rc = SES_OK;
    }
    if (ask->narrowed)
        *out = SES_IAM_DENY;
    return rc;
}

ses_rc_t
ses_iam_caller(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
               const ses_caller_t *caller, ses_iam_ask_t *ask,
               ses_iam_trace_t trace, void *arg, ses_iam_effect_t *out)
{
    ses_iam_set_t *set;
    ses_rc_t rc;

    *out = SES_IAM_ALLOW;
    if ((rc = narrow(cx, t, caller, ask, trace, arg, out)) != SES_OK ||
        ask->narrowed || !caller->iam)
        return rc;
    rc = ses_iam_set_user(cx, t, account, caller->user, &set);
    if (rc == SES_NOT_FOUND) { /* the user is gone: so is what it might do */
        *out = SES_IAM_NONE;
        return SES_OK;
    }
    if (rc != SES_OK)
        return rc;
    *out = ses_iam_set_eval(set, ask, trace, arg);
    ses_iam_set_release(set);
    return SES_OK;
}
