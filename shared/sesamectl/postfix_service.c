/*
 * postfix_service - the services that take mail: who they are
 *
 * nginx hands its mail to one on a loopback address, whose {daemon_name} is
 * api_daemon_name.  SES credentials log in to services whose {daemon_name} is
 * smtp_daemon_name.  All others are the administrator's.
 */
#include "postfix.h"

bool
postfix_is_smtpd(const postfix_service_t *s)
{
    return s != NULL && ses_str_eqc(s->command, "smtpd");
}

bool
postfix_is_inject(const postfix_t *p, const postfix_service_t *s)
{
    return ses_str_eqc(s->type, "inet") &&
           postfix_port(p->a, s->name) == postfix_port(p->a, p->conf->inject);
}

bool
postfix_is_named(const postfix_t *p, const postfix_service_t *s, ses_str_t name)
{
    return postfix_is_smtpd(s) &&
           ses_str_eq(postfix_value(p, s, "milter_macro_daemon_name"), name);
}

static bool
is_smtp(const postfix_t *p, const postfix_service_t *s)
{
    return postfix_is_named(p, s, p->conf->smtp_daemon_name) &&
           !postfix_is_inject(p, s);
}

bool
postfix_is_ours(const postfix_t *p, const postfix_service_t *s)
{
    return postfix_is_smtpd(s) && (postfix_is_inject(p, s) || is_smtp(p, s));
}

/* Where a filter gives back what it was sent: it has no milters on purpose. */
static bool
is_return(const postfix_t *p, const postfix_service_t *s)
{
    const postfix_param_t *own = postfix_own(s, "smtpd_milters");

    return postfix_loopback(p, s) &&
           ((own != NULL && own->value.n == 0) ||
            postfix_has(postfix_value(p, s, "receive_override_options"),
                        "no_milters"));
}

bool
postfix_relays(const postfix_t *p, const postfix_service_t *s)
{
    static const char *const lists[] = {"smtpd_relay_restrictions",
                                        "smtpd_recipient_restrictions"};
    ses_str_t value;
    size_t i;

    if (!postfix_is_smtpd(s))
        return false;
    if (postfix_is_ours(p, s))
        return true;
    if (is_return(p, s))
        return false;
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        value = postfix_value(p, s, lists[i]);
        if ((postfix_has(value, "permit_mynetworks") &&
             postfix_value(p, s, "mynetworks").n > 0) ||
            (postfix_has(value, "permit_sasl_authenticated") &&
             postfix_yes(p, s, "smtpd_sasl_auth_enable")))
            return true;
    }
    return false;
}
