/*
 * postfix_check - all checks, what they find, and the line that mends it
 *
 * A finding is told once: several services that suffer from one line of
 * main.cf are one finding, the first of them.
 */
#include <stdarg.h>
#include <stdio.h>

#include "postfix.h"

#define TEXT_MAX 2048

/* In this order: the first ones explain what fails later. */
static const postfix_check_t *const tables[] = {
    postfix_checks_main,      postfix_checks_log,     postfix_checks_milter,
    postfix_checks_inject,    postfix_checks_login,   postfix_checks_bind,
    postfix_checks_transport, postfix_checks_rewrite, postfix_checks_pools,
    postfix_checks_mail_from, postfix_checks_files,
};

void
postfix_check(postfix_t *p)
{
    const postfix_check_t *k;
    size_t i;

    p->nfound = 0;
    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (k = tables[i]; k->name != NULL; k++)
            k->find(p, k);
}

static bool
is_known(const postfix_t *p, const postfix_finding_t *f)
{
    const postfix_finding_t *o;

    for (o = p->found; o < p->found + p->nfound; o++)
        if (strcmp(o->fix.file, f->fix.file) == 0 &&
            ses_str_eq(o->fix.line, f->fix.line) &&
            ses_str_eq(o->fix.command, f->fix.command))
            return true;
    return false;
}

void
postfix_found(postfix_t *p, const postfix_check_t *k, postfix_fix_t fix,
              const char *fmt, ...)
{
    postfix_finding_t f = {k->name, k->severity, SES_STR(""), fix};
    char text[TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    f.text = ses_str_dup(p->a, ses_str(text));
    if (is_known(p, &f))
        return;
    if (p->nfound == p->cap_found) {
        p->cap_found = p->cap_found == 0 ? 32 : 2 * p->cap_found;
        p->found = ses_regrow(p->a, p->found, p->nfound * sizeof(*p->found),
                              p->cap_found * sizeof(*p->found));
    }
    p->found[p->nfound++] = f;
}

/* --- what mends it ----------------------------------------------------- */

/* postconf -c DIR HOW 'what' */
static ses_str_t
postconf(const postfix_t *p, const char *how, ses_str_t what)
{
    return ses_str_printf(p->a, "postconf -c %.*s %s %.*s",
                          SES_FMT(p->conf->postfix_config), how,
                          SES_FMT(postfix_quote(p->a, what)));
}

postfix_fix_t
postfix_fix_main(const postfix_t *p, const char *name, ses_str_t value)
{
    ses_str_t line = ses_str_printf(p->a, "%s =%s%.*s", name,
                                    value.n > 0 ? " " : "", SES_FMT(value));

    return (postfix_fix_t){"main.cf", line, postconf(p, "-e", line)};
}

postfix_fix_t
postfix_fix_service(const postfix_t *p, const postfix_service_t *s,
                    const char *name, ses_str_t value)
{
    ses_str_t set = ses_str_printf(p->a, "%s=%.*s", name,
                                   SES_FMT(postfix_word(p->a, value)));

    return (postfix_fix_t){
        "master.cf",
        ses_str_printf(p->a, "%s: -o %.*s", postfix_label(p, s), SES_FMT(set)),
        postconf(
            p, "-P",
            ses_str_printf(p->a, "%.*s/%.*s", SES_FMT(s->key), SES_FMT(set)))};
}

postfix_fix_t
postfix_fix_where(const postfix_t *p, const postfix_service_t *s,
                  const char *name, ses_str_t value)
{
    return postfix_own(s, name) != NULL ? postfix_fix_service(p, s, name, value)
                                        : postfix_fix_main(p, name, value);
}

postfix_fix_t
postfix_fix_conf(const postfix_t *p, const char *option, ses_str_t value)
{
    return (postfix_fix_t){
        "sesame.conf",
        ses_str_printf(p->a, "%s = %.*s", option, SES_FMT(value)), SES_STR("")};
}

postfix_fix_t
postfix_fix_command(const postfix_t *p, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return (postfix_fix_t){"", SES_STR(""), ses_str_dup(p->a, ses_str(text))};
}
