/*
 * op_event_destination - what both APIs do to event destinations
 *
 * They spell the definition of a destination differently; a function of each
 * API reads it into what is stored.
 */
#ifndef SES_API_OP_EVENT_DESTINATION_H
#define SES_API_OP_EVENT_DESTINATION_H

#include "api/op.h"
#include "model/destination.h"

/* Read EventDestination of the input into d, which has its set and name. */
typedef ses_rc_t (*op_destination_fn_t)(op_t *op, ses_destination_t *d);

SES_CHECK ses_rc_t op_destination_create(op_t *op, ses_str_t set,
                                         ses_str_t name,
                                         op_destination_fn_t read);
SES_CHECK ses_rc_t op_destination_update(op_t *op, ses_str_t set,
                                         ses_str_t name,
                                         op_destination_fn_t read);
/* SES_NOT_FOUND says "TEXT <SET>" when text is not NULL. */
SES_CHECK ses_rc_t op_destination_find(op_t *op, ses_str_t set, ses_str_t name,
                                       const char *text, ses_destination_t *d);

/* Is this the ARN of a topic of the caller's?  SES_NOT_FOUND, no text. */
SES_CHECK ses_rc_t op_topic_find(op_t *op, ses_str_t arn);
/* Parts of reading: exactly one of the members that are sinks is given; it is
 * one of those that are not there yet; there are types; the topic is there,
 * in this account. */
SES_CHECK ses_rc_t op_destination_sink(op_t *op, const cJSON *in,
                                       const char *const *names, unsigned n,
                                       unsigned *which);
SES_CHECK ses_rc_t op_destination_later(op_t *op, const char *sink);
SES_CHECK ses_rc_t op_destination_types(op_t *op, const ses_destination_t *d);
SES_CHECK ses_rc_t op_destination_topic(op_t *op, const ses_destination_t *d);

#endif
