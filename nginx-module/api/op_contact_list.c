/*
 * op_contact_list - the account's contact list and its topics
 *
 * An account has one (contract 11).  An update says the whole list anew:
 * topics it leaves out are gone.
 */
#include "api/op.h"

#include "base/encode.h"
#include "model/contact_list.h"
#include "policy/shapes_v2.h"

#define PAGE_MAX 1000
#define DISPLAY_MAX 128
#define DESCRIPTION_MAX 500

ses_rc_t
op_list_name(op_t *op, const char *member, ses_str_t name)
{
    if (ses_str_trim(name).n == 0)
        return ses_fail(op->cx, SES_INVALID, "%s can't be blank.", member);
    if (name.n <= SES_LIST_NAME_MAX && ses_name_chars(name))
        return SES_OK;
    return ses_fail(op->cx, SES_INVALID,
                    "%s can contain up to %d characters. Only alphanumeric "
                    "characters, underscores(_) and hyphens(-) are allowed.",
                    member, SES_LIST_NAME_MAX);
}

ses_rc_t
op_contact_list(op_t *op, ses_contact_list_t *l)
{
    ses_str_t name = op_str(op, "ContactListName");
    ses_rc_t rc = op_list_name(op, "ContactListName", name);

    if (rc != SES_OK)
        return rc;
    rc = ses_contact_list_find(op->cx, op->txn, op->cx->account, name, l);
    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, rc, "List with name: %.*s doesn't exist.",
                        SES_FMT(name));
    return rc;
}

ses_rc_t
op_list_topic(op_t *op, const ses_contact_list_t *l, ses_str_t name,
              const ses_list_topic_t **out)
{
    *out = ses_contact_list_topic(l, name);
    if (*out != NULL)
        return SES_OK;
    return ses_fail(op->cx, SES_INVALID,
                    "List: %.*s doesn't contain Topic: %.*s", SES_FMT(l->name),
                    SES_FMT(name));
}

/* --- what is given ----------------------------------------------------- */

static ses_rc_t
too_long(op_t *op, const char *what, ses_str_t s, unsigned max)
{
    if (ses_utf8_length(s) <= max)
        return SES_OK;
    return ses_fail(op->cx, SES_INVALID,
                    "Topic %s can contain up to <%u> characters.", what, max);
}

static ses_rc_t
read_topic(op_t *op, const cJSON *e, ses_contact_list_t *l)
{
    ses_list_topic_t x = {
        .name = ses_json_str(e, "TopicName"),
        .display = ses_json_str(e, "DisplayName"),
        .description = ses_json_str(e, "Description"),
        .opt_in =
            ses_str_eqc(ses_json_str(e, "DefaultSubscriptionStatus"), "OPT_IN"),
    };
    ses_rc_t rc;

    if ((rc = op_list_name(op, "TopicName", x.name)) != SES_OK)
        return rc;
    if (ses_str_trim(x.display).n == 0)
        return ses_fail(op->cx, SES_INVALID,
                        "Topic DisplayName can't be blank.");
    if ((rc = too_long(op, "DisplayName", x.display, DISPLAY_MAX)) != SES_OK ||
        (rc = too_long(op, "Description", x.description, DESCRIPTION_MAX)) !=
            SES_OK)
        return rc;
    if (ses_contact_list_topic(l, x.name) != NULL)
        return ses_fail(op->cx, SES_INVALID,
                        "Duplicate topic names are not allowed within a List.");
    l->topics[l->ntopics++] = x;
    return SES_OK;
}

/* Topics and Description, as create and update have them. */
static ses_rc_t
read_list(op_t *op, ses_contact_list_t *l)
{
    const cJSON *topics = ses_json_get(op->in, "Topics"), *e;
    ses_rc_t rc;

    if (cJSON_GetArraySize(topics) > SES_LIST_TOPICS_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "Maximum of <%d> topics allowed per ContactList",
                        SES_LIST_TOPICS_MAX);
    l->topics =
        ses_calloc(op->cx->arena, SES_LIST_TOPICS_MAX * sizeof(*l->topics));
    l->ntopics = 0;
    cJSON_ArrayForEach(e, topics)
    {
        if ((rc = read_topic(op, e, l)) != SES_OK)
            return rc;
    }
    l->description = op_str(op, "Description");
    if (ses_utf8_length(l->description) > DESCRIPTION_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "List description can contain up to %d characters.",
                        DESCRIPTION_MAX);
    l->updated = op->cx->now;
    return SES_OK;
}

/* --- the list ---------------------------------------------------------- */

/* CreateContactList */
static ses_rc_t
create_list(op_t *op)
{
    ses_contact_list_t l = {.account = op->cx->account,
                            .name = op_str(op, "ContactListName"),
                            .id = ses_contact_list_id(op->cx->arena),
                            .created = op->cx->now};
    unsigned n = 0;
    ses_rc_t rc;

    if ((rc = op_list_name(op, "ContactListName", l.name)) != SES_OK ||
        (rc = read_list(op, &l)) != SES_OK ||
        (rc = op_tags(op, &l.tags, &l.ntags)) != SES_OK ||
        (rc = op_count(op, SES_DB_CONTACT_LIST, 1, &n)) != SES_OK)
        return rc;
    if (n > 0)
        return ses_fail(op->cx, SES_INVALID,
                        "A maximum of 1 Lists allowed per account.");
    ses_contact_list_put(op->cx, op->change, &l);
    return SES_OK;
}

/* GetContactList */
static ses_rc_t
get_list(op_t *op)
{
    const ses_list_topic_t *x;
    ses_contact_list_t l;
    ses_rc_t rc = op_contact_list(op, &l);

    if (rc != SES_OK)
        return rc;
    out_str(op->out, "ContactListName", l.name);
    out_list(op->out, "Topics");
    for (x = l.topics; x < l.topics + l.ntopics; x++) {
        out_open(op->out, NULL);
        out_str(op->out, "TopicName", x->name);
        out_str(op->out, "DisplayName", x->display);
        if (x->description.n > 0)
            out_str(op->out, "Description", x->description);
        out_sym(op->out, "DefaultSubscriptionStatus",
                x->opt_in ? "OPT_IN" : "OPT_OUT");
        out_close(op->out);
    }
    out_end(op->out);
    if (l.description.n > 0)
        out_str(op->out, "Description", l.description);
    out_time(op->out, "CreatedTimestamp", l.created);
    out_time(op->out, "LastUpdatedTimestamp", l.updated);
    op_put_tags(op, l.tags, l.ntags);
    return SES_OK;
}

/* UpdateContactList */
static ses_rc_t
update_list(op_t *op)
{
    ses_contact_list_t l;
    ses_rc_t rc;

    if ((rc = op_contact_list(op, &l)) != SES_OK ||
        (rc = read_list(op, &l)) != SES_OK)
        return rc;
    ses_contact_list_put(op->cx, op->change, &l);
    return SES_OK;
}

/* DeleteContactList: its contacts go with it */
static ses_rc_t
delete_list(op_t *op)
{
    ses_contact_list_t l;
    ses_rc_t rc = op_contact_list(op, &l);

    if (rc == SES_OK)
        ses_contact_list_del(op->cx, op->change, &l);
    return rc;
}

static ses_rc_t
list_row(ses_cx_t *cx, const ses_contact_list_t *x, void *arg)
{
    op_list_t *l = arg;
    out_t *out = l->op->out;

    (void) cx;
    if (!op_list_look(l, x->name))
        return SES_NOT_FOUND;
    l->n++;
    out_open(out, NULL);
    out_str(out, "ContactListName", x->name);
    out_time(out, "LastUpdatedTimestamp", x->updated);
    out_close(out);
    return SES_OK;
}

/* ListContactLists */
static ses_rc_t
list_lists(op_t *op)
{
    op_list_t l;
    ses_rc_t rc = op_list_open(&l, op, PAGE_MAX, 0, SES_STR(""));

    if (rc != SES_OK)
        return rc;
    out_list(op->out, "ContactLists");
    rc = ses_contact_list_list(op->cx, op->txn, op->cx->account, l.after,
                               list_row, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l);
    return SES_OK;
}

#define LISTS "/v2/email/contact-lists"
#define LIST LISTS "/{ContactListName}"

const op_def_t ops_contact_list[] = {
    {"CreateContactList", OP_REST, "POST", LISTS, "ses:CreateContactList",
     OP_WRITE, create_list, ses_v2_create_contact_list, 0},
    {"GetContactList", OP_REST, "GET", LIST, "ses:GetContactList", OP_READ,
     get_list, ses_v2_contact_list, 0},
    {"UpdateContactList", OP_REST, "PUT", LIST, "ses:UpdateContactList",
     OP_WRITE, update_list, ses_v2_update_contact_list, 0},
    {"DeleteContactList", OP_REST, "DELETE", LIST, "ses:DeleteContactList",
     OP_WRITE, delete_list, ses_v2_contact_list, 0},
    {"ListContactLists", OP_REST, "GET", LISTS, "ses:ListContactLists", OP_READ,
     list_lists, ses_v2_list_contact_lists, 0},
    {0},
};
