/*
 * shapes_v2 - inputs of the SES v2 operations that are there
 *
 * From the service model (contract/shapes-v2.txt), with the members that
 * only newer clients know.  An operation with two paths (contract 1.2) has
 * two tables: its older form takes members from the query.
 */
#ifndef SES_POLICY_SHAPES_V2_H
#define SES_POLICY_SHAPES_V2_H

#include "policy/shape.h"

extern const ses_member_t ses_v2_put_account_details[];
extern const ses_member_t ses_v2_put_account_sending[];
extern const ses_member_t ses_v2_put_account_suppression[];

extern const ses_member_t ses_v2_create_identity[];
extern const ses_member_t ses_v2_identity[]; /* Get, Delete */
extern const ses_member_t ses_v2_put_dkim[];
extern const ses_member_t ses_v2_put_dkim_signing[];
extern const ses_member_t ses_v2_put_identity_policy[]; /* Create, Update */
extern const ses_member_t ses_v2_delete_identity_policy[];
extern const ses_member_t ses_v2_mail_from[];
extern const ses_member_t ses_v2_list_identities[];
extern const ses_member_t ses_v2_list_identities_query[];
extern const ses_member_t ses_v2_put_feedback[];

extern const ses_member_t ses_v2_create_set[];
extern const ses_member_t ses_v2_set[]; /* Get, Delete, list destinations */
extern const ses_member_t ses_v2_list_sets[];
extern const ses_member_t ses_v2_list_sets_query[];
extern const ses_member_t ses_v2_put_set_sending[];
extern const ses_member_t ses_v2_put_set_delivery[];
extern const ses_member_t ses_v2_put_set_suppression[];
extern const ses_member_t ses_v2_create_pool[];
extern const ses_member_t ses_v2_pool[];
extern const ses_member_t ses_v2_list_pools[];
extern const ses_member_t ses_v2_put_pool_scaling[];
extern const ses_member_t ses_v2_address[];
extern const ses_member_t ses_v2_list_addresses[];
extern const ses_member_t ses_v2_put_address_in_pool[];

extern const ses_member_t ses_v2_create_destination[];
extern const ses_member_t ses_v2_update_destination[];
extern const ses_member_t ses_v2_delete_destination[];

extern const ses_member_t ses_v2_put_suppressed[];
extern const ses_member_t ses_v2_suppressed[]; /* Get, Delete */
extern const ses_member_t ses_v2_list_suppressed[];

extern const ses_member_t ses_v2_create_contact_list[];
extern const ses_member_t ses_v2_update_contact_list[];
extern const ses_member_t ses_v2_contact_list[]; /* Get, Delete */
extern const ses_member_t ses_v2_list_contact_lists[];
extern const ses_member_t ses_v2_create_contact[];
extern const ses_member_t ses_v2_update_contact[];
extern const ses_member_t ses_v2_contact[]; /* Get, Delete */
extern const ses_member_t ses_v2_list_contacts[];
extern const ses_member_t ses_v2_list_contacts_query[];

extern const ses_member_t ses_v2_send[];

extern const ses_member_t ses_v2_create_verify_template[];
extern const ses_member_t ses_v2_update_verify_template[];
extern const ses_member_t ses_v2_verify_template[]; /* Get, Delete */
extern const ses_member_t ses_v2_list_verify_templates[];
extern const ses_member_t ses_v2_send_verify[];

#endif
