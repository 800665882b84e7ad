/*
 * delegate - sending as an identity that is named by its ARN
 *
 * X-SES-SOURCE-ARN names the identity for the envelope sender,
 * X-SES-FROM-ARN the one for From (and Sender), X-SES-RETURN-PATH-ARN the
 * one for Return-Path (contract 4.8).  The owner may be another account,
 * whose policy is asked then (iam_send.h).
 */
#ifndef SES_POLICY_DELEGATE_H
#define SES_POLICY_DELEGATE_H

#include "model/identity.h"
#include "policy/address.h"
#include "policy/headers.h"

typedef struct {
    ses_str_t arn; /* as it was given, "" = none */
    ses_str_t owner;
    ses_str_t name; /* canonical */
    bool domain;
} ses_delegate_t;

typedef struct {
    ses_delegate_t source, from, back;
} ses_delegates_t;

/* Parts of an identity's ARN in this region; SES_INVALID. */
SES_CHECK ses_rc_t ses_delegate_parse(ses_cx_t *cx, ses_str_t region,
                                      ses_str_t arn, ses_delegate_t *out);
/* Does the identity, by its name alone, cover the address? */
bool ses_delegate_covers(ses_arena_t *a, const ses_delegate_t *d,
                         const ses_address_t *address);
/*
 * What the message's fields name.  SES_INVALID for what is no ARN, does not
 * cover its address, or is an identity that the account has not; nothing of
 * another account is looked at.
 */
SES_CHECK ses_rc_t ses_delegates_read(ses_cx_t *cx, ses_txn_t *t,
                                      ses_str_t region, ses_str_t account,
                                      const ses_headers_t *headers,
                                      const ses_address_t *source,
                                      const ses_address_t *from, unsigned nfrom,
                                      ses_delegates_t *out);
/* Whose identities stand behind address: d's owner's, or account's. */
ses_str_t ses_delegate_owner(ses_arena_t *a, const ses_delegate_t *d,
                             const ses_address_t *address, ses_str_t account);

#endif
