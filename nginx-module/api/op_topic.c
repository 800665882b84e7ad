/*
 * op_topic - SNS topics: what event destinations publish to
 *
 * The part of SNS that a webhook needs, on the same endpoint.  Standard
 * topics without attributes; what SNS has beyond that is refused by name.
 */
#include "api/sns.h"

#include "policy/shapes_sns.h"

ses_rc_t
sns_invalid(op_t *op, const char *name, const char *reason)
{
    if (reason == NULL)
        return ses_fail(op->cx, SES_INVALID, "Invalid parameter: %s", name);
    return ses_fail(op->cx, SES_INVALID, "Invalid parameter: %s Reason: %s",
                    name, reason);
}

ses_rc_t
sns_own(op_t *op, ses_str_t region, ses_str_t account, ses_str_t arn)
{
    if (!ses_str_eq(region, op->env->conf.region))
        return sns_invalid(op, "TopicArn", "it is of another region");
    if (!ses_str_eq(account, op->cx->account))
        return ses_fail(op->cx, SES_DENIED,
                        "User: %.*s is not authorized to perform: SNS:%s on "
                        "resource: %.*s",
                        SES_FMT(op->cx->caller), op->def->name, SES_FMT(arn));
    return SES_OK;
}

ses_rc_t
sns_topic_name(op_t *op, ses_str_t *name)
{
    ses_str_t arn = op_str(op, "TopicArn"), region, account, id;

    if (!ses_topic_arn_parse(arn, &region, &account, name, &id) || id.n > 0)
        return sns_invalid(op, "TopicArn", "it is not the ARN of a topic");
    return sns_own(op, region, account, arn);
}

ses_rc_t
sns_topic(op_t *op, ses_topic_t *out)
{
    ses_str_t name;
    ses_rc_t rc;

    if ((rc = sns_topic_name(op, &name)) != SES_OK)
        return rc;
    rc = ses_topic_find(op->cx, op->txn, op->cx->account, name, out);
    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_NOT_FOUND, "Topic does not exist");
    return rc;
}

static ses_str_t
arn_of(op_t *op, ses_str_t name)
{
    return ses_topic_arn(op->cx->arena, op->env->conf.region, op->cx->account,
                         name);
}

/* FifoTopic=false says nothing; every other attribute asks for something. */
static ses_rc_t
check_attributes(op_t *op)
{
    const cJSON *e;

    cJSON_ArrayForEach(e, ses_json_get(op->in, "Attributes"))
    {
        if (strcmp(e->string, "FifoTopic") == 0 &&
            strcmp(e->valuestring, "false") == 0)
            continue;
        return ses_shape_later(op->cx, ses_str_printf(op->cx->arena,
                                                      "Invalid parameter: "
                                                      "Attributes Reason: %s",
                                                      e->string)
                                           .p);
    }
    return SES_OK;
}

/* CreateTopic: the same name again gives the same topic */
static ses_rc_t
create_topic(op_t *op)
{
    ses_str_t name = op_str(op, "Name");
    ses_topic_t topic = {.account = op->cx->account,
                         .name = name,
                         .created = op->cx->now},
                old;
    ses_rc_t rc;

    if (ses_str_ends(name, SES_STR(".fifo")))
        return sns_invalid(op, "Topic Name",
                           "FIFO topics are not supported yet.");
    if (!ses_topic_name_valid(name))
        return sns_invalid(op, "Topic Name", NULL);
    if ((rc = check_attributes(op)) != SES_OK)
        return rc;
    rc = ses_topic_find(op->cx, op->txn, op->cx->account, name, &old);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    if (rc == SES_NOT_FOUND)
        ses_topic_put(op->cx, op->change, &topic);
    out_str(op->out, "TopicArn", arn_of(op, name));
    return SES_OK;
}

static ses_rc_t
drop_subscription(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    ses_subscription_del(cx, arg, s);
    return SES_OK;
}

/* DeleteTopic: with its subscriptions; nothing there is fine too */
static ses_rc_t
delete_topic(op_t *op)
{
    ses_topic_t topic;
    ses_str_t name;
    ses_rc_t rc;

    if ((rc = sns_topic_name(op, &name)) != SES_OK)
        return rc;
    rc = ses_topic_find(op->cx, op->txn, op->cx->account, name, &topic);
    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    ses_topic_del(op->cx, op->change, &topic);
    return ses_subscription_list(op->cx, op->txn, op->cx->account, name,
                                 SES_STR(""), drop_subscription, op->change);
}

struct counts {
    unsigned confirmed, pending;
};

static ses_rc_t
count_one(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    struct counts *n = arg;

    (void) cx;
    if (s->confirmed)
        n->confirmed++;
    else
        n->pending++;
    return SES_OK;
}

static void
put_attribute(op_t *op, const char *key, ses_str_t value)
{
    out_key(op->out, ses_str(key));
    out_str(op->out, NULL, value);
}

/* GetTopicAttributes */
static ses_rc_t
get_attributes(op_t *op)
{
    struct counts n = {0, 0};
    ses_topic_t topic;
    ses_rc_t rc;

    if ((rc = sns_topic(op, &topic)) != SES_OK)
        return rc;
    rc = ses_subscription_list(op->cx, op->txn, op->cx->account, topic.name,
                               SES_STR(""), count_one, &n);
    if (rc != SES_OK)
        return rc;
    out_map(op->out, "Attributes");
    put_attribute(op, "TopicArn", arn_of(op, topic.name));
    put_attribute(op, "Owner", op->cx->account);
    put_attribute(op, "DisplayName", SES_STR(""));
    put_attribute(op, "SubscriptionsConfirmed",
                  ses_str_printf(op->cx->arena, "%u", n.confirmed));
    put_attribute(op, "SubscriptionsPending",
                  ses_str_printf(op->cx->arena, "%u", n.pending));
    put_attribute(op, "SubscriptionsDeleted", SES_STR("0"));
    out_map_end(op->out);
    return SES_OK;
}

static ses_rc_t
list_row(ses_cx_t *cx, const ses_topic_t *topic, void *arg)
{
    op_list_t *l = arg;

    (void) cx;
    if (!op_list_look(l, topic->name))
        return SES_NOT_FOUND;
    l->n++;
    out_open(l->op->out, NULL);
    out_str(l->op->out, "TopicArn", arn_of(l->op, topic->name));
    out_close(l->op->out);
    return SES_OK;
}

/* ListTopics */
static ses_rc_t
list_topics(op_t *op)
{
    op_list_t l;
    ses_rc_t rc;

    rc = op_list_open(&l, op, SNS_PAGE, 0, SES_STR(""));
    if (rc != SES_OK)
        return rc;
    out_list(op->out, "Topics");
    rc =
        ses_topic_list(op->cx, op->txn, op->cx->account, l.after, list_row, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l);
    return SES_OK;
}

const op_def_t ops_topic[] = {
    {"CreateTopic", OP_SNS, "POST", NULL, "sns:CreateTopic", OP_WRITE,
     create_topic, ses_sns_create_topic, 0},
    {"DeleteTopic", OP_SNS, "POST", NULL, "sns:DeleteTopic", OP_WRITE,
     delete_topic, ses_sns_topic, 0},
    {"GetTopicAttributes", OP_SNS, "POST", NULL, "sns:GetTopicAttributes",
     OP_READ, get_attributes, ses_sns_topic, 0},
    {"ListTopics", OP_SNS, "POST", NULL, "sns:ListTopics", OP_READ, list_topics,
     ses_sns_list_topics, 0},
    {0},
};
