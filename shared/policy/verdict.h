/*
 * verdict - may this account send this message to these recipients?
 *
 * The checks of DESIGN section 3 from "configuration set" to "size and
 * recipient limits", in their order, on what a transaction shows; then which
 * recipients are suppressed, and who signs.  It decides only: quota, ledger
 * and signature are the gate's.
 */
#ifndef SES_POLICY_VERDICT_H
#define SES_POLICY_VERDICT_H

#include "base/conf.h"
#include "model/account.h"
#include "model/config_set.h"
#include "model/identity.h"
#include "model/message.h"
#include "model/suppression.h"
#include "policy/address.h"
#include "policy/headers.h"
#include "policy/iam_send.h"
#include "store/keyring.h"

/* What is asked.  Everything outlives the answer. */
typedef struct {
    const ses_conf_t *conf;
    ses_str_t account;
    ses_str_t source;       /* MAIL FROM's argument, with or without <> */
    const ses_str_t *paths; /* RCPT TO's arguments */
    unsigned npaths;        /* how many are in paths */
    uint64_t nrcpts;        /* how many were given, maybe more */
    const ses_headers_t *headers;
    ses_caller_t caller;
    bool own_return; /* reports on it come to the service, whatever custom
                        MAIL FROM the identity has */
    uint64_t seed;   /* chooses among addresses; the same when asked again */
} ses_ask_t;

/* The answer; in cx->arena. */
typedef struct {
    ses_account_t account;
    ses_address_t source;
    ses_address_t *from; /* mailboxes of the From field, at least one */
    unsigned nfrom;
    ses_str_t owner;         /* account of From's identity: maybe another */
    ses_str_t identity;      /* the one whose settings count: most specific */
    ses_str_t return_domain; /* of the envelope sender: ours, or its own */
    ses_str_t set;           /* name of the configuration set, "" = none */
    bool sign;
    ses_identity_t signer; /* the domain that signs */
    ses_tag_t *tags;       /* of the message, from its header */
    unsigned ntags;
    ses_rcpt_t *rcpts; /* each address once; removed and reason filled in */
    unsigned nrcpts;
    ses_str_t label;       /* of the envelope sender (policy/egress.h) */
    uint32_t max_delivery; /* of the set: s until it is given up, 0 = no */
    unsigned *rcpt_of;     /* paths' index -> index into rcpts */
} ses_verdict_t;

/* SES_OK, or why not, with the service's text. */
SES_CHECK ses_rc_t ses_verdict(ses_cx_t *cx, ses_txn_t *t, const ses_ask_t *ask,
                               ses_verdict_t *out);

/* Does its local part hold one of our tokens? Only we send with one, whatever
 * the domain: MAIL FROM domains are their owners'. */
bool ses_verdict_token(ses_cx_t *cx, const ses_keyring_t *ring, ses_str_t path);
/* Is this sender's or reporter's domain one that only we send from? */
bool ses_verdict_reserved(ses_cx_t *cx, const ses_conf_t *conf, ses_str_t path);

#endif
