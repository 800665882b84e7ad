/*
 * iam_key - sesamectl iam key: the access keys of a user
 *
 * sesamectl key disable and enable work on these keys, too.
 */
#include "iam.h"
#include "key.h"
#include "model/session.h"

typedef struct {
    ses_str_t user;
    unsigned n;
} counted_t;

static ses_rc_t
tally(ses_cx_t *cx, const ses_credential_t *k, void *arg)
{
    counted_t *c = arg;

    (void) cx;
    c->n += k->iam && !ses_session_is(k) && ses_str_eq(k->user, c->user);
    return SES_OK;
}

ses_rc_t
iam_key_count(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t user,
              unsigned *n)
{
    counted_t c = {user, 0};
    ses_rc_t rc = ses_credential_list(cx, t, account, tally, &c);

    *n = c.n;
    return rc;
}

/* --- add --------------------------------------------------------------- */

static ses_rc_t
insert(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const ses_credential_t *k = arg;
    ses_user_t u;
    unsigned n;
    ses_rc_t rc;

    rc = iam_find(cx, t, SES_DB_USER, k->account, k->user, &u);
    if (rc != SES_OK ||
        (rc = iam_key_count(cx, t, k->account, k->user, &n)) != SES_OK)
        return rc;
    if (n >= SES_USER_KEYS_MAX)
        return ses_fail(cx, SES_LIMIT, "user %.*s has %u keys already",
                        SES_FMT(k->user), n);
    ses_change_check(change, SES_DB_USER,
                     ses_user_key(cx->arena, u.account, u.name), u.version);
    ses_credential_put(cx, change, k);
    return SES_OK;
}

int
iam_key_add(ctl_t *c)
{
    ses_keyring_t site;
    ses_credential_t k;
    ses_str_t secret;
    ses_rc_t rc;

    if ((rc = ctl_site_key(c, &site)) == SES_OK)
        rc = ses_credential_new(&c->cx, &site, ctl_arg(c, 0), ctl_arg(c, 1), &k,
                                &secret);
    ses_keyring_wipe(&site);
    if (rc == SES_OK) {
        k.iam = true;
        rc = ctl_change(c, k.account, "iam key add", insert, &k);
    }
    if (rc != SES_OK)
        return ctl_failed(c, rc);
    ctl_key_emit(c, &k, secret);
    return 0;
}

/* --- delete ------------------------------------------------------------ */

static ses_rc_t
drop(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const ses_str_t *id = arg;
    ses_credential_t k;
    ses_rc_t rc = ses_credential_find(cx, t, *id, &k);

    if (rc == SES_NOT_FOUND || (rc == SES_OK && (!k.iam || ses_session_is(&k))))
        return ses_fail(cx, SES_NOT_FOUND, "no user has a key %.*s",
                        SES_FMT(*id));
    if (rc != SES_OK)
        return rc;
    if (k.active)
        return ses_fail(cx, SES_CONFLICT,
                        "key %.*s is active: sesamectl key disable %.*s",
                        SES_FMT(*id), SES_FMT(*id));
    cx->account = k.account;
    ses_credential_del(change, &k);
    return SES_OK;
}

int
iam_key_delete(ctl_t *c)
{
    ses_str_t id = ctl_arg(c, 0);
    ses_rc_t rc = ctl_change(c, SES_STR(""), "iam key delete", drop, &id);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

/* --- list -------------------------------------------------------------- */

typedef struct {
    ctl_t *c;
    ses_txn_t *t;
} list_t;

static ses_rc_t
row(ses_cx_t *cx, const ses_credential_t *k, void *arg)
{
    list_t *l = arg;
    emit_t *e = &l->c->out;
    int64_t used;
    ses_rc_t rc;

    if (!k->iam || ses_session_is(k) || !ses_str_eq(k->user, ctl_arg(l->c, 1)))
        return SES_OK;
    if ((rc = ses_credential_last_used(cx, l->t, k->id, &used)) != SES_OK)
        return rc;
    emit_open(e, NULL);
    emit_str(e, "access_key_id", k->id);
    emit_bool(e, "active", k->active);
    emit_time(e, "created", k->created);
    emit_time(e, "last_used", used);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    list_t l = {c, t};
    ses_user_t u;
    ses_rc_t rc;

    (void) arg;
    rc = iam_find(&c->cx, t, SES_DB_USER, ctl_arg(c, 0), ctl_arg(c, 1), &u);
    if (rc != SES_OK)
        return rc;
    return ses_credential_list(&c->cx, t, ctl_arg(c, 0), row, &l);
}

int
iam_key_list(ctl_t *c)
{
    return ctl_list(c, rows, NULL);
}
