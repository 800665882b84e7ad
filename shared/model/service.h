/*
 * service - the built-in account that Sesame's own mail belongs to
 *
 * It has no row: it is always there, in production, without a quota, and
 * suppresses nobody.  Its id is no account number, so no key can be made for
 * it and no request can name it.  Its one identity is service_domain.
 */
#ifndef SES_MODEL_SERVICE_H
#define SES_MODEL_SERVICE_H

#include "base/conf.h"
#include "model/account.h"
#include "model/identity.h"

#define SES_SERVICE_ACCOUNT "system"

bool ses_service_is(ses_str_t account);
void ses_service_account(ses_account_t *out);
/* Make the identity of service_domain unless it is there; the change is
 * left empty when it is. */
SES_CHECK ses_rc_t ses_service_identity(ses_cx_t *cx, ses_txn_t *t,
                                        const ses_conf_t *conf,
                                        ses_change_t *c);
/* May the service send as this domain?  It is the operator's own. */
bool ses_service_owns(const ses_conf_t *conf, ses_str_t account,
                      ses_str_t domain);

#endif
