/*
 * op_contact - people on the contact list, and what they chose
 *
 * Preferences are explicit ones; for the other topics the list's defaults
 * hold and are shown beside them.  An update says all of a contact anew, as
 * the service's model has it (contract 11).
 */
#include "api/op.h"

#include "base/encode.h"
#include "model/contact.h"
#include "policy/shapes_v2.h"

#define PAGE_MAX 1000
#define SCAN_MAX 5000        /* rows looked at for a page of a filtered list */
#define BYTES_MAX (1u << 20) /* of attributes, which every row brings along */
#define ATTRIBUTES_MAX 65536 /* ours; the service names no bound */

/* --- what is given ----------------------------------------------------- */

/* Names of the preferences; which topics there are is looked at later. */
static ses_rc_t
check_names(op_t *op)
{
    const cJSON *e, *other;
    const cJSON *list = ses_json_get(op->in, "TopicPreferences");
    ses_str_t name;
    ses_rc_t rc;

    if (cJSON_GetArraySize(list) > SES_LIST_TOPICS_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "Maximum of <%d> topics allowed per ContactList",
                        SES_LIST_TOPICS_MAX);
    cJSON_ArrayForEach(e, list)
    {
        name = ses_json_str(e, "TopicName");
        if ((rc = op_list_name(op, "TopicName", name)) != SES_OK)
            return rc;
        for (other = e->next; other != NULL; other = other->next)
            if (ses_str_eq(ses_json_str(other, "TopicName"), name))
                return ses_fail(op->cx, SES_INVALID,
                                "Duplicate topic names are not allowed within "
                                "a Contact.");
    }
    return SES_OK;
}

static ses_rc_t
read_preferences(op_t *op, const ses_contact_list_t *l, ses_contact_t *x)
{
    const ses_list_topic_t *topic;
    const cJSON *e;
    ses_rc_t rc;

    x->preferences = ses_calloc(op->cx->arena,
                                SES_LIST_TOPICS_MAX * sizeof(*x->preferences));
    x->npreferences = 0;
    cJSON_ArrayForEach(e, ses_json_get(op->in, "TopicPreferences"))
    {
        rc = op_list_topic(op, l, ses_json_str(e, "TopicName"), &topic);
        if (rc != SES_OK)
            return rc;
        x->preferences[x->npreferences++] = (ses_preference_t){
            topic->name,
            ses_str_eqc(ses_json_str(e, "SubscriptionStatus"), "OPT_IN")};
    }
    return SES_OK;
}

/* Everything of a contact but its address; names were checked. */
static ses_rc_t
read_contact(op_t *op, const ses_contact_list_t *l, ses_contact_t *x)
{
    ses_rc_t rc = read_preferences(op, l, x);

    if (rc != SES_OK)
        return rc;
    x->unsubscribe_all = ses_json_bool(op->in, "UnsubscribeAll", false);
    x->attributes = op_has(op, "AttributesData") ? op_str(op, "AttributesData")
                                                 : (ses_str_t){NULL, 0};
    if (ses_utf8_length(x->attributes) > ATTRIBUTES_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "AttributesData can contain up to %d characters.",
                        ATTRIBUTES_MAX);
    x->updated = op->cx->now;
    return SES_OK;
}

static ses_rc_t
find(op_t *op, ses_contact_list_t *l, ses_contact_t *x)
{
    ses_str_t key;
    ses_rc_t rc;

    if ((rc = op_address(op, &key)) != SES_OK ||
        (rc = op_contact_list(op, l)) != SES_OK)
        return rc;
    rc = ses_contact_find(op->cx, op->txn, l, key, x);
    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, rc, "%.*s doesn't exist in List.",
                        SES_FMT(op_str(op, "EmailAddress")));
    return rc;
}

/* --- one contact ------------------------------------------------------- */

/* CreateContact */
static ses_rc_t
create_contact(op_t *op)
{
    ses_contact_t x = {.account = op->cx->account, .created = op->cx->now}, old;
    ses_contact_list_t l;
    ses_rc_t rc;

    if ((rc = check_names(op)) != SES_OK ||
        (rc = op_address(op, &x.key)) != SES_OK ||
        (rc = op_contact_list(op, &l)) != SES_OK ||
        (rc = read_contact(op, &l, &x)) != SES_OK)
        return rc;
    x.list = l.id;
    x.address = ses_str_trim(op_str(op, "EmailAddress"));
    rc = ses_contact_find(op->cx, op->txn, &l, x.key, &old);
    if (rc == SES_OK)
        return ses_fail(op->cx, SES_EXISTS, "%.*s already exists in List.",
                        SES_FMT(x.address));
    if (rc != SES_NOT_FOUND)
        return rc;
    ses_contact_put(op->cx, op->change, &x);
    return SES_OK;
}

/* UpdateContact */
static ses_rc_t
update_contact(op_t *op)
{
    ses_contact_list_t l;
    ses_contact_t x;
    ses_rc_t rc;

    if ((rc = check_names(op)) != SES_OK || (rc = find(op, &l, &x)) != SES_OK ||
        (rc = read_contact(op, &l, &x)) != SES_OK)
        return rc;
    ses_contact_put(op->cx, op->change, &x);
    return SES_OK;
}

/* DeleteContact */
static ses_rc_t
delete_contact(op_t *op)
{
    ses_contact_list_t l;
    ses_contact_t x;
    ses_rc_t rc = find(op, &l, &x);

    if (rc == SES_OK)
        ses_contact_del(op->cx, op->change, &x);
    return rc;
}

/* --- shown ------------------------------------------------------------- */

static void
put_preference(op_t *op, ses_str_t topic, bool opt_in)
{
    out_open(op->out, NULL);
    out_str(op->out, "TopicName", topic);
    out_sym(op->out, "SubscriptionStatus", opt_in ? "OPT_IN" : "OPT_OUT");
    out_close(op->out);
}

/* Explicit preferences, and the defaults of the topics without one.  What
 * was said about a topic that the list has no more is not shown. */
static void
put_preferences(op_t *op, const ses_contact_list_t *l, const ses_contact_t *x)
{
    static const char *const names[] = {"TopicPreferences",
                                        "TopicDefaultPreferences"};
    const ses_preference_t *p;
    const ses_list_topic_t *t;
    unsigned defaults;

    for (defaults = 0; defaults < 2; defaults++) {
        out_list(op->out, names[defaults]);
        for (t = l->topics; t < l->topics + l->ntopics; t++) {
            p = ses_contact_preference(x, t->name);
            if ((p == NULL) == (defaults == 1))
                put_preference(op, t->name, p != NULL ? p->opt_in : t->opt_in);
        }
        out_end(op->out);
    }
    out_bool(op->out, "UnsubscribeAll", x->unsubscribe_all);
}

/* GetContact */
static ses_rc_t
get_contact(op_t *op)
{
    ses_contact_list_t l;
    ses_contact_t x;
    ses_rc_t rc = find(op, &l, &x);

    if (rc != SES_OK)
        return rc;
    out_str(op->out, "ContactListName", l.name);
    out_str(op->out, "EmailAddress", x.address);
    put_preferences(op, &l, &x);
    if (x.attributes.p != NULL)
        out_str(op->out, "AttributesData", x.attributes);
    out_time(op->out, "CreatedTimestamp", x.created);
    out_time(op->out, "LastUpdatedTimestamp", x.updated);
    return SES_OK;
}

/* --- list -------------------------------------------------------------- */

struct list {
    op_list_t page;
    ses_contact_list_t of;
    const ses_list_topic_t *topic; /* NULL: the list as a whole */
    bool any;                      /* no FilteredStatus */
    bool opt_in;
    bool defaults; /* UseDefaultIfPreferenceUnavailable */
    size_t bytes;  /* of attributes that were read */
};

static bool
wanted(const struct list *l, const ses_contact_t *x)
{
    if (l->topic != NULL && !l->defaults && !x->unsubscribe_all &&
        ses_contact_preference(x, l->topic->name) == NULL)
        return false;
    return l->any || ses_contact_opted_in(x, l->topic) == l->opt_in;
}

static ses_rc_t
list_row(ses_cx_t *cx, const ses_contact_t *x, void *arg)
{
    struct list *l = arg;
    op_t *op = l->page.op;

    (void) cx;
    if (!op_list_look(&l->page, x->key))
        return SES_NOT_FOUND;
    l->bytes += x->attributes.n;
    l->page.full = l->bytes > BYTES_MAX;
    if (!wanted(l, x))
        return SES_OK;
    l->page.n++;
    out_open(op->out, NULL);
    out_str(op->out, "EmailAddress", x->address);
    put_preferences(op, &l->of, x);
    out_time(op->out, "LastUpdatedTimestamp", x->updated);
    out_close(op->out);
    return SES_OK;
}

static ses_rc_t
read_filter(op_t *op, struct list *l)
{
    const cJSON *filter = ses_json_get(op->in, "Filter");
    const cJSON *topic = ses_json_get(filter, "TopicFilter");
    ses_str_t status = ses_json_str(filter, "FilteredStatus");
    ses_str_t name = ses_json_str(topic, "TopicName");

    l->topic = NULL;
    l->bytes = 0;
    l->any = status.n == 0;
    l->opt_in = ses_str_eqc(status, "OPT_IN");
    l->defaults =
        ses_json_bool(topic, "UseDefaultIfPreferenceUnavailable", false);
    return name.n == 0 ? SES_OK : op_list_topic(op, &l->of, name, &l->topic);
}

/* ListContacts: in order of addresses */
static ses_rc_t
list_contacts(op_t *op)
{
    struct list l;
    ses_str_t filter;
    ses_rc_t rc;

    if ((rc = op_contact_list(op, &l.of)) != SES_OK ||
        (rc = read_filter(op, &l)) != SES_OK)
        return rc;
    filter =
        ses_str_printf(op->cx->arena, "%.*s|%.*s|%d%d%d", SES_FMT(l.of.id),
                       SES_FMT(l.topic == NULL ? SES_STR("") : l.topic->name),
                       l.any, l.opt_in, l.defaults);
    rc = op_list_open(&l.page, op, PAGE_MAX, SCAN_MAX, filter);
    if (rc != SES_OK)
        return rc;

    out_list(op->out, "Contacts");
    rc = ses_contact_walk(op->cx, op->txn, &l.of, l.page.after, list_row, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l.page);
    return SES_OK;
}

#define ALL "/v2/email/contact-lists/{ContactListName}/contacts"
#define ONE ALL "/{EmailAddress}"

const op_def_t ops_contact[] = {
    {"CreateContact", OP_REST, "POST", ALL, "ses:CreateContact", OP_WRITE,
     create_contact, ses_v2_create_contact, 0},
    {"GetContact", OP_REST, "GET", ONE, "ses:GetContact", OP_READ, get_contact,
     ses_v2_contact, 0},
    {"UpdateContact", OP_REST, "PUT", ONE, "ses:UpdateContact", OP_WRITE,
     update_contact, ses_v2_update_contact, 0},
    {"DeleteContact", OP_REST, "DELETE", ONE, "ses:DeleteContact", OP_WRITE,
     delete_contact, ses_v2_contact, 0},
    {"ListContacts", OP_REST, "POST", ALL "/list", "ses:ListContacts", OP_READ,
     list_contacts, ses_v2_list_contacts, 0},
    {"ListContacts", OP_REST, "GET", ALL, "ses:ListContacts", OP_READ,
     list_contacts, ses_v2_list_contacts_query, 0},
    {0},
};
