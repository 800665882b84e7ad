/*
 * check_services - do gate, agent, nginx and Postfix answer?
 */

#include "check.h"
#include "probe.h"

/* Option negotiation as Postfix sends it: version 6, all actions, steps. */
static const char negotiate[] = "\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff"
                                "\xff";

/* --- sockets for Postfix ----------------------------------------------- */

static void
check_socket(check_t *k, const char *option, ses_str_t where,
             const char *daemon, ses_str_t send, ses_str_t expect)
{
    const char *wrong;

    if (!ses_str_starts(where, SES_STR("unix:")))
        return; /* a descriptor that was handed down */
    wrong = probe(k->c->arena, where.p, send, expect);
    if (wrong != NULL)
        check_found(k,
                    ses_str_printf(k->c->arena,
                                   "Is %s running? systemctl status %s, and "
                                   "its log.",
                                   daemon, daemon)
                        .p,
                    "%s: %.*s: %s", option, SES_FMT(where), wrong);
}

/* --- nginx ------------------------------------------------------------- */

static void
check_nginx(check_t *k)
{
    static const char remedy[] =
        "Is nginx running, with the module, and does public_url reach it? "
        "nginx -t, and its error log.";
    ses_arena_t *a = k->c->arena;
    ses_str_t url = k->c->conf.public_url, host, rest;
    bool tls = ses_str_starts(url, SES_STR("https://"));
    const char *where, *wrong;

    rest = ses_str_from(url, tls ? 8 : 7);
    if (!ses_str_cut(&rest, '/', &host))
        return;
    where =
        ses_str_find(
            ses_str_from(host, host.p[0] == '['
                                   ? (size_t) ses_str_find(host, ']') + 1
                                   : 0),
            ':') >= 0
            ? ses_str_c(a, host)
            : ses_str_printf(a, "%.*s:%s", SES_FMT(host), tls ? "443" : "80").p;
    /* Without a signature the service refuses, in its own words. */
    wrong = probe(a, where,
                  ses_str_printf(a,
                                 "GET /v2/email/account HTTP/1.1\r\n"
                                 "Host: %.*s\r\nConnection: close\r\n\r\n",
                                 SES_FMT(host)),
                  tls ? SES_STR("") : SES_STR("MissingAuthentication"));
    if (wrong != NULL)
        check_found(k, remedy, "public_url %.*s: %s", SES_FMT(url), wrong);
}

void
check_services(check_t *k)
{
    const ses_conf_t *conf = &k->c->conf;
    const char *wrong;

    check_socket(k, "milter_socket", conf->milter_socket, "sesame-milter",
                 ses_str_n(negotiate, sizeof(negotiate) - 1), SES_STR("O"));
    check_socket(k, "auth_socket", conf->auth_socket, "sesame-milter",
                 SES_STR(""), SES_STR("VERSION\t"));
    check_socket(k, "lmtp_socket", conf->lmtp_socket, "sesame-agent",
                 SES_STR(""), SES_STR("220 "));
    check_nginx(k);
    wrong = probe(k->c->arena, ses_str_c(k->c->arena, conf->inject),
                  SES_STR(""), SES_STR("220 "));
    if (wrong != NULL)
        check_found(k,
                    "Are Postfix, with the injection service of "
                    "master.cf, and the gate running? postfix status.",
                    "inject %.*s: %s", SES_FMT(conf->inject), wrong);
}
