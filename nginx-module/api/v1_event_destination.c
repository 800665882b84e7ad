/*
 * v1_event_destination - event destinations in v1
 *
 * v1 has fewer types of events and spells them in camel case; those of v2
 * alone are not shown, and an update, which replaces, takes them away.
 */
#include "api/op_event_destination.h"
#include "api/v1.h"

#include "model/event.h"
#include "policy/shapes_v1.h"

static const struct {
    const char *name;
    ses_event_type_t type;
} types[] = {
    /* in the order in which they are shown */
    {"bounce", SES_EVENT_BOUNCE},
    {"click", SES_EVENT_CLICK},
    {"complaint", SES_EVENT_COMPLAINT},
    {"delivery", SES_EVENT_DELIVERY},
    {"open", SES_EVENT_OPEN},
    {"reject", SES_EVENT_REJECT},
    {"renderingFailure", SES_EVENT_RENDERING_FAILURE},
    {"send", SES_EVENT_SEND},
};

#define NTYPES (sizeof(types) / sizeof(types[0]))

/* The members that are sinks; only SNS is there. */
static const char *const sinks[] = {
    "SNSDestination", "KinesisFirehoseDestination", "CloudWatchDestination"};
static const op_about_t about[] = {OP_ABOUT_SNS, OP_ABOUT_FIREHOSE,
                                   OP_ABOUT_CLOUDWATCH};

static ses_rc_t
read_definition(op_t *op, ses_destination_t *d)
{
    const cJSON *in = ses_json_get(op->in, "EventDestination"), *e;
    unsigned which = 0;
    size_t i;
    ses_rc_t rc;

    rc = op_destination_sink(op, in, sinks, sizeof(sinks) / sizeof(sinks[0]),
                             &which);
    if (rc != SES_OK)
        return rc;
    if (which != 0) {
        op_about(op, about[which], d->set, d->name);
        return op_destination_later(op, sinks[which]);
    }
    d->types = 0;
    cJSON_ArrayForEach(e, ses_json_get(in, "MatchingEventTypes"))
    {
        for (i = 0; i < NTYPES; i++)
            if (strcmp(types[i].name, e->valuestring) == 0)
                d->types |= 1u << types[i].type;
    }
    if ((rc = op_destination_types(op, d)) != SES_OK)
        return rc;
    d->enabled = ses_shape_bool(in, "Enabled");
    d->topic_arn = ses_json_str(ses_json_get(in, "SNSDestination"), "TopicARN");
    return op_destination_topic(op, d);
}

/* CreateConfigurationSetEventDestination */
static ses_rc_t
create_destination(op_t *op)
{
    return op_destination_create(
        op, op_str(op, "ConfigurationSetName"),
        ses_json_str(ses_json_get(op->in, "EventDestination"), "Name"),
        read_definition);
}

/* UpdateConfigurationSetEventDestination */
static ses_rc_t
update_destination(op_t *op)
{
    return op_destination_update(
        op, op_str(op, "ConfigurationSetName"),
        ses_json_str(ses_json_get(op->in, "EventDestination"), "Name"),
        read_definition);
}

/* DeleteConfigurationSetEventDestination */
static ses_rc_t
delete_destination(op_t *op)
{
    ses_destination_t d;
    ses_rc_t rc;

    rc = op_destination_find(op, op_str(op, "ConfigurationSetName"),
                             op_str(op, "EventDestinationName"),
                             "No EventDestination found for", &d);
    if (rc == SES_OK)
        ses_destination_del(op->cx, op->change, &d);
    return rc;
}

static ses_rc_t
show(ses_cx_t *cx, const ses_destination_t *d, void *arg)
{
    op_t *op = arg;
    size_t i;

    (void) cx;
    out_open(op->out, NULL);
    out_str(op->out, "Name", d->name);
    out_bool(op->out, "Enabled", d->enabled);
    out_list(op->out, "MatchingEventTypes");
    for (i = 0; i < NTYPES; i++)
        if (d->types & 1u << types[i].type)
            out_sym(op->out, NULL, types[i].name);
    out_end(op->out);
    out_open(op->out, "SNSDestination");
    out_str(op->out, "TopicARN", d->topic_arn);
    out_close(op->out);
    out_close(op->out);
    return SES_OK;
}

ses_rc_t
v1_destinations(op_t *op, ses_str_t set)
{
    ses_rc_t rc;

    out_list(op->out, "EventDestinations");
    rc = ses_destination_list(op->cx, op->txn, op->cx->account, set, show, op);
    if (rc == SES_OK)
        out_end(op->out);
    return rc;
}

const op_def_t ops_v1_event_destination[] = {
    {"CreateConfigurationSetEventDestination", OP_QUERY, "POST", NULL,
     "ses:CreateConfigurationSetEventDestination", OP_WRITE, create_destination,
     ses_v1_put_destination, 0},
    {"UpdateConfigurationSetEventDestination", OP_QUERY, "POST", NULL,
     "ses:UpdateConfigurationSetEventDestination", OP_WRITE, update_destination,
     ses_v1_put_destination, 0},
    {"DeleteConfigurationSetEventDestination", OP_QUERY, "POST", NULL,
     "ses:DeleteConfigurationSetEventDestination", OP_WRITE, delete_destination,
     ses_v1_delete_destination, 0},
    {0},
};
