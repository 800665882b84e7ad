/*
 * signers - which keys sign a message
 *
 * An RSA key that is missing is a fault, and the message waits; whatever is
 * missing beside it is only not used.
 */
#include "signers.h"

#include "model/service.h"

/* The key of a kind that is in use, as the next of keys. */
static ses_rc_t
add(ses_cx_t *cx, ses_txn_t *t, const ses_identity_t *i, ses_dkim_kind_t kind,
    sign_key_t keys[SIGN_MAX], unsigned *n)
{
    int slot = ses_dkim_slot(&i->dkim, kind, SES_DKIM_CURRENT);
    sign_key_t *k = &keys[*n];
    uint64_t version;
    ses_rc_t rc;

    if (slot < 0)
        return SES_NOT_FOUND;
    *k = (sign_key_t){
        .domain = i->name,
        .selector = i->dkim.keys[slot].selector,
        .kind = kind,
        .aad = ses_dkim_aad(cx->arena, i, (unsigned) slot),
    };
    rc = ses_dkim_find(cx, t, i, (unsigned) slot, &k->sealed, &version);
    if (rc == SES_OK)
        ++*n;
    return rc;
}

/* The service's own, under which mailbox providers report on Feedback-ID. */
static ses_rc_t
add_service(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf,
            const ses_verdict_t *v, sign_key_t keys[SIGN_MAX], unsigned *n)
{
    ses_identity_t i;
    ses_rc_t rc;

    if (ses_str_eq(v->signer.name, conf->service_domain))
        return SES_OK;
    rc = ses_identity_find(cx, t, SES_STR(SES_SERVICE_ACCOUNT),
                           conf->service_domain, &i);
    if (rc != SES_OK || !i.dkim.signing || !ses_identity_dkim_live(&i))
        return rc;
    return add(cx, t, &i, SES_DKIM_RSA, keys, n);
}

ses_rc_t
signers_find(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf,
             const ses_verdict_t *v, sign_key_t keys[SIGN_MAX], unsigned *n)
{
    ses_rc_t rc;

    *n = 0;
    if (!v->sign)
        return SES_OK;
    rc = add(cx, t, &v->signer, SES_DKIM_RSA, keys, n);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, SES_FAULT, "dkim: no key for %.*s",
                        SES_FMT(v->signer.name));
    if (rc == SES_OK && conf->dkim_ed25519 && v->signer.dkim.ed25519)
        rc = add(cx, t, &v->signer, SES_DKIM_ED25519, keys, n);
    if ((rc == SES_OK || rc == SES_NOT_FOUND) && conf->dkim_service)
        rc = add_service(cx, t, conf, v, keys, n);
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}
