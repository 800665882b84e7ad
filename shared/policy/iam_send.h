/*
 * iam_send - may this caller send as these identities?
 *
 * The caller's own policies and the policies of each identity are asked:
 * within an account one of them must allow, across accounts both must; a
 * denial by either is final (contract 13.8).  A recipient that a verified
 * identity of the account stands for is a resource, too, for IAM users.
 * Identities of another account that do not exist, and those that do and are
 * not for the caller, give one answer.
 */
#ifndef SES_POLICY_IAM_SEND_H
#define SES_POLICY_IAM_SEND_H

#include "policy/delegate.h"
#include "policy/iam_set.h"

/* Who asks, and how. */
typedef struct {
    ses_str_t user;      /* IAM user name */
    bool iam;            /* its policies count; else all is allowed */
    ses_str_t session;   /* access key whose policy narrows that, "" = none */
    ses_str_t client;    /* address */
    bool tls;            /* encrypted on the way here */
    ses_str_t agent;     /* User-Agent, "" = none */
    const char *action;  /* "ses:SendEmail"; NULL = "ses:SendRawEmail" */
    const char *version; /* of the API: "1", "2"; NULL = "2" */
} ses_caller_t;

typedef struct {
    ses_str_t region;
    ses_str_t account;
    const ses_caller_t *caller;
    const ses_address_t *from; /* From, and after it Sender */
    unsigned nfrom, nsender;
    const ses_address_t *back; /* Return-Path */
    unsigned nback;
    const ses_address_t *source; /* the envelope's */
    const ses_str_t *rcpts;
    unsigned nrcpts;
    ses_str_t set; /* configuration set, "" = none */
    const ses_delegates_t *delegates;
} ses_iam_send_t;

/* SES_DENIED with the service's text (contract 1.8). */
SES_CHECK ses_rc_t ses_iam_send(ses_cx_t *cx, ses_txn_t *t,
                                const ses_iam_send_t *send);

/* The condition keys that every question has, about a caller at cx->now;
 * in the arena, room for more left at the end. */
ses_iam_key_t *ses_iam_keys(ses_cx_t *cx, ses_str_t account,
                            const ses_caller_t *caller, unsigned more,
                            unsigned *n);
/* Append a key of n values. */
void ses_iam_key_add(ses_iam_key_t *keys, unsigned *n, const char *name,
                     const ses_str_t *v, unsigned nv);
/* What the caller's own policies say; what his session's does not allow is
 * SES_IAM_DENY and ask->narrowed, whoever else allows it. */
SES_CHECK ses_rc_t ses_iam_caller(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                  const ses_caller_t *caller,
                                  ses_iam_ask_t *ask, ses_iam_trace_t trace,
                                  void *arg, ses_iam_effect_t *out);

#endif
