/*
 * shapes_v2 - inputs of the SES v2 operations, as tables
 *
 * One table a structure of the service model, each before its users.  Enum
 * values stand in the order in which the service prints them (contract 1.6).
 */
#include "policy/shapes_v2.h"

#define M(n, t, ...)                                                           \
    {                                                                          \
        .name = n, .type = SES_T_##t, ##__VA_ARGS__                            \
    }
#define NEED .flags = SES_REQUIRED
#define LATER .flags = SES_LATER
#define LATER_OP .flags = SES_LATER_OP
#define LABEL .flags = SES_REQUIRED, .where = SES_IN_PATH
#define QUERY .where = SES_IN_QUERY
#define END                                                                    \
    {                                                                          \
        .name = NULL                                                           \
    }

static const char *const feature[] = {"ENABLED", "DISABLED", NULL};
static const char *const reasons[] = {"BOUNCE", "COMPLAINT", NULL};

static const ses_member_t text[] = {M("member", STRING)};

static const ses_member_t tag[] = {M("Key", STRING, NEED, .min = 1, .max = 128),
                                   M("Value", STRING, NEED, .max = 256), END};
static const ses_member_t tags[] = {M("member", STRUCT, .of = tag)};

/* --- suppression ------------------------------------------------------- */

static const ses_member_t reason[] = {M("member", STRING, .values = reasons)};

static const char *const verdicts[] = {"MEDIUM", "HIGH", "MANAGED", NULL};
static const ses_member_t confidence[] = {
    M("ConfidenceVerdictThreshold", STRING, NEED, .values = verdicts), END};
static const ses_member_t threshold[] = {
    M("ConditionThresholdEnabled", STRING, NEED, .values = feature),
    M("OverallConfidenceThreshold", STRUCT, .of = confidence), END};
static const ses_member_t validation[] = {
    M("ConditionThreshold", STRUCT, NEED, .of = threshold), END};

static const char *const scopes[] = {"ACCOUNT", "TENANT", NULL};
static const ses_member_t suppression_options[] = {
    M("SuppressedReasons", LIST, .of = reason),
    M("SuppressionScope", STRING, LATER, .values = scopes,
      .harmless = "ACCOUNT"),
    M("ValidationOptions", STRUCT, LATER, .of = validation), END};

const ses_member_t ses_v2_put_suppressed[] = {
    M("EmailAddress", STRING, NEED),
    M("Reason", STRING, NEED, .values = reasons),
    M("TenantName", STRING, LATER, .min = 1), END};

const ses_member_t ses_v2_suppressed[] = {
    M("EmailAddress", STRING, LABEL),
    M("TenantName", STRING, LATER, QUERY, .min = 1), END};

/* Reasons: the operation has a text of its own (contract 1.7). */
const ses_member_t ses_v2_list_suppressed[] = {
    M("TenantName", STRING, LATER, QUERY, .min = 1),
    M("Reasons", LIST, QUERY, .wire = "Reason", .of = text),
    M("StartDate", TIME, QUERY),
    M("EndDate", TIME, QUERY),
    M("NextToken", STRING, QUERY),
    M("PageSize", INT, QUERY),
    END};

/* --- contact lists ----------------------------------------------------- */

static const char *const subscription[] = {"OPT_OUT", "OPT_IN", NULL};

static const ses_member_t list_topic[] = {
    M("TopicName", STRING, NEED), M("DisplayName", STRING, NEED),
    M("Description", STRING),
    M("DefaultSubscriptionStatus", STRING, NEED, .values = subscription), END};
static const ses_member_t list_topics[] = {
    M("member", STRUCT, .of = list_topic)};

const ses_member_t ses_v2_create_contact_list[] = {
    M("ContactListName", STRING, NEED), M("Topics", LIST, .of = list_topics),
    M("Description", STRING), M("Tags", LIST, .of = tags), END};
const ses_member_t ses_v2_update_contact_list[] = {
    M("ContactListName", STRING, LABEL), M("Topics", LIST, .of = list_topics),
    M("Description", STRING), END};
const ses_member_t ses_v2_contact_list[] = {M("ContactListName", STRING, LABEL),
                                            END};
const ses_member_t ses_v2_list_contact_lists[] = {
    M("PageSize", INT, QUERY), M("NextToken", STRING, QUERY), END};

static const ses_member_t preference[] = {
    M("TopicName", STRING, NEED),
    M("SubscriptionStatus", STRING, NEED, .values = subscription), END};
static const ses_member_t preferences[] = {
    M("member", STRUCT, .of = preference)};

const ses_member_t ses_v2_create_contact[] = {
    M("ContactListName", STRING, LABEL),
    M("EmailAddress", STRING, NEED),
    M("TopicPreferences", LIST, .of = preferences),
    M("UnsubscribeAll", BOOL),
    M("AttributesData", STRING),
    END};
const ses_member_t ses_v2_update_contact[] = {
    M("ContactListName", STRING, LABEL),
    M("EmailAddress", STRING, LABEL),
    M("TopicPreferences", LIST, .of = preferences),
    M("UnsubscribeAll", BOOL),
    M("AttributesData", STRING),
    END};
const ses_member_t ses_v2_contact[] = {M("ContactListName", STRING, LABEL),
                                       M("EmailAddress", STRING, LABEL), END};

static const ses_member_t topic_filter[] = {
    M("TopicName", STRING), M("UseDefaultIfPreferenceUnavailable", BOOL), END};
static const ses_member_t contacts_filter[] = {
    M("FilteredStatus", STRING, .values = subscription),
    M("TopicFilter", STRUCT, .of = topic_filter), END};
const ses_member_t ses_v2_list_contacts[] = {
    M("ContactListName", STRING, LABEL),
    M("Filter", STRUCT, .of = contacts_filter), M("PageSize", INT),
    M("NextToken", STRING), END};

/* Older clients GET the contacts, with a body. */
const ses_member_t ses_v2_list_contacts_query[] = {
    M("ContactListName", STRING, LABEL),
    M("Filter", STRUCT, .of = contacts_filter), M("PageSize", INT, QUERY),
    M("NextToken", STRING, QUERY), END};

/* --- account ----------------------------------------------------------- */

static const char *const mail_types[] = {"MARKETING", "TRANSACTIONAL", NULL};
static const char *const languages[] = {"EN", "JA", NULL};

/* ^(.+)@(.+)$ */
static bool
is_contact(ses_str_t s)
{
    ptrdiff_t at = ses_str_find(ses_str_from(s, 1), '@');

    return at >= 0 && (size_t) at + 2 < s.n;
}

static const ses_member_t contact[] = {M("member", STRING, .min = 6, .max = 254,
                                         .pattern = "^(.+)@(.+)$",
                                         .matches = is_contact)};

/* The pattern of WebsiteURL in the model takes any text. */
const ses_member_t ses_v2_put_account_details[] = {
    M("MailType", STRING, NEED, .values = mail_types),
    M("WebsiteURL", STRING, NEED, .min = 1, .max = 1000),
    M("ContactLanguage", STRING, .values = languages),
    M("UseCaseDescription", STRING, .max = 5000),
    M("AdditionalContactEmailAddresses", LIST, .min = 1, .max = 4,
      .of = contact),
    M("ProductionAccessEnabled", BOOL),
    END};

const ses_member_t ses_v2_put_account_sending[] = {M("SendingEnabled", BOOL),
                                                   END};

const ses_member_t ses_v2_put_account_suppression[] = {
    M("SuppressedReasons", LIST, .of = reason),
    M("ValidationAttributes", STRUCT, LATER, .of = validation), END};

/* --- identities -------------------------------------------------------- */

static bool
is_selector(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9');

        if (!alnum && (c != '-' || i == 0 || i == s.n - 1))
            return false;
    }
    return s.n > 0;
}

static bool
is_key(ses_str_t s)
{
    size_t i, end = s.n;

    while (end > 0 && s.n - end < 2 && s.p[end - 1] == '=')
        end--;
    for (i = 0; i < end; i++) {
        char c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '+' || c == '/'))
            return false;
    }
    return end > 0;
}

static const char *const key_lengths[] = {"RSA_1024_BIT", "RSA_2048_BIT", NULL};
static const char *const origins[] = {"AWS_SES",
                                      "EXTERNAL",
                                      "AWS_SES_AF_SOUTH_1",
                                      "AWS_SES_EU_NORTH_1",
                                      "AWS_SES_AP_SOUTH_1",
                                      "AWS_SES_EU_WEST_3",
                                      "AWS_SES_EU_WEST_2",
                                      "AWS_SES_EU_SOUTH_1",
                                      "AWS_SES_EU_WEST_1",
                                      "AWS_SES_AP_NORTHEAST_3",
                                      "AWS_SES_AP_NORTHEAST_2",
                                      "AWS_SES_ME_SOUTH_1",
                                      "AWS_SES_AP_NORTHEAST_1",
                                      "AWS_SES_IL_CENTRAL_1",
                                      "AWS_SES_SA_EAST_1",
                                      "AWS_SES_CA_CENTRAL_1",
                                      "AWS_SES_AP_SOUTHEAST_1",
                                      "AWS_SES_AP_SOUTHEAST_2",
                                      "AWS_SES_AP_SOUTHEAST_3",
                                      "AWS_SES_EU_CENTRAL_1",
                                      "AWS_SES_US_EAST_1",
                                      "AWS_SES_US_EAST_2",
                                      "AWS_SES_US_WEST_1",
                                      "AWS_SES_US_WEST_2",
                                      "AWS_SES_ME_CENTRAL_1",
                                      "AWS_SES_AP_SOUTH_2",
                                      "AWS_SES_EU_CENTRAL_2",
                                      "AWS_SES_AP_SOUTHEAST_5",
                                      "AWS_SES_CA_WEST_1",
                                      "AWS_SES_US_GOV_EAST_1",
                                      "AWS_SES_US_GOV_WEST_1",
                                      NULL};
static const ses_member_t dkim_signing[] = {
    M("DomainSigningSelector", STRING, .min = 1, .max = 63,
      .pattern = "^(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]*[a-zA-Z0-9]))$",
      .matches = is_selector),
    M("DomainSigningPrivateKey", STRING, .min = 1, .max = 20480,
      .pattern = "^[a-zA-Z0-9+\\/]+={0,2}$", .matches = is_key),
    M("NextSigningKeyLength", STRING, .values = key_lengths),
    M("DomainSigningAttributesOrigin", STRING, LATER, .values = origins,
      .harmless = "AWS_SES"),
    END};

const ses_member_t ses_v2_create_identity[] = {
    M("EmailIdentity", STRING, NEED, .min = 1), M("Tags", LIST, .of = tags),
    M("DkimSigningAttributes", STRUCT, .of = dkim_signing),
    M("ConfigurationSetName", STRING), END};

const ses_member_t ses_v2_put_dkim[] = {
    M("EmailIdentity", STRING, LABEL, .min = 1), M("SigningEnabled", BOOL),
    END};

const ses_member_t ses_v2_put_dkim_signing[] = {
    M("EmailIdentity", STRING, LABEL, .min = 1),
    M("SigningAttributesOrigin", STRING, NEED, .values = origins),
    M("SigningAttributes", STRUCT, .of = dkim_signing), END};

const ses_member_t ses_v2_identity[] = {
    M("EmailIdentity", STRING, LABEL, .min = 1), END};

const ses_member_t ses_v2_put_identity_policy[] = {
    M("EmailIdentity", STRING, LABEL, .min = 1),
    M("PolicyName", STRING, LABEL, .min = 1, .max = 64),
    M("Policy", STRING, NEED, .min = 1), END};

const ses_member_t ses_v2_delete_identity_policy[] = {
    M("EmailIdentity", STRING, LABEL, .min = 1),
    M("PolicyName", STRING, LABEL, .min = 1, .max = 64), END};

const ses_member_t ses_v2_put_feedback[] = {
    M("EmailIdentity", STRING, LABEL, .min = 1),
    M("EmailForwardingEnabled", BOOL), END};

static const char *const behaviors[] = {"REJECT_MESSAGE", "USE_DEFAULT_VALUE",
                                        NULL};
const ses_member_t ses_v2_mail_from[] = {
    M("EmailIdentity", STRING, LABEL, .min = 1), M("MailFromDomain", STRING),
    M("BehaviorOnMxFailure", STRING, .values = behaviors), END};

static const char *const identity_keys[] = {
    "IDENTITY_NAME_CONTAINS", "IDENTITY_TYPE", "VERIFICATION_STATUS", NULL};
const ses_member_t ses_v2_list_identities[] = {
    M("Filter", MAP, .values = identity_keys, .of = text),
    M("NextToken", STRING), M("PageSize", INT), END};
const ses_member_t ses_v2_list_identities_query[] = {
    M("NextToken", STRING, QUERY), M("PageSize", INT, QUERY), END};

/* --- configuration sets ------------------------------------------------ */

static const char *const https_policies[] = {"OPTIONAL", "REQUIRE",
                                             "REQUIRE_OPEN_ONLY", NULL};
static const ses_member_t tracking[] = {
    M("CustomRedirectDomain", STRING, NEED),
    M("HttpsPolicy", STRING, .values = https_policies), END};

static const char *const tls_policies[] = {"OPTIONAL", "REQUIRE", NULL};
/* The range of the seconds: the operation says it, after the pool's texts. */
static const ses_member_t delivery[] = {
    M("TlsPolicy", STRING, .values = tls_policies),
    M("SendingPoolName", STRING), M("MaxDeliverySeconds", INT), END};

static const ses_member_t reputation[] = {M("ReputationMetricsEnabled", BOOL),
                                          M("LastFreshStart", TIME), END};
static const ses_member_t sending[] = {M("SendingEnabled", BOOL), END};

static const ses_member_t dashboard[] = {
    M("EngagementMetrics", STRING, LATER, .values = feature), END};
static const ses_member_t guardian[] = {
    M("OptimizedSharedDelivery", STRING, LATER, .values = feature), END};
static const ses_member_t vdm[] = {
    M("DashboardOptions", STRUCT, .of = dashboard),
    M("GuardianOptions", STRUCT, .of = guardian), END};

static size_t
run(ses_str_t s, bool lower, bool digit, bool dash)
{
    size_t n;

    for (n = 0; n < s.n; n++) {
        char c = s.p[n];

        if (!((lower && c >= 'a' && c <= 'z') ||
              (digit && c >= '0' && c <= '9') || (dash && c == '-')))
            break;
    }
    return n;
}

/* arn:aws:ses:REGION:ACCOUNT:mailmanager-archive/a-ID */
static bool
is_archive(ses_str_t s)
{
    static const char *const fixed[] = {"arn", NULL, "ses", NULL, NULL, NULL};
    ses_str_t part;
    unsigned i;
    size_t n;

    for (i = 0; i < 6; i++) {
        if (!ses_str_cut(&s, ':', &part))
            return false;
        if (fixed[i] != NULL && !ses_str_eqc(part, fixed[i]))
            return false;
        n = run(part, true, i == 3 || i == 4, i == 1 || i == 3);
        if (i == 1 && (n != part.n || !ses_str_starts(part, SES_STR("aws"))))
            return false;
        if ((i == 3 || i == 4) && (n != part.n || n == 0))
            return false;
    }
    if (s.p != NULL || !ses_str_starts(part, SES_STR("mailmanager-archive/a-")))
        return false;
    part = ses_str_from(part, sizeof("mailmanager-archive/a-") - 1);
    return part.n >= 24 && part.n <= 62 &&
           run(part, true, true, false) == part.n;
}

static const ses_member_t archiving[] = {
    M("ArchiveArn", STRING, LATER, .min = 20, .max = 1011,
      .pattern = "arn:(aws|aws-[a-z-]+):ses:[a-z]{2,4}-[a-z-]+-[0-9]:"
                 "[0-9]{1,20}:mailmanager-archive/a-[a-z0-9]{24,62}",
      .matches = is_archive),
    END};

static const char *const signature_formats[] = {"DETACHED", NULL};
static const ses_member_t smime[] = {
    M("SignatureFormat", STRING, .values = signature_formats), END};
static const ses_member_t nothing[] = {END};
static const ses_member_t signing_scheme[] = {
    M("DefaultScheme", STRUCT, .of = nothing),
    M("SmimeScheme", STRUCT, LATER, .of = smime), END};
static const ses_member_t message_security[] = {
    M("SigningScheme", STRUCT, .of = signing_scheme), END};

const ses_member_t ses_v2_create_set[] = {
    M("ConfigurationSetName", STRING, NEED),
    M("TrackingOptions", STRUCT, LATER, .of = tracking),
    M("DeliveryOptions", STRUCT, .of = delivery),
    M("ReputationOptions", STRUCT, .of = reputation),
    M("SendingOptions", STRUCT, .of = sending),
    M("Tags", LIST, .of = tags),
    M("SuppressionOptions", STRUCT, .of = suppression_options),
    M("VdmOptions", STRUCT, .of = vdm),
    M("ArchivingOptions", STRUCT, .of = archiving),
    M("MessageSecurityOptions", STRUCT, .of = message_security),
    END};

const ses_member_t ses_v2_set[] = {M("ConfigurationSetName", STRING, LABEL),
                                   END};

static const char *const set_keys[] = {"CONFIGURATION_SET_NAME_CONTAINS", NULL};
const ses_member_t ses_v2_list_sets[] = {
    M("Filter", MAP, .values = set_keys, .of = text), M("NextToken", STRING),
    M("PageSize", INT), END};
const ses_member_t ses_v2_list_sets_query[] = {M("NextToken", STRING, QUERY),
                                               M("PageSize", INT, QUERY), END};

const ses_member_t ses_v2_put_set_sending[] = {
    M("ConfigurationSetName", STRING, LABEL), M("SendingEnabled", BOOL), END};

const ses_member_t ses_v2_put_set_delivery[] = {
    M("ConfigurationSetName", STRING, LABEL),
    M("TlsPolicy", STRING, .values = tls_policies),
    M("SendingPoolName", STRING), M("MaxDeliverySeconds", INT), END};

const ses_member_t ses_v2_put_set_suppression[] = {
    M("ConfigurationSetName", STRING, LABEL),
    M("SuppressionScope", STRING, LATER, .values = scopes,
      .harmless = "ACCOUNT"),
    M("SuppressedReasons", LIST, .of = reason),
    M("ValidationOptions", STRUCT, LATER, .of = validation), END};

/* --- source addresses and their pools ---------------------------------- */

/* ScalingMode: the operation has a text of its own (contract 1.7). */
const ses_member_t ses_v2_create_pool[] = {M("PoolName", STRING, NEED),
                                           M("Tags", LIST, .of = tags),
                                           M("ScalingMode", STRING), END};
const ses_member_t ses_v2_pool[] = {M("PoolName", STRING, LABEL), END};
const ses_member_t ses_v2_list_pools[] = {M("NextToken", STRING, QUERY),
                                          M("PageSize", INT, QUERY), END};
const ses_member_t ses_v2_put_pool_scaling[] = {
    M("PoolName", STRING, LABEL), M("ScalingMode", STRING, NEED), END};
const ses_member_t ses_v2_address[] = {M("Ip", STRING, LABEL), END};
const ses_member_t ses_v2_list_addresses[] = {M("PoolName", STRING, QUERY),
                                              M("NextToken", STRING, QUERY),
                                              M("PageSize", INT, QUERY), END};
const ses_member_t ses_v2_put_address_in_pool[] = {
    M("Ip", STRING, LABEL), M("DestinationPoolName", STRING, NEED), END};

/* --- event destinations ------------------------------------------------ */

static const char *const event_types[] = {
    "SEND",           "REJECT",       "BOUNCE", "COMPLAINT",
    "DELIVERY",       "OPEN",         "CLICK",  "RENDERING_FAILURE",
    "DELIVERY_DELAY", "SUBSCRIPTION", NULL};
static const ses_member_t event_type[] = {
    M("member", STRING, .values = event_types)};

static const ses_member_t firehose[] = {
    M("IamRoleArn", STRING, NEED, .min = 1),
    M("DeliveryStreamArn", STRING, NEED, .min = 1), END};

static const char *const value_sources[] = {"MESSAGE_TAG", "EMAIL_HEADER",
                                            "LINK_TAG", NULL};
static const ses_member_t dimension[] = {
    M("DimensionName", STRING, NEED),
    M("DimensionValueSource", STRING, NEED, .values = value_sources),
    M("DefaultDimensionValue", STRING, NEED), END};
static const ses_member_t dimensions[] = {M("member", STRUCT, .of = dimension)};
static const ses_member_t cloudwatch[] = {
    M("DimensionConfigurations", LIST, NEED, .of = dimensions), END};

static const ses_member_t sns[] = {M("TopicArn", STRING, NEED, .min = 1), END};
static const ses_member_t eventbridge[] = {
    M("EventBusArn", STRING, NEED, .min = 1), END};
static const ses_member_t pinpoint[] = {M("ApplicationArn", STRING, .min = 1),
                                        END};

static const ses_member_t destination[] = {
    M("Enabled", BOOL),
    M("MatchingEventTypes", LIST, .of = event_type),
    M("KinesisFirehoseDestination", STRUCT, LATER_OP, .of = firehose),
    M("CloudWatchDestination", STRUCT, LATER_OP, .of = cloudwatch),
    M("SnsDestination", STRUCT, .of = sns),
    M("EventBridgeDestination", STRUCT, LATER_OP, .of = eventbridge),
    M("PinpointDestination", STRUCT, LATER_OP, .of = pinpoint),
    END};

const ses_member_t ses_v2_create_destination[] = {
    M("ConfigurationSetName", STRING, LABEL),
    M("EventDestinationName", STRING, NEED),
    M("EventDestination", STRUCT, NEED, .of = destination), END};

const ses_member_t ses_v2_update_destination[] = {
    M("ConfigurationSetName", STRING, LABEL),
    M("EventDestinationName", STRING, LABEL),
    M("EventDestination", STRUCT, NEED, .of = destination), END};

const ses_member_t ses_v2_delete_destination[] = {
    M("ConfigurationSetName", STRING, LABEL),
    M("EventDestinationName", STRING, LABEL), END};

/* --- sending ----------------------------------------------------------- */

/* [!-9;-@A-~]+ : printable, no colon */
static bool
is_header_name(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] < '!' || s.p[i] > '~' || s.p[i] == ':')
            return false;
    return s.n > 0;
}

/* [ -~]* */
static bool
is_header_value(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~')
            return false;
    return true;
}

static const ses_member_t header[] = {
    M("Name", STRING, NEED, .min = 1, .max = 126, .pattern = "^[!-9;-@A-~]+$",
      .matches = is_header_name),
    M("Value", STRING, NEED, .min = 1, .max = 995, .pattern = "[ -~]*",
      .matches = is_header_value),
    END};
static const ses_member_t headers[] = {M("member", STRUCT, .of = header)};

static const char *const dispositions[] = {"ATTACHMENT", "INLINE", NULL};
static const char *const encodings[] = {"BASE64", "QUOTED_PRINTABLE",
                                        "SEVEN_BIT", NULL};
static const ses_member_t attachment[] = {
    M("RawContent", BLOB, NEED),
    M("ContentDisposition", STRING, .values = dispositions),
    M("FileName", STRING, NEED, .max = 255),
    M("ContentDescription", STRING, .max = 1000),
    M("ContentId", STRING, .min = 1, .max = 78),
    M("ContentTransferEncoding", STRING, .values = encodings),
    M("ContentType", STRING, .min = 1, .max = 78),
    END};
static const ses_member_t attachments[] = {
    M("member", STRUCT, .of = attachment)};

static const ses_member_t content[] = {M("Data", STRING, NEED),
                                       M("Charset", STRING), END};
static const ses_member_t body[] = {M("Text", STRUCT, .of = content),
                                    M("Html", STRUCT, .of = content), END};
static const ses_member_t simple[] = {
    M("Subject", STRUCT, NEED, .of = content),
    M("Body", STRUCT, NEED, .of = body),
    M("Headers", LIST, .max = 15, .of = headers),
    M("Attachments", LIST, .of = attachments), END};

static const ses_member_t raw[] = {M("Data", BLOB, NEED), END};

static const ses_member_t template_content[] = {
    M("Subject", STRING), M("Text", STRING), M("Html", STRING), END};
static const ses_member_t template[] = {
    M("TemplateName", STRING, .min = 1),
    M("TemplateArn", STRING, .min = 1),
    M("TemplateContent", STRUCT, .of = template_content),
    M("TemplateData", STRING, .max = 262144),
    M("Headers", LIST, .max = 15, .of = headers),
    M("Attachments", LIST, .of = attachments),
    END};

static const ses_member_t email[] = {
    M("Simple", STRUCT, .of = simple), M("Raw", STRUCT, .of = raw),
    M("Template", STRUCT, LATER_OP, .of = template), END};

static const ses_member_t recipients[] = {
    M("ToAddresses", LIST, .of = text), M("CcAddresses", LIST, .of = text),
    M("BccAddresses", LIST, .of = text), END};

static const ses_member_t message_tag[] = {M("Name", STRING, NEED),
                                           M("Value", STRING, NEED), END};
static const ses_member_t message_tags[] = {
    M("member", STRUCT, .of = message_tag)};

static const ses_member_t list_management[] = {
    M("ContactListName", STRING, NEED), M("TopicName", STRING), END};

static const ses_member_t tracking_overrides[] = {
    M("OpenTrackingEnabled", STRING, LATER, .values = feature,
      .harmless = "DISABLED"),
    M("ClickTrackingEnabled", STRING, LATER, .values = feature,
      .harmless = "DISABLED"),
    END};
static const ses_member_t overrides[] = {
    M("Tracking", STRUCT, .of = tracking_overrides), END};

const ses_member_t ses_v2_send[] = {
    M("FromEmailAddress", STRING),
    M("FromEmailAddressIdentityArn", STRING, .min = 1),
    M("Destination", STRUCT, .of = recipients),
    M("ReplyToAddresses", LIST, .of = text),
    M("FeedbackForwardingEmailAddress", STRING),
    M("FeedbackForwardingEmailAddressIdentityArn", STRING, .min = 1),
    M("Content", STRUCT, NEED, .of = email),
    M("EmailTags", LIST, .of = message_tags),
    M("ConfigurationSetName", STRING),
    M("EndpointId", STRING, LATER),
    M("TenantName", STRING, LATER, .min = 1),
    M("ListManagementOptions", STRUCT, LATER, .of = list_management),
    M("ConfigurationOverrides", STRUCT, .of = overrides),
    END};

/* --- custom verification emails ---------------------------------------- */

#define VERIFY_TEMPLATE                                                        \
    M("FromEmailAddress", STRING, NEED), M("TemplateSubject", STRING, NEED),   \
        M("TemplateContent", STRING, NEED),                                    \
        M("SuccessRedirectionURL", STRING, NEED),                              \
        M("FailureRedirectionURL", STRING, NEED)

const ses_member_t ses_v2_create_verify_template[] = {
    M("TemplateName", STRING, NEED, .min = 1), VERIFY_TEMPLATE,
    M("Tags", LIST, .of = tags), END};

const ses_member_t ses_v2_update_verify_template[] = {
    M("TemplateName", STRING, LABEL, .min = 1), VERIFY_TEMPLATE, END};

const ses_member_t ses_v2_verify_template[] = {
    M("TemplateName", STRING, LABEL, .min = 1), END};

const ses_member_t ses_v2_list_verify_templates[] = {
    M("NextToken", STRING, QUERY), M("PageSize", INT, QUERY), END};

const ses_member_t ses_v2_send_verify[] = {
    M("EmailAddress", STRING, NEED), M("TemplateName", STRING, NEED, .min = 1),
    M("ConfigurationSetName", STRING), END};
