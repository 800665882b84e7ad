/*
 * postfix_listen - the two services of ours in master.cf
 *
 * Rules of main.cf that are meant for strangers must not meet nginx, so the
 * service says for itself what holds.  The names of options stand in the
 * order in which an administrator would read them.
 */
#include <unistd.h>

#include "postfix.h"

#define NONE SES_STR("")

/* --- where nginx injects ----------------------------------------------- */

ses_rc_t
postfix_want_inject(postfix_t *p, postfix_edits_t *e)
{
    const postfix_option_t options[] = {
        {"smtpd_milters", postfix_gate_item(p, NULL), false},
        {"milter_macro_daemon_name", p->conf->api_daemon_name, false},
        {"mynetworks", SES_STR("127.0.0.0/8,[::1]/128"), false},
        {"smtpd_relay_restrictions", SES_STR("permit_mynetworks,reject"),
         false},
        {"smtpd_client_restrictions", NONE, false},
        {"smtpd_helo_restrictions", NONE, false},
        {"smtpd_sender_restrictions", NONE, false},
        {"smtpd_recipient_restrictions", NONE, false},
        {"smtpd_data_restrictions", NONE, false},
        {"smtpd_end_of_data_restrictions", NONE, false},
        {"smtpd_client_connection_count_limit", SES_STR("0"), false},
        {"smtpd_error_sleep_time", SES_STR("0"), false},
        {"smtpd_hard_error_limit", SES_STR("10000"), false},
        {"smtpd_soft_error_limit", SES_STR("10000"), false},
        {"smtpd_discard_ehlo_keywords", SES_STR("dsn"), false},
        {"smtpd_tls_security_level", SES_STR("none"), false},
        {"local_header_rewrite_clients", NONE, false},
        {"receive_override_options", NONE, false},
        {"content_filter", NONE, false},
        {"smtpd_proxy_filter", NONE, true},
        {"smtpd_milter_maps", NONE, true},
        {"smtpd_authorized_xclient_hosts", NONE, true},
        {"smtpd_discard_ehlo_keyword_address_maps", NONE, true},
        {"smtpd_tls_wrappermode", SES_STR("no"), true},
        {"smtpd_enforce_tls", SES_STR("no"), true},
        {0},
    };
    const postfix_service_t *s, *there = NULL;

    for (s = p->services; s < p->services + p->nservices; s++)
        if (postfix_is_inject(p, s))
            there = s;
    if (there != NULL && !postfix_is_named(p, there, p->conf->api_daemon_name))
        return ses_fail(&p->c->cx, SES_EXISTS,
                        "%s of master.cf has the port of inject = %.*s: "
                        "choose another in sesame.conf",
                        postfix_label(p, there), SES_FMT(p->conf->inject));
    postfix_want_service(
        p, e, there,
        ses_str_printf(p->a, "%.*s/inet", SES_FMT(p->conf->inject)),
        "n - n - 0 smtpd", options);
    return SES_OK;
}

/* --- where SES credentials log in -------------------------------------- */

/* The host of public_url: what clients connect to. */
static ses_str_t
public_host(const postfix_t *p)
{
    ses_str_t rest = p->conf->public_url, host;
    ptrdiff_t at = ses_str_search(rest, SES_STR("://"));

    rest = ses_str_from(rest, at < 0 ? 0 : (size_t) at + 3);
    (void) ses_str_cut(&rest, '/', &host);
    rest = host;
    (void) ses_str_cut(&rest, ':', &host);
    return host;
}

/* Of main.cf's, or of its own? */
static bool
has_certificate(const postfix_t *p, const postfix_service_t *s)
{
    return postfix_value(p, s, "smtpd_tls_chain_files").n > 0 ||
           postfix_value(p, s, "smtpd_tls_cert_file").n > 0;
}

/* The service where SES credentials log in; NULL = there is none yet. */
static const postfix_service_t *
login_service(const postfix_t *p)
{
    const postfix_service_t *s, *there = NULL;

    for (s = p->services; s < p->services + p->nservices; s++)
        if (postfix_is_named(p, s, p->conf->smtp_daemon_name))
            there = s;
    return there;
}

/* 587 may be the administrator's own. */
static ses_str_t
login_key(const postfix_t *p)
{
    const postfix_service_t *s;

    for (s = p->services; s < p->services + p->nservices; s++)
        if (ses_str_eqc(s->type, "inet") && postfix_port(p->a, s->name) == 587)
            return SES_STR("2587/inet");
    return SES_STR("submission/inet");
}

ses_rc_t
postfix_want_smtp(postfix_t *p, postfix_edits_t *e)
{
    const postfix_service_t *there = login_service(p);
    ses_str_t host = public_host(p), none = NONE,
              cert = ses_str_printf(p->a, "/etc/ssl/certs/%.*s.pem",
                                    SES_FMT(host)),
              key = ses_str_printf(p->a, "/etc/ssl/private/%.*s.key",
                                   SES_FMT(host));
    const postfix_option_t options[] = {
        {"smtpd_milters", postfix_gate_item(p, NULL), false},
        {"milter_macro_daemon_name", p->conf->smtp_daemon_name, false},
        {"smtpd_sasl_auth_enable", SES_STR("yes"), false},
        {"smtpd_sasl_type", SES_STR("dovecot"), false},
        {"smtpd_sasl_path",
         postfix_socket(p, p->conf->auth_socket, "sesame/auth"), false},
        {"smtpd_sasl_security_options", SES_STR("noanonymous"), false},
        {"smtpd_relay_restrictions",
         SES_STR("permit_sasl_authenticated,reject"), false},
        {"smtpd_recipient_restrictions", none, false},
        {"smtpd_tls_security_level", SES_STR("may"), false},
        {"smtpd_tls_auth_only", SES_STR("yes"), false},
        {"smtpd_discard_ehlo_keywords", SES_STR("dsn"), false},
        {"local_header_rewrite_clients", none, false},
        {"receive_override_options", none, false},
        {"content_filter", none, false},
        {"smtpd_proxy_filter", none, true},
        {"smtpd_milter_maps", none, true},
        {"smtpd_authorized_xclient_hosts", none, true},
        {"smtpd_discard_ehlo_keyword_address_maps", none, true},
        /* the last ones only where there is no certificate */
        {has_certificate(p, there) ? NULL : "smtpd_tls_cert_file", cert, false},
        {"smtpd_tls_key_file", key, false},
        {0},
    };

    postfix_want_service(p, e, there, login_key(p), "n - n - - smtpd", options);
    return SES_OK;
}
