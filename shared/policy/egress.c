/*
 * egress - by which source address, and with which TLS, a message leaves
 *
 *   pool_label       the shared address        pool_label "t"  the same by TLS
 *   "ip" N MARK      source address number N   "ip" N MARK "t" the same by TLS
 *
 * A message of no pool leaves by the account's own addresses that stand in
 * no pool, when it has some, else by the shared one (contract 13.4).
 */
#include "policy/egress.h"

#include "policy/address.h"

#define LOCAL_MAX 64 /* RFC 5321 4.5.3.1.1 */

typedef struct {
    ses_str_t pool;
    bool tls;
    unsigned n;
    ses_str_t labels[SES_SOURCES_MAX];
} ready_t;

static ses_rc_t
add_ready(ses_cx_t *cx, const ses_source_t *s, void *arg)
{
    ready_t *r = arg;

    if (s->live && s->retired == 0 && ses_str_eq(s->pool, r->pool) &&
        r->n < SES_SOURCES_MAX)
        r->labels[r->n++] =
            ses_source_label(cx->arena, s->number, s->mark, r->tls);
    return SES_OK;
}

ses_rc_t
ses_egress_label(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf,
                 ses_str_t account, const ses_config_set_t *set, uint64_t seed,
                 ses_str_t *label)
{
    ses_str_t name = set == NULL ? SES_STR("") : set->pool;
    bool tls = set != NULL && set->tls_required;
    ready_t ready = {.pool = name, .tls = tls};
    ses_rc_t rc;

    if (ses_str_eqc(name, SES_POOL_DEFAULT))
        ready.pool = SES_STR("");
    if (conf->pool_map.n > 0 && !ses_str_eqc(name, SES_POOL_SHARED) &&
        (rc = ses_source_list(cx, t, account, SES_STR(""), add_ready,
                              &ready)) != SES_OK)
        return rc;
    if (ready.n > 0) {
        *label = ready.labels[seed % ready.n];
        return SES_OK;
    }
    if (name.n > 0 && !ses_str_eqc(name, SES_POOL_SHARED))
        return ses_fail(cx, SES_BUSY,
                        "sending pool %.*s of account %.*s has no address "
                        "that is ready",
                        SES_FMT(name), SES_FMT(account));
    if (tls && conf->pool_map.n == 0)
        return ses_fail(cx, SES_BUSY,
                        "TLS is required and sesame.conf has no pool_map");
    *label = ses_str_printf(cx->arena, "%.*s%s", SES_FMT(conf->pool_label),
                            tls ? "t" : "");
    return SES_OK;
}

/* --- whoever pretends --------------------------------------------------- */

typedef struct {
    ses_str_t label;
    bool taken;
} look_t;

static ses_rc_t
is_source(ses_cx_t *cx, const ses_source_t *s, void *arg)
{
    look_t *l = arg;

    l->taken = s->mark.n > 0 &&
               ses_str_starts(l->label, ses_source_label(cx->arena, s->number,
                                                         s->mark, false));
    return l->taken ? SES_NOT_FOUND : SES_OK; /* found: that is enough */
}

bool
ses_egress_looks(ses_cx_t *cx, ses_str_t path, ses_str_t *label)
{
    ses_cx_t mine = *cx; /* a path that does not parse is no failure here */
    ses_address_t a;
    ptrdiff_t dot;

    if (ses_address_path(&mine, path, &a) != SES_OK || a.addr.n == 0)
        return false;
    dot = ses_str_find(a.local, '.');
    if (dot < 0 || a.local.n > LOCAL_MAX)
        return false;
    *label = ses_str_lower(cx->arena, ses_str_head(a.local, (size_t) dot));
    return ses_str_starts(*label, SES_STR("ip"));
}

ses_rc_t
ses_egress_taken(ses_cx_t *cx, ses_txn_t *t, ses_str_t label, bool *out)
{
    look_t look = {label, false};
    ses_rc_t rc =
        ses_source_list(cx, t, SES_STR(""), SES_STR(""), is_source, &look);

    if (rc == SES_OK)
        *out = look.taken;
    return rc;
}
