/*
 * shapes_sns - inputs of the SNS operations that a webhook needs
 *
 * In the Query protocol everything is text; the operations read booleans
 * themselves ("true", "false").
 */
#ifndef SES_POLICY_SHAPES_SNS_H
#define SES_POLICY_SHAPES_SNS_H

#include "policy/shape.h"

extern const ses_member_t ses_sns_create_topic[];
extern const ses_member_t ses_sns_topic[]; /* Delete, GetTopicAttributes */
extern const ses_member_t ses_sns_list_topics[];
extern const ses_member_t ses_sns_subscribe[];
extern const ses_member_t ses_sns_confirm[];
extern const ses_member_t ses_sns_list_by_topic[];
extern const ses_member_t ses_sns_list_subscriptions[];
extern const ses_member_t ses_sns_subscription[]; /* Unsubscribe, Get... */
extern const ses_member_t ses_sns_set_subscription[];

#endif
