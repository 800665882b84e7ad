/*
 * shapes_v1 - inputs of the SES v1 operations that are there
 *
 * From the service model (2010-12-01).  A form is all text: whoever decodes
 * it refuses what is no number or boolean.
 */
#ifndef SES_POLICY_SHAPES_V1_H
#define SES_POLICY_SHAPES_V1_H

#include "policy/shape.h"

extern const ses_member_t ses_v1_domain[];     /* VerifyDomain... */
extern const ses_member_t ses_v1_address[];    /* EmailAddress */
extern const ses_member_t ses_v1_identity[];   /* Identity */
extern const ses_member_t ses_v1_identities[]; /* Get...Attributes */
extern const ses_member_t ses_v1_list_identities[];
extern const ses_member_t ses_v1_set_dkim[];
extern const ses_member_t ses_v1_set_mail_from[];
extern const ses_member_t ses_v1_set_topic[];
extern const ses_member_t ses_v1_set_headers[];
extern const ses_member_t ses_v1_set_forwarding[];

extern const ses_member_t ses_v1_get_policies[];
extern const ses_member_t ses_v1_put_policy[];
extern const ses_member_t ses_v1_delete_policy[];

extern const ses_member_t ses_v1_enabled[]; /* UpdateAccountSendingEnabled */

extern const ses_member_t ses_v1_create_set[];
extern const ses_member_t ses_v1_set[]; /* DeleteConfigurationSet */
extern const ses_member_t ses_v1_describe_set[];
extern const ses_member_t ses_v1_list_sets[];
extern const ses_member_t ses_v1_set_enabled[]; /* sending, reputation */
extern const ses_member_t ses_v1_put_delivery[];
extern const ses_member_t ses_v1_put_destination[]; /* Create, Update */
extern const ses_member_t ses_v1_delete_destination[];

extern const ses_member_t ses_v1_send[];
extern const ses_member_t ses_v1_send_raw[];

extern const ses_member_t ses_v1_create_verify_template[];
extern const ses_member_t ses_v1_update_verify_template[];
extern const ses_member_t ses_v1_verify_template[]; /* Get, Delete */
extern const ses_member_t ses_v1_list_verify_templates[];
extern const ses_member_t ses_v1_send_verify[];

#endif
