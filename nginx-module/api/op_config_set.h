/*
 * op_config_set - what both APIs do to configuration sets
 */
#ifndef SES_API_OP_CONFIG_SET_H
#define SES_API_OP_CONFIG_SET_H

#include "api/op.h"

/* A new set of this name, to be filled in and put.  SES_INVALID, SES_EXISTS,
 * SES_LIMIT. */
SES_CHECK ses_rc_t op_set_new(op_t *op, ses_str_t name, ses_config_set_t *set);
/* Does the site have what the set's TLS policy and pool ask for? */
SES_CHECK ses_rc_t op_set_transport(op_t *op, const ses_config_set_t *set);
/* Delete the set ConfigurationSetName with its destinations, at most 10, in
 * one change. */
SES_CHECK ses_rc_t op_set_delete(op_t *op);
/* Its sending switch: turned on again, its rates start anew. */
SES_CHECK ses_rc_t op_set_switch(op_t *op, bool enabled);

#endif
