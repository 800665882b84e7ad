/*
 * envelope - what a send call says beside its content
 */
#ifndef SES_API_ENVELOPE_H
#define SES_API_ENVELOPE_H

#include "api/op.h"
#include "policy/address.h"

#define ENVELOPE_FIELDS 65536 /* bytes of fields of ours in front */

typedef struct {
    op_t *op;
    ses_address_t from; /* FromEmailAddress */
    bool has_from;
    ses_address_t feedback; /* FeedbackForwardingEmailAddress */
    bool has_feedback;
    ses_str_t from_arn, feedback_arn; /* identities, "" = not named */
    ses_address_t *to, *cc, *bcc, *reply_to;
    unsigned nto, ncc, nbcc, nreply_to;
} envelope_t;

/* The call's addresses. */
SES_CHECK ses_rc_t envelope_read(envelope_t *e, op_t *op);
/* The identities named by ARN, for this sender. */
SES_CHECK ses_rc_t envelope_check_arns(envelope_t *e,
                                       const ses_address_t *from);
/* X-SES- fields, in front of the message. */
SES_CHECK ses_rc_t envelope_fields(envelope_t *e, ses_buf_t *b);
/* op->send's recipients: to, cc, bcc, each address once. */
SES_CHECK ses_rc_t envelope_recipients(envelope_t *e);

#endif
