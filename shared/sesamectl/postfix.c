/*
 * postfix - sesamectl postfix: joining a Postfix that is there
 *
 * --show prints the lines to add, --apply adds them, --check names what is
 * wrong and the line to change.  `sesamectl check` tells the same findings.
 */
#include "postfix.h"

#include <stdio.h>

#include "check.h"

static const char *
word(postfix_severity_t s)
{
    return s == POSTFIX_ERROR ? "error" : "warning";
}

static void
tell_text(unsigned n, const postfix_finding_t *f)
{
    printf("%u. %s (%s): %.*s\n", n, f->check, word(f->severity),
           SES_FMT(f->text));
    if (f->fix.line.n > 0)
        printf("   %s: %.*s\n", f->fix.file, SES_FMT(f->fix.line));
    if (f->fix.command.n > 0)
        printf("   %.*s\n", SES_FMT(f->fix.command));
}

static void
tell_json(emit_t *out, const postfix_finding_t *f)
{
    emit_open(out, NULL);
    emit_c(out, "check", f->check);
    emit_c(out, "severity", word(f->severity));
    emit_str(out, "finding", f->text);
    emit_c(out, "file", f->fix.file);
    emit_str(out, "line", f->fix.line);
    emit_str(out, "command", f->fix.command);
    emit_close(out);
}

static int
look(postfix_t *p)
{
    ctl_t *c = p->c;
    size_t i;

    postfix_check(p);
    if (c->json)
        emit_list(&c->out, NULL);
    for (i = 0; i < p->nfound; i++)
        if (c->json)
            tell_json(&c->out, &p->found[i]);
        else
            tell_text((unsigned) i + 1, &p->found[i]);
    if (c->json)
        emit_end(&c->out);
    else if (p->nfound == 0)
        puts("Nothing found.");
    else
        printf("%zu finding%s.  After a change: postfix -c %s reload.\n",
               p->nfound, p->nfound == 1 ? "" : "s", p->conf->postfix_config.p);
    return p->nfound == 0 ? 0 : 1;
}

static int
postfix(ctl_t *c)
{
    bool show = ctl_option(c, "show") != NULL,
         apply = ctl_option(c, "apply") != NULL,
         check = ctl_option(c, "check") != NULL,
         yes = ctl_option(c, "yes") != NULL;
    const char *features = ctl_option(c, "feature");
    postfix_t p;
    ses_rc_t rc;

    if (show + apply + check != 1) {
        ctl_error(c, "say one of --show, --apply and --check");
        return 2;
    }
    if ((yes && !apply) || (features != NULL && check)) {
        ctl_error(c, yes && !apply ? "--yes is for --apply"
                                   : "--feature is for --show and --apply");
        return 2;
    }
    if ((rc = postfix_load(c, &p)) != SES_OK)
        return ctl_failed(c, rc);
    if (check)
        return look(&p);
    return show ? postfix_show(&p, features) : postfix_apply(&p, features, yes);
}

/* --- as a part of sesamectl check -------------------------------------- */

void
check_postfix(check_t *k)
{
    const postfix_finding_t *f;
    postfix_t p;
    ses_rc_t rc;

    if ((rc = postfix_load(k->c, &p)) != SES_OK) {
        check_failed(k, "Postfix", rc);
        return;
    }
    postfix_check(&p);
    for (f = p.found; f < p.found + p.nfound; f++)
        check_found(k,
                    f->fix.line.n == 0
                        ? ses_str_c(k->c->arena, f->fix.command)
                        : ses_str_printf(k->c->arena, "%s: %.*s%s%.*s",
                                         f->fix.file, SES_FMT(f->fix.line),
                                         f->fix.command.n > 0 ? "\n   " : "",
                                         SES_FMT(f->fix.command))
                              .p,
                    "Postfix: %.*s", SES_FMT(f->text));
}

const ctl_command_t ctl_postfix[] = {
    {"",
     "",
     0,
     0,
     "Join the Postfix that postfix_config names.  --show prints the lines\n"
     "that it lacks, by purpose; --apply shows them, asks, and writes them\n"
     "with postconf; --check looks for mistakes and names the line that\n"
     "mends each (exit status 1 when there is one).",
     CTL_CONF,
     postfix,
     {{"show", NULL, "print what to add to main.cf and master.cf"},
      {"apply", NULL, "show it, ask, and add it"},
      {"check", NULL, "look for mistakes in the configuration in force"},
      {"yes", NULL, "do not ask"},
      {"feature", "LIST",
       "these only: gate, bounces, exact, size, pools, mail-from, smtp, or "
       "all"}}},
    {0},
};
