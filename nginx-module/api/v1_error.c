/*
 * v1_error - what was wrong, and with what, as a code
 */
#include "api/v1_error.h"

#define SET "ConfigurationSetName"
#define DESTINATION "EventDestinationName"
#define TEMPLATE "CustomVerificationEmailTemplateName"

static const v1_error_t errors[] = {
    {OP_ABOUT_ACTION, SES_NO_OPERATION, "MissingAction", {NULL}},
    {OP_ABOUT_INPUT, SES_INVALID, "ValidationError", {NULL}},
    {OP_ABOUT_INPUT, SES_SERIALIZATION, "ValidationError", {NULL}},
    {OP_ABOUT_POLICY, SES_INVALID, "InvalidPolicy", {NULL}},
    {OP_ABOUT_SET, SES_NOT_FOUND, "ConfigurationSetDoesNotExist", {SET}},
    {OP_ABOUT_SET, SES_EXISTS, "ConfigurationSetAlreadyExists", {SET}},
    {OP_ABOUT_SET, SES_INVALID, "InvalidConfigurationSet", {NULL}},
    {OP_ABOUT_SEND, SES_SET_UNKNOWN, "ConfigurationSetDoesNotExist", {SET}},
    {OP_ABOUT_SEND,
     SES_SET_PAUSED,
     "ConfigurationSetSendingPausedException",
     {SET}},
    {OP_ABOUT_DELIVERY, SES_INVALID, "InvalidDeliveryOptions", {NULL}},
    {OP_ABOUT_DESTINATION,
     SES_NOT_FOUND,
     "EventDestinationDoesNotExist",
     {SET, DESTINATION}},
    {OP_ABOUT_DESTINATION,
     SES_EXISTS,
     "EventDestinationAlreadyExists",
     {SET, DESTINATION}},
    {OP_ABOUT_SNS, SES_INVALID, "InvalidSNSDestination", {SET, DESTINATION}},
    {OP_ABOUT_FIREHOSE,
     SES_INVALID,
     "InvalidFirehoseDestination",
     {SET, DESTINATION}},
    {OP_ABOUT_CLOUDWATCH,
     SES_INVALID,
     "InvalidCloudWatchDestination",
     {SET, DESTINATION}},
    {OP_ABOUT_VERIFY_TEMPLATE,
     SES_NOT_FOUND,
     "CustomVerificationEmailTemplateDoesNotExist",
     {TEMPLATE}},
    {OP_ABOUT_VERIFY_TEMPLATE,
     SES_EXISTS,
     "CustomVerificationEmailTemplateAlreadyExists",
     {TEMPLATE}},
    {OP_ABOUT_VERIFY_CONTENT,
     SES_INVALID,
     "CustomVerificationEmailInvalidContent",
     {NULL}},
    {OP_ABOUT_VERIFY_FROM,
     SES_INVALID,
     "FromEmailAddressNotVerified",
     {"FromEmailAddress"}},
    {OP_ABOUT_PRODUCTION, SES_REJECTED, "ProductionAccessNotGranted", {NULL}},
};

const v1_error_t *
v1_error_find(op_about_t about, ses_rc_t rc)
{
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].about == about && errors[i].rc == rc)
            return &errors[i];
    return NULL;
}
