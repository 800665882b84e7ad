/*
 * iam_condition - the operators of a policy's Condition
 *
 * A positive operator holds when a value of the policy matches, a negated
 * one when none does.  A key that the request has not fails a positive
 * operator and passes a negated one; ...IfExists passes both.  A key with
 * several values (ses:Recipients, aws:TagKeys) wants ForAllValues: or
 * ForAnyValue:; without them an Allow must hold for all of them and a Deny
 * for one.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/encode.h"
#include "policy/iam_policy.h"

typedef enum {
    STRING,
    LIKE,
    STRING_FOLD,
    NUMERIC,
    DATE,
    BOOL,
    BINARY,
    IP,
    ARN,
    NULL_
} kind_t;

typedef enum { EQ, LT, LE, GT, GE } order_t;

struct iam_operator_s {
    const char *name;
    kind_t kind;
    bool negated;
    order_t order;
};

static const iam_operator_t operators[] = {
    {"StringEquals", STRING, false, EQ},
    {"StringNotEquals", STRING, true, EQ},
    {"StringEqualsIgnoreCase", STRING_FOLD, false, EQ},
    {"StringNotEqualsIgnoreCase", STRING_FOLD, true, EQ},
    {"StringLike", LIKE, false, EQ},
    {"StringNotLike", LIKE, true, EQ},
    {"NumericEquals", NUMERIC, false, EQ},
    {"NumericNotEquals", NUMERIC, true, EQ},
    {"NumericLessThan", NUMERIC, false, LT},
    {"NumericLessThanEquals", NUMERIC, false, LE},
    {"NumericGreaterThan", NUMERIC, false, GT},
    {"NumericGreaterThanEquals", NUMERIC, false, GE},
    {"DateEquals", DATE, false, EQ},
    {"DateNotEquals", DATE, true, EQ},
    {"DateLessThan", DATE, false, LT},
    {"DateLessThanEquals", DATE, false, LE},
    {"DateGreaterThan", DATE, false, GT},
    {"DateGreaterThanEquals", DATE, false, GE},
    {"Bool", BOOL, false, EQ},
    {"BinaryEquals", BINARY, false, EQ},
    {"IpAddress", IP, false, EQ},
    {"NotIpAddress", IP, true, EQ},
    {"ArnEquals", ARN, false, EQ},
    {"ArnLike", ARN, false, EQ},
    {"ArnNotEquals", ARN, true, EQ},
    {"ArnNotLike", ARN, true, EQ},
    {"Null", NULL_, false, EQ},
};

#define NOPERATORS (sizeof(operators) / sizeof(operators[0]))

/* --- the name ---------------------------------------------------------- */

static bool
take_prefix(ses_str_t *s, ses_str_t prefix)
{
    if (!ses_str_starts(*s, prefix))
        return false;
    *s = ses_str_from(*s, prefix.n);
    return true;
}

bool
iam_condition_operator(ses_str_t text, iam_condition_t *c)
{
    const ses_str_t suffix = SES_STR("IfExists");
    ses_str_t name = text;
    size_t i;

    c->text = text;
    c->set = IAM_SINGLE;
    if (take_prefix(&name, SES_STR("ForAllValues:")))
        c->set = IAM_FOR_ALL;
    else if (take_prefix(&name, SES_STR("ForAnyValue:")))
        c->set = IAM_FOR_ANY;
    c->if_exists = ses_str_ends(name, suffix);
    if (c->if_exists)
        name.n -= suffix.n;
    for (i = 0; i < NOPERATORS; i++)
        if (ses_str_eqc(name, operators[i].name)) {
            c->op = &operators[i];
            return c->op->kind != NULL_ ||
                   (!c->if_exists && c->set == IAM_SINGLE);
        }
    return false;
}

/* --- values ------------------------------------------------------------ */

static bool
parse_number(ses_str_t s, double *out)
{
    char text[64], *end;
    size_t i;

    if (s.n == 0 || s.n >= sizeof(text))
        return false;
    for (i = 0; i < s.n; i++) /* no hex, no "nan", no blanks */
        if (s.p[i] == '\0' || strchr("0123456789+-.eE", s.p[i]) == NULL)
            return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

static bool
parse_bool(ses_str_t s, bool *out)
{
    *out = ses_str_caseeqc(s, "true");
    return *out || ses_str_caseeqc(s, "false");
}

static bool
parse_ip(ses_str_t s, uint8_t ip[16], unsigned *bits)
{
    char text[64];
    ses_str_t addr;
    uint64_t n = 128;

    if (!ses_str_cut(&s, '/', &addr) || addr.n >= sizeof(text))
        return false;
    memcpy(text, addr.p, addr.n);
    text[addr.n] = '\0';
    if (strlen(text) != addr.n)
        return false;
    memset(ip, 0, 10);
    ip[10] = ip[11] = 0xff;
    if (inet_pton(AF_INET, text, ip + 12) == 1) {
        if (s.p != NULL && !ses_str_u64(s, 32, &n))
            return false;
        *bits = s.p != NULL ? (unsigned) n + 96 : 128;
        return true;
    }
    if (inet_pton(AF_INET6, text, ip) != 1 ||
        (s.p != NULL && !ses_str_u64(s, 128, &n)))
        return false;
    *bits = (unsigned) n;
    return true;
}

ses_rc_t
iam_condition_value(ses_cx_t *cx, iam_vars_t *vars, const iam_condition_t *c,
                    ses_str_t s, iam_value_t *out)
{
    iam_value_t v = {.raw = ses_str_dup(cx->arena, s)};
    ses_rc_t rc = SES_OK;
    bool good = true;

    switch (c->op->kind) {
    case STRING:
    case STRING_FOLD:
        rc = iam_pattern_parse(cx, vars, s, false, &v.pattern);
        break;
    case LIKE:
    case ARN:
        rc = iam_pattern_parse(cx, vars, s, true, &v.pattern);
        break;
    case NUMERIC:
        good = parse_number(s, &v.number);
        break;
    case DATE:
        good = ses_clock_parse_iso(s, &v.date);
        break;
    case BOOL:
    case NULL_:
        good = parse_bool(s, &v.yes);
        break;
    case BINARY:
        good = ses_base64_parse(cx->arena, s, &v.raw);
        break;
    case IP:
        good = parse_ip(s, v.ip, &v.bits);
        break;
    }
    if (rc == SES_OK && good)
        *out = v;
    return good ? rc : SES_INVALID;
}

/* --- comparing --------------------------------------------------------- */

static bool
ordered(order_t order, int cmp)
{
    switch (order) {
    case EQ:
        return cmp == 0;
    case LT:
        return cmp < 0;
    case LE:
        return cmp <= 0;
    case GT:
        return cmp > 0;
    case GE:
        return cmp >= 0;
    }
    return false;
}

static bool
within(const iam_value_t *v, ses_str_t given)
{
    uint8_t ip[16], mask;
    unsigned bits, i, left;

    if (!parse_ip(given, ip, &bits) || bits != 128)
        return false;
    for (i = 0; i < 16 && i * 8 < v->bits; i++) {
        left = v->bits - i * 8;
        mask = (uint8_t) (left >= 8 ? 0xffu : 0xffu << (8 - left));
        if ((ip[i] & mask) != (v->ip[i] & mask))
            return false;
    }
    return true;
}

/* Does the request's value match one of the policy's? */
static bool
one(ses_iam_ask_t *ask, const iam_vars_t *vars, const iam_condition_t *c,
    const iam_value_t *v, ses_str_t given)
{
    ses_str_t bytes;
    double number;
    int64_t date;
    bool yes;

    switch (c->op->kind) {
    case STRING:
    case LIKE:
        return iam_pattern_match(ask, vars, &v->pattern, IAM_EXACT, given);
    case STRING_FOLD:
        return iam_pattern_match(ask, vars, &v->pattern, IAM_FOLD, given);
    case ARN:
        return iam_pattern_match(ask, vars, &v->pattern, IAM_ARN, given);
    case NUMERIC:
        return parse_number(given, &number) &&
               ordered(c->op->order,
                       (number > v->number) - (number < v->number));
    case DATE:
        return ses_clock_parse_iso(given, &date) &&
               ordered(c->op->order, (date > v->date) - (date < v->date));
    case BOOL:
        return parse_bool(given, &yes) && yes == v->yes;
    case BINARY:
        return ses_base64_parse(ask->cx->arena, given, &bytes) &&
               ses_str_eq(bytes, v->raw);
    case IP:
        return within(v, given);
    case NULL_:
        break;
    }
    return false;
}

/* One value of the request against all of the policy's. */
static bool
passes(ses_iam_ask_t *ask, const iam_vars_t *vars, const iam_condition_t *c,
       ses_str_t given)
{
    unsigned i;

    for (i = 0; i < c->n; i++)
        if (one(ask, vars, c, &c->v[i], given))
            return !c->op->negated;
    return c->op->negated;
}

bool
iam_key(const ses_iam_ask_t *ask, ses_str_t name, ses_iam_key_t *out)
{
    unsigned i;

    for (i = 0; i < ask->nkeys; i++)
        if (ses_str_caseeq(ask->keys[i].name, name)) {
            *out = ask->keys[i];
            return true;
        }
    return ask->more != NULL && ask->more(ask->arg, name, out);
}

bool
iam_condition_holds(ses_iam_ask_t *ask, const iam_vars_t *vars,
                    const iam_condition_t *c, bool deny)
{
    bool all = c->set == IAM_FOR_ALL || (c->set == IAM_SINGLE && !deny);
    ses_iam_key_t key;
    unsigned i;

    if (!iam_key(ask, c->key, &key))
        key.n = 0;
    if (c->op->kind == NULL_) {
        for (i = 0; i < c->n; i++)
            if (c->v[i].yes == (key.n == 0))
                return true;
        return false;
    }
    if (key.n == 0)
        return c->if_exists || c->set == IAM_FOR_ALL ||
               (c->set == IAM_SINGLE && c->op->negated);
    for (i = 0; i < key.n; i++)
        if (passes(ask, vars, c, key.v[i]) != all)
            return !all;
    return all;
}
