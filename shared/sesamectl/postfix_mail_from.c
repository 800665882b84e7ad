/*
 * postfix_mail_from - bounces to customers' own MAIL FROM domains
 *
 * Such a domain is nobody's business of Postfix but for envelope senders that
 * we made: port 25 takes those, whatever their domain, and transport_maps
 * sends them to the agent.  So a new domain needs no line and no reload.
 */
#include "base/buf.h"
#include "postfix.h"

#define LIST_MAX (1 << 16)
#define CLASS "sesame_bounces" /* a parameter of ours in main.cf */
#define ACCEPT "check_recipient_access regexp:{{/^" POSTFIX_TOKEN "/ OK}}"
#define MAPS "transport_maps"

static ses_str_t
token(const postfix_t *p)
{
    return postfix_token(p, SES_STR("bounces.sesame.invalid"));
}

/* --- port 25 ------------------------------------------------------------- */

/* The list that keeps strangers from relaying. */
static const char *
list_of(const postfix_t *p, const postfix_service_t *s)
{
    return postfix_value(p, s, "smtpd_relay_restrictions").n > 0
               ? "smtpd_relay_restrictions"
               : "smtpd_recipient_restrictions";
}

static bool
is_wall(ses_str_t item)
{
    return ses_str_caseeqc(item, "reject_unauth_destination") ||
           ses_str_caseeqc(item, "defer_unauth_destination");
}

/* Is it for strangers: has its list the wall? */
static bool
is_inbound(const postfix_t *p, const postfix_service_t *s)
{
    ses_str_t rest, item;

    if (!postfix_is_smtpd(s) || postfix_is_ours(p, s))
        return false;
    rest = postfix_value(p, s, list_of(p, s));
    while (postfix_item(&rest, &item))
        if (is_wall(item))
            return true;
    return false;
}

static bool
is_yes(ses_str_t answer)
{
    uint64_t n;

    return ses_str_caseeqc(answer, "OK") || ses_str_caseeqc(answer, "permit") ||
           ses_str_u64(answer, UINT64_MAX, &n);
}

/* Is a token let in before the wall? */
static bool
accepts(const postfix_t *p, const postfix_service_t *s)
{
    ses_str_t rest = postfix_value(p, s, list_of(p, s)), item;

    while (postfix_item(&rest, &item) && !is_wall(item) &&
           !ses_str_caseeqc(item, "reject"))
        if (ses_str_caseeqc(item, "check_recipient_access") &&
            postfix_item(&rest, &item) &&
            is_yes(postfix_lookup(p, item, token(p))))
            return true;
    return false;
}

static bool
any_accepts(const postfix_t *p)
{
    const postfix_service_t *s;

    for (s = p->services; s < p->services + p->nservices; s++)
        if (is_inbound(p, s) && accepts(p, s))
            return true;
    return false;
}

/* list with our class before the wall.  A name and its table, which has a
 * colon, stay together. */
static ses_str_t
opened(const postfix_t *p, ses_str_t list)
{
    bool done = false;
    ses_str_t item;
    ses_buf_t b;

    ses_buf_init(&b, p->a, LIST_MAX);
    while (postfix_item(&list, &item)) {
        if (b.n > 0)
            ses_buf_c(&b, ses_str_find(item, ':') > 0 ? " " : ", ");
        if (is_wall(item) && !done) {
            ses_buf_c(&b, "$" CLASS ", ");
            done = true;
        }
        ses_buf_str(&b, item);
    }
    return ses_buf_get(&b);
}

/* Raw where the wall stands in it, else as it is expanded. */
static ses_str_t
written(const postfix_t *p, const postfix_service_t *s)
{
    ses_str_t raw = postfix_raw(p, s, list_of(p, s)), rest = raw, item;

    while (postfix_item(&rest, &item))
        if (is_wall(item))
            return raw;
    return postfix_value(p, s, list_of(p, s));
}

/* --- the way to the agent ------------------------------------------------ */

static ses_str_t
routed(const postfix_t *p, ses_str_t *found)
{
    ses_str_t raw = postfix_raw(p, NULL, MAPS),
              table =
                  ses_str_printf(p->a, "regexp:{{/^" POSTFIX_TOKEN "/ %.*s}}",
                                 SES_FMT(postfix_to_agent(p)));

    *found = postfix_lookup(p, postfix_value(p, NULL, MAPS), token(p));
    if (found->n > 0) /* something else takes it: before that */
        return ses_str_printf(p->a, "%.*s, %.*s", SES_FMT(table), SES_FMT(raw));
    return ses_str_printf(p->a, "%.*s%s%.*s", SES_FMT(raw),
                          raw.n > 0 ? ", " : "", SES_FMT(table));
}

/* --- checks -------------------------------------------------------------- */

bool
postfix_uses_mail_from(postfix_t *p)
{
    return postfix_uses(p)->mail_from.n > 0;
}

static void
relay(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s, *first = NULL;
    postfix_fix_t fix;

    if (!postfix_uses_mail_from(p) || any_accepts(p))
        return;
    for (s = p->services; s < p->services + p->nservices && first == NULL; s++)
        if (is_inbound(p, s))
            first = s;
    if (first == NULL)
        return; /* mail comes in elsewhere */
    fix = postfix_fix_where(p, first, list_of(p, first),
                            opened(p, written(p, first)));
    fix.command = ses_str_printf(
        p->a, "sesamectl -c %s postfix --apply --feature mail-from",
        p->conf->file);
    postfix_found(p, k, fix,
                  "%s refuses what comes back to customers' MAIL FROM domains, "
                  "such as %.*s",
                  postfix_label(p, first), SES_FMT(postfix_uses(p)->mail_from));
}

/* Let in, it must go nowhere else: or any sender may relay to such names. */
static void
transport(postfix_t *p, const postfix_check_t *k)
{
    bool open = any_accepts(p);
    ses_str_t found, maps;

    if (!open && !postfix_uses_mail_from(p))
        return;
    maps = routed(p, &found);
    if (postfix_leads_to_agent(p, found))
        return;
    postfix_found(p, k, postfix_fix_main(p, MAPS, maps),
                  found.n > 0
                      ? "transport_maps sends bounces to customers' MAIL FROM "
                        "domains elsewhere (%.*s)"
                      : "transport_maps has no way to the agent for bounces to "
                        "customers' MAIL FROM domains%.*s",
                  SES_FMT(found));
}

const postfix_check_t postfix_checks_mail_from[] = {
    {.name = "mail-from-relay", POSTFIX_ERROR, relay},
    {.name = "mail-from-transport", POSTFIX_ERROR, transport},
    {0},
};

/* --- the feature --------------------------------------------------------- */

ses_rc_t
postfix_want_mail_from(postfix_t *p, postfix_edits_t *e)
{
    const postfix_service_t *s;
    ses_str_t found, maps = routed(p, &found);

    if (!postfix_leads_to_agent(p, found))
        postfix_want_main(p, e, MAPS, maps);
    for (s = p->services; s < p->services + p->nservices; s++) {
        if (!is_inbound(p, s) || accepts(p, s))
            continue;
        postfix_want_main(p, e, CLASS, SES_STR(ACCEPT));
        if (postfix_own(s, list_of(p, s)) == NULL)
            postfix_want_main(p, e, list_of(p, s), opened(p, written(p, s)));
        else
            postfix_want_option(p, e, s, list_of(p, s),
                                opened(p, written(p, s)));
    }
    return SES_OK;
}
