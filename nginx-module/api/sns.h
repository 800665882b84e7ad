/*
 * sns - what topics and subscriptions have in common: ARNs and texts
 *
 * The texts are SNS's: InvalidParameter "Invalid parameter: X ...",
 * NotFound "Topic does not exist", AuthorizationError.
 */
#ifndef SES_API_SNS_H
#define SES_API_SNS_H

#include "api/op.h"
#include "model/account.h"
#include "model/topic.h"

#define SNS_PAGE 100
/* So that a topic and its subscriptions go in one change. */
#define SNS_SUBSCRIPTIONS_MAX (SES_CHANGE_ROWS - 1)

/* "Invalid parameter: NAME Reason: ..." (reason may be NULL) */
SES_CHECK ses_rc_t sns_invalid(op_t *op, const char *name, const char *reason);
/* The name of a topic of the caller out of TopicArn; another account's is
 * SES_DENIED. */
SES_CHECK ses_rc_t sns_topic_name(op_t *op, ses_str_t *name);
/* The topic that TopicArn names; SES_NOT_FOUND explained. */
SES_CHECK ses_rc_t sns_topic(op_t *op, ses_topic_t *out);
/* Is this ARN of another account or region than the caller's? SES_DENIED. */
SES_CHECK ses_rc_t sns_own(op_t *op, ses_str_t region, ses_str_t account,
                           ses_str_t arn);

#endif
