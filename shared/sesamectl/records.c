/*
 * records - sesamectl identity records: what belongs in DNS
 *
 * A customer publishes three aliases into our zone, and never has to change
 * them; our zone has the keys (contract 7.2).  Tokens whose key has not been
 * made yet have no line in our zone; those without a key say so.  Whoever
 * signs with keys of his own publishes these.  A MAIL FROM domain has its MX
 * and its SPF.
 */
#include "identity.h"

#include "policy/zone.h"

typedef struct {
    ctl_t *c;
    ses_txn_t *t;
    bool zone;
} printer_t;

static void
record(printer_t *p, ses_str_t name, const char *type, ses_str_t zone_value,
       ses_str_t value)
{
    emit_t *e = &p->c->out;

    if (p->zone) {
        printf("%.*s. %d IN %s %.*s\n", SES_FMT(name), SES_ZONE_TTL, type,
               SES_FMT(zone_value));
        return;
    }
    emit_open(e, NULL);
    emit_str(e, "name", name);
    emit_c(e, "type", type);
    emit_str(e, "value", value);
    emit_close(e);
}

/* The customer's side. */
static void
aliases(printer_t *p, const ses_identity_t *i)
{
    ses_arena_t *a = p->c->arena;
    ses_str_t name, value;
    unsigned n;

    for (n = 0; n < SES_DKIM_SLOTS; n++) {
        if (i->dkim.keys[n].selector.n == 0 ||
            (i->dkim.external && n < SES_DKIM_TOKENS &&
             i->dkim.keys[n].state == SES_DKIM_EMPTY))
            continue;
        name =
            ses_str_printf(a, "%.*s._domainkey.%.*s",
                           SES_FMT(i->dkim.keys[n].selector), SES_FMT(i->name));
        if (n < SES_DKIM_TOKENS) {
            value = ses_str_printf(a, "%.*s.dkim.%.*s",
                                   SES_FMT(i->dkim.keys[n].selector),
                                   SES_FMT(p->c->conf.service_domain));
            record(p, name, "CNAME", ses_str_cat(a, value, SES_STR(".")),
                   value);
        } else {
            value = ses_dkim_txt(a, &i->dkim, n);
            record(p, name, "TXT", ses_zone_text(a, value), value);
        }
    }
}

static void
mail_from(printer_t *p, const ses_identity_t *i)
{
    ses_arena_t *a = p->c->arena;
    ses_str_t text, name = i->mail_from.domain;

    if (name.n == 0)
        return;
    text = ses_str_printf(a, "10 %.*s",
                          SES_FMT(ses_mail_from_host(a, &p->c->conf)));
    record(p, name, "MX", ses_str_cat(a, text, SES_STR(".")), text);
    text = ses_str_printf(a, "v=spf1 include:%.*s ~all",
                          SES_FMT(p->c->conf.service_domain));
    record(p, name, "TXT", ses_zone_text(a, text), text);
}

/* Ours. */
static void
ours(void *arg, const ses_zone_record_t *r)
{
    printer_t *p = arg;

    record(p, r->name, r->type, ses_zone_value(p->c->arena, r), r->value);
}

static ses_rc_t
keys(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    printer_t *p = arg;

    ses_zone_identity(cx->arena, &p->c->conf, i, ours, p);
    return SES_OK;
}

static ses_rc_t
customer(printer_t *p)
{
    ctl_t *c = p->c;
    ses_identity_t i;
    ses_rc_t rc = ctl_identity_choose(c, p->t, ctl_arg(c, 0), &i);

    if (rc != SES_OK)
        return rc;
    if (!i.domain && i.mail_from.domain.n == 0)
        return ses_fail(&c->cx, SES_INVALID,
                        "%.*s is an address: it needs no DNS records",
                        SES_FMT(i.name));
    aliases(p, &i);
    mail_from(p, &i);
    return SES_OK;
}

static ses_rc_t
read_records(ctl_t *c, ses_txn_t *t, void *arg)
{
    printer_t *p = arg;
    ses_rc_t rc;

    p->t = t;
    if (!p->zone)
        emit_list(&c->out, NULL);
    rc = c->nargs > 0 ? customer(p)
                      : ses_identity_each(&c->cx, t, SES_STR(""), keys, p);
    if (!p->zone)
        emit_end(&c->out);
    return rc;
}

int
ctl_identity_records(ctl_t *c)
{
    bool service = ctl_option(c, "service") != NULL;
    printer_t p = {.c = c};
    ses_rc_t rc;

    if (service == (c->nargs > 0)) {
        ctl_error(c, "identity records needs either NAME or --service");
        return 2;
    }
    p.zone = !c->json && (service || ctl_option(c, "zone") != NULL);
    rc = ctl_read(c, read_records, &p);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}
