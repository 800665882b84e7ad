/*
 * iam - policies: JSON documents that allow or deny (contract 13.8)
 *
 * A document is parsed once into a ses_policy_t and then evaluated without
 * allocation but for policy variables.  Time is bounded: patterns match
 * without exponential search, and a question that costs more steps than any
 * honest policy needs is denied.
 *
 * An explicit Deny wins over every Allow; what nobody allows is denied.
 */
#ifndef SES_POLICY_IAM_H
#define SES_POLICY_IAM_H

#include "base/rc.h"

#define SES_POLICY_MAX 6144          /* bytes of a user's or group's policy */
#define SES_POLICY_IDENTITY_MAX 4096 /* of an identity's */
#define SES_POLICY_NAME_MAX 64       /* an identity's: A-Za-z0-9_- */
#define SES_IAM_STEPS 20000000u      /* a question may cost so many */

typedef enum {
    SES_POLICY_CALLER,  /* of a user or group: no Principal */
    SES_POLICY_IDENTITY /* of an identity: Principal, one Resource, Send* */
} ses_policy_kind_t;

typedef struct ses_policy_s ses_policy_t;

/*
 * Compile text; the policy is in cx->arena and needs text no more.  arn is
 * the identity's, for SES_POLICY_IDENTITY.  SES_INVALID with a text that
 * starts "Invalid policy: " and names the statement.
 */
SES_CHECK ses_rc_t ses_policy_parse(ses_cx_t *cx, ses_policy_kind_t kind,
                                    ses_str_t arn, ses_str_t text,
                                    const ses_policy_t **out);

/* A condition key of the request and its values; names match in any case. */
typedef struct {
    ses_str_t name;
    const ses_str_t *v;
    unsigned n;
} ses_iam_key_t;

/* May this caller do this to that? */
typedef struct {
    ses_cx_t *cx;        /* its arena holds expanded patterns */
    ses_str_t action;    /* "ses:SendEmail" */
    ses_str_t resource;  /* an ARN, or "*" */
    ses_str_t account;   /* the caller's */
    ses_str_t principal; /* the caller's ARN */
    const ses_iam_key_t *keys;
    unsigned nkeys;
    /* Asked for a key that is not among them; may be NULL. */
    bool (*more)(void *arg, ses_str_t name, ses_iam_key_t *out);
    void *arg;
    bool narrowed;  /* out: the policy of the caller's session says no */
    uint64_t steps; /* used up so far, 0 at the start */
    uint16_t *room; /* of an expanded pattern, one at a time; NULL at first */
} ses_iam_ask_t;

typedef enum { SES_IAM_NONE, SES_IAM_ALLOW, SES_IAM_DENY } ses_iam_effect_t;
const char *ses_iam_effect_name(ses_iam_effect_t e); /* "implicitDeny" ... */
/* Both together: a denial wins, then an allowance. */
ses_iam_effect_t ses_iam_join(ses_iam_effect_t a, ses_iam_effect_t b);

/* One statement, looked at: for people. */
typedef struct {
    ses_str_t policy;   /* what the caller called it */
    unsigned statement; /* from 1 */
    ses_str_t sid;
    bool deny;     /* its effect */
    bool applies;  /* all of it matched */
    ses_str_t why; /* "Action", "Condition StringLike ses:FromAddress", ... */
} ses_iam_step_t;
typedef void (*ses_iam_trace_t)(void *arg, const ses_iam_step_t *step);

/* What p says; trace may be NULL. */
ses_iam_effect_t ses_policy_eval(const ses_policy_t *p, ses_iam_ask_t *ask,
                                 ses_str_t name, ses_iam_trace_t trace,
                                 void *arg);

#endif
