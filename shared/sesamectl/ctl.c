/*
 * ctl - what the commands share: arguments, complaints, transactions
 */
#include "ctl.h"

#include <stdarg.h>

#include "base/clock.h"

ses_str_t
ctl_arg(const ctl_t *c, unsigned n)
{
    return ses_str(n < c->nargs ? c->args[n] : "");
}

const char *
ctl_option(const ctl_t *c, const char *name)
{
    unsigned i;

    for (i = 0; i < CTL_OPTIONS && c->command->options[i].name != NULL; i++)
        if (strcmp(c->command->options[i].name, name) == 0)
            return c->options[i];
    return NULL;
}

int
ctl_error(const ctl_t *c, const char *fmt, ...)
{
    va_list ap;

    (void) c;
    fflush(stdout);
    fputs("sesamectl: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return 1;
}

int
ctl_failed(const ctl_t *c, ses_rc_t rc)
{
    if (c->cx.why.n > 0)
        return ctl_error(c, "%.*s", SES_FMT(c->cx.why));
    return ctl_error(c, "%s", ses_rc_name(rc));
}

struct change {
    ctl_change_fn_t fn;
    void *arg;
    const char *op;
};

static ses_rc_t
apply(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    struct change *ch = arg;
    ses_change_t change = {0};
    ses_rc_t rc;

    if ((rc = ch->fn(cx, t, &change, ch->arg)) != SES_OK)
        return rc;
    return ses_journal_apply(cx, t, &change, ch->op);
}

ses_rc_t
ctl_change(ctl_t *c, ses_str_t account, const char *op, ctl_change_fn_t fn,
           void *arg)
{
    struct change ch = {fn, arg, op};

    c->cx.account = account;
    return ses_commit(c->committer, &c->cx, apply, &ch);
}

ses_rc_t
ctl_read(ctl_t *c, ctl_read_fn_t fn, void *arg)
{
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(&c->cx, c->store, &t)) != SES_OK)
        return rc;
    rc = fn(c, t, arg);
    ses_txn_end(t);
    return rc;
}

struct list {
    ctl_read_fn_t fn;
    void *arg;
};

static ses_rc_t
read_list(ctl_t *c, ses_txn_t *t, void *arg)
{
    struct list *l = arg;
    ses_rc_t rc;

    emit_list(&c->out, NULL);
    if ((rc = l->fn(c, t, l->arg)) == SES_OK)
        emit_end(&c->out);
    return rc;
}

int
ctl_list(ctl_t *c, ctl_read_fn_t fn, void *arg)
{
    struct list l = {fn, arg};
    ses_rc_t rc = ctl_read(c, read_list, &l);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

struct only {
    ses_account_t account;
    unsigned n;
};

static ses_rc_t
count(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    struct only *o = arg;

    (void) cx;
    o->account = *a;
    return ++o->n > 1 ? SES_NOT_FOUND : SES_OK;
}

ses_rc_t
ctl_account(ctl_t *c, ses_txn_t *t, ses_str_t id, ses_account_t *out)
{
    struct only o = {.n = 0};
    ses_rc_t rc;

    if (id.n > 0) {
        rc = ses_account_find(&c->cx, t, id, out);
        if (rc == SES_NOT_FOUND)
            return ses_fail(&c->cx, rc, "account %.*s does not exist",
                            SES_FMT(id));
        return rc;
    }
    if ((rc = ses_account_list(&c->cx, t, count, &o)) != SES_OK)
        return rc;
    if (o.n != 1)
        return ses_fail(&c->cx, SES_INVALID,
                        o.n == 0 ? "there is no account"
                                 : "there are several accounts: say which");
    *out = o.account;
    return SES_OK;
}

struct wanted {
    ses_str_t id;
    ses_account_t *out;
};

static ses_rc_t
find(ctl_t *c, ses_txn_t *t, void *arg)
{
    struct wanted *w = arg;

    return ctl_account(c, t, w->id, w->out);
}

ses_rc_t
ctl_find_account(ctl_t *c, ses_str_t id, ses_account_t *out)
{
    struct wanted w = {id, out};

    return ctl_read(c, find, &w);
}

ses_rc_t
ctl_site_key(ctl_t *c, ses_keyring_t *out)
{
    return ses_keyring_load(&c->cx, ses_conf_key(&c->cx, &c->conf, "site.key"),
                            out);
}
