/*
 * postfix_apply - put the lines of the features in place
 *
 * Three kinds of commands change anything: one for main.cf, one for each new
 * service, one for options of services that are there.  Each is done whole or
 * not at all (postconf renames a finished copy into place); when one fails,
 * what was done and what is left is said.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "postfix.h"

#define POSTCONF "/usr/sbin/postconf"
#define COMMAND_MAX (1 << 17)

typedef struct {
    postfix_t *p;
    unsigned done;
    bool failed;
} doing_t;

/* postconf HOW ARGUMENT...: said, and done unless a step failed before. */
static void
step(doing_t *d, const char *how, const ses_str_t *args, size_t n)
{
    ses_arena_t *a = d->p->a;
    const char **argv = ses_calloc(a, (n + 6) * sizeof(*argv));
    postfix_ran_t ran;
    ses_str_t said;
    ses_buf_t b;
    size_t at = 0, i;

    if (n == 0)
        return;
    argv[at++] = POSTCONF;
    argv[at++] = "-c";
    argv[at++] = d->p->conf->postfix_config.p;
    argv[at++] = how;
    ses_buf_init(&b, a, COMMAND_MAX);
    ses_buf_printf(&b, "postconf -c %s %s", argv[2], how);
    if (how[1] == 'M') {
        argv[at++] = "-e";
        ses_buf_c(&b, " -e");
    }
    for (i = 0; i < n; i++) {
        argv[at++] = ses_str_c(a, args[i]);
        ses_buf_printf(&b, " %.*s", SES_FMT(postfix_quote(a, args[i])));
    }
    said = ses_buf_get(&b);
    if (d->failed) {
        fprintf(stderr, "left:   %.*s\n", SES_FMT(said));
        return;
    }
    ran = postfix_run(a, argv);
    if (ran.status == 0) {
        d->done++;
        if (!d->p->c->json)
            printf("done:   %.*s\n", SES_FMT(said));
        return;
    }
    d->failed = true;
    fflush(stdout);
    fprintf(stderr, "failed: %.*s\n        %.*s\n", SES_FMT(said),
            SES_FMT(ses_str_trim(ran.err)));
}

/* All edits of one kind as one command (a service has one of its own). */
static void
kind(doing_t *d, const postfix_edits_t *all, postfix_kind_t want,
     const char *how)
{
    ses_arena_t *a = d->p->a;
    ses_str_t *args = ses_calloc(a, (all->n + 1) * sizeof(*args));
    const postfix_edit_t *e;
    size_t n = 0;

    for (e = all->edit; e < all->edit + all->n; e++) {
        if (e->kind != want)
            continue;
        if (want == POSTFIX_MAIN)
            args[n++] = postfix_edit_line(d->p, e);
        else if (want == POSTFIX_OPTION)
            args[n++] = ses_str_printf(a, "%.*s/%.*s=%.*s", SES_FMT(e->service),
                                       SES_FMT(e->name), SES_FMT(e->value));
        else
            args[n++] = ses_str_printf(a, "%.*s=%.*s", SES_FMT(e->service),
                                       SES_FMT(e->value));
        if (want == POSTFIX_SERVICE) {
            step(d, how, args, n);
            n = 0;
        }
    }
    step(d, how, args, n);
}

/* Only "y" and "yes" are yes. */
static bool
agreed(void)
{
    char answer[16] = "";

    fputs("Write these lines? [y/N] ", stdout);
    fflush(stdout);
    if (fgets(answer, sizeof(answer), stdin) == NULL)
        return false;
    answer[strcspn(answer, "\n")] = '\0';
    return ses_str_caseeqc(ses_str(answer), "y") ||
           ses_str_caseeqc(ses_str(answer), "yes");
}

int
postfix_apply(postfix_t *p, const char *features, bool yes)
{
    const char *dir = p->conf->postfix_config.p;
    postfix_edits_t all = {0};
    doing_t d = {p, 0, false};
    ses_rc_t rc;

    if (!postfix_features_known(p, features))
        return 2;
    if (!yes && (p->c->json || !isatty(STDIN_FILENO))) {
        ctl_error(p->c, "nobody is there to ask: --apply needs --yes");
        return 2;
    }
    if (p->c->json)
        emit_list(&p->c->out, NULL);
    if ((rc = postfix_print(p, features, &all)) != SES_OK)
        return ctl_failed(p->c, rc);
    if (p->c->json)
        emit_end(&p->c->out);
    else if (all.n == 0)
        puts("Nothing to add: every line is there.");
    if (all.n == 0)
        return 0;
    if (!yes && !agreed()) {
        puts("Nothing was changed.");
        return 1;
    }
    kind(&d, &all, POSTFIX_MAIN, "-e");
    kind(&d, &all, POSTFIX_SERVICE, "-M");
    kind(&d, &all, POSTFIX_OPTION, "-P");
    if (d.failed)
        return ctl_error(p->c,
                         "%u step%s done; remove the cause and run it again: "
                         "it goes on with what is left",
                         d.done, d.done == 1 ? " was" : "s were");
    if (!p->c->json)
        printf("Postfix still runs as before.  When the gate is up: postfix "
               "-c %s reload, and sesamectl postfix --check.\n",
               dir);
    return 0;
}
