/*
 * postfix_login - services where SES credentials log in
 *
 * A login counts only on a service that is called smtp_daemon_name and whose
 * SASL server is the gate; passwords travel under TLS alone.
 */
#include "postfix.h"

static bool
asks_gate(const postfix_t *p, const postfix_service_t *s)
{
    return ses_str_eqc(postfix_value(p, s, "smtpd_sasl_type"), "dovecot") &&
           postfix_same_socket(p, postfix_value(p, s, "smtpd_sasl_path"),
                               p->conf->auth_socket, "sesame/auth");
}

static bool
is_login(const postfix_t *p, const postfix_service_t *s)
{
    return postfix_is_smtpd(s) && !postfix_is_inject(p, s) &&
           (postfix_is_named(p, s, p->conf->smtp_daemon_name) ||
            (asks_gate(p, s) && postfix_yes(p, s, "smtpd_sasl_auth_enable")));
}

static void
name_of(postfix_t *p, const postfix_check_t *k, const postfix_service_t *s)
{
    if (!postfix_is_named(p, s, p->conf->smtp_daemon_name))
        postfix_found(p, k,
                      postfix_fix_service(p, s, "milter_macro_daemon_name",
                                          p->conf->smtp_daemon_name),
                      "%s: SES credentials log in, but it is not called %.*s: "
                      "their mail counts as nobody's",
                      postfix_label(p, s), SES_FMT(p->conf->smtp_daemon_name));
}

static void
server_of(postfix_t *p, const postfix_check_t *k, const postfix_service_t *s)
{
    if (!postfix_yes(p, s, "smtpd_sasl_auth_enable"))
        postfix_found(
            p, k,
            postfix_fix_service(p, s, "smtpd_sasl_auth_enable", SES_STR("yes")),
            "%s: nobody can log in", postfix_label(p, s));
    if (!ses_str_eqc(postfix_value(p, s, "smtpd_sasl_type"), "dovecot"))
        postfix_found(
            p, k,
            postfix_fix_service(p, s, "smtpd_sasl_type", SES_STR("dovecot")),
            "%s: smtpd_sasl_type = %.*s, and the gate speaks dovecot",
            postfix_label(p, s),
            SES_FMT(postfix_value(p, s, "smtpd_sasl_type")));
    else if (!asks_gate(p, s))
        postfix_found(
            p, k,
            postfix_fix_service(
                p, s, "smtpd_sasl_path",
                postfix_socket(p, p->conf->auth_socket, "sesame/auth")),
            "%s: smtpd_sasl_path = %.*s is not the gate's", postfix_label(p, s),
            SES_FMT(postfix_value(p, s, "smtpd_sasl_path")));
    if (!postfix_has(postfix_value(p, s, "smtpd_relay_restrictions"),
                     "permit_sasl_authenticated") &&
        !postfix_has(postfix_value(p, s, "smtpd_recipient_restrictions"),
                     "permit_sasl_authenticated"))
        postfix_found(
            p, k,
            postfix_fix_service(p, s, "smtpd_relay_restrictions",
                                SES_STR("permit_sasl_authenticated,reject")),
            "%s: who logged in may not send", postfix_label(p, s));
}

static void
reach_of(postfix_t *p, const postfix_check_t *k, const postfix_service_t *s)
{
    ses_str_t path = postfix_value(p, s, "smtpd_sasl_path"),
              right = postfix_socket(p, p->conf->auth_socket, "sesame/auth");

    if (!asks_gate(p, s) ||
        postfix_reaches(p, s, path, p->conf->auth_socket, "sesame/auth"))
        return;
    postfix_found(
        p, k,
        right.p[0] != '/'
            ? postfix_fix_service(p, s, "smtpd_sasl_path", right)
            : postfix_fix_conf(p, "auth_socket",
                               ses_str_printf(p->a, "unix:%.*s",
                                              SES_FMT(postfix_below(
                                                  p, SES_STR("sesame/auth"))))),
        "%s runs %s chroot and cannot reach %.*s", postfix_label(p, s),
        s->chroot ? "in a" : "without a", SES_FMT(path));
}

static void
tls_of(postfix_t *p, const postfix_check_t *k, const postfix_service_t *s)
{
    ses_str_t level = postfix_value(p, s, "smtpd_tls_security_level");
    bool offered = level.n > 0 && !ses_str_caseeqc(level, "none");

    if (postfix_yes(p, s, "smtpd_tls_wrappermode"))
        return;
    if (!offered && !postfix_yes(p, s, "smtpd_use_tls"))
        postfix_found(p, k,
                      postfix_fix_service(p, s, "smtpd_tls_security_level",
                                          SES_STR("may")),
                      "%s: no TLS is offered", postfix_label(p, s));
    if (!ses_str_caseeqc(level, "encrypt") &&
        !postfix_yes(p, s, "smtpd_tls_auth_only"))
        postfix_found(
            p, k,
            postfix_fix_service(p, s, "smtpd_tls_auth_only", SES_STR("yes")),
            "%s: passwords may cross the net in the clear",
            postfix_label(p, s));
    if (!postfix_has(postfix_value(p, s, "smtpd_sasl_security_options"),
                     "noanonymous"))
        postfix_found(p, k,
                      postfix_fix_service(p, s, "smtpd_sasl_security_options",
                                          SES_STR("noanonymous")),
                      "%s: smtpd_sasl_security_options lacks noanonymous",
                      postfix_label(p, s));
}

static void
each(postfix_t *p, const postfix_check_t *k,
     void (*fn)(postfix_t *p, const postfix_check_t *k,
                const postfix_service_t *s))
{
    const postfix_service_t *s;

    for (s = p->services; s < p->services + p->nservices; s++)
        if (is_login(p, s))
            fn(p, k, s);
}

static void
names(postfix_t *p, const postfix_check_t *k)
{
    each(p, k, name_of);
}

static void
servers(postfix_t *p, const postfix_check_t *k)
{
    each(p, k, server_of);
}

static void
reach(postfix_t *p, const postfix_check_t *k)
{
    each(p, k, reach_of);
}

static void
tls(postfix_t *p, const postfix_check_t *k)
{
    each(p, k, tls_of);
}

const postfix_check_t postfix_checks_login[] = {
    {.name = "login-name", POSTFIX_ERROR, names},
    {.name = "login-server", POSTFIX_ERROR, servers},
    {.name = "login-chroot", POSTFIX_ERROR, reach},
    {.name = "login-tls", POSTFIX_ERROR, tls},
    {0},
};
