/*
 * cover - which identities of an account stand behind an address
 *
 * Settings come from the most specific identity that exists, verified or
 * not; one verified identity is enough to send.
 *
 * The signature is the business of domains: the nearest domain identity that
 * can sign signs; one that says SigningEnabled = false ends the search, one
 * that is only half set up (PENDING, FAILED) does not, so that registering
 * shop.example.com never takes the signature of example.com away.
 */
#include "policy/cover.h"

/* example.com of shop.example.com; empty above the last dot. */
static ses_str_t
parent(ses_str_t domain)
{
    ptrdiff_t dot = ses_str_find(domain, '.');

    return dot < 0 ? SES_STR("") : ses_str_from(domain, (size_t) dot + 1);
}

static ses_rc_t
consider(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t name,
         ses_cover_t *c)
{
    ses_identity_t i;
    ses_rc_t rc;

    rc = ses_identity_find(cx, t, account, name, &i);
    if (rc == SES_NOT_FOUND)
        return SES_OK;
    if (rc != SES_OK)
        return rc;
    if (!c->exists)
        c->best = i;
    c->exists = true;
    if (ses_identity_verified(&i) && !c->verified) {
        c->verified = true;
        c->by = i.name;
    }
    return SES_OK;
}

ses_rc_t
ses_cover_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
               const ses_address_t *a, ses_cover_t *out)
{
    ses_str_t bare = ses_address_unlabelled(cx->arena, a), d;
    ses_cover_t c = {.exists = false};
    ses_rc_t rc;

    if ((rc = consider(cx, t, account, a->addr, &c)) != SES_OK)
        return rc;
    if (!ses_str_eq(bare, a->addr) &&
        (rc = consider(cx, t, account, bare, &c)) != SES_OK)
        return rc;
    for (d = a->domain; d.n > 0; d = parent(d))
        if ((rc = consider(cx, t, account, d, &c)) != SES_OK)
            return rc;
    *out = c;
    return SES_OK;
}

ses_rc_t
ses_cover_signer(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                 ses_str_t domain, ses_identity_t *out)
{
    ses_identity_t i;
    ses_rc_t rc;

    for (; domain.n > 0; domain = parent(domain)) {
        rc = ses_identity_find(cx, t, account, domain, &i);
        if (rc == SES_NOT_FOUND)
            continue;
        if (rc != SES_OK)
            return rc;
        if (!i.dkim.signing)
            break;
        if (!ses_identity_dkim_live(&i))
            continue;
        *out = i;
        return SES_OK;
    }
    return SES_NOT_FOUND;
}
