/*
 * shapes_v1 - inputs of the SES v1 operations, as tables
 *
 * One table a structure of the service model, each before its users.  Where
 * the model has an enumeration and the service a text of its own (contract
 * 2.4), the operation looks at the value.
 */
#include "policy/shapes_v1.h"

#define M(n, t, ...)                                                           \
    {                                                                          \
        .name = n, .type = SES_T_##t, ##__VA_ARGS__                            \
    }
#define NEED .flags = SES_REQUIRED
#define LATER_OP .flags = SES_LATER_OP
#define END                                                                    \
    {                                                                          \
        .name = NULL                                                           \
    }

#define IDENTITIES_ASKED 100 /* at once: contract 2.4 */
#define POLICIES_ASKED 20

static const ses_member_t text[] = {M("member", STRING)};

/* --- identities -------------------------------------------------------- */

const ses_member_t ses_v1_domain[] = {M("Domain", STRING, NEED), END};
const ses_member_t ses_v1_address[] = {M("EmailAddress", STRING, NEED), END};
const ses_member_t ses_v1_identity[] = {M("Identity", STRING, NEED), END};
const ses_member_t ses_v1_identities[] = {
    M("Identities", LIST, NEED, .max = IDENTITIES_ASKED, .of = text), END};

static const char *const identity_types[] = {"EmailAddress", "Domain", NULL};
const ses_member_t ses_v1_list_identities[] = {
    M("IdentityType", STRING, .values = identity_types), M("NextToken", STRING),
    M("MaxItems", INT), END};

const ses_member_t ses_v1_set_dkim[] = {M("Identity", STRING, NEED),
                                        M("DkimEnabled", BOOL, NEED), END};

static const char *const behaviors[] = {"RejectMessage", "UseDefaultValue",
                                        NULL};
/* MailFromDomain: the operation has a text of its own. */
const ses_member_t ses_v1_set_mail_from[] = {
    M("Identity", STRING, NEED), M("MailFromDomain", STRING),
    M("BehaviorOnMXFailure", STRING, .values = behaviors), END};

const ses_member_t ses_v1_set_topic[] = {M("Identity", STRING, NEED),
                                         M("NotificationType", STRING, NEED),
                                         M("SnsTopic", STRING), END};
const ses_member_t ses_v1_set_headers[] = {M("Identity", STRING, NEED),
                                           M("NotificationType", STRING, NEED),
                                           M("Enabled", BOOL, NEED), END};
const ses_member_t ses_v1_set_forwarding[] = {
    M("Identity", STRING, NEED), M("ForwardingEnabled", BOOL, NEED), END};

/* --- policies ---------------------------------------------------------- */

static const ses_member_t policy_name[] = {
    M("member", STRING, .min = 1, .max = 64)};
const ses_member_t ses_v1_get_policies[] = {
    M("Identity", STRING, NEED),
    M("PolicyNames", LIST, NEED, .max = POLICIES_ASKED, .of = policy_name),
    END};
const ses_member_t ses_v1_put_policy[] = {
    M("Identity", STRING, NEED),
    M("PolicyName", STRING, NEED, .min = 1, .max = 64),
    M("Policy", STRING, NEED, .min = 1), END};
const ses_member_t ses_v1_delete_policy[] = {
    M("Identity", STRING, NEED),
    M("PolicyName", STRING, NEED, .min = 1, .max = 64), END};

/* --- account ----------------------------------------------------------- */

const ses_member_t ses_v1_enabled[] = {M("Enabled", BOOL), END};

/* --- configuration sets ------------------------------------------------ */

static const ses_member_t set_name[] = {M("Name", STRING, NEED), END};
const ses_member_t ses_v1_create_set[] = {
    M("ConfigurationSet", STRUCT, NEED, .of = set_name), END};
const ses_member_t ses_v1_set[] = {M("ConfigurationSetName", STRING, NEED),
                                   END};

static const char *const set_attributes[] = {
    "eventDestinations", "trackingOptions", "deliveryOptions",
    "reputationOptions", NULL};
static const ses_member_t set_attribute[] = {
    M("member", STRING, .values = set_attributes)};
const ses_member_t ses_v1_describe_set[] = {
    M("ConfigurationSetName", STRING, NEED),
    M("ConfigurationSetAttributeNames", LIST, .of = set_attribute), END};

const ses_member_t ses_v1_list_sets[] = {M("NextToken", STRING),
                                         M("MaxItems", INT), END};
const ses_member_t ses_v1_set_enabled[] = {
    M("ConfigurationSetName", STRING, NEED), M("Enabled", BOOL, NEED), END};

static const char *const tls_policies[] = {"Optional", "Require", NULL};
static const ses_member_t delivery[] = {
    M("TlsPolicy", STRING, .values = tls_policies), END};
const ses_member_t ses_v1_put_delivery[] = {
    M("ConfigurationSetName", STRING, NEED),
    M("DeliveryOptions", STRUCT, .of = delivery), END};

/* --- event destinations ------------------------------------------------ */

static const char *const event_types[] = {
    "send", "reject", "bounce",           "complaint", "delivery",
    "open", "click",  "renderingFailure", NULL};
static const ses_member_t event_type[] = {
    M("member", STRING, .values = event_types)};

static const ses_member_t firehose[] = {
    M("IAMRoleARN", STRING, NEED), M("DeliveryStreamARN", STRING, NEED), END};
static const char *const value_sources[] = {"messageTag", "emailHeader",
                                            "linkTag", NULL};
static const ses_member_t dimension[] = {
    M("DimensionName", STRING, NEED),
    M("DimensionValueSource", STRING, NEED, .values = value_sources),
    M("DefaultDimensionValue", STRING, NEED), END};
static const ses_member_t dimensions[] = {M("member", STRUCT, .of = dimension)};
static const ses_member_t cloudwatch[] = {
    M("DimensionConfigurations", LIST, NEED, .of = dimensions), END};
static const ses_member_t sns[] = {M("TopicARN", STRING, NEED), END};

static const ses_member_t destination[] = {
    M("Name", STRING, NEED),
    M("Enabled", BOOL),
    M("MatchingEventTypes", LIST, NEED, .of = event_type),
    M("KinesisFirehoseDestination", STRUCT, LATER_OP, .of = firehose),
    M("CloudWatchDestination", STRUCT, LATER_OP, .of = cloudwatch),
    M("SNSDestination", STRUCT, .of = sns),
    END};
const ses_member_t ses_v1_put_destination[] = {
    M("ConfigurationSetName", STRING, NEED),
    M("EventDestination", STRUCT, NEED, .of = destination), END};
const ses_member_t ses_v1_delete_destination[] = {
    M("ConfigurationSetName", STRING, NEED),
    M("EventDestinationName", STRING, NEED), END};

/* --- sending ----------------------------------------------------------- */

static const ses_member_t recipients[] = {
    M("ToAddresses", LIST, .of = text), M("CcAddresses", LIST, .of = text),
    M("BccAddresses", LIST, .of = text), END};
static const ses_member_t content[] = {M("Data", STRING, NEED),
                                       M("Charset", STRING), END};
static const ses_member_t body[] = {M("Text", STRUCT, .of = content),
                                    M("Html", STRUCT, .of = content), END};
static const ses_member_t message[] = {
    M("Subject", STRUCT, NEED, .of = content),
    M("Body", STRUCT, NEED, .of = body), END};
static const ses_member_t message_tag[] = {M("Name", STRING, NEED),
                                           M("Value", STRING, NEED), END};
static const ses_member_t message_tags[] = {
    M("member", STRUCT, .of = message_tag)};

const ses_member_t ses_v1_send[] = {
    M("Source", STRING, NEED),
    M("Destination", STRUCT, NEED, .of = recipients),
    M("Message", STRUCT, NEED, .of = message),
    M("ReplyToAddresses", LIST, .of = text),
    M("ReturnPath", STRING),
    M("SourceArn", STRING),
    M("ReturnPathArn", STRING),
    M("Tags", LIST, .of = message_tags),
    M("ConfigurationSetName", STRING),
    END};

static const ses_member_t raw[] = {M("Data", BLOB, NEED), END};
const ses_member_t ses_v1_send_raw[] = {
    M("Source", STRING),
    M("Destinations", LIST, .of = text),
    M("RawMessage", STRUCT, NEED, .of = raw),
    M("FromArn", STRING),
    M("SourceArn", STRING),
    M("ReturnPathArn", STRING),
    M("Tags", LIST, .of = message_tags),
    M("ConfigurationSetName", STRING),
    END};

/* --- custom verification emails ---------------------------------------- */

const ses_member_t ses_v1_create_verify_template[] = {
    M("TemplateName", STRING, NEED),
    M("FromEmailAddress", STRING, NEED),
    M("TemplateSubject", STRING, NEED),
    M("TemplateContent", STRING, NEED),
    M("SuccessRedirectionURL", STRING, NEED),
    M("FailureRedirectionURL", STRING, NEED),
    END};
const ses_member_t ses_v1_update_verify_template[] = {
    M("TemplateName", STRING, NEED),
    M("FromEmailAddress", STRING),
    M("TemplateSubject", STRING),
    M("TemplateContent", STRING),
    M("SuccessRedirectionURL", STRING),
    M("FailureRedirectionURL", STRING),
    END};
const ses_member_t ses_v1_verify_template[] = {M("TemplateName", STRING, NEED),
                                               END};
const ses_member_t ses_v1_list_verify_templates[] = {
    M("NextToken", STRING), M("MaxResults", INT, .min = 1, .max = 50), END};
const ses_member_t ses_v1_send_verify[] = {
    M("EmailAddress", STRING, NEED), M("TemplateName", STRING, NEED),
    M("ConfigurationSetName", STRING), END};
