/*
 * address - sesamectl address: source addresses that accounts send from
 */
#include "base/network.h"
#include "ctl.h"
#include "model/pool.h"

typedef struct {
    ses_str_t account, address, pool, helo;
} wish_t;

static ses_rc_t
no_such(ses_cx_t *cx, const wish_t *w)
{
    return ses_fail(cx, SES_NOT_FOUND, "account %.*s has no address %.*s",
                    SES_FMT(w->account), SES_FMT(w->address));
}

/* The pool that the operator named; the default one is "". */
static ses_rc_t
check_pool(ses_cx_t *cx, ses_txn_t *t, const wish_t *w)
{
    ses_pool_t p;
    ses_rc_t rc = SES_OK;

    if (w->pool.n > 0)
        rc = ses_pool_find(cx, t, w->account, w->pool, &p);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "account %.*s has no pool %.*s",
                        SES_FMT(w->account), SES_FMT(w->pool));
    return rc;
}

/* --- add --------------------------------------------------------------- */

typedef struct {
    const wish_t *w;
    unsigned n, highest;
    ses_source_t mine; /* the same account had it before */
} others_t;

static ses_rc_t
other(ses_cx_t *cx, const ses_source_t *s, void *arg)
{
    others_t *o = arg;

    o->n++;
    if (s->number > o->highest)
        o->highest = s->number;
    if (!ses_str_eq(s->address, o->w->address))
        return SES_OK;
    if (s->retired == 0 || !ses_str_eq(s->account, o->w->account))
        return ses_fail(
            cx, SES_EXISTS, "address %.*s is account %.*s's%s",
            SES_FMT(s->address), SES_FMT(s->account),
            s->retired == 0 ? "" : ", until its mail has left the queue");
    o->mine = *s;
    return SES_OK;
}

static ses_rc_t
add(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const wish_t *w = arg;
    others_t o = {.w = w, .mine = {.version = SES_VERSION_NONE}};
    ses_account_t a;
    ses_source_t s;
    ses_rc_t rc = ses_account_find(cx, t, w->account, &a);

    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "account %.*s does not exist",
                        SES_FMT(w->account));
    if (rc != SES_OK || (rc = check_pool(cx, t, w)) != SES_OK ||
        (rc = ses_source_list(cx, t, SES_STR(""), SES_STR(""), other, &o)) !=
            SES_OK)
        return rc;
    if (o.n >= SES_SOURCES_MAX)
        return ses_fail(cx, SES_LIMIT, "there are %d addresses already",
                        SES_SOURCES_MAX);
    s = (ses_source_t){
        .account = w->account,
        .address = w->address,
        .pool = w->pool,
        .helo = w->helo,
        .number = o.mine.number > 0 ? o.mine.number : o.highest + 1,
        .mark = o.mine.mark.n > 0 ? o.mine.mark : ses_source_mark(cx->arena),
        .created = cx->now,
        .version = o.mine.version};
    ses_source_put(cx, change, &s);
    return SES_OK;
}

/* --- move, delete ------------------------------------------------------ */

static ses_rc_t
find(ses_cx_t *cx, ses_txn_t *t, const wish_t *w, ses_source_t *s)
{
    ses_rc_t rc = ses_source_find(cx, t, w->account, w->address, s);

    if (rc == SES_NOT_FOUND || (rc == SES_OK && s->retired != 0))
        return no_such(cx, w);
    return rc;
}

static ses_rc_t
move(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const wish_t *w = arg;
    ses_source_t s;
    ses_rc_t rc;

    if ((rc = find(cx, t, w, &s)) != SES_OK ||
        (rc = check_pool(cx, t, w)) != SES_OK)
        return rc;
    s.pool = w->pool;
    ses_source_put(cx, change, &s);
    return SES_OK;
}

static ses_rc_t
retire(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    ses_source_t s;
    ses_rc_t rc;

    if ((rc = find(cx, t, arg, &s)) != SES_OK)
        return rc;
    s.retired = cx->now;
    s.live = false;
    ses_source_put(cx, change, &s);
    return SES_OK;
}

/* --- commands ---------------------------------------------------------- */

static bool
is_host(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '.' || c == '-'))
            return false;
    }
    return s.n < 256;
}

static int
apply(ctl_t *c, const char *op, ctl_change_fn_t fn, ses_str_t pool,
      ses_str_t helo)
{
    wish_t w = {.account = ctl_arg(c, 0),
                .pool =
                    ses_str_eqc(pool, SES_POOL_DEFAULT) ? SES_STR("") : pool,
                .helo = helo};
    ses_ip_t ip;
    ses_rc_t rc;

    if (!ses_ip_parse(ctl_arg(c, 1), &ip)) {
        ctl_error(c, "ADDRESS is an IP address");
        return 2;
    }
    if (!is_host(helo)) {
        ctl_error(c, "--helo is a host name");
        return 2;
    }
    w.address = ses_ip_format(c->arena, &ip);
    rc = ctl_change(c, w.account, op, fn, &w);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static int
address_add(ctl_t *c)
{
    return apply(c, "address add", add, ses_str(ctl_option(c, "pool")),
                 ses_str(ctl_option(c, "helo")));
}

static int
address_move(ctl_t *c)
{
    return apply(c, "address move", move, ctl_arg(c, 2), SES_STR(""));
}

static int
address_delete(ctl_t *c)
{
    return apply(c, "address delete", retire, SES_STR(""), SES_STR(""));
}

static ses_rc_t
row(ses_cx_t *cx, const ses_source_t *s, void *arg)
{
    emit_t *e = arg;

    (void) cx;
    emit_open(e, NULL);
    emit_str(e, "address", s->address);
    emit_str(e, "account", s->account);
    emit_str(e, "pool", s->pool.n > 0 ? s->pool : SES_STR(SES_POOL_DEFAULT));
    emit_str(e, "helo", s->helo);
    emit_int(e, "number", s->number);
    emit_c(e, "state",
           s->retired != 0 ? "deleted"
           : s->live       ? "live"
                           : "pending");
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    (void) arg;
    return ses_source_list(&c->cx, t, ctl_arg(c, 0), SES_STR(""), row, &c->out);
}

static int
list(ctl_t *c)
{
    return ctl_list(c, rows, NULL);
}

const ctl_command_t ctl_addresses[] = {
    {"list", "[ACCOUNT]", 0, 1, "List the addresses.", CTL_STORE, list, {{0}}},
    {"add",
     "ACCOUNT ADDRESS",
     2,
     2,
     "Give an account a source address of its own.",
     CTL_STORE,
     address_add,
     {{"pool", "NAME", "a pool of the account; else the default one"},
      {"helo", "NAME", "what it calls itself; else Postfix's myhostname"}}},
    {"move",
     "ACCOUNT ADDRESS NAME",
     3,
     3,
     "Put an address into another pool.",
     CTL_STORE,
     address_move,
     {{0}}},
    {"delete",
     "ACCOUNT ADDRESS",
     2,
     2,
     "Take an address away; mail in the queue still leaves by it.",
     CTL_STORE,
     address_delete,
     {{0}}},
    {0},
};
