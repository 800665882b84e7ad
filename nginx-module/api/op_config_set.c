/*
 * op_config_set - named bundles of per-message settings
 *
 * What a set can hold for now: the sending switch, suppression reasons, TLS
 * policy, pool of source addresses and time limit of delivery, reputation
 * metrics, tags.  A suppression list of reasons that is given but empty means
 * "none"; not given means "as the account" (contract 9.1).
 */
#include "api/op_config_set.h"

#include "model/destination.h"
#include "model/pool.h"
#include "policy/shapes_v2.h"

#define SETS_MAX 10000 /* contract 5.2 */
#define NO_REASONS                                                             \
    "SuppressedReasons cannot be null when SuppressionScope is provided"
#define DELIVERY_MIN 300 /* seconds */
#define DELIVERY_MAX 50400
#define PAGE_MAX 1000
#define SCAN_MAX 2000 /* rows looked at for one page of a filtered list */

/* MaxDeliverySeconds of o, with the text of a broken constraint. */
static ses_rc_t
read_seconds(op_t *op, const cJSON *o, const char *path, ses_config_set_t *set)
{
    int64_t n = ses_json_int(o, "MaxDeliverySeconds", 0);

    if (ses_json_get(o, "MaxDeliverySeconds") != NULL &&
        (n < DELIVERY_MIN || n > DELIVERY_MAX))
        return ses_fail(op->cx, SES_INVALID,
                        "1 validation error detected: Value at '%s' failed to "
                        "satisfy constraint: Member must have value %s than or "
                        "equal to %d",
                        path, n < DELIVERY_MIN ? "greater" : "less",
                        n < DELIVERY_MIN ? DELIVERY_MIN : DELIVERY_MAX);
    set->max_delivery = (uint32_t) n;
    return SES_OK;
}

ses_rc_t
op_set_transport(op_t *op, const ses_config_set_t *set)
{
    if (op->env->conf.pool_map.n == 0 &&
        (set->tls_required ||
         (set->pool.n > 0 && !ses_str_eqc(set->pool, SES_POOL_SHARED)))) {
        op_about(op, OP_ABOUT_DELIVERY, SES_STR(""), SES_STR(""));
        return ses_fail(op->cx, SES_INVALID,
                        "This site has no sending pools and cannot require "
                        "TLS: its operator has to set pool_map.");
    }
    return SES_OK;
}

/* Members of o, at path: what is absent is as if never set. */
static ses_rc_t
read_delivery(op_t *op, const cJSON *o, const char *path, ses_config_set_t *set)
{
    const cJSON *pool = ses_json_get(o, "SendingPoolName");
    ses_str_t name = ses_json_str(o, "SendingPoolName");
    ses_pool_t found;
    ses_rc_t rc;

    if (pool != NULL && ses_str_trim(name).n == 0)
        return ses_fail(op->cx, SES_INVALID, "sendingPoolName can't be blank.");
    if (name.n > 0 && !ses_str_eqc(name, SES_POOL_DEFAULT) &&
        !ses_str_eqc(name, SES_POOL_SHARED)) {
        rc = ses_pool_find(op->cx, op->txn, op->cx->account, name, &found);
        if (rc == SES_NOT_FOUND)
            return ses_fail(op->cx, SES_INVALID,
                            "SendingPool <%.*s> doesn't exist", SES_FMT(name));
        if (rc != SES_OK)
            return rc;
    }
    if ((rc = read_seconds(op, o, path, set)) != SES_OK)
        return rc;
    set->pool = name;
    set->tls_required = ses_str_eqc(ses_json_str(o, "TlsPolicy"), "REQUIRE");
    return op_set_transport(op, set);
}

static ses_rc_t
read_suppression(op_t *op, ses_config_set_t *set)
{
    const cJSON *o = ses_json_get(op->in, "SuppressionOptions");
    const cJSON *reasons = ses_json_get(o, "SuppressedReasons");

    if (o == NULL)
        return SES_OK;
    if (reasons == NULL && ses_json_get(o, "SuppressionScope") != NULL)
        return ses_fail(op->cx, SES_INVALID, NO_REASONS);
    set->has_suppression = true;
    set->reasons = op_reasons(reasons);
    return SES_OK;
}

ses_rc_t
op_set_new(op_t *op, ses_str_t name, ses_config_set_t *set)
{
    ses_config_set_t old;
    unsigned n = 0;
    ses_rc_t rc;

    op_about(op, OP_ABOUT_SET, name, SES_STR(""));
    if ((rc = op_name(op, "configuration set", name)) != SES_OK)
        return rc;
    rc = ses_config_set_find(op->cx, op->txn, op->cx->account, name, &old);
    if (rc == SES_OK)
        return ses_fail(op->cx, SES_EXISTS,
                        "Configuration set %.*s already exists.",
                        SES_FMT(name));
    if (rc != SES_NOT_FOUND)
        return rc;
    op_about(op, OP_ABOUT_NOTHING, SES_STR(""), SES_STR(""));
    if ((rc = op_count(op, SES_DB_CONFIG_SET, SETS_MAX, &n)) != SES_OK)
        return rc;
    if (n >= SETS_MAX)
        return ses_fail(op->cx, SES_LIMIT,
                        "An account cannot have more than %d configuration "
                        "sets.",
                        SETS_MAX);
    *set = (ses_config_set_t){.account = op->cx->account,
                              .name = name,
                              .sending = true,
                              .pool = SES_STR(""),
                              .created = op->cx->now};
    return SES_OK;
}

/* CreateConfigurationSet */
static ses_rc_t
create_set(op_t *op)
{
    ses_config_set_t set;
    const cJSON *o;
    ses_rc_t rc;

    rc = op_set_new(op, op_str(op, "ConfigurationSetName"), &set);
    if (rc != SES_OK)
        return rc;
    set.reputation = true;
    if ((o = ses_json_get(op->in, "SendingOptions")) != NULL)
        set.sending = ses_shape_bool(o, "SendingEnabled");
    if ((o = ses_json_get(op->in, "ReputationOptions")) != NULL) {
        set.reputation = ses_shape_bool(o, "ReputationMetricsEnabled");
        ses_shape_time(o, "LastFreshStart", &set.fresh_start);
    }
    if ((o = ses_json_get(op->in, "DeliveryOptions")) != NULL &&
        (rc = read_delivery(op, o, "deliveryOptions.maxDeliverySeconds",
                            &set)) != SES_OK)
        return rc;
    if ((rc = read_suppression(op, &set)) != SES_OK)
        return rc;
    if ((rc = op_tags(op, &set.tags, &set.ntags)) != SES_OK)
        return rc;
    ses_config_set_put(op->cx, op->change, &set);
    return SES_OK;
}

/* GetConfigurationSet */
static ses_rc_t
get_set(op_t *op)
{
    ses_config_set_t set;
    ses_rc_t rc;

    rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);
    if (rc != SES_OK)
        return rc;

    out_str(op->out, "ConfigurationSetName", set.name);
    out_open(op->out, "DeliveryOptions");
    out_sym(op->out, "TlsPolicy", set.tls_required ? "REQUIRE" : "OPTIONAL");
    if (set.pool.n > 0)
        out_str(op->out, "SendingPoolName", set.pool);
    if (set.max_delivery != 0)
        out_int(op->out, "MaxDeliverySeconds", set.max_delivery);
    out_close(op->out);
    out_open(op->out, "ReputationOptions");
    out_bool(op->out, "ReputationMetricsEnabled", set.reputation);
    if (set.fresh_start != 0)
        out_time(op->out, "LastFreshStart", set.fresh_start);
    out_close(op->out);
    out_open(op->out, "SendingOptions");
    out_bool(op->out, "SendingEnabled", set.sending);
    out_close(op->out);
    op_put_tags(op, set.tags, set.ntags);
    if (set.has_suppression) {
        out_open(op->out, "SuppressionOptions");
        op_put_reasons(op, set.reasons);
        out_close(op->out);
    }
    return SES_OK;
}

static ses_rc_t
drop_destination(ses_cx_t *cx, const ses_destination_t *d, void *arg)
{
    ses_destination_del(cx, arg, d);
    return SES_OK;
}

ses_rc_t
op_set_delete(op_t *op)
{
    ses_config_set_t set;
    ses_rc_t rc;

    rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);
    if (rc != SES_OK)
        return rc;
    ses_config_set_del(op->cx, op->change, &set);
    return ses_destination_list(op->cx, op->txn, op->cx->account, set.name,
                                drop_destination, op->change);
}

ses_rc_t
op_set_switch(op_t *op, bool enabled)
{
    ses_config_set_t set;
    ses_rc_t rc;

    rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);
    if (rc != SES_OK)
        return rc;
    if (enabled && !set.sending)
        set.fresh_start = op->cx->now; /* its rates start anew */
    set.sending = enabled;
    ses_config_set_put(op->cx, op->change, &set);
    return SES_OK;
}

/* PutConfigurationSetSendingOptions */
static ses_rc_t
put_sending(op_t *op)
{
    return op_set_switch(op, ses_shape_bool(op->in, "SendingEnabled"));
}

/* PutConfigurationSetDeliveryOptions */
static ses_rc_t
put_delivery(op_t *op)
{
    ses_config_set_t set;
    ses_rc_t rc;

    rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);
    if (rc == SES_OK)
        rc = read_delivery(op, op->in, "maxDeliverySeconds", &set);
    if (rc == SES_OK)
        ses_config_set_put(op->cx, op->change, &set);
    return rc;
}

/* PutConfigurationSetSuppressionOptions: without reasons as the account has
 * it, with an empty list none at all */
static ses_rc_t
put_suppression(op_t *op)
{
    const cJSON *reasons = ses_json_get(op->in, "SuppressedReasons");
    ses_config_set_t set;
    ses_rc_t rc;

    rc = op_set(op, op_str(op, "ConfigurationSetName"), &set);
    if (rc != SES_OK)
        return rc;
    if (reasons == NULL && op_has(op, "SuppressionScope"))
        return ses_fail(op->cx, SES_INVALID, NO_REASONS);
    set.has_suppression = reasons != NULL;
    set.reasons = op_reasons(reasons);
    ses_config_set_put(op->cx, op->change, &set);
    return SES_OK;
}

/* --- list -------------------------------------------------------------- */

static ses_rc_t
list_row(ses_cx_t *cx, const ses_config_set_t *set, void *arg)
{
    op_list_t *l = arg;

    (void) cx;
    if (!op_list_look(l, set->name))
        return SES_NOT_FOUND;
    if (!op_contains(set->name, l->filter))
        return SES_OK;
    l->n++;
    out_str(l->op->out, NULL, set->name);
    return SES_OK;
}

/* ListConfigurationSets, both forms */
static ses_rc_t
list_sets(op_t *op)
{
    op_list_t l;
    ses_rc_t rc;

    rc = op_list_open(&l, op, PAGE_MAX, SCAN_MAX,
                      op_filter(op, "CONFIGURATION_SET_NAME_CONTAINS"));
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

#define SETS "/v2/email/configuration-sets"
#define SET SETS "/{ConfigurationSetName}"

const op_def_t ops_config_set[] = {
    {"CreateConfigurationSet", OP_REST, "POST", SETS,
     "ses:CreateConfigurationSet", OP_WRITE, create_set, ses_v2_create_set, 0},
    {"GetConfigurationSet", OP_REST, "GET", SET, "ses:GetConfigurationSet",
     OP_READ, get_set, ses_v2_set, 0},
    {"DeleteConfigurationSet", OP_REST, "DELETE", SET,
     "ses:DeleteConfigurationSet", OP_WRITE, op_set_delete, ses_v2_set, 0},
    {"ListConfigurationSets", OP_REST, "GET", SETS, "ses:ListConfigurationSets",
     OP_READ, list_sets, ses_v2_list_sets_query, 0},
    {"ListConfigurationSets", OP_REST, "POST",
     "/v2/email/list-configuration-sets", "ses:ListConfigurationSets", OP_READ,
     list_sets, ses_v2_list_sets, 0},
    {"PutConfigurationSetSendingOptions", OP_REST, "PUT", SET "/sending",
     "ses:PutConfigurationSetSendingOptions", OP_WRITE, put_sending,
     ses_v2_put_set_sending, 0},
    {"PutConfigurationSetDeliveryOptions", OP_REST, "PUT",
     SET "/delivery-options", "ses:PutConfigurationSetDeliveryOptions",
     OP_WRITE, put_delivery, ses_v2_put_set_delivery, 0},
    {"PutConfigurationSetSuppressionOptions", OP_REST, "PUT",
     SET "/suppression-options", "ses:PutConfigurationSetSuppressionOptions",
     OP_WRITE, put_suppression, ses_v2_put_set_suppression, 0},
    {0},
};
