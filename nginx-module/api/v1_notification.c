/*
 * v1_notification - topics, headers and forwarding of an identity's bounces,
 * complaints and deliveries
 *
 * A topic is owed what happens after it was set; the first thing it gets is
 * a notice.  Forwarding by mail can be turned off only while topics take
 * both bounces and complaints.
 */
#include "api/op_event_destination.h"
#include "api/op_identity.h"
#include "api/v1.h"

#include "policy/shapes_v1.h"

/* The member NotificationType. */
static ses_rc_t
read_kind(op_t *op, ses_notify_kind_t *k)
{
    ses_str_t s = op_str(op, "NotificationType");

    if (ses_notify_parse(s, k))
        return SES_OK;
    return ses_fail(op->cx, SES_INVALID,
                    "Invalid notification type: %.*s. Valid values are: "
                    "Bounce, Complaint, Delivery.",
                    SES_FMT(ses_str_head(s, 128)));
}

/* From now on to this topic, and a notice first. */
static ses_rc_t
start(op_t *op, const ses_identity_t *i, ses_notify_kind_t k, ses_notify_t *n)
{
    const char *kind = ses_notify_name(k);
    ses_jsonw_t w;
    ses_rc_t rc;

    if ((rc = op_topic_find(op, n->topic_arn)) == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_INVALID, "SNS topic <%.*s> not found.",
                        SES_FMT(n->topic_arn));
    if (rc != SES_OK ||
        (rc = ses_event_last(op->cx, op->txn, &n->start)) != SES_OK)
        return rc;
    ses_jsonw_init(&w, op->cx->arena, 4096);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_c(&w, "notificationType", "AmazonSnsSubscriptionSucceeded");
    ses_jsonw_str(&w, "message",
                  ses_str_printf(op->cx->arena,
                                 "You have successfully subscribed your "
                                 "Amazon SNS topic '%.*s' to receive '%s' "
                                 "notifications from Amazon SES for identity "
                                 "'%.*s'.",
                                 SES_FMT(n->topic_arn), kind,
                                 SES_FMT(i->name)));
    ses_jsonw_close(&w);
    return ses_event_notice(op->cx, op->txn, i->account,
                            ses_notify_set(op->cx->arena, i->name),
                            ses_str(kind), ses_jsonw_get(&w));
}

/* SetIdentityNotificationTopic: no topic clears it */
static ses_rc_t
set_topic(op_t *op)
{
    ses_str_t arn = op_str(op, "SnsTopic");
    ses_notify_kind_t k;
    ses_identity_t i;
    ses_rc_t rc;

    if ((rc = read_kind(op, &k)) != SES_OK ||
        (rc = v1_identity(op, &i)) != SES_OK)
        return rc;
    if (ses_str_eq(i.notify[k].topic_arn, arn))
        return SES_OK;
    i.notify[k].topic_arn = arn;
    if (arn.n > 0 && (rc = start(op, &i, k, &i.notify[k])) != SES_OK)
        return rc;
    ses_identity_put(op->cx, op->change, &i);
    return SES_OK;
}

/* SetIdentityHeadersInNotificationsEnabled */
static ses_rc_t
set_headers(op_t *op)
{
    ses_str_t given = op_str(op, "Identity");
    ses_notify_kind_t k;
    ses_identity_t i;
    ses_rc_t rc;

    if ((rc = read_kind(op, &k)) != SES_OK)
        return rc;
    rc = op_identity_find(op, given, &i);
    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_REJECTED,
                        "Identity %.*s is not verified or does not exist.",
                        SES_FMT(given));
    if (rc != SES_OK)
        return rc;
    i.notify[k].headers = ses_shape_bool(op->in, "Enabled");
    ses_identity_put(op->cx, op->change, &i);
    return SES_OK;
}

/* SetIdentityFeedbackForwardingEnabled */
static ses_rc_t
set_forwarding(op_t *op)
{
    bool on = ses_shape_bool(op->in, "ForwardingEnabled");
    ses_identity_t i;
    ses_rc_t rc = v1_identity(op, &i);

    if (rc != SES_OK)
        return rc;
    if (!on && (i.notify[SES_NOTIFY_BOUNCE].topic_arn.n == 0 ||
                i.notify[SES_NOTIFY_COMPLAINT].topic_arn.n == 0))
        return ses_fail(op->cx, SES_INVALID,
                        "Feedback forwarding of %.*s cannot be disabled: "
                        "Amazon SNS topics must be set for both bounces and "
                        "complaints.",
                        SES_FMT(i.name));
    i.feedback = on;
    ses_identity_put(op->cx, op->change, &i);
    return SES_OK;
}

static ses_rc_t
show(op_t *op, const ses_identity_t *i)
{
    const char *name;
    unsigned k;

    for (k = 0; k < SES_NOTIFY_MAX; k++) {
        if (i->notify[k].topic_arn.n == 0)
            continue;
        name = ses_notify_name((ses_notify_kind_t) k);
        out_str(op->out, ses_str_printf(op->cx->arena, "%sTopic", name).p,
                i->notify[k].topic_arn);
    }
    out_bool(op->out, "ForwardingEnabled", i->feedback);
    for (k = 0; k < SES_NOTIFY_MAX; k++) {
        name = ses_notify_name((ses_notify_kind_t) k);
        out_bool(op->out,
                 ses_str_printf(op->cx->arena,
                                "HeadersIn%sNotificationsEnabled", name)
                     .p,
                 i->notify[k].headers);
    }
    return SES_OK;
}

/* GetIdentityNotificationAttributes */
static ses_rc_t
get_notifications(op_t *op)
{
    return v1_identities(op, "NotificationAttributes", show);
}

const op_def_t ops_v1_notification[] = {
    {"SetIdentityNotificationTopic", OP_QUERY, "POST", NULL,
     "ses:SetIdentityNotificationTopic", OP_WRITE, set_topic, ses_v1_set_topic,
     0},
    {"SetIdentityHeadersInNotificationsEnabled", OP_QUERY, "POST", NULL,
     "ses:SetIdentityHeadersInNotificationsEnabled", OP_WRITE, set_headers,
     ses_v1_set_headers, 0},
    {"SetIdentityFeedbackForwardingEnabled", OP_QUERY, "POST", NULL,
     "ses:SetIdentityFeedbackForwardingEnabled", OP_WRITE, set_forwarding,
     ses_v1_set_forwarding, 0},
    {"GetIdentityNotificationAttributes", OP_QUERY, "POST", NULL,
     "ses:GetIdentityNotificationAttributes", OP_READ, get_notifications,
     ses_v1_identities, 0},
    {0},
};
