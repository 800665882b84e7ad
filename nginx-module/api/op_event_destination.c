/*
 * op_event_destination - where the events of a configuration set go
 *
 * For now to an SNS topic of the same account.  A destination is owed the
 * events that enter the log after it was made, or enabled again, or pointed
 * at another topic; the first thing it is sent then is a notice.
 */
#include "api/op.h"

#include "model/destination.h"
#include "model/event.h"
#include "model/topic.h"
#include "policy/shapes_v2.h"

#define DESTINATIONS_MAX 10 /* of a set: contract 5.2 */

/* The members that are sinks; only SNS is there. */
static const char *const sinks[] = {
    "SnsDestination", "KinesisFirehoseDestination", "CloudWatchDestination",
    "EventBridgeDestination", "PinpointDestination"};

static ses_rc_t
check_sink(op_t *op, const cJSON *in)
{
    unsigned i, given = 0, which = 0;

    for (i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++)
        if (ses_json_get(in, sinks[i]) != NULL) {
            given++;
            which = i;
        }
    if (given == 0)
        return ses_fail(op->cx, SES_INVALID,
                        "Event destination is not provided.");
    if (given > 1)
        return ses_fail(op->cx, SES_INVALID,
                        "Please provide only one destination with each "
                        "request. Either a Firehose Destination or a "
                        "Cloudwatch Destination or an SNS Destination or an "
                        "EventBridge Destination.");
    if (which != 0)
        return ses_shape_later(
            op->cx,
            ses_str_printf(op->cx->arena, "EventDestination.%s", sinks[which])
                .p);
    return SES_OK;
}

/* The topic must be there, in this account. */
static ses_rc_t
check_topic(op_t *op, ses_str_t arn)
{
    ses_str_t region, account, name, id;
    ses_topic_t topic;
    ses_rc_t rc = SES_NOT_FOUND;

    if (ses_topic_arn_parse(arn, &region, &account, &name, &id) && id.n == 0 &&
        ses_str_eq(region, op->env->conf.region) &&
        ses_str_eq(account, op->cx->account))
        rc = ses_topic_find(op->cx, op->txn, op->cx->account, name, &topic);
    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_INVALID, "SNS topic <%.*s> not found.",
                        SES_FMT(arn));
    return rc;
}

/* What EventDestination says, into d. */
static ses_rc_t
read_definition(op_t *op, ses_destination_t *d)
{
    const cJSON *in = ses_json_get(op->in, "EventDestination"), *e;
    ses_rc_t rc;
    int type;

    if ((rc = check_sink(op, in)) != SES_OK)
        return rc;
    d->types = 0;
    cJSON_ArrayForEach(e, ses_json_get(in, "MatchingEventTypes"))
    {
        type = ses_event_type_parse(ses_str(e->valuestring));
        if (type >= 0)
            d->types |= 1u << type;
    }
    if (d->types == 0)
        return ses_fail(op->cx, SES_INVALID,
                        "At least one event type must be specified.");
    d->enabled = ses_shape_bool(in, "Enabled");
    d->topic_arn = ses_json_str(ses_json_get(in, "SnsDestination"), "TopicArn");
    return check_topic(op, d->topic_arn);
}

/* From now on: the log's end is where it starts, and a notice comes first. */
static ses_rc_t
start(op_t *op, ses_destination_t *d)
{
    ses_rc_t rc = ses_event_last(op->cx, op->txn, &d->start);

    if (rc != SES_OK || !d->enabled)
        return rc;
    return ses_event_notice(op->cx, op->txn, d->account, d->set, d->name,
                            SES_STR("Successfully validated SNS topic for "
                                    "Amazon SES event publishing."));
}

static ses_rc_t
find(op_t *op, ses_destination_t *d)
{
    ses_str_t set_name = op_str(op, "ConfigurationSetName");
    ses_str_t name = op_str(op, "EventDestinationName");
    ses_config_set_t set;
    ses_rc_t rc;

    if ((rc = op_set(op, set_name, &set)) != SES_OK)
        return rc;
    rc = name.n > 64 ? SES_NOT_FOUND
                     : ses_destination_find(op->cx, op->txn, op->cx->account,
                                            set_name, name, d);
    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_NOT_FOUND,
                        "An event destination with name <%.*s> does not exist "
                        "for configuration set <%.*s>.",
                        SES_FMT(name), SES_FMT(set_name));
    return rc;
}

static ses_rc_t
count_one(ses_cx_t *cx, const ses_destination_t *d, void *arg)
{
    (void) cx;
    (void) d;
    ++*(unsigned *) arg;
    return SES_OK;
}

/* CreateConfigurationSetEventDestination */
static ses_rc_t
create_destination(op_t *op)
{
    ses_str_t name = op_str(op, "EventDestinationName");
    ses_destination_t d = {.account = op->cx->account,
                           .name = name,
                           .created = op->cx->now},
                      old;
    ses_config_set_t set;
    unsigned n = 0;
    ses_rc_t rc;

    if ((rc = op_name(op, "event destination", name)) != SES_OK)
        return rc;
    rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);
    if (rc != SES_OK)
        return rc;
    d.set = set.name;
    rc = ses_destination_find(op->cx, op->txn, op->cx->account, d.set, name,
                              &old);
    if (rc == SES_OK)
        return ses_fail(op->cx, SES_EXISTS,
                        "An event destination with name <%.*s> already exists "
                        "for configuration set <%.*s>.",
                        SES_FMT(name), SES_FMT(d.set));
    if (rc != SES_NOT_FOUND)
        return rc;
    if ((rc = read_definition(op, &d)) != SES_OK)
        return rc;
    rc = ses_destination_list(op->cx, op->txn, op->cx->account, d.set,
                              count_one, &n);
    if (rc != SES_OK)
        return rc;
    if (n >= DESTINATIONS_MAX)
        return ses_fail(op->cx, SES_LIMIT,
                        "A configuration set cannot have more than %d event "
                        "destinations.",
                        DESTINATIONS_MAX);
    if ((rc = start(op, &d)) != SES_OK)
        return rc;
    ses_destination_put(op->cx, op->change, &d);
    return SES_OK;
}

/* UpdateConfigurationSetEventDestination: replaces */
static ses_rc_t
update_destination(op_t *op)
{
    ses_destination_t d, old;
    ses_rc_t rc;

    if ((rc = find(op, &d)) != SES_OK)
        return rc;
    old = d;
    if ((rc = read_definition(op, &d)) != SES_OK)
        return rc;
    if ((d.enabled && !old.enabled) || !ses_str_eq(d.topic_arn, old.topic_arn))
        if ((rc = start(op, &d)) != SES_OK)
            return rc;
    ses_destination_put(op->cx, op->change, &d);
    return SES_OK;
}

/* DeleteConfigurationSetEventDestination */
static ses_rc_t
delete_destination(op_t *op)
{
    ses_destination_t d;
    ses_rc_t rc;

    if ((rc = find(op, &d)) != SES_OK)
        return rc;
    ses_destination_del(op->cx, op->change, &d);
    return SES_OK;
}

static ses_rc_t
show(ses_cx_t *cx, const ses_destination_t *d, void *arg)
{
    op_t *op = arg;
    int type;

    (void) cx;
    out_open(op->out, NULL);
    out_str(op->out, "Name", d->name);
    out_bool(op->out, "Enabled", d->enabled);
    out_list(op->out, "MatchingEventTypes");
    for (type = 0; type < SES_EVENT_NOTICE; type++)
        if (d->types & 1u << type)
            out_sym(op->out, NULL, ses_event_enum((ses_event_type_t) type));
    out_end(op->out);
    out_open(op->out, "SnsDestination");
    out_str(op->out, "TopicArn", d->topic_arn);
    out_close(op->out);
    out_close(op->out);
    return SES_OK;
}

/* GetConfigurationSetEventDestinations */
static ses_rc_t
get_destinations(op_t *op)
{
    ses_config_set_t set;
    ses_rc_t rc;

    rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);
    if (rc != SES_OK)
        return rc;
    out_list(op->out, "EventDestinations");
    rc = ses_destination_list(op->cx, op->txn, op->cx->account, set.name, show,
                              op);
    if (rc != SES_OK)
        return rc;
    out_end(op->out);
    return SES_OK;
}

#define ALL                                                                    \
    "/v2/email/configuration-sets/{ConfigurationSetName}/event-destinations"
#define ONE ALL "/{EventDestinationName}"

const op_def_t ops_event_destination[] = {
    {"CreateConfigurationSetEventDestination", OP_REST, "POST", ALL,
     "ses:CreateConfigurationSetEventDestination", OP_WRITE, create_destination,
     ses_v2_create_destination, 0},
    {"GetConfigurationSetEventDestinations", OP_REST, "GET", ALL,
     "ses:GetConfigurationSetEventDestinations", OP_READ, get_destinations,
     ses_v2_set, 0},
    {"UpdateConfigurationSetEventDestination", OP_REST, "PUT", ONE,
     "ses:UpdateConfigurationSetEventDestination", OP_WRITE, update_destination,
     ses_v2_update_destination, 0},
    {"DeleteConfigurationSetEventDestination", OP_REST, "DELETE", ONE,
     "ses:DeleteConfigurationSetEventDestination", OP_WRITE, delete_destination,
     ses_v2_delete_destination, 0},
    {0},
};
