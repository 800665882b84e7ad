/*
 * postfix_bind - do the bindings of sesame.conf mean what Postfix does?
 *
 * A name that no service has, or a service that the gate is not shown, binds
 * nothing: mail that should be an account's passes as nobody's.  A user that
 * is none binds to nobody: that mail is refused.
 */
#include "postfix.h"

#include "model/user.h"

/* The binding's line as it stands, which is the one to look at. */
static postfix_fix_t
line_of(const postfix_t *p, const ses_binding_t *b)
{
    return postfix_fix_conf(p, "bind", ses_binding_format(p->a, b));
}

static unsigned
number_of(const postfix_t *p, const ses_binding_t *b)
{
    return p->conf->bind.lines[b - ses_conf_bindings(p->conf)];
}

/* The services that b speaks of; without daemon=, every one. */
static bool
speaks_of(const postfix_t *p, const ses_binding_t *b,
          const postfix_service_t *s)
{
    return postfix_is_smtpd(s) && !postfix_is_inject(p, s) &&
           ses_binding_names(b,
                             postfix_value(p, s, "milter_macro_daemon_name"));
}

static bool
is_name(const postfix_t *p, ses_str_t name)
{
    const postfix_service_t *s;

    for (s = p->services; s < p->services + p->nservices; s++)
        if (postfix_is_smtpd(s) && postfix_is_named(p, s, name))
            return true;
    /* what sendmail brings is called so */
    return ses_str_eq(postfix_value(p, NULL, "milter_macro_daemon_name"), name);
}

static void
names(postfix_t *p, const postfix_check_t *k)
{
    const ses_binding_t *b = ses_conf_bindings(p->conf), *end;
    unsigned i;

    for (end = b + p->conf->bind.n; b < end; b++)
        for (i = 0; i < b->ndaemons; i++)
            if (!is_name(p, b->daemons[i]))
                postfix_found(p, k, line_of(p, b),
                              "%s:%u: no service of master.cf is called %.*s "
                              "(milter_macro_daemon_name): nothing is bound",
                              p->conf->file, number_of(p, b),
                              SES_FMT(b->daemons[i]));
}

static void
shown(postfix_t *p, const postfix_check_t *k)
{
    const ses_binding_t *b = ses_conf_bindings(p->conf), *end;
    const postfix_service_t *s;

    for (end = b + p->conf->bind.n; b < end; b++)
        for (s = p->services; s < p->services + p->nservices; s++)
            if (b->account.n > 0 && speaks_of(p, b, s) &&
                !postfix_has_gate(p, postfix_value(p, s, "smtpd_milters")))
                postfix_found(
                    p, k,
                    postfix_fix_where(p, s, "smtpd_milters",
                                      postfix_with_gate(p, s, "smtpd_milters")),
                    "%s: %s:%u binds what it takes, but the gate is not shown "
                    "it",
                    postfix_label(p, s), p->conf->file, number_of(p, b));
}

/* Postfix's own bounces would be bound with what sendmail brings. */
static void
internal(postfix_t *p, const postfix_check_t *k)
{
    const ses_binding_t *b = ses_conf_bindings(p->conf), *end;

    for (end = b + p->conf->bind.n; b < end; b++)
        if (b->account.n > 0 && b->local &&
            postfix_value(p, NULL, "internal_mail_filter_classes").n > 0)
            postfix_found(p, k,
                          postfix_fix_main(p, "internal_mail_filter_classes",
                                           SES_STR("")),
                          "%s:%u binds what sendmail brings, and with it "
                          "Postfix's own bounces",
                          p->conf->file, number_of(p, b));
}

/* --- users ------------------------------------------------------------- */

typedef struct {
    postfix_t *p;
    const postfix_check_t *k;
} users_t;

static ses_rc_t
look_for_users(ctl_t *c, ses_txn_t *t, void *arg)
{
    const users_t *u = arg;
    const postfix_t *p = u->p;
    const ses_binding_t *b = ses_conf_bindings(p->conf), *end;
    ses_user_t user;
    ses_rc_t rc;

    for (end = b + p->conf->bind.n; b < end; b++) {
        if (b->user.n == 0)
            continue;
        rc = ses_user_find(&c->cx, t, SES_DB_USER, b->account, b->user, &user);
        if (rc == SES_NOT_FOUND)
            postfix_found(
                u->p, u->k,
                postfix_fix_command(p, "sesamectl iam user add %.*s %.*s",
                                    SES_FMT(b->account), SES_FMT(b->user)),
                "%s:%u: account %.*s has no IAM user %.*s: what is "
                "bound so is refused",
                p->conf->file, number_of(p, b), SES_FMT(b->account),
                SES_FMT(b->user));
        else if (rc != SES_OK)
            return rc;
    }
    return SES_OK;
}

static bool
names_users(const postfix_t *p)
{
    const ses_binding_t *b = ses_conf_bindings(p->conf);
    unsigned i;

    for (i = 0; i < p->conf->bind.n; i++)
        if (b[i].user.n > 0)
            return true;
    return false;
}

static void
users(postfix_t *p, const postfix_check_t *k)
{
    users_t u = {p, k};
    ctl_t *c = p->c;
    ses_rc_t rc;

    if (!names_users(p))
        return;
    if ((rc = postfix_store(p)) == SES_OK)
        rc = ctl_read(c, look_for_users, &u);
    if (rc == SES_OK)
        return;
    postfix_found(p, k, postfix_fix_command(p, "sesamectl check"),
                  "IAM users of bindings cannot be looked up: %.*s",
                  SES_FMT(c->cx.why));
    ses_cx_clear(&c->cx);
}

const postfix_check_t postfix_checks_bind[] = {
    {.name = "bind-name", POSTFIX_ERROR, names},
    {.name = "bind-milter", POSTFIX_ERROR, shown},
    {.name = "bind-internal", POSTFIX_ERROR, internal},
    {.name = "bind-user", POSTFIX_ERROR, users},
    {0},
};
