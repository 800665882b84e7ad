/*
 * v1_config_set - configuration sets in v1
 *
 * The same sets as v2's; a set that is made here has its reputation metrics
 * off, as v1 says (contract 13.1).
 */
#include "api/op_config_set.h"
#include "api/v1.h"

#include "policy/shapes_v1.h"

#define PAGE_MAX 1000

/* CreateConfigurationSet */
static ses_rc_t
create_set(op_t *op)
{
    ses_str_t name =
        ses_json_str(ses_json_get(op->in, "ConfigurationSet"), "Name");
    ses_config_set_t set;
    ses_rc_t rc = op_set_new(op, name, &set);

    if (rc == SES_OK)
        ses_config_set_put(op->cx, op->change, &set);
    return rc;
}

/* --- show -------------------------------------------------------------- */

static void
put_name(op_t *op, const char *member, ses_str_t name)
{
    out_open(op->out, member);
    out_str(op->out, "Name", name);
    out_close(op->out);
}

static ses_rc_t
put_destinations(op_t *op, const ses_config_set_t *set)
{
    return v1_destinations(op, set->name);
}

static ses_rc_t
put_delivery_options(op_t *op, const ses_config_set_t *set)
{
    out_open(op->out, "DeliveryOptions");
    out_sym(op->out, "TlsPolicy", set->tls_required ? "Require" : "Optional");
    out_close(op->out);
    return SES_OK;
}

static ses_rc_t
put_reputation(op_t *op, const ses_config_set_t *set)
{
    out_open(op->out, "ReputationOptions");
    out_bool(op->out, "SendingEnabled", set->sending);
    out_bool(op->out, "ReputationMetricsEnabled", set->reputation);
    if (set->fresh_start != 0)
        out_time(op->out, "LastFreshStart", set->fresh_start);
    out_close(op->out);
    return SES_OK;
}

/* What may be asked for; a set has no tracking options yet. */
static const struct {
    const char *name;
    ses_rc_t (*put)(op_t *op, const ses_config_set_t *set);
} attributes[] = {
    {"eventDestinations", put_destinations},
    {"deliveryOptions", put_delivery_options},
    {"reputationOptions", put_reputation},
};

static bool
asked(const op_t *op, const char *name)
{
    const cJSON *e;

    cJSON_ArrayForEach(e,
                       ses_json_get(op->in, "ConfigurationSetAttributeNames"))
    {
        if (strcmp(e->valuestring, name) == 0)
            return true;
    }
    return false;
}

/* DescribeConfigurationSet */
static ses_rc_t
describe_set(op_t *op)
{
    ses_config_set_t set;
    size_t i;
    ses_rc_t rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);

    if (rc != SES_OK)
        return rc;
    put_name(op, "ConfigurationSet", set.name);
    for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
        if (asked(op, attributes[i].name) &&
            (rc = attributes[i].put(op, &set)) != SES_OK)
            return rc;
    return SES_OK;
}

static ses_rc_t
list_row(ses_cx_t *cx, const ses_config_set_t *set, void *arg)
{
    op_list_t *l = arg;

    (void) cx;
    if (!op_list_look(l, set->name))
        return SES_NOT_FOUND;
    l->n++;
    put_name(l->op, NULL, set->name);
    return SES_OK;
}

/* ListConfigurationSets */
static ses_rc_t
list_sets(op_t *op)
{
    op_list_t l;
    ses_rc_t rc = op_list_open(&l, op, PAGE_MAX, 0, SES_STR(""));

    if (rc != SES_OK)
        return rc;
    out_list(op->out, "ConfigurationSets");
    rc = ses_config_set_list(op->cx, op->txn, op->cx->account, l.after,
                             list_row, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l);
    return SES_OK;
}

/* --- change ------------------------------------------------------------ */

/* UpdateConfigurationSetSendingEnabled */
static ses_rc_t
update_sending(op_t *op)
{
    return op_set_switch(op, ses_shape_bool(op->in, "Enabled"));
}

/* UpdateConfigurationSetReputationMetricsEnabled */
static ses_rc_t
update_reputation(op_t *op)
{
    ses_config_set_t set;
    ses_rc_t rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);

    if (rc != SES_OK)
        return rc;
    set.reputation = ses_shape_bool(op->in, "Enabled");
    ses_config_set_put(op->cx, op->change, &set);
    return SES_OK;
}

/* PutConfigurationSetDeliveryOptions: v1 knows the TLS policy alone; pool and
 * time limit stay what v2 made them */
static ses_rc_t
put_delivery(op_t *op)
{
    const cJSON *o = ses_json_get(op->in, "DeliveryOptions");
    ses_config_set_t set;
    ses_rc_t rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);

    if (rc != SES_OK)
        return rc;
    set.tls_required = ses_str_eqc(ses_json_str(o, "TlsPolicy"), "Require");
    if ((rc = op_set_transport(op, &set)) != SES_OK)
        return rc;
    ses_config_set_put(op->cx, op->change, &set);
    return SES_OK;
}

const op_def_t ops_v1_config_set[] = {
    {"CreateConfigurationSet", OP_QUERY, "POST", NULL,
     "ses:CreateConfigurationSet", OP_WRITE, create_set, ses_v1_create_set, 0},
    {"DeleteConfigurationSet", OP_QUERY, "POST", NULL,
     "ses:DeleteConfigurationSet", OP_WRITE, op_set_delete, ses_v1_set, 0},
    {"DescribeConfigurationSet", OP_QUERY, "POST", NULL,
     "ses:DescribeConfigurationSet", OP_READ, describe_set, ses_v1_describe_set,
     0},
    {"ListConfigurationSets", OP_QUERY, "POST", NULL,
     "ses:ListConfigurationSets", OP_READ, list_sets, ses_v1_list_sets, 0},
    {"UpdateConfigurationSetSendingEnabled", OP_QUERY, "POST", NULL,
     "ses:UpdateConfigurationSetSendingEnabled", OP_WRITE, update_sending,
     ses_v1_set_enabled, OP_BARE},
    {"UpdateConfigurationSetReputationMetricsEnabled", OP_QUERY, "POST", NULL,
     "ses:UpdateConfigurationSetReputationMetricsEnabled", OP_WRITE,
     update_reputation, ses_v1_set_enabled, OP_BARE},
    {"PutConfigurationSetDeliveryOptions", OP_QUERY, "POST", NULL,
     "ses:PutConfigurationSetDeliveryOptions", OP_WRITE, put_delivery,
     ses_v1_put_delivery, 0},
    {0},
};
