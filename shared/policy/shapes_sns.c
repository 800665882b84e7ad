/*
 * shapes_sns - inputs of the SNS operations, as tables
 */
#include "policy/shapes_sns.h"

#define M(n, t, ...)                                                           \
    {                                                                          \
        .name = n, .type = SES_T_##t, ##__VA_ARGS__                            \
    }
#define NEED .flags = SES_REQUIRED
#define END                                                                    \
    {                                                                          \
        .name = NULL                                                           \
    }

static const ses_member_t text[] = {M("member", STRING)};

static const ses_member_t tag[] = {M("Key", STRING, NEED),
                                   M("Value", STRING, NEED), END};
static const ses_member_t tags[] = {M("member", STRUCT, .of = tag)};

const ses_member_t ses_sns_create_topic[] = {
    M("Name", STRING, NEED),
    M("Attributes", MAP, .flags = SES_LATER_OP, .of = text),
    M("Tags", LIST, .flags = SES_LATER, .of = tags),
    M("DataProtectionPolicy", STRING, .flags = SES_LATER), END};

const ses_member_t ses_sns_topic[] = {M("TopicArn", STRING, NEED), END};

const ses_member_t ses_sns_list_topics[] = {M("NextToken", STRING), END};

const ses_member_t ses_sns_subscribe[] = {
    M("TopicArn", STRING, NEED),        M("Protocol", STRING, NEED),
    M("Endpoint", STRING, NEED),        M("Attributes", MAP, .of = text),
    M("ReturnSubscriptionArn", STRING), END};

const ses_member_t ses_sns_confirm[] = {
    M("TopicArn", STRING, NEED), M("Token", STRING, NEED),
    M("AuthenticateOnUnsubscribe", STRING, .flags = SES_LATER,
      .harmless = "false"),
    END};

const ses_member_t ses_sns_list_by_topic[] = {M("TopicArn", STRING, NEED),
                                              M("NextToken", STRING), END};

const ses_member_t ses_sns_list_subscriptions[] = {M("NextToken", STRING), END};

const ses_member_t ses_sns_subscription[] = {M("SubscriptionArn", STRING, NEED),
                                             END};

const ses_member_t ses_sns_set_subscription[] = {
    M("SubscriptionArn", STRING, NEED), M("AttributeName", STRING, NEED),
    M("AttributeValue", STRING), END};
