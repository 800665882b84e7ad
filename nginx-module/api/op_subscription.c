/*
 * op_subscription - who receives what a topic gets: HTTP and HTTPS endpoints
 *
 * Subscribe makes a pending subscription; the agent sends the confirmation
 * with its token; whoever shows the token (the SubscribeURL, or a signed
 * call) confirms it.  The token is the proof, so confirming needs no
 * signature, and an ARN in a delivered message is enough to unsubscribe
 * (contract 8.6).
 */
#include "api/sns.h"

#include "api/endpoint.h"
#include "base/encode.h"
#include "base/id.h"
#include "model/event.h"
#include "policy/shapes_sns.h"
#include "store/record.h"

#define TOKEN_BYTES 64
#define TOKEN_LIFE (3 * INT64_C(86400000))

static ses_str_t
arn_of(op_t *op, const ses_subscription_t *s)
{
    return ses_subscription_arn(op->cx->arena, op->env->conf.region, s);
}

static ses_rc_t
not_yet(op_t *op, const char *parameter, const char *attribute)
{
    return ses_fail(op->cx, SES_INVALID,
                    "Invalid parameter: %s Reason: %s is not supported yet.",
                    parameter, attribute);
}

static ses_rc_t
read_bool(op_t *op, const char *what, ses_str_t s, bool *out)
{
    if (!ses_str_caseeqc(s, "true") && !ses_str_caseeqc(s, "false"))
        return sns_invalid(op, what, "it must be true or false");
    *out = ses_str_caseeqc(s, "true");
    return SES_OK;
}

/* --- Subscribe --------------------------------------------------------- */

static ses_rc_t
read_attributes(op_t *op, bool *raw)
{
    const cJSON *e;
    ses_rc_t rc;

    cJSON_ArrayForEach(e, ses_json_get(op->in, "Attributes"))
    {
        if (strcmp(e->string, "RawMessageDelivery") != 0)
            return not_yet(op, "Attributes", e->string);
        rc = read_bool(op, "Attributes", ses_str(e->valuestring), raw);
        if (rc != SES_OK)
            return rc;
    }
    return SES_OK;
}

struct search {
    ses_str_t protocol, endpoint;
    unsigned n;
    bool found;
    ses_subscription_t s;
};

static ses_rc_t
compare(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    struct search *f = arg;

    (void) cx;
    f->n++;
    if (!f->found && ses_str_eq(s->protocol, f->protocol) &&
        ses_str_eq(s->endpoint, f->endpoint)) {
        f->s = *s;
        f->found = true;
    }
    return SES_OK;
}

static ses_str_t
new_token(ses_arena_t *a)
{
    uint8_t bytes[TOKEN_BYTES];

    ses_random(bytes, sizeof(bytes));
    return ses_hex(a, ses_str_n(bytes, sizeof(bytes)));
}

/* Ask the endpoint (again). */
static void
ask(op_t *op, ses_subscription_t *s)
{
    if (s->token.n == 0 || s->token_expires <= op->cx->now)
        s->token = new_token(op->cx->arena);
    s->token_expires = op->cx->now + TOKEN_LIFE;
    s->asked = false;
    s->ask_at = op->cx->now;
    s->ask_tries = 0;
    ses_subscription_put(op->cx, op->change, s);
}

static ses_rc_t
check_input(op_t *op, ses_str_t protocol, ses_str_t endpoint)
{
    const char *wrong;

    if (!ses_str_eqc(protocol, "http") && !ses_str_eqc(protocol, "https"))
        return ses_fail(op->cx, SES_INVALID,
                        "Invalid parameter: Protocol Reason: %.*s is not "
                        "supported yet, only http and https are.",
                        SES_FMT(protocol));
    wrong = endpoint_check(endpoint, protocol,
                           op->env->conf.allow_private_destinations);
    return wrong == NULL ? SES_OK : sns_invalid(op, "Endpoint", wrong);
}

/* Subscribe: the same endpoint again is asked again, or is what it was */
static ses_rc_t
subscribe(op_t *op)
{
    struct search f = {.protocol = op_str(op, "Protocol"),
                       .endpoint = op_str(op, "Endpoint")};
    bool raw = false, show = false;
    ses_topic_t topic;
    ses_rc_t rc;

    if ((rc = sns_topic(op, &topic)) != SES_OK)
        return rc;
    if ((rc = check_input(op, f.protocol, f.endpoint)) != SES_OK)
        return rc;
    if ((rc = read_attributes(op, &raw)) != SES_OK)
        return rc;
    if (op_has(op, "ReturnSubscriptionArn") &&
        (rc = read_bool(op, "ReturnSubscriptionArn",
                        op_str(op, "ReturnSubscriptionArn"), &show)) != SES_OK)
        return rc;
    rc = ses_subscription_list(op->cx, op->txn, op->cx->account, topic.name,
                               SES_STR(""), compare, &f);
    if (rc != SES_OK)
        return rc;

    if (f.found && f.s.confirmed && f.s.raw != raw)
        return sns_invalid(op, "Attributes",
                           "Subscription already exists with different "
                           "attributes");
    if (!f.found && f.n >= SNS_SUBSCRIPTIONS_MAX)
        return ses_fail(op->cx, SES_LIMIT,
                        "A topic cannot have more than %d subscriptions.",
                        SNS_SUBSCRIPTIONS_MAX);
    if (!f.found) {
        f.s = (ses_subscription_t){.account = op->cx->account,
                                   .topic = topic.name,
                                   .id = ses_uuid(op->cx->arena),
                                   .protocol = f.protocol,
                                   .endpoint = f.endpoint,
                                   .token = SES_STR(""),
                                   .created = op->cx->now};
        rc = ses_event_last(op->cx, op->txn, &f.s.start);
        if (rc != SES_OK)
            return rc;
    }
    if (!f.s.confirmed) {
        f.s.raw = raw;
        ask(op, &f.s);
    }
    if (f.s.confirmed || show)
        out_str(op->out, "SubscriptionArn", arn_of(op, &f.s));
    else
        out_sym(op->out, "SubscriptionArn", "pending confirmation");
    return SES_OK;
}

/* --- ConfirmSubscription ----------------------------------------------- */

struct match {
    ses_str_t token;
    bool found;
    ses_subscription_t s;
};

static ses_rc_t
compare_token(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    struct match *m = arg;

    (void) cx;
    if (s->token.n > 0 && ses_str_eq_secret(s->token, m->token)) {
        m->s = *s;
        m->found = true;
    }
    return SES_OK;
}

/*
 * ConfirmSubscription: the account comes from the ARN, not from a caller;
 * what is changed is only the subscription whose token was shown.  Whatever
 * is wrong is "Invalid parameter: Token": nobody learns here what exists.
 */
static ses_rc_t
confirm(op_t *op)
{
    struct match m = {.token = op_str(op, "Token")};
    ses_str_t region, account, name, id;
    ses_rc_t rc;

    if (!ses_topic_arn_parse(op_str(op, "TopicArn"), &region, &account, &name,
                             &id) ||
        id.n > 0 || !ses_str_eq(region, op->env->conf.region) ||
        account.n != SES_ACCOUNT_LEN)
        return sns_invalid(op, "TopicArn", "it is not the ARN of a topic");
    rc = ses_subscription_list(op->cx, op->txn, account, name, SES_STR(""),
                               compare_token, &m);
    if (rc != SES_OK)
        return rc;
    if (!m.found || m.s.token_expires <= op->cx->now)
        return sns_invalid(op, "Token", NULL);

    if (!m.s.confirmed) { /* a second click changes nothing */
        m.s.confirmed = true;
        rc = ses_event_last(op->cx, op->txn, &m.s.start);
        if (rc != SES_OK)
            return rc;
        ses_subscription_put(op->cx, op->change, &m.s);
    }
    out_str(op->out, "SubscriptionArn", arn_of(op, &m.s));
    return SES_OK;
}

/* --- one subscription -------------------------------------------------- */

/* The subscription that SubscriptionArn names; account "" = whose it is. */
static ses_rc_t
find(op_t *op, bool own, ses_subscription_t *s)
{
    ses_str_t arn = op_str(op, "SubscriptionArn"), region, account, name, id;
    ses_rc_t rc;

    if (!ses_topic_arn_parse(arn, &region, &account, &name, &id) || id.n == 0 ||
        account.n != SES_ACCOUNT_LEN)
        return sns_invalid(op, "SubscriptionArn",
                           "it is not the ARN of a subscription");
    if (own && (rc = sns_own(op, region, account, arn)) != SES_OK)
        return rc;
    return ses_subscription_find(op->cx, op->txn, account, name, id, s);
}

/* Unsubscribe: signed by the owner, or by the link that a message carries;
 * what is gone is gone */
static ses_rc_t
unsubscribe(op_t *op)
{
    ses_subscription_t s;
    ses_rc_t rc;

    rc = find(op, op->cx->account.n > 0, &s);
    if (rc == SES_NOT_FOUND)
        return SES_OK;
    if (rc == SES_OK)
        ses_subscription_del(op->cx, op->change, &s);
    return rc;
}

static ses_rc_t
find_own(op_t *op, ses_subscription_t *s)
{
    ses_rc_t rc = find(op, true, s);

    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_NOT_FOUND, "Subscription does not exist");
    return rc;
}

static void
put_attribute(op_t *op, const char *key, ses_str_t value)
{
    out_key(op->out, ses_str(key));
    out_str(op->out, NULL, value);
}

static ses_str_t
bool_text(bool b)
{
    return b ? SES_STR("true") : SES_STR("false");
}

/* GetSubscriptionAttributes */
static ses_rc_t
get_attributes(op_t *op)
{
    ses_subscription_t s;
    ses_rc_t rc;

    if ((rc = find_own(op, &s)) != SES_OK)
        return rc;
    out_map(op->out, "Attributes");
    put_attribute(op, "SubscriptionArn", arn_of(op, &s));
    put_attribute(
        op, "TopicArn",
        ses_topic_arn(op->cx->arena, op->env->conf.region, s.account, s.topic));
    put_attribute(op, "Owner", s.account);
    put_attribute(op, "Protocol", s.protocol);
    put_attribute(op, "Endpoint", s.endpoint);
    put_attribute(op, "PendingConfirmation", bool_text(!s.confirmed));
    put_attribute(op, "ConfirmationWasAuthenticated", bool_text(false));
    put_attribute(op, "RawMessageDelivery", bool_text(s.raw));
    out_map_end(op->out);
    return SES_OK;
}

/* SetSubscriptionAttributes */
static ses_rc_t
set_attributes(op_t *op)
{
    ses_str_t name = op_str(op, "AttributeName");
    ses_subscription_t s;
    ses_rc_t rc;

    if ((rc = find_own(op, &s)) != SES_OK)
        return rc;
    if (!ses_str_eqc(name, "RawMessageDelivery"))
        return not_yet(op, "AttributeName", ses_str_c(op->cx->arena, name));
    rc = read_bool(op, "AttributeValue", op_str(op, "AttributeValue"), &s.raw);
    if (rc == SES_OK)
        ses_subscription_put(op->cx, op->change, &s);
    return rc;
}

/* --- lists ------------------------------------------------------------- */

static ses_rc_t
list_row(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    op_list_t *l = arg;
    op_t *op = l->op;

    /* The filter is the topic, "" = of all. */
    if (!op_list_look(
            l, l->filter.n > 0 ? s->id : ses_key2(cx->arena, s->topic, s->id)))
        return SES_NOT_FOUND;
    l->n++;
    out_open(op->out, NULL);
    if (s->confirmed)
        out_str(op->out, "SubscriptionArn", arn_of(op, s));
    else
        out_sym(op->out, "SubscriptionArn", "PendingConfirmation");
    out_str(op->out, "Owner", s->account);
    out_str(op->out, "Protocol", s->protocol);
    out_str(op->out, "Endpoint", s->endpoint);
    out_str(
        op->out, "TopicArn",
        ses_topic_arn(cx->arena, op->env->conf.region, s->account, s->topic));
    out_close(op->out);
    return SES_OK;
}

static ses_rc_t
list(op_t *op, ses_str_t topic)
{
    op_list_t l;
    ses_rc_t rc;

    rc = op_list_open(&l, op, SNS_PAGE, 0, topic);
    if (rc != SES_OK)
        return rc;
    out_list(op->out, "Subscriptions");
    rc = ses_subscription_list(op->cx, op->txn, op->cx->account, topic, l.after,
                               list_row, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l);
    return SES_OK;
}

/* ListSubscriptions */
static ses_rc_t
list_all(op_t *op)
{
    return list(op, SES_STR(""));
}

/* ListSubscriptionsByTopic */
static ses_rc_t
list_by_topic(op_t *op)
{
    ses_topic_t topic;
    ses_rc_t rc;

    if ((rc = sns_topic(op, &topic)) != SES_OK)
        return rc;
    return list(op, topic.name);
}

const op_def_t ops_subscription[] = {
    {"Subscribe", OP_SNS, "POST", NULL, "sns:Subscribe", OP_WRITE, subscribe,
     ses_sns_subscribe, 0},
    {"ConfirmSubscription", OP_SNS, "POST", NULL, "sns:ConfirmSubscription",
     OP_WRITE, confirm, ses_sns_confirm, OP_ANONYMOUS},
    {"Unsubscribe", OP_SNS, "POST", NULL, "sns:Unsubscribe", OP_WRITE,
     unsubscribe, ses_sns_subscription, OP_ANONYMOUS},
    {"ListSubscriptions", OP_SNS, "POST", NULL, "sns:ListSubscriptions",
     OP_READ, list_all, ses_sns_list_subscriptions, 0},
    {"ListSubscriptionsByTopic", OP_SNS, "POST", NULL,
     "sns:ListSubscriptionsByTopic", OP_READ, list_by_topic,
     ses_sns_list_by_topic, 0},
    {"GetSubscriptionAttributes", OP_SNS, "POST", NULL,
     "sns:GetSubscriptionAttributes", OP_READ, get_attributes,
     ses_sns_subscription, 0},
    {"SetSubscriptionAttributes", OP_SNS, "POST", NULL,
     "sns:SetSubscriptionAttributes", OP_WRITE, set_attributes,
     ses_sns_set_subscription, 0},
    {0},
};
