/*
 * authorize - the policies of the caller, for one call
 *
 * A resource is named by a member of the input; operations without one are
 * asked about "*", which a policy allows by "*" alone.  Nothing is looked at
 * for the account's own keys, unless a session's policy narrows one.
 */
#include "api/authorize.h"

#include "model/contact_list.h"
#include "model/identity.h"
#include "policy/iam_send.h"

/* Which member names what; the first that is there decides. */
typedef struct {
    const char *member, *kind;
    const char *of; /* the structure that it is in, NULL = the input */
} resource_t;

static const resource_t resources[] = {
    {"EmailIdentity", "identity", NULL},
    {"ContactListName", "contact-list", NULL},
    {"TemplateName", "custom-verification-email-template", NULL},
    {"ConfigurationSetName", "configuration-set", NULL},
    {"PoolName", "dedicated-ip-pool", NULL},
    {"ResourceArn", NULL, NULL},
    {"TopicArn", NULL, NULL},
    {"SubscriptionArn", NULL, NULL},
    {NULL, NULL, NULL},
};

static const resource_t resources_v1[] = {
    {"Identity", "identity", NULL},
    {"Domain", "identity", NULL},
    {"TemplateName", "custom-verification-email-template", NULL},
    {"EmailAddress", "identity", NULL},
    {"ConfigurationSetName", "configuration-set", NULL},
    {"Name", "configuration-set", "ConfigurationSet"},
    {NULL, NULL, NULL},
};

/* One identity has one ARN, however the call spells its name: a Deny must
 * not be evaded by capitals. */
static ses_str_t
canonical(const api_call_t *c, const char *kind, ses_str_t name)
{
    ses_cx_t mine = c->cx; /* a bad name is refused later, by its text */
    ses_str_t canon;
    bool domain;

    if (strcmp(kind, "identity") == 0 &&
        ses_identity_name(&mine, name, &canon, &domain) == SES_OK)
        return canon;
    return name;
}

/* The row that decides, and the name; NULL = none. */
static const resource_t *
named(const api_call_t *c, ses_str_t *name)
{
    const resource_t *r = c->protocol == OP_QUERY ? resources_v1 : resources;
    const cJSON *of;

    for (; r->member != NULL; r++) {
        of = r->of == NULL ? c->in : ses_json_get(c->in, r->of);
        *name = ses_json_str(of, r->member);
        if (name->n > 0)
            return r;
    }
    return NULL;
}

static ses_str_t
resource_of(const api_call_t *c)
{
    const resource_t *r;
    ses_str_t s;

    if ((r = named(c, &s)) == NULL)
        return SES_STR("*");
    if (r->kind == NULL)
        return s;
    return ses_str_printf(c->arena, "arn:aws:ses:%.*s:%.*s:%s/%.*s",
                          SES_FMT(c->env->conf.region), SES_FMT(c->cx.account),
                          r->kind, SES_FMT(canonical(c, r->kind, s)));
}

/* --- tags -------------------------------------------------------------- */

typedef struct {
    const api_call_t *c;
    ses_txn_t *t;
} lookup_t;

static bool
value(const lookup_t *l, ses_str_t name, const ses_str_t *v, unsigned n,
      ses_iam_key_t *out)
{
    ses_str_t *copy;

    if (n == 0)
        return false;
    copy = ses_alloc(l->c->arena, n * sizeof(*copy));
    memcpy(copy, v, n * sizeof(*copy));
    *out = (ses_iam_key_t){name, copy, n};
    return true;
}

/* aws:RequestTag/KEY, or with key "" aws:TagKeys */
static bool
request_tag(const lookup_t *l, ses_str_t name, ses_str_t key,
            ses_iam_key_t *out)
{
    ses_str_t v[SES_TAGS_MAX];
    const cJSON *e;
    unsigned n = 0;

    cJSON_ArrayForEach(e, ses_json_get(l->c->in, "Tags"))
    {
        if (n == SES_TAGS_MAX || !cJSON_IsObject(e))
            break;
        if (key.n == 0)
            v[n++] = ses_json_str(e, "Key");
        else if (ses_str_eq(ses_json_str(e, "Key"), key)) {
            v[n++] = ses_json_str(e, "Value");
            break;
        }
    }
    return value(l, name, v, n, out);
}

/* aws:ResourceTag/KEY of an identity, a set or a list of the caller's */
static bool
resource_tag(const lookup_t *l, ses_str_t name, ses_str_t key,
             ses_iam_key_t *out)
{
    ses_cx_t mine = l->c->cx;
    const ses_tag_t *tags = NULL;
    const resource_t *r;
    ses_contact_list_t list;
    ses_config_set_t set;
    ses_identity_t identity;
    ses_str_t given, canon;
    unsigned n = 0, i;
    bool domain;

    if ((r = named(l->c, &given)) == NULL || r->kind == NULL)
        return false;
    if (strcmp(r->kind, "identity") == 0 &&
        ses_identity_name(&mine, given, &canon, &domain) == SES_OK &&
        ses_identity_find(&mine, l->t, mine.account, canon, &identity) ==
            SES_OK) {
        tags = identity.tags;
        n = identity.ntags;
    } else if (strcmp(r->kind, "configuration-set") == 0 &&
               ses_config_set_find(&mine, l->t, mine.account, given, &set) ==
                   SES_OK) {
        tags = set.tags;
        n = set.ntags;
    } else if (strcmp(r->kind, "contact-list") == 0 &&
               ses_contact_list_find(&mine, l->t, mine.account, given, &list) ==
                   SES_OK) {
        tags = list.tags;
        n = list.ntags;
    }
    for (i = 0; i < n; i++)
        if (ses_str_eq(tags[i].key, key))
            return value(l, name, &tags[i].value, 1, out);
    return false;
}

static bool
more(void *arg, ses_str_t name, ses_iam_key_t *out)
{
    const ses_str_t request = SES_STR("aws:RequestTag/");
    const ses_str_t resource = SES_STR("aws:ResourceTag/");
    const lookup_t *l = arg;

    if (ses_str_caseeqc(name, "aws:TagKeys"))
        return request_tag(l, name, SES_STR(""), out);
    if (ses_str_casestarts(name, request) && name.n > request.n)
        return request_tag(l, name, ses_str_from(name, request.n), out);
    if (ses_str_casestarts(name, resource) && name.n > resource.n)
        return resource_tag(l, name, ses_str_from(name, resource.n), out);
    return false;
}

/* --- the decision ------------------------------------------------------ */

static const char *
why(const ses_iam_ask_t *ask, ses_iam_effect_t e)
{
    if (ask->narrowed)
        return "because no session policy allows";
    return e == SES_IAM_DENY
               ? "with an explicit deny in an identity-based policy for"
               : "because no identity-based policy allows";
}

static ses_rc_t
need(api_call_t *c, ses_txn_t *t, const char *action)
{
    ses_caller_t caller = {.user = c->key.user,
                           .iam = c->key.iam,
                           .session =
                               c->key.policy.n > 0 ? c->key.id : SES_STR(""),
                           .client = c->req.client,
                           .tls = c->req.tls,
                           .agent = api_request_header(&c->req, "user-agent"),
                           .version = c->protocol == OP_REST ? "2" : "1"};
    lookup_t l = {c, t};
    ses_iam_effect_t e;
    ses_iam_ask_t ask;
    unsigned n;
    ses_rc_t rc;

    ask = (ses_iam_ask_t){
        .cx = &c->cx,
        .action = ses_str(action),
        .resource = resource_of(c),
        .account = c->cx.account,
        .principal = c->cx.caller,
        .keys = ses_iam_keys(&c->cx, c->cx.account, &caller, 0, &n),
        .more = more,
        .arg = &l};
    ask.nkeys = n;
    rc =
        ses_iam_caller(&c->cx, t, c->cx.account, &caller, &ask, NULL, NULL, &e);
    if (rc != SES_OK || e == SES_IAM_ALLOW)
        return rc;
    return ses_fail(&c->cx, SES_DENIED,
                    "User: %.*s is not authorized to perform: %s on resource: "
                    "%.*s %s the %s action",
                    SES_FMT(c->cx.caller), action,
                    SES_FMT(ses_str_head(ask.resource, 512)), why(&ask, e),
                    action);
}

ses_rc_t
authorize(api_call_t *c, ses_txn_t *t)
{
    const cJSON *tags = ses_json_get(c->in, "Tags");
    ses_rc_t rc;

    if ((!c->key.iam && c->key.policy.n == 0) || c->def->kind == OP_SEND)
        return SES_OK;
    if ((rc = need(c, t, c->def->action)) != SES_OK)
        return rc;
    if (!cJSON_IsArray(tags) || tags->child == NULL || c->protocol != OP_REST)
        return SES_OK;
    return need(c, t, "ses:TagResource");
}
