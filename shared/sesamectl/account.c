/*
 * account - sesamectl account and quota
 */
#include <math.h>
#include <stdlib.h>

#include "ctl.h"
#include "policy/quota.h"

/* --- one change, many switches ----------------------------------------- */

typedef struct {
    ses_str_t id;
    void (*edit)(ses_account_t *a, const void *how);
    const void *how;
} edit_t;

static ses_rc_t
edit(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const edit_t *e = arg;
    ses_account_t a;
    ses_rc_t rc = ses_account_find(cx, t, e->id, &a);

    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "account %.*s does not exist", SES_FMT(e->id));
    if (rc != SES_OK)
        return rc;
    e->edit(&a, e->how);
    ses_account_put(cx, change, &a);
    return SES_OK;
}

static int
change(ctl_t *c, const char *op, void (*fn)(ses_account_t *a, const void *how),
       const void *how)
{
    edit_t e = {ctl_arg(c, 0), fn, how};
    ses_rc_t rc = ctl_change(c, e.id, op, edit, &e);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static void
set_sending(ses_account_t *a, const void *how)
{
    a->sending = *(const bool *) how;
}

static const bool yes = true, no = false;

static int
pause_sending(ctl_t *c)
{
    return change(c, "account pause", set_sending, &no);
}

static int
resume_sending(ctl_t *c)
{
    return change(c, "account resume", set_sending, &yes);
}

/* --- quota ------------------------------------------------------------- */

typedef struct {
    double max24, rate; /* NAN = as it is */
} limits_t;

static void
set_limits(ses_account_t *a, const void *how)
{
    const limits_t *l = how;

    if (!isnan(l->max24))
        a->max24 = l->max24;
    if (!isnan(l->rate))
        a->rate = l->rate;
}

/* -1, or a decimal number up to max; a limit of recipients is whole. */
static bool
parse_limit(const char *text, bool whole, double max, double *out)
{
    char *end;
    double v;

    if (text == NULL)
        return true;
    if (text[0] == '\0' ||
        text[strspn(text, whole ? "-0123456789" : "-.0123456789")] != '\0')
        return false;
    v = strtod(text, &end);
    if (*end != '\0' || (v < 0 && v != -1) || v > max)
        return false;
    *out = v;
    return true;
}

static int
quota_set(ctl_t *c)
{
    const char *max24 = ctl_option(c, "max24"), *rate = ctl_option(c, "rate");
    limits_t l = {NAN, NAN};

    if (max24 == NULL && rate == NULL) {
        ctl_error(c, "quota set needs --max24 or --rate");
        return 2;
    }
    if (!parse_limit(max24, true, 1e12, &l.max24) ||
        !parse_limit(rate, false, 1e6, &l.rate)) {
        ctl_error(c, "a limit is a number that is not negative, or -1 for "
                     "unlimited");
        return 2;
    }
    return change(c, "quota set", set_limits, &l);
}

/* --- add, list, show --------------------------------------------------- */

static ses_rc_t
add(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const ses_str_t *id = arg;
    ses_account_t a;
    ses_rc_t rc = ses_account_find(cx, t, *id, &a);

    if (rc == SES_OK)
        return ses_fail(cx, SES_EXISTS, "account %.*s exists already",
                        SES_FMT(*id));
    if (rc != SES_NOT_FOUND)
        return rc;
    ses_account_init(&a, *id, cx->now);
    ses_account_put(cx, change, &a);
    return SES_OK;
}

static int
account_add(ctl_t *c)
{
    ses_str_t id = ctl_arg(c, 0);
    ses_rc_t rc;

    if (!ses_account_valid(id)) {
        ctl_error(c, "an account is 12 digits");
        return 2;
    }
    rc = ctl_change(c, id, "account add", add, &id);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static void
emit_reasons(emit_t *e, unsigned reasons)
{
    emit_list(e, "suppressed_reasons");
    if ((reasons & SES_REASON_BOUNCE) != 0)
        emit_c(e, NULL, "BOUNCE");
    if ((reasons & SES_REASON_COMPLAINT) != 0)
        emit_c(e, NULL, "COMPLAINT");
    emit_end(e);
}

typedef struct {
    ctl_t *c;
    ses_txn_t *t;
} view_t;

static ses_rc_t
show(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    view_t *v = arg;
    emit_t *e = &v->c->out;
    uint64_t used;
    ses_rc_t rc;

    if ((rc = ses_quota_used(cx, v->t, a->id, &used)) != SES_OK)
        return rc;
    emit_open(e, NULL);
    emit_str(e, "account", a->id);
    emit_bool(e, "sending", a->sending);
    emit_bool(e, "suspended", a->suspended);
    emit_bool(e, "production", a->production);
    emit_number(e, "max24", a->max24);
    emit_number(e, "rate", a->rate);
    emit_int(e, "sent24", (int64_t) used);
    emit_reasons(e, a->reasons);
    emit_time(e, "created", a->created);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    view_t v = {c, t};

    (void) arg;
    return ses_account_list(&c->cx, t, show, &v);
}

static int
account_list(ctl_t *c)
{
    return ctl_list(c, rows, NULL);
}

static ses_rc_t
read_show(ctl_t *c, ses_txn_t *t, void *arg)
{
    view_t v = {c, t};
    ses_account_t a;
    ses_rc_t rc;

    (void) arg;
    rc = ctl_account(c, t, ctl_arg(c, 0), &a);
    return rc == SES_OK ? show(&c->cx, &a, &v) : rc;
}

static int
account_show(ctl_t *c)
{
    ses_rc_t rc = ctl_read(c, read_show, NULL);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

const ctl_command_t ctl_accounts[] = {
    {"add",
     "ACCOUNT",
     1,
     1,
     "Make an account of 12 digits: in the sandbox, 200 recipients a day.",
     CTL_STORE,
     account_add,
     {{0}}},
    {"list", "", 0, 0, "List the accounts.", CTL_STORE, account_list, {{0}}},
    {"show",
     "[ACCOUNT]",
     0,
     1,
     "Show one account.",
     CTL_STORE,
     account_show,
     {{0}}},
    {"pause",
     "ACCOUNT",
     1,
     1,
     "Refuse everything the account sends.",
     CTL_STORE,
     pause_sending,
     {{0}}},
    {"resume",
     "ACCOUNT",
     1,
     1,
     "Accept again what the account sends.",
     CTL_STORE,
     resume_sending,
     {{0}}},
    {0},
};

const ctl_command_t ctl_quota[] = {
    {"set",
     "ACCOUNT",
     1,
     1,
     "Set the limits of an account.",
     CTL_STORE,
     quota_set,
     {{"max24", "N", "recipients in 24 hours; -1 = unlimited"},
      {"rate", "N", "recipients a second; -1 = unlimited"}}},
    {0},
};
