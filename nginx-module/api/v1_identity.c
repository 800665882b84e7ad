/*
 * v1_identity - VerifyDomainIdentity and what else makes, lists and deletes
 * identities in v1
 *
 * The same identities as v2's.  A domain has its DKIM tokens and the token
 * of its TXT record from the start, whichever operation asks for one of them
 * first.  To verify again starts anew what has failed or waits; what is
 * verified stays so.
 */
#include "api/op_dkim.h"
#include "api/op_identity.h"
#include "api/v1.h"

#include "policy/confirm.h"
#include "policy/shapes_v1.h"

#define PAGE_MAX 1000
#define SCAN_MAX 2000 /* rows looked at for one page of a filtered list */

/* --- verify ------------------------------------------------------------ */

/* Look for its records again, for another 72 hours. */
static void
restart(op_t *op, ses_identity_t *i)
{
    i->status = SES_VERIFY_PENDING;
    i->pending_since = i->next_check = op->cx->now;
    i->tries = 0;
}

/* VerifyDomainIdentity */
static ses_rc_t
verify_domain(op_t *op)
{
    ses_identity_t i;
    ses_rc_t rc = op_identity_domain(op, op_str(op, "Domain"), &i);

    if (rc != SES_OK)
        return rc;
    if (i.proof.n == 0) /* it is of an older build */
        ses_identity_prove(op->cx, &i);
    if (!ses_identity_verified(&i))
        restart(op, &i);
    ses_identity_put(op->cx, op->change, &i);
    out_str(op->out, "VerificationToken", i.proof);
    return SES_OK;
}

/* VerifyDomainDkim: Easy DKIM, from the customer's own key too */
static ses_rc_t
verify_dkim(op_t *op)
{
    ses_identity_t i;
    ses_rc_t rc = op_identity_domain(op, op_str(op, "Domain"), &i);

    if (rc == SES_OK)
        rc = op_dkim_easy(op, &i, SES_STR(""));
    if (rc != SES_OK)
        return rc;
    ses_identity_put(op->cx, op->change, &i);
    op_dkim_tokens(op, "DkimTokens", &i);
    return ses_dkim_drop(op->cx, op->txn, op->change, &i);
}

/* VerifyEmailIdentity, VerifyEmailAddress: each call is a mail */
static ses_rc_t
verify_address(op_t *op)
{
    ses_identity_t i;
    ses_rc_t rc = op_identity_address(op, op_str(op, "EmailAddress"), &i);

    if (rc == SES_OK)
        rc = ses_confirm_ask(op->cx, op->txn, &op->env->conf, &i);
    if (rc == SES_OK)
        ses_identity_put(op->cx, op->change, &i);
    return rc;
}

/* --- delete ------------------------------------------------------------ */

/* What is not there is gone already; what is no name is told. */
static ses_rc_t
drop(op_t *op, ses_str_t given, bool domains)
{
    ses_identity_t i;
    ses_str_t name;
    bool domain;
    ses_rc_t rc = ses_identity_name(op->cx, given, &name, &domain);

    if (rc == SES_OK && domain && !domains)
        return SES_OK;
    if (rc == SES_OK)
        rc = ses_identity_find(op->cx, op->txn, op->cx->account, name, &i);
    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    return ses_identity_del(op->cx, op->txn, op->change, &i);
}

/* DeleteIdentity */
static ses_rc_t
delete_identity(op_t *op)
{
    return drop(op, op_str(op, "Identity"), true);
}

/* DeleteVerifiedEmailAddress: a domain is none */
static ses_rc_t
delete_address(op_t *op)
{
    return drop(op, op_str(op, "EmailAddress"), false);
}

/* --- list -------------------------------------------------------------- */

static ses_rc_t
list_row(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    op_list_t *l = arg;

    (void) cx;
    if (!op_list_look(l, i->name))
        return SES_NOT_FOUND;
    if (l->filter.n > 0 && ses_str_eqc(l->filter, "Domain") != i->domain)
        return SES_OK;
    l->n++;
    out_str(l->op->out, NULL, i->name);
    return SES_OK;
}

/* ListIdentities */
static ses_rc_t
list_identities(op_t *op)
{
    op_list_t l;
    ses_rc_t rc;

    rc = op_list_open(&l, op, PAGE_MAX, SCAN_MAX, op_str(op, "IdentityType"));
    if (rc != SES_OK)
        return rc;
    out_list(op->out, "Identities");
    rc = ses_identity_list(op->cx, op->txn, op->cx->account, l.after, list_row,
                           &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l);
    return SES_OK;
}

static ses_rc_t
list_verified(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    op_t *op = arg;

    (void) cx;
    if (!i->domain && ses_identity_verified(i))
        out_str(op->out, NULL, i->name);
    return SES_OK;
}

/* ListVerifiedEmailAddresses: all, at most as many as identities may be */
static ses_rc_t
list_addresses(op_t *op)
{
    ses_rc_t rc;

    out_list(op->out, "VerifiedEmailAddresses");
    rc = ses_identity_list(op->cx, op->txn, op->cx->account, SES_STR(""),
                           list_verified, op);
    if (rc == SES_OK)
        out_end(op->out);
    return rc;
}

const op_def_t ops_v1_identity[] = {
    {"VerifyDomainIdentity", OP_QUERY, "POST", NULL, "ses:VerifyDomainIdentity",
     OP_WRITE, verify_domain, ses_v1_domain, 0},
    {"VerifyDomainDkim", OP_QUERY, "POST", NULL, "ses:VerifyDomainDkim",
     OP_WRITE, verify_dkim, ses_v1_domain, 0},
    {"VerifyEmailIdentity", OP_QUERY, "POST", NULL, "ses:VerifyEmailIdentity",
     OP_WRITE, verify_address, ses_v1_address, 0},
    {"VerifyEmailAddress", OP_QUERY, "POST", NULL, "ses:VerifyEmailAddress",
     OP_WRITE, verify_address, ses_v1_address, OP_BARE},
    {"DeleteIdentity", OP_QUERY, "POST", NULL, "ses:DeleteIdentity", OP_WRITE,
     delete_identity, ses_v1_identity, 0},
    {"DeleteVerifiedEmailAddress", OP_QUERY, "POST", NULL,
     "ses:DeleteVerifiedEmailAddress", OP_WRITE, delete_address, ses_v1_address,
     OP_BARE},
    {"ListIdentities", OP_QUERY, "POST", NULL, "ses:ListIdentities", OP_READ,
     list_identities, ses_v1_list_identities, 0},
    {"ListVerifiedEmailAddresses", OP_QUERY, "POST", NULL,
     "ses:ListVerifiedEmailAddresses", OP_READ, list_addresses, NULL, 0},
    {0},
};
