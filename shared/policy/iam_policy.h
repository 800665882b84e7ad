/*
 * iam_policy - the compiled form of a policy; iam_*.c only
 */
#ifndef SES_POLICY_IAM_POLICY_H
#define SES_POLICY_IAM_POLICY_H

#include "policy/iam.h"

/* --- patterns (iam_pattern.c) ------------------------------------------ */

/* ${name} or ${name, 'otherwise'} */
typedef struct {
    ses_str_t name;
    ses_str_t otherwise;
    bool has_otherwise;
} iam_var_t;

typedef struct {
    iam_var_t *v;
    unsigned n;
    bool on; /* Version 2012-10-17 */
} iam_vars_t;

/* Codes: a byte, or one of these. */
#define IAM_ONE 0x100   /* ? */
#define IAM_ANY 0x101   /* * */
#define IAM_GIVEN 0x200 /* + a byte that came out of a variable */
#define IAM_VAR 0x400   /* + number of a variable */
#define IAM_VARS_MAX 0x3ff

typedef struct {
    const uint16_t *v;
    unsigned n;
    bool vars; /* has an IAM_VAR */
} iam_pattern_t;

/* wild: '*' and '?' are wildcards. SES_INVALID "... ${" */
SES_CHECK ses_rc_t iam_pattern_parse(ses_cx_t *cx, iam_vars_t *vars,
                                     ses_str_t s, bool wild,
                                     iam_pattern_t *out);
typedef enum { IAM_EXACT, IAM_FOLD, IAM_ARN } iam_how_t;
/* Case folds or not; an ARN is compared part by part. */
bool iam_pattern_match(ses_iam_ask_t *ask, const iam_vars_t *vars,
                       const iam_pattern_t *p, iam_how_t how, ses_str_t s);

/* --- conditions (iam_condition.c) -------------------------------------- */

typedef struct {
    iam_pattern_t pattern; /* strings and ARNs */
    ses_str_t raw;
    double number;
    int64_t date; /* ms */
    bool yes;
    uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;
} iam_value_t;

typedef struct iam_operator_s iam_operator_t;
typedef enum { IAM_SINGLE, IAM_FOR_ALL, IAM_FOR_ANY } iam_set_t;

typedef struct {
    ses_str_t text; /* the operator as it was written */
    const iam_operator_t *op;
    iam_set_t set;
    bool if_exists;
    ses_str_t key;
    iam_value_t *v;
    unsigned n;
} iam_condition_t;

/* The operator called text; false when there is none. */
bool iam_condition_operator(ses_str_t text, iam_condition_t *c);
/* One value of c->op.  SES_INVALID without a text when it is none. */
SES_CHECK ses_rc_t iam_condition_value(ses_cx_t *cx, iam_vars_t *vars,
                                       const iam_condition_t *c, ses_str_t s,
                                       iam_value_t *out);
bool iam_condition_holds(ses_iam_ask_t *ask, const iam_vars_t *vars,
                         const iam_condition_t *c, bool deny);
/* A key of the request, in any case. */
bool iam_key(const ses_iam_ask_t *ask, ses_str_t name, ses_iam_key_t *out);

/* --- the policy -------------------------------------------------------- */

typedef struct {
    bool given, negated; /* Action or NotAction */
    iam_pattern_t *v;
    unsigned n;
} iam_list_t;

typedef struct {
    ses_str_t sid;
    bool deny;
    bool principals, not_principals; /* Principal or NotPrincipal */
    bool anybody;                    /* "*" */
    ses_str_t *who;                  /* account ids and ARNs */
    unsigned nwho;
    iam_list_t action, resource;
    iam_condition_t *conditions;
    unsigned nconditions;
} iam_statement_t;

struct ses_policy_s {
    iam_vars_t vars;
    iam_statement_t *v;
    unsigned n;
};

#endif
