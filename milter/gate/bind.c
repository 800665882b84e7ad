/*
 * bind - sessions that sesame.conf gives to an account
 *
 * What Postfix says of a session is what counts.  Its client address is the
 * one that its own mynetworks would be asked for: a host that main.cf lets
 * speak XCLIENT may name any, and Postfix shows no other.  A login by
 * XCLIENT is none.  On the service whose SASL server is the gate a login is
 * an access key, or nothing.
 */
#include "bind.h"

#include "base/log.h"
#include "model/account.h"
#include "model/user.h"

/* A line whose user has gone takes the account's rights away from nobody
 * but that user: the gate runs, and refuses what is bound so. */
static ses_rc_t
check_user(ses_cx_t *cx, ses_txn_t *t, const char *file, unsigned line,
           ses_str_t account, ses_str_t name, ses_user_t *out)
{
    ses_rc_t rc = ses_user_find(cx, t, SES_DB_USER, account, name, out);

    if (rc == SES_NOT_FOUND)
        ses_log(SES_LOG_WARN,
                "%s:%u: bind: account %.*s has no IAM user %.*s: what is bound "
                "so is refused; sesamectl iam user add %.*s %.*s makes it",
                file, line, SES_FMT(account), SES_FMT(name), SES_FMT(account),
                SES_FMT(name));
    return rc;
}

ses_rc_t
bind_check(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf)
{
    const ses_binding_t *b = ses_conf_bindings(conf);
    ses_account_t account;
    ses_user_t user;
    ses_rc_t rc;
    unsigned i;

    for (i = 0; i < conf->bind.n; i++) {
        if (b[i].account.n == 0)
            continue;
        rc = ses_account_find(cx, t, b[i].account, &account);
        if (rc == SES_NOT_FOUND)
            return ses_fail(cx, SES_INVALID, "%s:%u: bind: no account %.*s",
                            conf->file, conf->bind.lines[i],
                            SES_FMT(b[i].account));
        if (rc == SES_OK && b[i].user.n > 0)
            rc = check_user(cx, t, conf->file, conf->bind.lines[i],
                            b[i].account, b[i].user, &user);
        if (rc != SES_OK && rc != SES_NOT_FOUND)
            return rc;
    }
    return SES_OK;
}

bool
bind_find(const session_t *s, ses_str_t type, ses_str_t login, bound_t *out)
{
    const ses_conf_t *conf = &s->gate->conf;
    const ses_binding_t *all = ses_conf_bindings(conf), *b;
    ses_binding_peer_t peer = {.daemon = s->daemon,
                               .login = login,
                               .client = s->client,
                               .local = s->m.local};

    if (type.n == 0 || ses_str_caseeqc(type, "XCLIENT") ||
        ses_str_eq(s->daemon, conf->smtp_daemon_name))
        peer.login = SES_STR("");
    if ((b = ses_binding_find(all, conf->bind.n, &peer)) == NULL)
        return false;
    *out = (bound_t){.account = ses_str_dup(s->arena, b->account),
                     .user = ses_str_dup(s->arena, b->user),
                     .kind = ses_binding_kind(b, peer.local),
                     .line = conf->bind.lines[b - all]};
    return true;
}

ses_rc_t
bind_caller(session_t *s, ses_txn_t *t)
{
    const bound_t *b = &s->m.bound;
    ses_cx_t *cx = &s->m.cx;
    ses_account_t account;
    ses_user_t user;
    ses_rc_t rc;

    rc = ses_account_find(cx, t, b->account, &account);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, SES_FAULT, "bind: account %.*s is gone",
                        SES_FMT(b->account));
    if (rc != SES_OK)
        return rc;
    cx->account = account.id;
    cx->caller = ses_str_printf(
        cx->arena, "arn:aws:iam::%.*s:%s%.*s", SES_FMT(account.id),
        b->user.n > 0 ? "user/" : "root", SES_FMT(b->user));
    s->m.user = b->user;
    s->m.iam = b->user.n > 0; /* else the account itself */
    if (!s->m.iam)
        return SES_OK;
    rc = check_user(cx, t, s->gate->conf.file, b->line, account.id, b->user,
                    &user);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, SES_DENIED,
                        "the user of this session does not exist");
    return rc;
}
