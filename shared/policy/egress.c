/*
 * egress - by which source address, and with which TLS, a message leaves
 *
 *   pool_label       the shared address        pool_label "t"  the same by TLS
 *   "ip" N           source address number N   "ip" N "t"      the same by TLS
 *
 * A message of no pool leaves by the account's own addresses that stand in
 * no pool, when it has some, else by the shared one (contract 13.4).
 */
#include "policy/egress.h"

typedef struct {
    ses_str_t pool;
    unsigned n, numbers[SES_SOURCES_MAX];
} ready_t;

static ses_rc_t
add_ready(ses_cx_t *cx, const ses_source_t *s, void *arg)
{
    ready_t *r = arg;

    (void) cx;
    if (s->live && s->retired == 0 && ses_str_eq(s->pool, r->pool) &&
        r->n < SES_SOURCES_MAX)
        r->numbers[r->n++] = s->number;
    return SES_OK;
}

ses_rc_t
ses_egress_label(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf,
                 ses_str_t account, const ses_config_set_t *set, uint64_t seed,
                 ses_str_t *label)
{
    ses_str_t name = set == NULL ? SES_STR("") : set->pool;
    const char *tls = set != NULL && set->tls_required ? "t" : "";
    ready_t ready = {.pool = name};
    ses_rc_t rc;

    if (ses_str_eqc(name, SES_POOL_DEFAULT))
        ready.pool = SES_STR("");
    if (conf->pool_map.n > 0 && !ses_str_eqc(name, SES_POOL_SHARED) &&
        (rc = ses_source_list(cx, t, account, SES_STR(""), add_ready,
                              &ready)) != SES_OK)
        return rc;
    if (ready.n > 0) {
        *label = ses_str_printf(cx->arena, "ip%u%s",
                                ready.numbers[seed % ready.n], tls);
        return SES_OK;
    }
    if (name.n > 0 && !ses_str_eqc(name, SES_POOL_SHARED))
        return ses_fail(cx, SES_BUSY,
                        "sending pool %.*s of account %.*s has no address "
                        "that is ready",
                        SES_FMT(name), SES_FMT(account));
    if (tls[0] != '\0' && conf->pool_map.n == 0)
        return ses_fail(cx, SES_BUSY,
                        "TLS is required and sesame.conf has no pool_map");
    *label =
        ses_str_printf(cx->arena, "%.*s%s", SES_FMT(conf->pool_label), tls);
    return SES_OK;
}
