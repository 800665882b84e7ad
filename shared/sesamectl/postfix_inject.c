/*
 * postfix_inject - the service where nginx injects, and what holds for both
 * services of ours
 */
#include "postfix.h"

#define PROCESSES 200 /* nginx's workers times their connections */
#define ERRORS_ENOUGH 1000

static const postfix_service_t *
inject(const postfix_t *p)
{
    const postfix_service_t *s;

    for (s = p->services; s < p->services + p->nservices; s++)
        if (postfix_is_smtpd(s) && postfix_is_inject(p, s))
            return s;
    return NULL;
}

static void
inject_missing(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s;
    postfix_fix_t fix;

    if (inject(p) != NULL)
        return;
    for (s = p->services; s < p->services + p->nservices; s++)
        if (postfix_is_named(p, s, p->conf->api_daemon_name)) {
            postfix_found(p, k, postfix_fix_conf(p, "inject", s->name),
                          "%s is called %.*s, but nginx injects at %.*s",
                          postfix_label(p, s),
                          SES_FMT(p->conf->api_daemon_name),
                          SES_FMT(p->conf->inject));
            return;
        }
    fix = postfix_fix_command(
        p, "sesamectl -c %s postfix --apply --feature gate", p->conf->file);
    fix.file = "master.cf";
    fix.line = ses_str_printf(p->a, "%.*s inet n - n - 0 smtpd ...",
                              SES_FMT(p->conf->inject));
    postfix_found(p, k, fix,
                  "no smtpd service listens at %.*s, where nginx hands over "
                  "what the API was given",
                  SES_FMT(p->conf->inject));
}

static void
inject_name(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s = inject(p);

    if (s != NULL && !postfix_is_named(p, s, p->conf->api_daemon_name))
        postfix_found(p, k,
                      postfix_fix_service(p, s, "milter_macro_daemon_name",
                                          p->conf->api_daemon_name),
                      "%s: its milter_macro_daemon_name is \"%.*s\": the gate "
                      "refuses what nginx hands over",
                      postfix_label(p, s),
                      SES_FMT(postfix_value(p, s, "milter_macro_daemon_name")));
}

/* A name of ours where it does not belong. */
static void
foreign_name(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s;

    for (s = p->services; s < p->services + p->nservices; s++)
        if (inject(p) != NULL && !postfix_is_inject(p, s) &&
            postfix_is_named(p, s, p->conf->api_daemon_name))
            postfix_found(
                p, k,
                postfix_fix_where(p, s, "milter_macro_daemon_name",
                                  postfix_own(s, "milter_macro_daemon_name") ==
                                          NULL
                                      ? SES_STR("$myhostname")
                                      : ses_str_upper(p->a, s->name)),
                "%s is called %.*s, as only the service at %.*s may be",
                postfix_label(p, s), SES_FMT(p->conf->api_daemon_name),
                SES_FMT(p->conf->inject));
}

static void
inject_public(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s = inject(p);
    postfix_fix_t fix;

    if (s == NULL || postfix_loopback(p, s))
        return;
    fix = postfix_fix_command(
        p, "postconf -c %s -F %s", p->conf->postfix_config.p,
        postfix_quote(p->a, ses_str_printf(p->a, "%.*s/service=127.0.0.1:%u",
                                           SES_FMT(s->key),
                                           postfix_port(p->a, s->name)))
            .p);
    fix.file = "master.cf";
    fix.line = ses_str_printf(p->a, "127.0.0.1:%u inet ... smtpd",
                              postfix_port(p->a, s->name));
    postfix_found(p, k, fix,
                  "%s can be reached from other hosts; it is for nginx alone",
                  postfix_label(p, s));
}

static void
inject_relay(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s = inject(p);
    ses_str_t value, item;

    if (s == NULL)
        return;
    value = postfix_value(p, s, "smtpd_relay_restrictions");
    if (!postfix_item(&value, &item) ||
        !ses_str_caseeqc(item, "permit_mynetworks"))
        postfix_found(p, k,
                      postfix_fix_service(p, s, "smtpd_relay_restrictions",
                                          SES_STR("permit_mynetworks,reject")),
                      "%s: smtpd_relay_restrictions do not begin with "
                      "permit_mynetworks: mail of the API is refused",
                      postfix_label(p, s));
    value = postfix_value(p, s, "mynetworks");
    while (postfix_item(&value, &item))
        if (ses_str_starts(item, SES_STR("127.")) ||
            ses_str_starts(item, SES_STR("[::1]")))
            return;
    postfix_found(
        p, k, postfix_fix_service(p, s, "mynetworks", SES_STR("127.0.0.0/8")),
        "%s: mynetworks has no loopback address: mail of the API is "
        "refused",
        postfix_label(p, s));
}

/* Rules that are meant for strangers would meet nginx. */
static void
inject_restrictions(postfix_t *p, const postfix_check_t *k)
{
    static const char *const lists[] = {
        "smtpd_client_restrictions", "smtpd_helo_restrictions",
        "smtpd_sender_restrictions", "smtpd_recipient_restrictions",
        "smtpd_data_restrictions",   "smtpd_end_of_data_restrictions",
    };
    const postfix_service_t *s = inject(p);
    ses_str_t value, item;
    size_t i;

    for (i = 0; s != NULL && i < sizeof(lists) / sizeof(lists[0]); i++) {
        value = postfix_value(p, s, lists[i]);
        if (!postfix_item(&value, &item) || ses_str_caseeqc(item, "permit") ||
            ses_str_caseeqc(item, "permit_mynetworks"))
            continue;
        postfix_found(p, k, postfix_fix_service(p, s, lists[i], SES_STR("")),
                      "%s: %s apply to nginx: mail of the API may be refused",
                      postfix_label(p, s), lists[i]);
    }
}

static void
inject_limits(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s = inject(p);
    postfix_fix_t fix;
    uint64_t n;

    if (s == NULL)
        return;
    if (!ses_str_u64(s->limit, UINT32_MAX, &n) &&
        !ses_str_u64(postfix_value(p, NULL, "default_process_limit"),
                     UINT32_MAX, &n))
        n = 0;
    if (n != 0 && n < PROCESSES) {
        fix = postfix_fix_command(
            p, "postconf -c %s -F %s", p->conf->postfix_config.p,
            postfix_quote(p->a, ses_str_printf(p->a, "%.*s/process_limit=0",
                                               SES_FMT(s->key)))
                .p);
        fix.file = "master.cf";
        fix.line =
            ses_str_printf(p->a, "%.*s inet n - n - 0 smtpd", SES_FMT(s->name));
        postfix_found(p, k, fix,
                      "%s: at most %llu processes: nginx's workers keep more "
                      "connections, and the rest hangs",
                      postfix_label(p, s), (unsigned long long) n);
    }
    if (ses_str_u64(postfix_value(p, s, "smtpd_hard_error_limit"), UINT32_MAX,
                    &n) &&
        n < ERRORS_ENOUGH)
        postfix_found(p, k,
                      postfix_fix_service(p, s, "smtpd_hard_error_limit",
                                          SES_STR("10000")),
                      "%s: smtpd_hard_error_limit = %llu: refusals of one "
                      "client break the connection of all",
                      postfix_label(p, s), (unsigned long long) n);
}

static void
inject_tls(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s = inject(p);
    const char *name = NULL;

    if (s == NULL)
        return;
    if (postfix_yes(p, s, "smtpd_tls_wrappermode"))
        name = "smtpd_tls_wrappermode";
    else if (ses_str_caseeqc(postfix_value(p, s, "smtpd_tls_security_level"),
                             "encrypt"))
        name = "smtpd_tls_security_level";
    else if (postfix_yes(p, s, "smtpd_enforce_tls"))
        name = "smtpd_enforce_tls";
    if (name != NULL)
        postfix_found(p, k,
                      postfix_fix_service(
                          p, s, name, ses_str(name[10] == 's' ? "none" : "no")),
                      "%s: %s: nginx speaks no TLS to this host itself",
                      postfix_label(p, s), name);
}

/* --- both of ours ------------------------------------------------------ */

/* k->param of each of our services must be k->want. */
static void
ours_must(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s;
    ses_str_t value;

    for (s = p->services; s < p->services + p->nservices; s++) {
        value = postfix_value(p, s, k->param);
        if (postfix_is_ours(p, s) && !ses_str_caseeqc(value, k->want))
            postfix_found(p, k,
                          postfix_fix_service(p, s, k->param, ses_str(k->want)),
                          "%s: %s = %.*s: %s", postfix_label(p, s), k->param,
                          SES_FMT(value), k->why);
    }
}

/* Clients that ask for delivery notices get them past the events. */
static void
ours_dsn(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s;
    const char *name = "smtpd_discard_ehlo_keywords";
    ses_str_t value;

    for (s = p->services; s < p->services + p->nservices; s++) {
        if (!postfix_is_ours(p, s))
            continue;
        value = postfix_word(p->a, postfix_value(p, s, name));
        if (!postfix_has(value, "dsn"))
            postfix_found(p, k,
                          postfix_fix_service(
                              p, s, name,
                              ses_str_printf(p->a, "%.*s%sdsn", SES_FMT(value),
                                             value.n > 0 ? "," : "")),
                          "%s: %s lacks dsn: clients can have notices that "
                          "bypass the events",
                          postfix_label(p, s), name);
        name = "smtpd_discard_ehlo_keyword_address_maps";
        if (postfix_value(p, s, name).n > 0)
            postfix_found(p, k, postfix_fix_service(p, s, name, SES_STR("")),
                          "%s: %s overrides smtpd_discard_ehlo_keywords",
                          postfix_label(p, s), name);
        name = "smtpd_discard_ehlo_keywords";
    }
}

const postfix_check_t postfix_checks_inject[] = {
    {.name = "inject-missing", POSTFIX_ERROR, inject_missing},
    {.name = "inject-name", POSTFIX_ERROR, inject_name},
    {.name = "daemon-name", POSTFIX_ERROR, foreign_name},
    {.name = "inject-public", POSTFIX_ERROR, inject_public},
    {.name = "inject-relay", POSTFIX_ERROR, inject_relay},
    {.name = "inject-restrictions", POSTFIX_ERROR, inject_restrictions},
    {.name = "inject-limits", POSTFIX_WARNING, inject_limits},
    {.name = "inject-tls", POSTFIX_ERROR, inject_tls},
    {.name = "content-filter",
     POSTFIX_ERROR,
     ours_must,
     "content_filter",
     "",
     "a filter behind the gate changes what is signed, and brings it back"},
    {.name = "proxy-filter",
     POSTFIX_ERROR,
     ours_must,
     "smtpd_proxy_filter",
     "",
     "the gate would not see the client"},
    {.name = "xclient",
     POSTFIX_ERROR,
     ours_must,
     "smtpd_authorized_xclient_hosts",
     "",
     "these hosts may claim any client and any login"},
    {.name = "header-rewrite",
     POSTFIX_WARNING,
     ours_must,
     "local_header_rewrite_clients",
     "",
     "Postfix changes headers that are the sender's own; the gate sets Date "
     "and Message-ID itself"},
    {.name = "dsn-request", POSTFIX_WARNING, ours_dsn},
    {0},
};
