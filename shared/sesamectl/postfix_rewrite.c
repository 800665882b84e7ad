/*
 * postfix_rewrite - tables that change addresses: a token must stay as it is
 *
 * Postfix maps the envelope sender that the gate chose, and the recipient of
 * a bounce that comes back.  One that was changed is routed by no label, and
 * its bounces say nothing.
 */
#include "base/domain.h"
#include "postfix.h"

/* In front of a table: a token becomes itself, and is looked up no further. */
#define ITSELF "regexp:{{/^(" POSTFIX_TOKEN ".*)$$/ $$1}}"

/* What a table of addresses makes of a token in the bounce domain; "" = it
 * stays.  As cleanup asks: the address, then its domain. */
static ses_str_t
changed(const postfix_t *p, ses_str_t tables)
{
    ses_str_t domain = p->conf->bounce_domain, token = postfix_token(p, domain),
              found;

    found = postfix_lookup(p, tables, token);
    if (found.n == 0)
        found = postfix_lookup(p, tables,
                               ses_str_printf(p->a, "@%.*s", SES_FMT(domain)));
    return ses_str_caseeq(found, token) ? SES_STR("") : found;
}

/* k->param, which maps what k->want says. */
static void
table(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t raw = postfix_raw(p, NULL, k->param),
              found = changed(p, postfix_value(p, NULL, k->param));

    if (found.n > 0)
        postfix_found(p, k,
                      postfix_fix_main(p, k->param,
                                       ses_str_printf(p->a, "%s, %.*s", ITSELF,
                                                      SES_FMT(raw))),
                      "%s makes %.*s of a %s in %.*s: %s", k->param,
                      SES_FMT(found), k->want, SES_FMT(p->conf->bounce_domain),
                      k->why);
}

/* canonical_maps, as far as they hold for the class. */
static void
classed(postfix_t *p, const postfix_check_t *k)
{
    const char *classes =
        ses_str_starts(ses_str(k->param), SES_STR("sender"))
            ? "sender_canonical_classes"
        : ses_str_starts(ses_str(k->param), SES_STR("recipient"))
            ? "recipient_canonical_classes"
            : "canonical_classes";
    const char *class = strcmp(k->want, "sender") == 0 ? "envelope_sender"
                                                       : "envelope_recipient";

    if (postfix_has(postfix_value(p, NULL, classes), class))
        table(p, k);
}

/* The first domain that covers ours counts; "!" excepts it. */
static void
masquerade(postfix_t *p, const postfix_check_t *k)
{
    const char *name = "masquerade_domains";
    ses_str_t rest = postfix_value(p, NULL, name), item,
              raw = postfix_raw(p, NULL, name), d = p->conf->bounce_domain;
    bool not ;

    if (!postfix_has(postfix_value(p, NULL, "masquerade_classes"),
                     "envelope_sender"))
        return;
    while (postfix_item(&rest, &item)) {
        not = item.p[0] == '!';
        item = ses_str_lower(p->a, ses_str_from(item, not ));
        if (item.n == 0 || !ses_domain_within(d, item))
            continue;
        if (!not &&!ses_str_eq(item, d))
            postfix_found(
                p, k,
                postfix_fix_main(p, name,
                                 ses_str_printf(p->a, "!%.*s, %.*s", SES_FMT(d),
                                                SES_FMT(raw))),
                "%s makes %.*s of %.*s in senders: bounces do not "
                "come back",
                name, SES_FMT(item), SES_FMT(d));
        return;
    }
}

const postfix_check_t postfix_checks_rewrite[] = {
    {.name = "sender-rewrite",
     POSTFIX_ERROR,
     classed,
     "sender_canonical_maps",
     "sender",
     "its bounces do not come back"},
    {.name = "sender-rewrite",
     POSTFIX_ERROR,
     classed,
     "canonical_maps",
     "sender",
     "its bounces do not come back"},
    {.name = "sender-rewrite", POSTFIX_ERROR, masquerade},
    {.name = "bounce-rewrite",
     POSTFIX_ERROR,
     classed,
     "recipient_canonical_maps",
     "recipient",
     "bounces do not reach the agent"},
    {.name = "bounce-rewrite",
     POSTFIX_ERROR,
     table,
     "virtual_alias_maps",
     "recipient",
     "bounces do not reach the agent"},
    {0},
};
