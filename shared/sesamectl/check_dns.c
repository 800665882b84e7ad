/*
 * check_dns - is in DNS what has to be there on our side?
 *
 * With a resolver in sesame.conf: the key records of service_domain, which
 * customers' aliases point at, and the MX of bounce_domain, by which reports
 * come back.
 */
#include "check.h"
#include "lookup.h"
#include "model/identity.h"

#define RECORDS_MAX 200 /* more are believed */

typedef struct {
    check_t *k;
    ses_txn_t *t;
    struct ub_ctx *ub;
    ses_str_t names[RECORDS_MAX], texts[RECORDS_MAX];
    unsigned n;
} dns_t;

static bool
has_text(dns_t *d, const char *name, ses_str_t want)
{
    struct ub_result *res;
    bool found = false;
    int i;

    if (ub_resolve(d->ub, name, LOOKUP_TXT, 1, &res) != 0)
        return false;
    for (i = 0; res->havedata && res->data[i] != NULL && !found; i++)
        found = ses_str_eq(lookup_text(d->k->c->arena, res, i), want);
    ub_resolve_free(res);
    return found;
}

/* Only noted: nobody waits for DNS inside a transaction. */
static ses_rc_t
each(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    int slot = ses_dkim_slot(&i->dkim, SES_DKIM_RSA, SES_DKIM_CURRENT);
    dns_t *d = arg;

    if (slot < 0 || slot >= SES_DKIM_TOKENS)
        return SES_OK;
    if (d->n == RECORDS_MAX)
        return SES_NOT_FOUND;
    d->names[d->n] = ses_str_printf(cx->arena, "%.*s.dkim.%.*s",
                                    SES_FMT(i->dkim.keys[slot].selector),
                                    SES_FMT(d->k->c->conf.service_domain));
    d->texts[d->n] = ses_dkim_txt(cx->arena, &i->dkim, (unsigned) slot);
    d->n++;
    return SES_OK;
}

static ses_rc_t
each_account(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    dns_t *d = arg;

    return ses_identity_list(cx, d->t, a->id, SES_STR(""), each, d);
}

static ses_rc_t
look(ctl_t *c, ses_txn_t *t, void *arg)
{
    dns_t *d = arg;

    d->t = t;
    return ses_account_list(&c->cx, t, each_account, d);
}

static void
check_bounce_domain(dns_t *d)
{
    const char *name = d->k->c->conf.bounce_domain.p;
    struct ub_result *res = NULL;
    int e = ub_resolve(d->ub, name, LOOKUP_MX, 1, &res);

    if (e != 0)
        check_found(d->k, "Does the resolver of sesame.conf answer?",
                    "DNS: %s: %s", name, ub_strerror(e));
    else if (!res->havedata)
        check_found(d->k, "Publish an MX record that names this host.",
                    "DNS: bounce_domain %s has no MX: no report comes back",
                    name);
    ub_resolve_free(res);
}

static void
check_keys(dns_t *d)
{
    unsigned i, wrong = 0;
    ses_str_t first = SES_STR("");

    for (i = 0; i < d->n; i++)
        if (!has_text(d, d->names[i].p, d->texts[i]) && wrong++ == 0)
            first = d->names[i];
    if (wrong > 0)
        check_found(d->k,
                    "Publish what sesamectl identity records --service "
                    "prints.",
                    "DNS: %u key records of %s are missing or wrong, the "
                    "first %.*s",
                    wrong, d->k->c->conf.service_domain.p, SES_FMT(first));
}

void
check_dns(check_t *k)
{
    dns_t *d = ses_calloc(k->c->arena, sizeof(*d));
    ses_rc_t rc;

    if (k->c->conf.resolver.n == 0 || k->c->store == NULL)
        return;
    d->k = k;
    if ((d->ub = lookup_open(k->c)) == NULL) {
        check_found(k, "Correct resolver or dns_trust_anchor in sesame.conf.",
                    "DNS: libunbound does not take the configuration");
        return;
    }
    if ((rc = ctl_read(k->c, look, d)) != SES_OK)
        check_failed(k, "DNS", rc);
    check_bounce_domain(d);
    check_keys(d);
    ub_ctx_delete(d->ub);
}
