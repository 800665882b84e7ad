/*
 * v1_verify_template - the operations on custom verification emails in v1
 */
#include "api/op_verify_template.h"

#include "policy/shapes_v1.h"

const op_def_t ops_v1_verify_template[] = {
    {"CreateCustomVerificationEmailTemplate", OP_QUERY, "POST", NULL,
     "ses:CreateCustomVerificationEmailTemplate", OP_WRITE, op_verify_create,
     ses_v1_create_verify_template, OP_BARE},
    {"UpdateCustomVerificationEmailTemplate", OP_QUERY, "POST", NULL,
     "ses:UpdateCustomVerificationEmailTemplate", OP_WRITE, op_verify_update,
     ses_v1_update_verify_template, OP_BARE},
    {"DeleteCustomVerificationEmailTemplate", OP_QUERY, "POST", NULL,
     "ses:DeleteCustomVerificationEmailTemplate", OP_WRITE, op_verify_delete,
     ses_v1_verify_template, OP_BARE},
    {"GetCustomVerificationEmailTemplate", OP_QUERY, "POST", NULL,
     "ses:GetCustomVerificationEmailTemplate", OP_READ, op_verify_get,
     ses_v1_verify_template, 0},
    {"ListCustomVerificationEmailTemplates", OP_QUERY, "POST", NULL,
     "ses:ListCustomVerificationEmailTemplates", OP_READ, op_verify_list,
     ses_v1_list_verify_templates, 0},
    {"SendCustomVerificationEmail", OP_QUERY, "POST", NULL,
     "ses:SendCustomVerificationEmail", OP_WRITE_SEND, op_verify_send,
     ses_v1_send_verify, 0},
    {0},
};
