/*
 * postfix_uses - what accounts use that has lines of its own in Postfix
 *
 * Asked of the store once.  Before `sesamectl init` there is none, and nothing
 * is used; a store that cannot be read is `sesamectl check`'s to tell.
 */
#include <unistd.h>

#include "model/config_set.h"
#include "model/identity.h"
#include "model/pool.h"
#include "postfix.h"

static ses_rc_t
mail_from(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    postfix_uses_t *u = arg;

    u->mail_from = ses_str_dup(cx->arena, i->mail_from.domain);
    return SES_NOT_FOUND; /* one is enough */
}

static ses_rc_t
source(ses_cx_t *cx, const ses_source_t *s, void *arg)
{
    postfix_uses_t *u = arg;

    (void) cx;
    (void) s;
    u->sources = true;
    return SES_NOT_FOUND;
}

static ses_rc_t
config_set(ses_cx_t *cx, const ses_config_set_t *s, void *arg)
{
    postfix_uses_t *u = arg;

    (void) cx;
    u->tls = u->tls || s->tls_required;
    return SES_OK;
}

typedef struct {
    ses_txn_t *t;
    postfix_uses_t *u;
} reading_t;

static ses_rc_t
account(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    reading_t *r = arg;

    return ses_config_set_list(cx, r->t, a->id, SES_STR(""), config_set, r->u);
}

static ses_rc_t
look(ctl_t *c, ses_txn_t *t, void *arg)
{
    reading_t r = {t, arg};
    ses_rc_t rc;

    if ((rc = ses_identity_mail_from_due(&c->cx, t, INT64_MAX, mail_from,
                                         r.u)) != SES_OK ||
        (rc = ses_source_list(&c->cx, t, SES_STR(""), SES_STR(""), source,
                              r.u)) != SES_OK)
        return rc;
    return ses_account_list(&c->cx, t, account, &r);
}

ses_rc_t
postfix_store(postfix_t *p)
{
    ctl_t *c = p->c;

    if (c->store != NULL)
        return SES_OK;
    return ses_store_open(&c->cx, c->conf.store.p, c->conf.map_size, 0,
                          &c->store);
}

const postfix_uses_t *
postfix_uses(postfix_t *p)
{
    ctl_t *c = p->c;
    postfix_uses_t u = {.mail_from = SES_STR("")};
    const char *file;

    if (p->asked)
        return &p->uses;
    file = ses_str_printf(p->a, "%.*s/data.mdb", SES_FMT(c->conf.store)).p;
    p->uses = u;
    p->asked = true;
    if (c->store == NULL && access(file, F_OK) != 0)
        return &p->uses;
    if (postfix_store(p) == SES_OK && ctl_read(c, look, &u) == SES_OK)
        p->uses = u;
    else
        ses_cx_clear(&c->cx);
    return &p->uses;
}
