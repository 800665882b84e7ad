/*
 * check - sesamectl check: look for anything wrong, and say what helps
 *
 * Each check reports findings and never stops the others.  Exit status 1
 * when there was a finding.
 */
#include "check.h"

#include <stdarg.h>

void
check_found(check_t *k, const char *remedy, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    k->findings++;
    if (!k->c->json) {
        printf("%u. %s\n   %s\n", k->findings, text, remedy);
        return;
    }
    emit_open(&k->c->out, NULL);
    emit_c(&k->c->out, "finding", text);
    emit_c(&k->c->out, "remedy", remedy);
    emit_close(&k->c->out);
}

void
check_failed(check_t *k, const char *what, ses_rc_t rc)
{
    ses_str_t why = k->c->cx.why;

    check_found(k, "Try again; if it stays, the log of the daemons has more.",
                "%s: %.*s", what,
                SES_FMT(why.n > 0 ? why : ses_str(ses_rc_name(rc))));
    ses_cx_clear(&k->c->cx);
}

/* In this order: the first ones explain what fails later. */
static void (*const checks[])(check_t *k) = {
    check_users,    check_key_files, check_store_files, check_postfix,
    check_services, check_content,   check_dns,
};

static int
check(ctl_t *c)
{
    check_t k = {c, 0};
    size_t i;

    if (c->json)
        emit_list(&c->out, NULL);
    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        checks[i](&k);
    if (c->json)
        emit_end(&c->out);
    else if (k.findings == 0)
        puts("Nothing found.");
    else
        printf("%u finding%s.\n", k.findings, k.findings == 1 ? "" : "s");
    return k.findings == 0 ? 0 : 1;
}

const ctl_command_t ctl_check[] = {
    {"",
     "",
     0,
     0,
     "Look at users, key files, store, Postfix, services, ledger, quotas,\n"
     "destinations and DNS.  Each finding comes with its remedy; exit status\n"
     "1 when there was one.  Needs root.",
     CTL_CONF,
     check,
     {{0}}},
    {0},
};
