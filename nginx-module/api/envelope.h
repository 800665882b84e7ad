/*
 * envelope - what a send call says beside its content
 */
#ifndef SES_API_ENVELOPE_H
#define SES_API_ENVELOPE_H

#include "api/op.h"
#include "policy/address.h"

#define ENVELOPE_FIELDS 65536 /* bytes of fields of ours in front */

/* What a call's members are named; NULL = it has none of the kind. */
typedef struct {
    const char *from;     /* who stands in From */
    const char *feedback; /* who gets the bounces, if somebody else does */
    const char *from_arn, *feedback_arn;
    const char *source_arn; /* of the envelope's sender, where it has an ARN
                               of its own */
    const char *tags;
} envelope_names_t;

extern const envelope_names_t envelope_v2, envelope_v1, envelope_v1_raw;

typedef struct {
    op_t *op;
    const envelope_names_t *names;
    ses_address_t from;
    bool has_from;
    ses_address_t feedback;
    bool has_feedback;
    /* identities of From, envelope and Return-Path, "" = not named */
    ses_str_t from_arn, source_arn, back_arn;
    ses_address_t *to, *cc, *bcc, *reply_to;
    unsigned nto, ncc, nbcc, nreply_to;
} envelope_t;

/* The call's addresses, but those of a Destinations list. */
SES_CHECK ses_rc_t envelope_read(envelope_t *e, op_t *op,
                                 const envelope_names_t *names);
/* Destinations of v1: recipients that stand in no field. */
SES_CHECK ses_rc_t envelope_destinations(envelope_t *e);
/* The identities named by ARN, for this sender. */
SES_CHECK ses_rc_t envelope_check_arns(envelope_t *e,
                                       const ses_address_t *from);
/* X-SES- fields, in front of the message. */
SES_CHECK ses_rc_t envelope_fields(envelope_t *e, ses_buf_t *b);
/* op->send's recipients: to, cc, bcc, each address once. */
SES_CHECK ses_rc_t envelope_recipients(envelope_t *e);

#endif
