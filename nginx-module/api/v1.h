/*
 * v1 - what the operations of SES v1 share
 */
#ifndef SES_API_V1_H
#define SES_API_V1_H

#include "api/op.h"
#include "model/identity.h"

/* "Pending", "Success", ... */
const char *v1_verify_name(ses_verify_t v);
/* The identity of the member Identity; what is none is SES_INVALID. */
SES_CHECK ses_rc_t v1_identity(op_t *op, ses_identity_t *i);
/* That text, for an identity that was looked for otherwise. */
SES_CHECK ses_rc_t v1_no_identity(op_t *op, ses_str_t given);

/* A map of the members Identities that are identities to what show writes of
 * each. */
typedef ses_rc_t (*v1_show_fn_t)(op_t *op, const ses_identity_t *i);
SES_CHECK ses_rc_t v1_identities(op_t *op, const char *map, v1_show_fn_t show);

/* Write the list EventDestinations of a set. */
SES_CHECK ses_rc_t v1_destinations(op_t *op, ses_str_t set);

#endif
