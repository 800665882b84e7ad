/*
 * op_event_destination - where the events of a configuration set go
 *
 * For now to an SNS topic of the same account.  A destination is owed the
 * events that enter the log after it was made, or enabled again, or pointed
 * at another topic; the first thing it is sent then is a notice.
 */
#include "api/op_event_destination.h"

#include "model/event.h"
#include "model/topic.h"
#include "policy/shapes_v2.h"

#define DESTINATIONS_MAX 10 /* of a set: contract 5.2 */

/* The members that are sinks; only SNS is there. */
static const char *const sinks[] = {
    "SnsDestination", "KinesisFirehoseDestination", "CloudWatchDestination",
    "EventBridgeDestination", "PinpointDestination"};

ses_rc_t
op_destination_sink(op_t *op, const cJSON *in, const char *const *names,
                    unsigned n, unsigned *which)
{
    unsigned i, given = 0;

    for (i = 0; i < n; i++)
        if (ses_json_get(in, names[i]) != NULL) {
            given++;
            *which = i;
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
    return SES_OK;
}

ses_rc_t
op_destination_later(op_t *op, const char *sink)
{
    return ses_shape_later(
        op->cx, ses_str_printf(op->cx->arena, "EventDestination.%s", sink).p);
}

ses_rc_t
op_topic_find(op_t *op, ses_str_t arn)
{
    ses_str_t region, account, name, id;
    ses_topic_t topic;

    if (!ses_topic_arn_parse(arn, &region, &account, &name, &id) || id.n > 0 ||
        !ses_str_eq(region, op->env->conf.region) ||
        !ses_str_eq(account, op->cx->account))
        return SES_NOT_FOUND;
    return ses_topic_find(op->cx, op->txn, op->cx->account, name, &topic);
}

ses_rc_t
op_destination_topic(op_t *op, const ses_destination_t *d)
{
    ses_rc_t rc = op_topic_find(op, d->topic_arn);

    if (rc != SES_NOT_FOUND)
        return rc;
    op_about(op, OP_ABOUT_SNS, d->set, d->name);
    return ses_fail(op->cx, SES_INVALID, "SNS topic <%.*s> not found.",
                    SES_FMT(d->topic_arn));
}

ses_rc_t
op_destination_types(op_t *op, const ses_destination_t *d)
{
    if (d->types == 0)
        return ses_fail(op->cx, SES_INVALID,
                        "At least one event type must be specified.");
    return SES_OK;
}

/* What EventDestination says, into d. */
static ses_rc_t
read_definition(op_t *op, ses_destination_t *d)
{
    const cJSON *in = ses_json_get(op->in, "EventDestination"), *e;
    unsigned which = 0;
    ses_rc_t rc;
    int type;

    rc = op_destination_sink(op, in, sinks, sizeof(sinks) / sizeof(sinks[0]),
                             &which);
    if (rc != SES_OK)
        return rc;
    if (which != 0)
        return op_destination_later(op, sinks[which]);
    d->types = 0;
    cJSON_ArrayForEach(e, ses_json_get(in, "MatchingEventTypes"))
    {
        type = ses_event_type_parse(ses_str(e->valuestring));
        if (type >= 0)
            d->types |= 1u << type;
    }
    if ((rc = op_destination_types(op, d)) != SES_OK)
        return rc;
    d->enabled = ses_shape_bool(in, "Enabled");
    d->topic_arn = ses_json_str(ses_json_get(in, "SnsDestination"), "TopicArn");
    return op_destination_topic(op, d);
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

ses_rc_t
op_destination_find(op_t *op, ses_str_t set_name, ses_str_t name,
                    const char *text, ses_destination_t *d)
{
    ses_config_set_t set;
    ses_rc_t rc;

    if ((rc = op_set(op, set_name, &set)) != SES_OK)
        return rc;
    rc = name.n > 64 ? SES_NOT_FOUND
                     : ses_destination_find(op->cx, op->txn, op->cx->account,
                                            set_name, name, d);
    if (rc != SES_NOT_FOUND)
        return rc;
    op_about(op, OP_ABOUT_DESTINATION, set_name, name);
    if (text != NULL)
        return ses_fail(op->cx, SES_NOT_FOUND, "%s <%.*s>", text,
                        SES_FMT(set_name));
    return ses_fail(op->cx, SES_NOT_FOUND,
                    "An event destination with name <%.*s> does not exist "
                    "for configuration set <%.*s>.",
                    SES_FMT(name), SES_FMT(set_name));
}

static ses_rc_t
count_one(ses_cx_t *cx, const ses_destination_t *d, void *arg)
{
    (void) cx;
    (void) d;
    ++*(unsigned *) arg;
    return SES_OK;
}

ses_rc_t
op_destination_create(op_t *op, ses_str_t set_name, ses_str_t name,
                      op_destination_fn_t read)
{
    ses_destination_t d = {.account = op->cx->account,
                           .name = name,
                           .created = op->cx->now},
                      old;
    ses_config_set_t set;
    unsigned n = 0;
    ses_rc_t rc;

    if ((rc = op_name(op, "event destination", name)) != SES_OK ||
        (rc = op_set(op, set_name, &set)) != SES_OK)
        return rc;
    d.set = set.name;
    rc = ses_destination_find(op->cx, op->txn, op->cx->account, d.set, name,
                              &old);
    if (rc == SES_OK) {
        op_about(op, OP_ABOUT_DESTINATION, d.set, name);
        return ses_fail(op->cx, SES_EXISTS,
                        "An event destination with name <%.*s> already exists "
                        "for configuration set <%.*s>.",
                        SES_FMT(name), SES_FMT(d.set));
    }
    if (rc != SES_NOT_FOUND)
        return rc;
    if ((rc = read(op, &d)) != SES_OK)
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

ses_rc_t
op_destination_update(op_t *op, ses_str_t set_name, ses_str_t name,
                      op_destination_fn_t read)
{
    ses_destination_t d, old;
    ses_rc_t rc;

    if ((rc = op_destination_find(op, set_name, name, NULL, &d)) != SES_OK)
        return rc;
    old = d;
    if ((rc = read(op, &d)) != SES_OK)
        return rc;
    if ((d.enabled && !old.enabled) || !ses_str_eq(d.topic_arn, old.topic_arn))
        if ((rc = start(op, &d)) != SES_OK)
            return rc;
    ses_destination_put(op->cx, op->change, &d);
    return SES_OK;
}

/* CreateConfigurationSetEventDestination */
static ses_rc_t
create_destination(op_t *op)
{
    return op_destination_create(op, op_str(op, "ConfigurationSetName"),
                                 op_str(op, "EventDestinationName"),
                                 read_definition);
}

/* UpdateConfigurationSetEventDestination: replaces */
static ses_rc_t
update_destination(op_t *op)
{
    return op_destination_update(op, op_str(op, "ConfigurationSetName"),
                                 op_str(op, "EventDestinationName"),
                                 read_definition);
}

/* DeleteConfigurationSetEventDestination */
static ses_rc_t
delete_destination(op_t *op)
{
    ses_destination_t d;
    ses_rc_t rc;

    rc = op_destination_find(op, op_str(op, "ConfigurationSetName"),
                             op_str(op, "EventDestinationName"), NULL, &d);
    if (rc == SES_OK)
        ses_destination_del(op->cx, op->change, &d);
    return rc;
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
