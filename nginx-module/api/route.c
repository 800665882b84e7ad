/*
 * route - the list of tables, and a template matcher
 */
#include "api/route.h"

#include "base/assert.h"

const op_def_t *const api_tables[] = {
    ops_v1_identity,     ops_v1_attributes, ops_v1_policy,
    ops_v1_account,      ops_v1_config_set, ops_v1_event_destination,
    ops_v1_notification, ops_v1_send,       ops_v1_verify_template,
    ops_account,         ops_identity,      ops_identity_dkim,
    ops_identity_policy, ops_config_set,    ops_event_destination,
    ops_verify_template, ops_suppression,   ops_contact_list,
    ops_contact,         ops_send,          ops_pool,
    ops_topic,           ops_subscription,  NULL};

static const struct {
    op_protocol_t protocol;
    const char *version;
} versions[] = {
    {OP_QUERY, "2010-12-01"},
    {OP_SNS, "2010-03-31"},
};

/* A dot segment means "go elsewhere" to every client and proxy: no name. */
static bool
is_label(ses_str_t segment)
{
    return segment.n > 0 && !ses_str_eqc(segment, ".") &&
           !ses_str_eqc(segment, "..");
}

static bool
match(const char *template, ses_str_t path, api_labels_t *labels)
{
    ses_str_t want = ses_str(template), have = path, part, segment;
    api_label_t *label;
    bool more;

    if (ses_str_ends(want, SES_STR("/")) && !ses_str_ends(have, SES_STR("/")))
        want.n--;
    labels->n = 0;

    while (ses_str_cut(&want, '/', &part)) {
        if (!ses_str_cut(&have, '/', &segment))
            return false;
        if (part.n < 2 || part.p[0] != '{') {
            if (!ses_str_eq(part, segment))
                return false;
            continue;
        }
        if (!is_label(segment))
            return false;
        ses_assert(labels->n < API_LABELS);
        label = &labels->label[labels->n++];
        label->name = ses_str_n(part.p + 1, part.n - 2);
        label->value = segment;
    }
    more = ses_str_cut(&have, '/', &segment);
    return !more;
}

const op_def_t *
route_rest(ses_str_t method, ses_str_t path, api_labels_t *labels)
{
    const op_def_t *const *table, *def;

    for (table = api_tables; *table != NULL; table++)
        for (def = *table; def->name != NULL; def++)
            if (def->protocol == OP_REST && ses_str_eqc(method, def->method) &&
                match(def->path, path, labels))
                return def;
    return NULL;
}

op_protocol_t
route_protocol(ses_str_t version)
{
    size_t i;

    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
        if (ses_str_eqc(version, versions[i].version))
            return versions[i].protocol;
    return OP_QUERY;
}

static bool
speaks(op_protocol_t protocol, ses_str_t version)
{
    size_t i;

    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
        if (versions[i].protocol == protocol)
            return version.n == 0 || ses_str_eqc(version, versions[i].version);
    return false;
}

const op_def_t *
route_action(ses_str_t action, ses_str_t version)
{
    const op_def_t *const *table, *def;

    for (table = api_tables; *table != NULL; table++)
        for (def = *table; def->name != NULL; def++)
            if (speaks(def->protocol, version) &&
                ses_str_eqc(action, def->name))
                return def;
    return NULL;
}
