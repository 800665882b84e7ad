/*
 * cover - which identities of an account stand behind an address
 *
 * Contract 4.5: an identity of its own, of its form without +label, of its
 * domain, or of any domain above.
 */
#ifndef SES_POLICY_COVER_H
#define SES_POLICY_COVER_H

#include "model/identity.h"
#include "policy/address.h"

typedef struct {
    bool exists;         /* best is filled in */
    bool verified;       /* by any of them */
    ses_str_t by;        /* the most specific one of those */
    ses_identity_t best; /* the most specific one, verified or not */
} ses_cover_t;

SES_CHECK ses_rc_t ses_cover_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                  const ses_address_t *a, ses_cover_t *out);
/* The domain identity that signs for domain; SES_NOT_FOUND = nobody does. */
SES_CHECK ses_rc_t ses_cover_signer(ses_cx_t *cx, ses_txn_t *t,
                                    ses_str_t account, ses_str_t domain,
                                    ses_identity_t *out);

#endif
