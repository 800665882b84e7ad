/*
 * egress - by which source address, and with which TLS, a message leaves
 */
#ifndef SES_POLICY_EGRESS_H
#define SES_POLICY_EGRESS_H

#include "base/conf.h"
#include "model/config_set.h"
#include "model/pool.h"

/*
 * The label of a message's envelope sender, on which Postfix chooses the
 * transport.  set may be NULL.  Of the pool's addresses, seed takes one.
 * SES_BUSY when there is none that is ready: it must not leave otherwise.
 */
SES_CHECK ses_rc_t ses_egress_label(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_conf_t *conf, ses_str_t account,
                                    const ses_config_set_t *set, uint64_t seed,
                                    ses_str_t *label);

/* Is there a word before the first dot of a path's local part that may be a
 * source address's label?  In lower case, in the arena. */
bool ses_egress_looks(ses_cx_t *cx, ses_str_t path, ses_str_t *label);
/* Is it (or its beginning) one of this host, which nobody may have himself?
 * Labels without a mark are everybody's. */
SES_CHECK ses_rc_t ses_egress_taken(ses_cx_t *cx, ses_txn_t *t, ses_str_t label,
                                    bool *out);

#endif
