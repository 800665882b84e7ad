/*
 * identity - sesamectl identity: sender domains and addresses
 *
 * records.c prints what belongs in DNS, verify.c has it looked at,
 * identity_check.c looks at all that a receiver does, identity_dkim.c changes
 * keys.
 */
#include "identity.h"

#include "model/service.h"
#include "policy/confirm.h"

ses_rc_t
ctl_identity_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                  ses_str_t given, ses_identity_t *out)
{
    ses_str_t name;
    bool domain;
    ses_rc_t rc = ses_identity_name(cx, given, &name, &domain);

    if (rc != SES_OK)
        return rc;
    rc = ses_identity_find(cx, t, account, name, out);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "account %.*s has no identity %.*s",
                        SES_FMT(account), SES_FMT(name));
    return rc;
}

typedef struct {
    ses_txn_t *t;
    ses_str_t name;
    ses_identity_t *out;
    unsigned n;
} owners_t;

static ses_rc_t
owner(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    owners_t *o = arg;
    ses_rc_t rc = ses_identity_find(cx, o->t, a->id, o->name, o->out);

    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    return ++o->n > 1 ? SES_NOT_FOUND : SES_OK;
}

ses_rc_t
ctl_identity_choose(ctl_t *c, ses_txn_t *t, ses_str_t given,
                    ses_identity_t *out)
{
    const char *account = ctl_option(c, "account");
    owners_t o = {.t = t, .out = out};
    ses_account_t a;
    bool domain;
    ses_rc_t rc;

    if (account != NULL) {
        rc = ctl_account(c, t, ses_str(account), &a);
        return rc == SES_OK ? ctl_identity_find(&c->cx, t, a.id, given, out)
                            : rc;
    }
    if ((rc = ses_identity_name(&c->cx, given, &o.name, &domain)) != SES_OK ||
        (rc = ses_account_list(&c->cx, t, owner, &o)) != SES_OK)
        return rc;
    ses_service_account(&a);
    if (o.n == 0 && (rc = owner(&c->cx, &a, &o)) != SES_OK)
        return rc;
    if (o.n == 0)
        return ses_fail(&c->cx, SES_NOT_FOUND, "there is no identity %.*s",
                        SES_FMT(o.name));
    if (o.n > 1)
        return ses_fail(&c->cx, SES_INVALID,
                        "several accounts have %.*s: say which, with "
                        "--account",
                        SES_FMT(o.name));
    return SES_OK;
}

/* --- add and delete ---------------------------------------------------- */

typedef struct {
    const ses_conf_t *conf;
    ses_str_t account, given;
} named_t;

static ses_rc_t
add(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const named_t *n = arg;
    ses_identity_t i;
    ses_account_t a;
    ses_str_t name;
    bool domain;
    ses_rc_t rc;

    if ((rc = ses_identity_name(cx, n->given, &name, &domain)) != SES_OK)
        return rc;
    rc = ses_account_find(cx, t, n->account, &a);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "account %.*s does not exist",
                        SES_FMT(n->account));
    if (rc != SES_OK)
        return rc;
    rc = ses_identity_find(cx, t, n->account, name, &i);
    if (rc == SES_OK)
        return ses_fail(cx, SES_EXISTS, "identity %.*s exists already",
                        SES_FMT(name));
    if (rc != SES_NOT_FOUND)
        return rc;
    ses_identity_init(cx, &i, n->account, name, domain);
    if (!domain && (rc = ses_confirm_ask(cx, t, n->conf, &i)) != SES_OK)
        return rc;
    ses_identity_put(cx, change, &i);
    return SES_OK;
}

static int
identity_add(ctl_t *c)
{
    named_t n = {&c->conf, ctl_arg(c, 0), ctl_arg(c, 1)};
    ses_rc_t rc = ctl_change(c, n.account, "identity add", add, &n);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static ses_rc_t delete (ses_cx_t *cx, ses_txn_t *t, ses_change_t *change,
                        void *arg)
{
    const named_t *n = arg;
    ses_identity_t i;
    ses_rc_t rc = ctl_identity_find(cx, t, n->account, n->given, &i);

    return rc == SES_OK ? ses_identity_del(cx, t, change, &i) : rc;
}

static int
identity_delete(ctl_t *c)
{
    named_t n = {&c->conf, ctl_arg(c, 0), ctl_arg(c, 1)};
    ses_rc_t rc = ctl_change(c, n.account, "identity delete", delete, &n);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

/* --- list and show ----------------------------------------------------- */

static ses_rc_t
row(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    emit_t *e = arg;

    (void) cx;
    emit_open(e, NULL);
    emit_str(e, "account", i->account);
    emit_str(e, "identity", i->name);
    emit_c(e, "type", i->domain ? "DOMAIN" : "EMAIL_ADDRESS");
    emit_c(e, "status", ses_verify_name(i->status));
    emit_bool(e, "dkim_key", ses_dkim_current(&i->dkim) != NULL);
    emit_time(e, "last_check", i->last_check);
    emit_time(e, "created", i->created);
    emit_close(e);
    return SES_OK;
}

typedef struct {
    ctl_t *c;
    ses_txn_t *t;
} view_t;

static ses_rc_t
rows_of(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    view_t *v = arg;

    return ses_identity_list(cx, v->t, a->id, SES_STR(""), row, &v->c->out);
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    view_t v = {c, t};
    ses_account_t a;
    ses_rc_t rc;

    (void) arg;
    if (c->nargs == 0)
        return ses_account_list(&c->cx, t, rows_of, &v);
    rc = ctl_account(c, t, ctl_arg(c, 0), &a);
    return rc == SES_OK ? rows_of(&c->cx, &a, &v) : rc;
}

static int
identity_list(ctl_t *c)
{
    return ctl_list(c, rows, NULL);
}

static void
show_keys(emit_t *e, const ses_dkim_t *d)
{
    const ses_dkim_key_t *k;
    unsigned n;

    emit_list(e, "dkim_keys");
    for (n = 0; n < SES_DKIM_SLOTS; n++) {
        k = &d->keys[n];
        if (k->selector.n == 0)
            continue;
        emit_open(e, NULL);
        emit_str(e, "selector", k->selector);
        emit_c(e, "state", ses_dkim_state_name(k->state));
        if (k->state != SES_DKIM_EMPTY) {
            emit_c(e, "kind", ses_dkim_kind_name(k->kind));
            emit_int(e, "bits", k->bits);
            emit_time(e, "made", k->made);
            emit_time(e, "since", k->since);
            emit_time(e, "seen", k->seen);
        }
        emit_close(e);
    }
    emit_end(e);
}

static void
show(emit_t *e, const ses_identity_t *i)
{
    const ses_dkim_key_t *k = ses_dkim_current(&i->dkim);
    unsigned n;

    emit_open(e, NULL);
    emit_str(e, "account", i->account);
    emit_str(e, "identity", i->name);
    emit_c(e, "type", i->domain ? "DOMAIN" : "EMAIL_ADDRESS");
    emit_c(e, "status", ses_verify_name(i->status));
    emit_bool(e, "verified", ses_identity_verified(i));
    emit_str(e, "error", i->error);
    emit_str(e, "proof", i->proof);
    emit_str(e, "mail_from", i->mail_from.domain);
    emit_c(e, "mail_from_status", ses_verify_name(i->mail_from.status));
    emit_c(e, "mail_from_behavior", ses_mail_from_behavior(&i->mail_from));
    emit_str(e, "mail_from_error", i->mail_from.error);
    emit_time(e, "mail_from_check", i->mail_from.check);
    emit_bool(e, "dkim_signing", i->dkim.signing);
    emit_c(e, "dkim_status", ses_verify_name(i->dkim_status));
    emit_list(e, "tokens");
    for (n = 0; n < SES_DKIM_TOKENS && i->domain; n++)
        emit_str(e, NULL, i->dkim.keys[n].selector);
    emit_end(e);
    emit_c(e, "dkim_origin", i->dkim.external ? "EXTERNAL" : "AWS_SES");
    emit_bool(e, "dkim_ed25519", i->dkim.ed25519);
    emit_str(e, "selector", k != NULL ? k->selector : SES_STR(""));
    emit_str(e, "dkim_public_key", k != NULL ? k->public_key : SES_STR(""));
    emit_time(e, "dkim_generated", k != NULL ? k->made : 0);
    show_keys(e, &i->dkim);
    emit_time(e, "dkim_check", i->dkim.check);
    emit_str(e, "configuration_set", i->config_set);
    emit_bool(e, "feedback_forwarding", i->feedback);
    emit_str(e, "bounce_topic", i->notify[SES_NOTIFY_BOUNCE].topic_arn);
    emit_str(e, "complaint_topic", i->notify[SES_NOTIFY_COMPLAINT].topic_arn);
    emit_str(e, "delivery_topic", i->notify[SES_NOTIFY_DELIVERY].topic_arn);
    emit_list(e, "tags");
    for (n = 0; n < i->ntags; n++)
        emit_str(e, NULL,
                 ses_str_printf(e->arena, "%.*s=%.*s", SES_FMT(i->tags[n].key),
                                SES_FMT(i->tags[n].value)));
    emit_end(e);
    emit_time(e, "created", i->created);
    emit_time(e, "pending_since", i->pending_since);
    emit_time(e, "last_check", i->last_check);
    emit_time(e, "last_success", i->last_success);
    emit_time(e, "next_check", i->next_check);
    emit_int(e, "tries", i->tries);
    emit_str(e, "soa_primary", i->soa_primary);
    emit_str(e, "soa_admin", i->soa_admin);
    emit_int(e, "soa_serial", i->soa_serial);
    emit_close(e);
}

static ses_rc_t
read_show(ctl_t *c, ses_txn_t *t, void *arg)
{
    ses_identity_t i;
    ses_rc_t rc =
        ctl_identity_find(&c->cx, t, ctl_arg(c, 0), ctl_arg(c, 1), &i);

    (void) arg;
    if (rc == SES_OK)
        show(&c->out, &i);
    return rc;
}

static int
identity_show(ctl_t *c)
{
    ses_rc_t rc = ctl_read(c, read_show, NULL);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

#define OF_ACCOUNT                                                             \
    {                                                                          \
        "account", "ACCOUNT", "whose (else the only one that has it)"          \
    }

const ctl_command_t ctl_identities[] = {
    {"add",
     "ACCOUNT NAME",
     2,
     2,
     "Add a domain, or an address, that the account wants to send as.  The\n"
     "address gets a mail with a link that confirms it.",
     CTL_STORE,
     identity_add,
     {{0}}},
    {"list",
     "[ACCOUNT]",
     0,
     1,
     "List identities.",
     CTL_STORE,
     identity_list,
     {{0}}},
    {"show",
     "ACCOUNT NAME",
     2,
     2,
     "Show all that is known of one.",
     CTL_STORE,
     identity_show,
     {{0}}},
    {"records",
     "[NAME]",
     0,
     1,
     "Print the DNS records that the owner of the domain NAME publishes, or\n"
     "with --service those of our own service_domain.",
     CTL_STORE,
     ctl_identity_records,
     {OF_ACCOUNT,
      {"zone", NULL, "as lines of a zone file"},
      {"service", NULL, "the records of service_domain"}}},
    {"verify",
     "NAME",
     1,
     1,
     "Have the agent look at the DNS of a domain now, wait for the result and\n"
     "print it; take the operator's word for an address, or with --ask send\n"
     "it the mail with the link again.  Exit status 0 only when it is\n"
     "verified, or asked.",
     CTL_STORE,
     ctl_identity_verify,
     {OF_ACCOUNT,
      {"ask", NULL, "send an address its mail again"},
      {"timeout", "SECONDS", "wait for gate and agent so long (30)"}}},
    {"check",
     "DOMAIN",
     1,
     1,
     "Look up what a receiver of mail From: DOMAIN looks at: DKIM, MX and SPF\n"
     "of the envelope sender, DMARC and its alignment; with a remedy for what\n"
     "is wrong.  Exit status 0 only when nothing is.",
     CTL_STORE,
     ctl_identity_check,
     {OF_ACCOUNT}},
    {"rotate",
     "NAME",
     1,
     1,
     "Make new DKIM keys for a domain.  Each signs once every name server has\n"
     "shown it for dkim_settle; the one before stays published for dkim_keep.",
     CTL_STORE,
     ctl_identity_rotate,
     {OF_ACCOUNT,
      {"key-length", "BITS", "of the RSA key from now on: 1024 or 2048"}}},
    {"ed25519",
     "NAME on|off",
     2,
     2,
     "Switch a domain's second signature, by an Ed25519 key, on or off.",
     CTL_STORE,
     ctl_identity_ed25519,
     {OF_ACCOUNT}},
    {"delete",
     "ACCOUNT NAME",
     2,
     2,
     "Delete an identity and its DKIM key.",
     CTL_STORE,
     identity_delete,
     {{0}}},
    {0},
};
