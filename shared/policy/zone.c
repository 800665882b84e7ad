/*
 * zone - what belongs in the operator's DNS
 */
#include "policy/zone.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/network.h"
#include "model/pool.h"
#include "model/service.h"

#define STRING_MAX 255 /* of a TXT record, RFC 1035 3.3.14 */
#define TEXT_MAX 65535 /* of a record */

/* --- spelling ---------------------------------------------------------- */

ses_str_t
ses_zone_text(ses_arena_t *a, ses_str_t text)
{
    unsigned char c;
    char escape[8];
    ses_buf_t b;
    size_t i;

    ses_buf_init(&b, a, 4 * TEXT_MAX + 1024);
    for (i = 0; i < text.n || i == 0; i++) {
        if (i % STRING_MAX == 0)
            ses_buf_str(&b, i == 0 ? SES_STR("\"") : SES_STR("\" \""));
        if (text.n == 0)
            break;
        c = (unsigned char) text.p[i];
        if (c < ' ' || c > '~') {
            snprintf(escape, sizeof(escape), "\\%03u", c); /* in decimal */
            ses_buf_str(&b, ses_str(escape));
            continue;
        }
        if (c == '"' || c == '\\')
            ses_buf_char(&b, '\\');
        ses_buf_char(&b, (char) c);
    }
    ses_buf_char(&b, '"');
    return ses_buf_get(&b);
}

ses_str_t
ses_zone_value(ses_arena_t *a, const ses_zone_record_t *r)
{
    if (strcmp(r->type, "TXT") == 0)
        return ses_zone_text(a, r->value);
    if (strcmp(r->type, "MX") == 0)
        return ses_str_printf(a, "10 %.*s.", SES_FMT(r->value));
    if (strcmp(r->type, "CNAME") == 0)
        return ses_str_cat(a, r->value, SES_STR("."));
    return r->value;
}

/* --- the site ---------------------------------------------------------- */

/* Addresses that mail leaves from, each once, as terms of SPF. */
typedef struct {
    ses_arena_t *arena;
    ses_str_t terms; /* each with a blank before it */
} spf_t;

static void
add_address(spf_t *s, ses_str_t address)
{
    ses_str_t term, rest = s->terms, one;
    const char *kind = ses_str_find(address, ':') < 0 ? "ip4" : "ip6";

    term = ses_str_printf(s->arena, "%s:%.*s", kind, SES_FMT(address));
    while (ses_str_cut(&rest, ' ', &one))
        if (ses_str_eq(one, term))
            return;
    s->terms =
        ses_str_printf(s->arena, "%.*s %.*s", SES_FMT(s->terms), SES_FMT(term));
}

static ses_rc_t
add_source(ses_cx_t *cx, const ses_source_t *source, void *arg)
{
    spf_t *s = arg;

    (void) cx;
    add_address(s, source->address); /* a retired one has mail queued, too */
    return SES_OK;
}

/* The feedback host is ours to describe only when its name is. */
static void
feedback_host(const ses_conf_t *conf, ses_str_t host, ses_zone_fn_t fn,
              void *arg)
{
    ses_str_t rest = conf->public_address, one;
    ses_zone_record_t r = {.name = host};

    if (!ses_domain_within(host, conf->service_domain) &&
        !ses_domain_within(host, conf->bounce_domain))
        return;
    while (ses_str_cut(&rest, ' ', &one)) {
        if (one.n == 0)
            continue;
        r.type = ses_str_find(one, ':') < 0 ? "A" : "AAAA";
        r.value = one;
        fn(arg, &r);
    }
}

static ses_rc_t
spf_of(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf, ses_str_t *out)
{
    spf_t s = {cx->arena, SES_STR("")};
    ses_str_t rest = conf->public_address, one;
    ses_rc_t rc;

    while (ses_str_cut(&rest, ' ', &one))
        if (one.n > 0)
            add_address(&s, one);
    if (conf->pool_address.n > 0)
        add_address(&s, conf->pool_address);
    rc = ses_source_list(cx, t, SES_STR(""), SES_STR(""), add_source, &s);
    if (rc != SES_OK)
        return rc;
    *out = s.terms.n == 0
               ? s.terms
               : ses_str_printf(cx->arena, "v=spf1%.*s -all", SES_FMT(s.terms));
    return SES_OK;
}

ses_rc_t
ses_zone_site(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf,
              ses_zone_fn_t fn, void *arg)
{
    ses_str_t host = ses_mail_from_host(cx->arena, conf), spf;
    ses_zone_record_t r = {.type = "TXT"};
    ses_rc_t rc = spf_of(cx, t, conf, &spf);

    if (rc != SES_OK)
        return rc;
    r.value = spf;
    r.name = conf->service_domain; /* what customers' SPF includes */
    if (spf.n > 0)
        fn(arg, &r);
    r.name = conf->bounce_domain;
    if (spf.n > 0 && !ses_str_eq(conf->bounce_domain, conf->service_domain))
        fn(arg, &r);
    r.type = "MX";
    r.value = host;
    fn(arg, &r);
    feedback_host(conf, host, fn, arg);
    return SES_OK;
}

/* --- identities -------------------------------------------------------- */

void
ses_zone_identity(ses_arena_t *a, const ses_conf_t *conf,
                  const ses_identity_t *i, ses_zone_fn_t fn, void *arg)
{
    bool own =
        ses_service_is(i->account) && ses_str_eq(i->name, conf->service_domain);
    ses_zone_record_t r = {.whole = true};
    ses_str_t txt, target;
    unsigned n;

    for (n = 0; n < SES_DKIM_TOKENS; n++) {
        txt = ses_dkim_txt(a, &i->dkim, n);
        if (txt.n == 0)
            continue;
        target = ses_str_printf(a, "%.*s.dkim.%.*s",
                                SES_FMT(i->dkim.keys[n].selector),
                                SES_FMT(conf->service_domain));
        if (own) {
            r.name = ses_str_printf(a, "%.*s._domainkey.%.*s",
                                    SES_FMT(i->dkim.keys[n].selector),
                                    SES_FMT(conf->service_domain));
            r.type = "CNAME";
            r.value = target;
            fn(arg, &r);
        }
        r.name = target;
        r.type = "TXT";
        r.value = txt;
        fn(arg, &r);
    }
}
