/*
 * suppression - sesamectl suppression: addresses an account does not send to
 */
#include "model/suppression.h"

#include "ctl.h"
#include "policy/address.h"

/* The word "site" stands for the list of the whole site. */
static bool
is_site(ses_str_t name)
{
    return ses_str_eqc(name, "site");
}

static ses_rc_t
find_list(ctl_t *c, ses_txn_t *t, ses_str_t name, ses_str_t *out)
{
    ses_account_t a;
    ses_rc_t rc;

    *out = SES_SITE;
    if (is_site(name))
        return SES_OK;
    if ((rc = ctl_account(c, t, name, &a)) == SES_OK)
        *out = a.id;
    return rc;
}

/* The address as the list spells it. */
static ses_rc_t
canon(ses_cx_t *cx, ses_str_t given, ses_str_t *out)
{
    ses_address_t addr;
    ses_rc_t rc = ses_address_parse(cx, ses_str_trim(given), &addr);

    if (rc == SES_OK)
        *out = addr.addr;
    return rc;
}

static ses_rc_t
find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t address,
     ses_suppression_t *out)
{
    ses_rc_t rc =
        ses_suppression_find(cx, t, account, address, SES_REASON_ANY, out);

    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc,
                        "Email address %.*s does not exist on your "
                        "suppression list.",
                        SES_FMT(address));
    return rc;
}

static ses_rc_t
row(ses_cx_t *cx, const ses_suppression_t *s, void *arg)
{
    emit_t *e = arg;

    (void) cx;
    emit_open(e, NULL);
    emit_str(e, "address", s->address);
    emit_c(e, "reason", ses_reason_name(s->reason));
    emit_time(e, "since", s->since);
    emit_str(e, "message_id", s->message_id);
    emit_str(e, "feedback_id", s->feedback_id);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    ses_str_t which;
    ses_rc_t rc;

    (void) arg;
    if ((rc = find_list(c, t, ctl_arg(c, 0), &which)) != SES_OK)
        return rc;
    return ses_suppression_list(&c->cx, t, which, SES_STR(""), row, &c->out);
}

static int
list(ctl_t *c)
{
    return ctl_list(c, rows, NULL);
}

static ses_rc_t
read_get(ctl_t *c, ses_txn_t *t, void *arg)
{
    ses_suppression_t s;
    ses_str_t address, which;
    ses_rc_t rc;

    (void) arg;
    if ((rc = find_list(c, t, ctl_arg(c, 0), &which)) != SES_OK ||
        (rc = canon(&c->cx, ctl_arg(c, 1), &address)) != SES_OK ||
        (rc = find(&c->cx, t, which, address, &s)) != SES_OK)
        return rc;
    return row(&c->cx, &s, &c->out);
}

static int
get(ctl_t *c)
{
    ses_rc_t rc = ctl_read(c, read_get, NULL);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

typedef struct {
    ses_str_t account, address;
    unsigned reason; /* 0 = delete */
} entry_t;

static ses_rc_t
change(ses_cx_t *cx, ses_txn_t *t, ses_change_t *ch, void *arg)
{
    const entry_t *n = arg;
    ses_suppression_t s = {.account = n->account,
                           .address = n->address,
                           .reason = n->reason,
                           .since = cx->now,
                           .message_id = SES_STR(""),
                           .feedback_id = SES_STR(""),
                           .version = SES_VERSION_ANY};
    ses_account_t a;
    ses_rc_t rc = SES_OK;

    if (!ses_str_eq(n->account, SES_SITE))
        rc = ses_account_find(cx, t, n->account, &a);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "account %.*s does not exist",
                        SES_FMT(n->account));
    if (rc != SES_OK)
        return rc;
    if (n->reason != 0) {
        ses_suppression_put(cx, ch, &s);
        return SES_OK;
    }
    if ((rc = find(cx, t, n->account, n->address, &s)) == SES_OK)
        ses_suppression_del(cx, ch, &s);
    return rc;
}

static int
apply(ctl_t *c, unsigned reason, const char *op)
{
    bool site = is_site(ctl_arg(c, 0));
    entry_t n = {.account = site ? SES_SITE : ctl_arg(c, 0), .reason = reason};
    ses_rc_t rc = canon(&c->cx, ctl_arg(c, 1), &n.address);

    if (rc == SES_OK)
        rc = ctl_change(c, site ? SES_STR("") : n.account, op, change, &n);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static int
put(ctl_t *c)
{
    unsigned reason = ses_reason_parse(ses_str_upper(c->arena, ctl_arg(c, 2)));

    if (reason == 0) {
        ctl_error(c, "REASON is BOUNCE or COMPLAINT");
        return 2;
    }
    return apply(c, reason, "suppression put");
}

static int delete (ctl_t *c)
{
    return apply(c, 0, "suppression delete");
}

const ctl_command_t ctl_suppression[] = {
    {"list",
     "[ACCOUNT|site]",
     0,
     1,
     "List the entries.",
     CTL_STORE,
     list,
     {{0}}},
    {"get",
     "ACCOUNT|site ADDRESS",
     2,
     2,
     "Show one entry.",
     CTL_STORE,
     get,
     {{0}}},
    {"put",
     "ACCOUNT|site ADDRESS REASON",
     3,
     3,
     "Add an address, for BOUNCE or COMPLAINT.",
     CTL_STORE,
     put,
     {{0}}},
    {"delete",
     "ACCOUNT|site ADDRESS",
     2,
     2,
     "Take an address off the list.",
     CTL_STORE,
     delete,
     {{0}}},
    {0},
};
