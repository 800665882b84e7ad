/*
 * service - the built-in account that Sesame's own mail belongs to
 */
#include "model/service.h"

#include "base/domain.h"

bool
ses_service_is(ses_str_t account)
{
    return ses_str_eqc(account, SES_SERVICE_ACCOUNT);
}

void
ses_service_account(ses_account_t *out)
{
    *out = (ses_account_t){.id = SES_STR(SES_SERVICE_ACCOUNT),
                           .sending = true,
                           .production = true,
                           .max24 = -1,
                           .rate = -1,
                           .version = SES_VERSION_NONE};
}

bool
ses_service_owns(const ses_conf_t *conf, ses_str_t account, ses_str_t domain)
{
    return ses_service_is(account) &&
           ses_domain_within(domain, conf->service_domain);
}

ses_rc_t
ses_service_identity(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf,
                     ses_change_t *c)
{
    ses_str_t account = SES_STR(SES_SERVICE_ACCOUNT);
    ses_identity_t i;
    ses_rc_t rc;

    rc = ses_identity_find(cx, t, account, conf->service_domain, &i);
    if (rc != SES_NOT_FOUND)
        return rc;
    ses_identity_init(cx, &i, account, conf->service_domain, true);
    ses_identity_put(cx, c, &i);
    return SES_OK;
}
