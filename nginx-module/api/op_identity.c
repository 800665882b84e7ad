/*
 * op_identity - domains and addresses an account may send as
 *
 * A new domain has its three DKIM tokens at once; the gate makes the key,
 * the agent looks for the records (contract 7).  An address is asked by mail;
 * it has no DKIM of its own and shows that of its domain.
 */
#include "api/op_identity.h"

#include "api/op_dkim.h"
#include "base/domain.h"
#include "model/policy.h"
#include "policy/confirm.h"
#include "policy/cover.h"
#include "policy/shapes_v2.h"

#define PAGE_MAX 1000
#define SCAN_MAX 2000   /* rows looked at for one page of a filtered list */
#define GIVEN_SHOWN 320 /* of a bad name, in a text */

static ses_rc_t
missing(op_t *op, ses_str_t given)
{
    ses_cx_clear(op->cx);
    return ses_fail(op->cx, SES_NOT_FOUND,
                    "Email identity %.*s does not exist.", SES_FMT(given));
}

ses_rc_t
op_identity_find(op_t *op, ses_str_t given, ses_identity_t *i)
{
    ses_str_t name;
    bool domain;
    ses_rc_t rc;

    rc = ses_identity_name(op->cx, given, &name, &domain);
    if (rc == SES_INVALID) {
        ses_cx_clear(op->cx);
        return SES_NOT_FOUND;
    }
    if (rc != SES_OK)
        return rc;
    return ses_identity_find(op->cx, op->txn, op->cx->account, name, i);
}

/* The identity that the path names. */
static ses_rc_t
find(op_t *op, ses_identity_t *i)
{
    ses_str_t given = op_str(op, "EmailIdentity");
    ses_rc_t rc = op_identity_find(op, given, i);

    return rc == SES_NOT_FOUND ? missing(op, given) : rc;
}

ses_rc_t
op_identity_room(op_t *op)
{
    unsigned n = 0;
    ses_rc_t rc = op_count(op, SES_DB_IDENTITY, SES_IDENTITIES_MAX, &n);

    if (rc == SES_OK && n >= SES_IDENTITIES_MAX)
        return ses_fail(op->cx, SES_LIMIT,
                        "An account cannot have more than %d identities.",
                        SES_IDENTITIES_MAX);
    return rc;
}

/* The identity of this kind, new unless it is there. */
static ses_rc_t
find_or_make(op_t *op, ses_str_t given, bool wanted, ses_identity_t *i)
{
    ses_str_t name;
    bool domain;
    ses_rc_t rc;

    rc = ses_identity_name(op->cx, given, &name, &domain);
    if (rc == SES_OK && domain == wanted)
        rc = ses_identity_find(op->cx, op->txn, op->cx->account, name, i);
    else if (rc == SES_OK || rc == SES_INVALID) {
        ses_cx_clear(op->cx);
        return ses_fail(op->cx, SES_INVALID,
                        wanted ? "Domain %.*s is invalid."
                               : "Invalid email address<%.*s>.",
                        SES_FMT(ses_str_head(given, GIVEN_SHOWN)));
    }
    if (rc != SES_NOT_FOUND)
        return rc;
    if ((rc = op_identity_room(op)) != SES_OK)
        return rc;
    ses_identity_init(op->cx, i, op->cx->account, name, wanted);
    return SES_OK;
}

ses_rc_t
op_identity_address(op_t *op, ses_str_t given, ses_identity_t *i)
{
    return find_or_make(op, given, false, i);
}

ses_rc_t
op_identity_domain(op_t *op, ses_str_t given, ses_identity_t *i)
{
    return find_or_make(op, given, true, i);
}

/* Usable as a sender: an address also by any domain above it. */
static ses_rc_t
usable(op_t *op, const ses_identity_t *i, bool *out)
{
    ses_address_t address;
    ses_cover_t cover;
    ses_rc_t rc;

    if (i->domain || ses_identity_verified(i)) {
        *out = ses_identity_verified(i);
        return SES_OK;
    }
    if ((rc = ses_address_parse(op->cx, i->name, &address)) != SES_OK)
        return rc;
    rc = ses_cover_find(op->cx, op->txn, op->cx->account, &address, &cover);
    if (rc == SES_OK)
        *out = cover.verified;
    return rc;
}

/* --- showing one ------------------------------------------------------- */

ses_rc_t
op_identity_signer(op_t *op, const ses_identity_t *i, ses_identity_t *out)
{
    if (i->domain) {
        *out = *i;
        return SES_OK;
    }
    return ses_identity_find(
        op->cx, op->txn, op->cx->account,
        ses_str_from(i->name, (size_t) ses_str_rfind(i->name, '@') + 1), out);
}

/* DkimAttributes; those of an address are its exact domain's. */
static ses_rc_t
put_dkim(op_t *op, const ses_identity_t *i)
{
    ses_identity_t d;
    ses_rc_t rc = op_identity_signer(op, i, &d);

    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    out_open(op->out, "DkimAttributes");
    if (rc == SES_OK) {
        op_dkim_show(op, &d);
    } else {
        out_bool(op->out, "SigningEnabled", false);
        out_sym(op->out, "Status", "NOT_STARTED");
        out_list(op->out, "Tokens");
        out_end(op->out);
        out_sym(op->out, "SigningAttributesOrigin", "AWS_SES");
    }
    out_close(op->out);
    return SES_OK;
}

static void
put_verification(op_t *op, const ses_identity_t *i)
{
    if (i->last_check == 0 && i->last_success == 0)
        return;
    out_open(op->out, "VerificationInfo");
    if (i->last_check != 0)
        out_time(op->out, "LastCheckedTimestamp", i->last_check);
    if (i->last_success != 0)
        out_time(op->out, "LastSuccessTimestamp", i->last_success);
    if (i->error.n > 0)
        out_str(op->out, "ErrorType", i->error);
    if (i->soa_primary.n > 0) {
        out_open(op->out, "SOARecord");
        out_str(op->out, "PrimaryNameServer", i->soa_primary);
        out_str(op->out, "AdminEmail", i->soa_admin);
        out_int(op->out, "SerialNumber", i->soa_serial);
        out_close(op->out);
    }
    out_close(op->out);
}

static ses_rc_t
put_policies(op_t *op, const ses_identity_t *i)
{
    ses_identity_policies_t p;
    unsigned k;
    ses_rc_t rc;

    rc = ses_identity_policies_find(op->cx, op->txn, i->account, i->name, &p);
    if (rc != SES_OK)
        return rc;
    out_map(op->out, "Policies");
    for (k = 0; k < p.n; k++) {
        out_key(op->out, p.v[k].name);
        out_str(op->out, NULL, p.v[k].text);
    }
    out_map_end(op->out);
    return SES_OK;
}

static const char *
type_name(const ses_identity_t *i)
{
    return i->domain ? "DOMAIN" : "EMAIL_ADDRESS";
}

/* GetEmailIdentity */
static ses_rc_t
get_identity(op_t *op)
{
    ses_identity_t i;
    bool ready = false;
    ses_rc_t rc;

    if ((rc = find(op, &i)) != SES_OK)
        return rc;
    if ((rc = usable(op, &i, &ready)) != SES_OK)
        return rc;

    out_sym(op->out, "IdentityType", type_name(&i));
    out_bool(op->out, "FeedbackForwardingStatus", i.feedback);
    out_bool(op->out, "VerifiedForSendingStatus", ready);
    out_sym(op->out, "VerificationStatus", ses_verify_name(i.status));
    if ((rc = put_dkim(op, &i)) != SES_OK)
        return rc;
    out_open(op->out, "MailFromAttributes");
    if (i.mail_from.domain.n > 0) {
        out_str(op->out, "MailFromDomain", i.mail_from.domain);
        out_sym(op->out, "MailFromDomainStatus",
                ses_verify_name(i.mail_from.status));
    }
    out_sym(op->out, "BehaviorOnMxFailure",
            ses_mail_from_behavior(&i.mail_from));
    out_close(op->out);
    if ((rc = put_policies(op, &i)) != SES_OK)
        return rc;
    op_put_tags(op, i.tags, i.ntags);
    if (i.config_set.n > 0)
        out_str(op->out, "ConfigurationSetName", i.config_set);
    put_verification(op, &i);
    return SES_OK;
}

/* --- create, delete ---------------------------------------------------- */

/* CreateEmailIdentity */
static ses_rc_t
create_identity(op_t *op)
{
    ses_str_t given = op_str(op, "EmailIdentity"), name;
    ses_str_t set_name = op_str(op, "ConfigurationSetName");
    ses_config_set_t set;
    ses_identity_t i, old;
    bool domain, ready = false;
    ses_rc_t rc;

    if ((rc = ses_identity_name(op->cx, given, &name, &domain)) != SES_OK)
        return rc;
    if (!domain && op_has(op, "DkimSigningAttributes"))
        return ses_fail(op->cx, SES_INVALID,
                        "The EmailIdentity value must be a valid domain.");
    if (set_name.n > 0 && (rc = op_set(op, set_name, &set)) != SES_OK)
        return rc;

    rc = ses_identity_find(op->cx, op->txn, op->cx->account, name, &old);
    if (rc == SES_OK)
        return ses_fail(op->cx, SES_EXISTS,
                        "Email identity %.*s already exist.", SES_FMT(given));
    if (rc != SES_NOT_FOUND)
        return rc;
    if ((rc = op_identity_room(op)) != SES_OK)
        return rc;

    ses_identity_init(op->cx, &i, op->cx->account, name, domain);
    i.config_set = set_name;
    if ((rc = op_tags(op, &i.tags, &i.ntags)) != SES_OK)
        return rc;
    rc = domain ? op_dkim_create(op, &i)
                : ses_confirm_ask(op->cx, op->txn, &op->env->conf, &i);
    if (rc != SES_OK)
        return rc;
    ses_identity_put(op->cx, op->change, &i);

    if ((rc = usable(op, &i, &ready)) != SES_OK)
        return rc;
    out_sym(op->out, "IdentityType", type_name(&i));
    out_bool(op->out, "VerifiedForSendingStatus", ready);
    return put_dkim(op, &i);
}

/* PutEmailIdentityFeedbackAttributes */
static ses_rc_t
put_feedback(op_t *op)
{
    ses_identity_t i;
    ses_rc_t rc;

    if ((rc = find(op, &i)) != SES_OK)
        return rc;
    i.feedback = ses_json_bool(op->in, "EmailForwardingEnabled", false);
    ses_identity_put(op->cx, op->change, &i);
    return SES_OK;
}

/* DeleteEmailIdentity */
static ses_rc_t
delete_identity(op_t *op)
{
    ses_identity_t i;
    ses_rc_t rc;

    if ((rc = find(op, &i)) != SES_OK)
        return rc;
    return ses_identity_del(op->cx, op->txn, op->change, &i);
}

ses_rc_t
op_identity_mail_from(op_t *op, ses_identity_t *i, ses_str_t given, bool reject)
{
    ses_str_t domain = SES_STR("");
    ses_rc_t rc;

    if (given.n > 0 &&
        (rc = ses_domain_canon(op->cx, given, &domain)) != SES_OK)
        return rc;
    if ((rc = ses_mail_from_set(op->cx, i, domain, reject)) != SES_OK)
        return rc;
    ses_identity_put(op->cx, op->change, i);
    return SES_OK;
}

/* PutEmailIdentityMailFromAttributes */
static ses_rc_t
put_mail_from(op_t *op)
{
    ses_identity_t i;
    ses_rc_t rc;

    if ((rc = find(op, &i)) != SES_OK)
        return rc;
    return op_identity_mail_from(
        op, &i, op_str(op, "MailFromDomain"),
        ses_str_eqc(op_str(op, "BehaviorOnMxFailure"), "REJECT_MESSAGE"));
}

/* --- list -------------------------------------------------------------- */

struct list {
    op_list_t page;
    ses_str_t contains, type, status; /* filter, "" = any */
};

static ses_rc_t
list_row(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    struct list *l = arg;
    op_t *op = l->page.op;
    bool ready = false;
    ses_rc_t rc;

    (void) cx;
    if (!op_list_look(&l->page, i->name))
        return SES_NOT_FOUND;
    if (!op_contains(i->name, l->contains) ||
        (l->type.n > 0 && !ses_str_eqc(l->type, type_name(i))) ||
        (l->status.n > 0 &&
         !ses_str_eqc(l->status, ses_verify_name(i->status))))
        return SES_OK;
    if ((rc = usable(op, i, &ready)) != SES_OK)
        return rc;

    l->page.n++;
    out_open(op->out, NULL);
    out_sym(op->out, "IdentityType", type_name(i));
    out_str(op->out, "IdentityName", i->name);
    out_bool(op->out, "SendingEnabled", ready);
    out_sym(op->out, "VerificationStatus", ses_verify_name(i->status));
    out_close(op->out);
    return SES_OK;
}

static ses_rc_t
check_value(op_t *op, const char *key, const char *const *values)
{
    ses_str_t v = op_filter(op, key);
    unsigned i;

    if (ses_json_get(ses_json_get(op->in, "Filter"), key) == NULL)
        return SES_OK;
    for (i = 0; values[i] != NULL; i++)
        if (ses_str_eqc(v, values[i]))
            return SES_OK;
    return ses_fail(op->cx, SES_INVALID,
                    "Filter %s has an invalid value <%.*s>.", key, SES_FMT(v));
}

/* ListEmailIdentities, both forms */
static ses_rc_t
list_identities(op_t *op)
{
    static const char *const types[] = {"EMAIL_ADDRESS", "DOMAIN",
                                        "MANAGED_DOMAIN", NULL};
    static const char *const statuses[] = {"PENDING",     "SUCCESS",
                                           "FAILED",      "TEMPORARY_FAILURE",
                                           "NOT_STARTED", NULL};
    struct list l = {.contains = op_filter(op, "IDENTITY_NAME_CONTAINS"),
                     .type = op_filter(op, "IDENTITY_TYPE"),
                     .status = op_filter(op, "VERIFICATION_STATUS")};
    ses_str_t filter;
    ses_rc_t rc;

    if ((rc = check_value(op, "IDENTITY_TYPE", types)) != SES_OK)
        return rc;
    if ((rc = check_value(op, "VERIFICATION_STATUS", statuses)) != SES_OK)
        return rc;
    filter = ses_str_printf(op->cx->arena, "%.*s|%.*s|%.*s", SES_FMT(l.type),
                            SES_FMT(l.status), SES_FMT(l.contains));
    rc = op_list_open(&l.page, op, PAGE_MAX, SCAN_MAX, filter);
    if (rc != SES_OK)
        return rc;

    out_list(op->out, "EmailIdentities");
    rc = ses_identity_list(op->cx, op->txn, op->cx->account, l.page.after,
                           list_row, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l.page);
    return SES_OK;
}

const op_def_t ops_identity[] = {
    {"CreateEmailIdentity", OP_REST, "POST", "/v2/email/identities",
     "ses:CreateEmailIdentity", OP_WRITE, create_identity,
     ses_v2_create_identity, OP_SECRET},
    {"GetEmailIdentity", OP_REST, "GET", "/v2/email/identities/{EmailIdentity}",
     "ses:GetEmailIdentity", OP_READ, get_identity, ses_v2_identity, 0},
    {"PutEmailIdentityFeedbackAttributes", OP_REST, "PUT",
     "/v2/email/identities/{EmailIdentity}/feedback",
     "ses:PutEmailIdentityFeedbackAttributes", OP_WRITE, put_feedback,
     ses_v2_put_feedback, 0},
    {"DeleteEmailIdentity", OP_REST, "DELETE",
     "/v2/email/identities/{EmailIdentity}", "ses:DeleteEmailIdentity",
     OP_WRITE, delete_identity, ses_v2_identity, 0},
    {"PutEmailIdentityMailFromAttributes", OP_REST, "PUT",
     "/v2/email/identities/{EmailIdentity}/mail-from",
     "ses:PutEmailIdentityMailFromAttributes", OP_WRITE, put_mail_from,
     ses_v2_mail_from, 0},
    {"ListEmailIdentities", OP_REST, "GET", "/v2/email/identities",
     "ses:ListEmailIdentities", OP_READ, list_identities,
     ses_v2_list_identities_query, 0},
    {"ListEmailIdentities", OP_REST, "POST", "/v2/email/list-identities",
     "ses:ListEmailIdentities", OP_READ, list_identities,
     ses_v2_list_identities, 0},
    {0},
};
