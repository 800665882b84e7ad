/*
 * iam_session - sesamectl iam session: temporary credentials
 */
#include "base/conf_value.h"
#include "iam.h"
#include "key.h"
#include "model/session.h"
#include "policy/iam.h"

#define LIFETIME (12 * 3600 * INT64_C(1000)) /* when nobody says */

/* --- add --------------------------------------------------------------- */

typedef struct {
    const ses_keyring_t *site;
    int64_t lifetime;
    ses_str_t account, user, policy;
    ses_credential_t made;
    ses_str_t secret, token;
} add_t;

/* For the user as he is at this moment; nobody takes over his session. */
static ses_rc_t
insert(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    add_t *a = arg;
    ses_user_t u;
    ses_rc_t rc;

    a->made = (ses_credential_t){.account = a->account,
                                 .user = a->user,
                                 .iam = a->user.n > 0,
                                 .policy = a->policy};
    if ((rc = iam_account(cx, t, a->account)) != SES_OK)
        return rc;
    if (a->made.iam) {
        rc = iam_find(cx, t, SES_DB_USER, a->account, a->user, &u);
        if (rc != SES_OK)
            return rc;
        a->made.user_since = u.created;
    } else {
        a->made.user = SES_STR(CTL_USER);
    }
    rc = ses_session_new(cx, a->site, a->lifetime, &a->made, &a->secret,
                         &a->token);
    if (rc == SES_OK)
        ses_credential_put(cx, change, &a->made);
    return rc;
}

static bool
read_duration(ctl_t *c, int64_t *out)
{
    const char *text = ctl_option(c, "duration"), *why;

    *out = LIFETIME;
    if (text == NULL)
        return true;
    why = ses_conf_duration.parse(c->arena, ses_str(text), SES_SESSION_MIN,
                                  SES_SESSION_MAX, out);
    if (why != NULL)
        ctl_error(c, "--duration: %s", why);
    return why == NULL;
}

static bool
read_policy(ctl_t *c, ses_str_t *out)
{
    const char *path = ctl_option(c, "policy");
    const ses_policy_t *compiled;
    ses_rc_t rc;

    *out = SES_STR("");
    if (path == NULL)
        return true;
    if (!iam_read_file(c, path, SES_SESSION_POLICY_MAX, out))
        return false;
    rc = ses_policy_parse(&c->cx, SES_POLICY_CALLER, SES_STR(""), *out,
                          &compiled);
    if (rc != SES_OK)
        ctl_failed(c, rc);
    return rc == SES_OK;
}

static void
show(ctl_t *c, const add_t *a)
{
    emit_t *e = &c->out;

    emit_open(e, NULL);
    emit_str(e, "account", a->made.account);
    emit_str(e, "user", a->made.user);
    emit_str(e, "access_key_id", a->made.id);
    emit_str(e, "secret_access_key", a->secret);
    emit_str(e, "session_token", a->token);
    emit_time(e, "expires", a->made.expires);
    emit_close(e);
}

int
iam_session_add(ctl_t *c)
{
    const char *user = ctl_option(c, "user");
    ses_keyring_t site;
    add_t a = {.site = &site,
               .account = ctl_arg(c, 0),
               .user = ses_str(user == NULL ? "" : user)};
    ses_rc_t rc;

    if (user != NULL && user[0] == '\0') {
        ctl_error(c, "--user: no name");
        return 2;
    }
    if (!read_duration(c, &a.lifetime))
        return 2;
    if (!read_policy(c, &a.policy))
        return 1;
    if ((rc = ctl_site_key(c, &site)) == SES_OK)
        rc = ctl_change(c, a.account, "iam session add", insert, &a);
    ses_keyring_wipe(&site);
    if (rc != SES_OK)
        return ctl_failed(c, rc);
    show(c, &a);
    return 0;
}

/* --- delete ------------------------------------------------------------ */

static ses_rc_t
drop(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const ses_str_t *id = arg;
    ses_credential_t k;
    ses_rc_t rc = ses_credential_find(cx, t, *id, &k);

    if (rc == SES_NOT_FOUND || (rc == SES_OK && !ses_session_is(&k)))
        return ses_fail(cx, SES_NOT_FOUND, "no session has a key %.*s",
                        SES_FMT(*id));
    if (rc != SES_OK)
        return rc;
    cx->account = k.account;
    ses_credential_del(change, &k);
    return SES_OK;
}

int
iam_session_delete(ctl_t *c)
{
    ses_str_t id = ctl_arg(c, 0);
    ses_rc_t rc = ctl_change(c, SES_STR(""), "iam session delete", drop, &id);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

/* --- list -------------------------------------------------------------- */

static ses_rc_t
row(ses_cx_t *cx, const ses_credential_t *k, void *arg)
{
    emit_t *e = arg;

    if (!ses_session_is(k))
        return SES_OK;
    emit_open(e, NULL);
    emit_str(e, "access_key_id", k->id);
    emit_str(e, "user", k->user);
    emit_c(e, "owner", k->iam ? "user" : "account");
    emit_bool(e, "active", k->active && cx->now < k->expires);
    emit_bool(e, "narrowed", k->policy.n > 0);
    emit_time(e, "created", k->created);
    emit_time(e, "expires", k->expires);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    ses_rc_t rc = iam_account(&c->cx, t, ctl_arg(c, 0));

    (void) arg;
    if (rc != SES_OK)
        return rc;
    return ses_credential_list(&c->cx, t, ctl_arg(c, 0), row, &c->out);
}

int
iam_session_list(ctl_t *c)
{
    return ctl_list(c, rows, NULL);
}
