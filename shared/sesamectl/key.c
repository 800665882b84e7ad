/*
 * key - sesamectl key: access keys and the SMTP passwords that go with them
 *
 * A secret is shown once, when its key is made.
 */
#include "key.h"

#include "model/session.h"

#define USER_MAX 64

bool
ctl_user_valid(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
              (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
              (s.p[i] >= '0' && s.p[i] <= '9') ||
              strchr("+=,.@_-", s.p[i]) != NULL) ||
            s.p[i] == '\0')
            return false;
    return s.n > 0 && s.n <= USER_MAX;
}

void
ctl_key_emit(ctl_t *c, const ses_credential_t *k, ses_str_t secret)
{
    emit_t *e = &c->out;

    emit_open(e, NULL);
    emit_str(e, "account", k->account);
    emit_str(e, "user", k->user);
    emit_str(e, "access_key_id", k->id);
    emit_str(e, "secret_access_key", secret);
    emit_str(e, "smtp_user", k->id);
    emit_str(e, "smtp_password",
             ses_credential_smtp(c->arena, secret, c->conf.region));
    emit_close(e);
}

static ses_rc_t
find(ses_cx_t *cx, ses_txn_t *t, ses_str_t id, ses_credential_t *out)
{
    ses_rc_t rc = ses_credential_find(cx, t, id, out);

    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "access key %.*s does not exist", SES_FMT(id));
    return rc;
}

/* --- add and rotate ---------------------------------------------------- */

typedef struct {
    const ses_credential_t *made;
    ses_str_t old; /* to be disabled, "" = none */
} new_t;

static ses_rc_t
insert(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const new_t *n = arg;
    ses_credential_t old;
    ses_account_t a;
    ses_rc_t rc = ses_account_find(cx, t, n->made->account, &a);

    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "account %.*s does not exist",
                        SES_FMT(n->made->account));
    if (rc != SES_OK)
        return rc;
    ses_credential_put(cx, change, n->made);
    if (n->old.n == 0)
        return SES_OK;
    if ((rc = find(cx, t, n->old, &old)) != SES_OK)
        return rc;
    old.active = false;
    ses_credential_put(cx, change, &old);
    return SES_OK;
}

static int
make(ctl_t *c, ses_str_t account, ses_str_t user, ses_str_t old, const char *op)
{
    ses_credential_t k;
    ses_keyring_t site;
    ses_str_t secret;
    new_t n = {&k, old};
    ses_rc_t rc;

    if ((rc = ctl_site_key(c, &site)) == SES_OK)
        rc = ses_credential_new(&c->cx, &site, account, user, &k, &secret);
    ses_keyring_wipe(&site);
    if (rc == SES_OK)
        rc = ctl_change(c, account, op, insert, &n);
    if (rc != SES_OK)
        return ctl_failed(c, rc);
    ctl_key_emit(c, &k, secret);
    return 0;
}

static int
key_add(ctl_t *c)
{
    const char *user = ctl_option(c, "user");
    ses_str_t name = ses_str(user == NULL ? CTL_USER : user);

    if (!ctl_user_valid(name)) {
        ctl_error(c, "a user is 1 to %d letters, digits and +=,.@_-", USER_MAX);
        return 2;
    }
    return make(c, ctl_arg(c, 0), name, SES_STR(""), "key add");
}

typedef struct {
    ses_str_t id;
    ses_credential_t *out;
} wanted_t;

static ses_rc_t
read_key(ctl_t *c, ses_txn_t *t, void *arg)
{
    wanted_t *w = arg;

    return find(&c->cx, t, w->id, w->out);
}

static int
key_rotate(ctl_t *c)
{
    ses_credential_t old;
    wanted_t w = {ctl_arg(c, 0), &old};
    ses_rc_t rc = ctl_read(c, read_key, &w);
    bool now = ctl_option(c, "now") != NULL;
    int status;

    if (rc != SES_OK)
        return ctl_failed(c, rc);
    if (ses_session_is(&old))
        return ctl_error(c, "%.*s is a session's key: it ends by itself",
                         SES_FMT(old.id));
    if (old.iam)
        return ctl_error(c,
                         "%.*s is a user's key: sesamectl iam key add makes "
                         "another",
                         SES_FMT(old.id));
    status = make(c, old.account, old.user, now ? old.id : SES_STR(""),
                  "key rotate");
    if (status == 0 && !now)
        fprintf(stderr,
                "The old key still works: when nobody uses it any more, "
                "sesamectl key disable %.*s\n",
                SES_FMT(old.id));
    return status;
}

/* --- key files ---------------------------------------------------------- */

static int
key_files(ctl_t *c)
{
    ses_rc_t rc = ctl_make_keys(c);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

/* --- disable and enable ------------------------------------------------ */

typedef struct {
    ses_str_t id;
    bool active;
} switch_t;

static ses_rc_t
set_active(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const switch_t *s = arg;
    ses_credential_t k;
    ses_rc_t rc = find(cx, t, s->id, &k);

    if (rc != SES_OK)
        return rc;
    cx->account = k.account;
    k.active = s->active;
    ses_credential_put(cx, change, &k);
    return SES_OK;
}

static int
key_disable(ctl_t *c)
{
    switch_t s = {ctl_arg(c, 0), false};
    ses_rc_t rc = ctl_change(c, SES_STR(""), "key disable", set_active, &s);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static int
key_enable(ctl_t *c)
{
    switch_t s = {ctl_arg(c, 0), true};
    ses_rc_t rc = ctl_change(c, SES_STR(""), "key enable", set_active, &s);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

/* --- list -------------------------------------------------------------- */

static ses_rc_t
row(ses_cx_t *cx, const ses_credential_t *k, void *arg)
{
    emit_t *e = arg;

    (void) cx;
    if (ses_session_is(k))
        return SES_OK;
    emit_open(e, NULL);
    emit_str(e, "access_key_id", k->id);
    emit_str(e, "account", k->account);
    emit_str(e, "user", k->user);
    emit_c(e, "owner", k->iam ? "user" : "account");
    emit_bool(e, "active", k->active);
    emit_time(e, "created", k->created);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    (void) arg;
    return ses_credential_list(&c->cx, t, ctl_arg(c, 0), row, &c->out);
}

static int
key_list(ctl_t *c)
{
    return ctl_list(c, rows, NULL);
}

const ctl_command_t ctl_keys[] = {
    {"add",
     "ACCOUNT",
     1,
     1,
     "Make an access key and show its secret and SMTP password, once.",
     CTL_STORE,
     key_add,
     {{"user", "NAME", "the IAM user it belongs to (" CTL_USER ")"}}},
    {"list",
     "[ACCOUNT]",
     0,
     1,
     "List access keys.",
     CTL_STORE,
     key_list,
     {{0}}},
    {"disable",
     "KEYID",
     1,
     1,
     "Refuse the key from now on.",
     CTL_STORE,
     key_disable,
     {{0}}},
    {"enable",
     "KEYID",
     1,
     1,
     "Accept the key again.",
     CTL_STORE,
     key_enable,
     {{0}}},
    {"rotate",
     "KEYID",
     1,
     1,
     "Make another key for the same user; the old one works on.",
     CTL_STORE,
     key_rotate,
     {{"now", NULL, "disable the old key in the same moment"}}},
    {"files",
     "",
     0,
     0,
     "Make the key files that are missing, as after an upgrade; none that is\n"
     "there is changed.  Restart gate and agent afterwards.  Needs root.",
     CTL_CONF,
     key_files,
     {{0}}},
    {0},
};
