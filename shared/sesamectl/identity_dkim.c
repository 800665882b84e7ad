/*
 * identity_dkim - sesamectl identity rotate, ed25519: keys of a domain
 *
 * What is wanted is written down; the gate makes keys, and the agent sees to
 * it that none signs before DNS has it.
 */
#include "identity.h"

#define KINDS (1u << SES_DKIM_RSA | 1u << SES_DKIM_ED25519)

typedef struct {
    ses_str_t account, given;
    unsigned bits; /* 0 = as it is */
    bool on;
} wish_t;

static ses_rc_t
choose(ctl_t *c, ses_txn_t *t, void *arg)
{
    wish_t *w = arg;
    ses_identity_t i;
    ses_rc_t rc = ctl_identity_choose(c, t, w->given, &i);

    if (rc == SES_OK)
        w->account = i.account;
    return rc;
}

/* The domain, as long as its keys are ours to change. */
static ses_rc_t
find(ses_cx_t *cx, ses_txn_t *t, const wish_t *w, ses_identity_t *i)
{
    ses_rc_t rc = ctl_identity_find(cx, t, w->account, w->given, i);

    if (rc != SES_OK)
        return rc;
    if (!i->domain)
        return ses_fail(cx, SES_INVALID,
                        "%.*s is an address: its domain has the keys",
                        SES_FMT(i->name));
    if (i->dkim.external)
        return ses_fail(cx, SES_INVALID,
                        "%.*s signs with a key of its owner's, who replaces "
                        "it by PutEmailIdentityDkimSigningAttributes",
                        SES_FMT(i->name));
    return SES_OK;
}

static ses_rc_t
rotate(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const wish_t *w = arg;
    ses_identity_t i;
    ses_rc_t rc;

    if ((rc = find(cx, t, w, &i)) != SES_OK)
        return rc;
    if (w->bits > 0)
        i.dkim.bits = w->bits;
    ses_dkim_rotate(&i.dkim, KINDS, cx->now);
    ses_identity_put(cx, change, &i);
    return ses_dkim_drop(cx, t, change, &i);
}

/* The agent's next step does it. */
static ses_rc_t
ed25519(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const wish_t *w = arg;
    ses_identity_t i;
    ses_rc_t rc;

    if ((rc = find(cx, t, w, &i)) != SES_OK)
        return rc;
    i.dkim.ed25519 = w->on;
    i.dkim.check = cx->now;
    ses_identity_put(cx, change, &i);
    return SES_OK;
}

static int
wish(ctl_t *c, wish_t *w, const char *op,
     ses_rc_t (*fn)(ses_cx_t *, ses_txn_t *, ses_change_t *, void *))
{
    ses_rc_t rc;

    w->given = ctl_arg(c, 0);
    if ((rc = ctl_read(c, choose, w)) == SES_OK)
        rc = ctl_change(c, w->account, op, fn, w);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

int
ctl_identity_rotate(ctl_t *c)
{
    const char *bits = ctl_option(c, "key-length");
    wish_t w = {.bits = 0};

    if (bits != NULL && strcmp(bits, "1024") != 0 &&
        strcmp(bits, "2048") != 0) {
        ctl_error(c, "--key-length is 1024 or 2048");
        return 2;
    }
    if (bits != NULL)
        w.bits = bits[0] == '1' ? 1024 : 2048;
    return wish(c, &w, "identity rotate", rotate);
}

int
ctl_identity_ed25519(ctl_t *c)
{
    wish_t w = {.on = ses_str_eqc(ctl_arg(c, 1), "on")};

    if (!w.on && !ses_str_eqc(ctl_arg(c, 1), "off")) {
        ctl_error(c, "identity ed25519 needs on or off");
        return 2;
    }
    return wish(c, &w, "identity ed25519", ed25519);
}
