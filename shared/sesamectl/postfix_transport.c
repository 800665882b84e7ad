/*
 * postfix_transport - on the way out: what leaves is what was signed, nothing
 * is asked for that bypasses the events, and bounces find their way back
 */
#include "postfix.h"

/* --- the way out ------------------------------------------------------- */

/* Does this service deliver to other hosts by SMTP? */
static bool
is_out(const postfix_service_t *s)
{
    return ses_str_eqc(s->type, "unix") && ses_str_eqc(s->command, "smtp");
}

/* k->param of each must be k->want. */
static void
out_must(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s;
    ses_str_t value;

    for (s = p->services; s < p->services + p->nservices; s++) {
        value = postfix_value(p, s, k->param);
        if (is_out(s) && !ses_str_caseeqc(value, k->want))
            postfix_found(p, k,
                          postfix_fix_where(p, s, k->param, ses_str(k->want)),
                          "%s: %s = %.*s: %s", postfix_label(p, s), k->param,
                          SES_FMT(value), k->why);
    }
}

/* What the recipient's host is told of NOTIFY, ORCPT and ENVID. */
static void
out_dsn(postfix_t *p, const postfix_check_t *k)
{
    const char *name = "smtp_discard_ehlo_keywords";
    const postfix_service_t *s;
    ses_str_t value;

    for (s = p->services; s < p->services + p->nservices; s++) {
        value = postfix_value(p, s, name);
        if (!is_out(s) || postfix_has(value, "dsn"))
            continue;
        postfix_found(
            p, k,
            postfix_fix_where(p, s, name,
                              ses_str_printf(p->a, "%.*s%sdsn", SES_FMT(value),
                                             value.n > 0 ? ", " : "")),
            "%s: %s lacks dsn: requests for notices and the addresses in them "
            "leak to other hosts",
            postfix_label(p, s), name);
    }
}

/* --- the way back ------------------------------------------------------ */

/* Is the bounce domain, or a domain above it, in a list of domains? */
static bool
lists_domain(const postfix_t *p, const char *param, bool parents)
{
    ses_str_t domain = p->conf->bounce_domain,
              list = postfix_value(p, NULL, param), rest = domain, above;

    if (postfix_has(list, ses_str_c(p->a, domain)) ||
        postfix_lookup(p, list, domain).n > 0)
        return true;
    while (parents && ses_str_cut(&rest, '.', &above))
        if (rest.n > 0 && (postfix_has(list, ses_str_c(p->a, rest)) ||
                           postfix_lookup(p, list, rest).n > 0))
            return true;
    return false;
}

static void
bounce_relay(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t raw = postfix_raw(p, NULL, "relay_domains");
    bool parents =
        postfix_has(postfix_value(p, NULL, "parent_domain_matches_subdomains"),
                    "relay_domains");

    if (!lists_domain(p, "relay_domains", parents))
        postfix_found(
            p, k,
            postfix_fix_main(p, "relay_domains",
                             ses_str_printf(p->a, "%.*s%s%.*s", SES_FMT(raw),
                                            raw.n > 0 ? ", " : "",
                                            SES_FMT(p->conf->bounce_domain))),
            "relay_domains lacks %.*s: bounces of other hosts are refused",
            SES_FMT(p->conf->bounce_domain));
}

/* The domain is taken for one of another kind. */
static void
bounce_class(postfix_t *p, const postfix_check_t *k)
{
    static const char *const params[] = {
        "mydestination", "virtual_alias_domains", "virtual_mailbox_domains"};
    ses_str_t raw;
    size_t i;

    for (i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
        if (!lists_domain(p, params[i], false))
            continue;
        raw = postfix_raw(p, NULL, params[i]);
        postfix_found(
            p, k,
            postfix_fix_main(
                p, params[i],
                postfix_without(p->a, raw,
                                ses_str_c(p->a, p->conf->bounce_domain))),
            "%s has %.*s: bounces do not go the way of "
            "relay_domains",
            params[i], SES_FMT(p->conf->bounce_domain));
    }
}

static void
bounce_recipients(postfix_t *p, const postfix_check_t *k)
{
    const char *name = "relay_recipient_maps";
    ses_str_t raw = postfix_raw(p, NULL, name),
              key = ses_str_printf(p->a, "@%.*s",
                                   SES_FMT(p->conf->bounce_domain));

    if (raw.n > 0 &&
        postfix_lookup(p, postfix_value(p, NULL, name), key).n == 0)
        postfix_found(
            p, k,
            postfix_fix_main(p, name,
                             ses_str_printf(p->a, "%.*s, inline:{{%.*s=x}}",
                                            SES_FMT(raw), SES_FMT(key))),
            "%s lacks %.*s: every bounce is for an unknown "
            "recipient",
            name, SES_FMT(key));
}

ses_str_t
postfix_to_agent(const postfix_t *p)
{
    return ses_str_printf(
        p->a, "lmtp:unix:%.*s",
        SES_FMT(postfix_socket(p, p->conf->lmtp_socket, "sesame/lmtp")));
}

bool
postfix_leads_to_agent(const postfix_t *p, ses_str_t transport)
{
    return ses_str_starts(transport, SES_STR("lmtp:unix:")) &&
           postfix_same_socket(p, ses_str_from(transport, 10),
                               p->conf->lmtp_socket, "sesame/lmtp");
}

ses_str_t
postfix_token(const postfix_t *p, ses_str_t domain)
{
    static const char forty_three[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                      "a"
                                      "aaaaaaaaaaaaa";

    return ses_str_printf(p->a, "%.*s.%s@%.*s", SES_FMT(p->conf->pool_label),
                          forty_three, SES_FMT(domain));
}

/* A table for the front of transport_maps. */
static ses_str_t
right_table(const postfix_t *p, bool by_address)
{
    ses_str_t domain = p->conf->bounce_domain, escaped = SES_STR(""), label;

    if (!by_address)
        return ses_str_printf(p->a, "inline:{{%.*s=%.*s}}", SES_FMT(domain),
                              SES_FMT(postfix_to_agent(p)));
    while (ses_str_cut(&domain, '.', &label))
        escaped = ses_str_printf(p->a, "%.*s%s%.*s", SES_FMT(escaped),
                                 escaped.n > 0 ? "\\." : "", SES_FMT(label));
    return ses_str_printf(p->a, "regexp:{{/@%.*s$$/ %.*s}}", SES_FMT(escaped),
                          SES_FMT(postfix_to_agent(p)));
}

/* As trivial-rewrite asks: all tables for the address, then for its domain.
 * A pattern that matches every address so hides an entry for the domain. */
static void
bounce_transport(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t tables = postfix_value(p, NULL, "transport_maps"),
              raw = postfix_raw(p, NULL, "transport_maps"), found,
              domain = p->conf->bounce_domain;
    bool by_address;

    found = postfix_lookup(p, tables,
                           ses_str_printf(p->a, "a1.x@%.*s", SES_FMT(domain)));
    by_address = found.n > 0;
    if (!by_address)
        found = postfix_lookup(p, tables, domain);
    if (postfix_leads_to_agent(p, found))
        return;
    postfix_found(
        p, k,
        postfix_fix_main(p, "transport_maps",
                         ses_str_printf(p->a, "%.*s%s%.*s",
                                        SES_FMT(right_table(p, by_address)),
                                        raw.n > 0 ? ", " : "", SES_FMT(raw))),
        found.n == 0 ? "transport_maps lacks %.*s: bounces do not "
                       "reach the agent"
                     : "transport_maps sends %.*s elsewhere: bounces "
                       "do not reach the agent",
        SES_FMT(domain));
}

static void
bounce_service(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s = postfix_service(p, "lmtp/unix");
    ses_str_t where = postfix_socket(p, p->conf->lmtp_socket, "sesame/lmtp");
    postfix_fix_t fix;

    if (s == NULL) {
        fix = postfix_fix_command(
            p, "postconf -c %s -M -e 'lmtp/unix=lmtp unix - - n - - lmtp'",
            p->conf->postfix_config.p);
        fix.file = "master.cf";
        fix.line = SES_STR("lmtp unix - - n - - lmtp");
        postfix_found(p, k, fix,
                      "there is no service lmtp: bounces cannot be delivered");
    } else if (s->chroot && where.p[0] == '/') {
        postfix_found(
            p, k,
            postfix_fix_conf(p, "lmtp_socket",
                             ses_str_printf(p->a, "unix:%.*s/sesame/lmtp",
                                            SES_FMT(p->queue))),
            "lmtp runs in a chroot and cannot reach %.*s, which is "
            "not below %.*s",
            SES_FMT(where), SES_FMT(p->queue));
    }
}

/* Tokens are a label, a dot, and base32: letters and digits. */
static void
delimiter(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t set = postfix_value(p, NULL, "recipient_delimiter");
    char kept[64];
    size_t i, n = 0;

    for (i = 0; i < set.n && n < sizeof(kept); i++)
        if (set.p[i] != '.' && !(set.p[i] >= 'a' && set.p[i] <= 'z') &&
            !(set.p[i] >= '0' && set.p[i] <= '9'))
            kept[n++] = set.p[i];
    if (n < set.n)
        postfix_found(
            p, k,
            postfix_fix_main(p, "recipient_delimiter",
                             ses_str_dup(p->a, ses_str_n(kept, n))),
            "recipient_delimiter = %.*s cuts the token out of a bounce's "
            "recipient",
            SES_FMT(set));
}

const postfix_check_t postfix_checks_transport[] = {
    {.name = "mime-conversion",
     POSTFIX_ERROR,
     out_must,
     "disable_mime_output_conversion",
     "yes",
     "8-bit text is rewritten on the way out, and its signature breaks"},
    {.name = "generic-maps",
     POSTFIX_ERROR,
     out_must,
     "smtp_generic_maps",
     "",
     "addresses in headers change after they were signed"},
    {.name = "delivery-checks",
     POSTFIX_ERROR,
     out_must,
     "smtp_header_checks",
     "",
     "headers may change after they were signed"},
    {.name = "delivery-checks",
     POSTFIX_ERROR,
     out_must,
     "smtp_mime_header_checks",
     "",
     "the body changes after it was signed"},
    {.name = "delivery-checks",
     POSTFIX_ERROR,
     out_must,
     "smtp_nested_header_checks",
     "",
     "the body changes after it was signed"},
    {.name = "delivery-checks",
     POSTFIX_ERROR,
     out_must,
     "smtp_body_checks",
     "",
     "the body changes after it was signed"},
    {.name = "dsn-leak", POSTFIX_WARNING, out_dsn},
    {.name = "bounce-domain", POSTFIX_ERROR, bounce_relay},
    {.name = "bounce-class", POSTFIX_ERROR, bounce_class},
    {.name = "bounce-recipients", POSTFIX_ERROR, bounce_recipients},
    {.name = "bounce-transport", POSTFIX_ERROR, bounce_transport},
    {.name = "bounce-service", POSTFIX_ERROR, bounce_service},
    {.name = "recipient-delimiter", POSTFIX_ERROR, delimiter},
    {0},
};
