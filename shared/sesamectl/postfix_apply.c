/*
 * postfix_apply - show the lines of the features, and put them in place
 *
 * Three commands at most change anything: one for main.cf, one for each new
 * service, one for options of services that are there.  Each is done whole or
 * not at all (postconf renames a finished copy into place); when one fails,
 * what was done and what is left is said.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "postfix.h"

#define POSTCONF "/usr/sbin/postconf"
#define ALL_MAX 512

/* --- which ------------------------------------------------------------- */

static bool
is_chosen(const postfix_feature_t *f, const char *names)
{
    return names == NULL ? f->always
                         : postfix_has(ses_str(names), f->name) ||
                               postfix_has(ses_str(names), "all");
}

/* Is every name one of a feature? */
static bool
known(postfix_t *p, const char *names)
{
    const postfix_feature_t *f;
    ses_str_t rest = ses_str(names), item;

    while (names != NULL && postfix_item(&rest, &item)) {
        for (f = postfix_features; f->name != NULL; f++)
            if (ses_str_eqc(item, f->name))
                break;
        if (f->name == NULL && !ses_str_eqc(item, "all")) {
            ctl_error(p->c, "there is no feature %.*s", SES_FMT(item));
            return false;
        }
    }
    return true;
}

/* --- showing ----------------------------------------------------------- */

/* A service and its options, each on a line of its own. */
static ses_str_t
folded(const postfix_t *p, ses_str_t line)
{
    ptrdiff_t at;
    ses_buf_t b;

    ses_buf_init(&b, p->a, 1 << 16);
    while ((at = ses_str_search(line, SES_STR(" -o "))) >= 0) {
        ses_buf_str(&b, ses_str_head(line, (size_t) at));
        ses_buf_c(&b, "\n  -o ");
        line = ses_str_from(line, (size_t) at + 4);
    }
    ses_buf_str(&b, line);
    return ses_buf_get(&b);
}

static ses_str_t
line_of(const postfix_t *p, const postfix_edit_t *e)
{
    switch (e->kind) {
    case POSTFIX_MAIN:
        return ses_str_printf(p->a, "%.*s =%s%.*s", SES_FMT(e->name),
                              e->value.n > 0 ? " " : "", SES_FMT(e->value));
    case POSTFIX_SERVICE:
        return folded(p, e->value);
    case POSTFIX_OPTION:
        break;
    }
    return ses_str_printf(p->a, "  -o %.*s=%.*s", SES_FMT(e->name),
                          SES_FMT(e->value));
}

static void
show_text(const postfix_t *p, const postfix_feature_t *f,
          const postfix_edits_t *e)
{
    ses_str_t dir = p->conf->postfix_config, last = SES_STR("");
    const postfix_edit_t *i;
    int file = -1;

    printf("# %s: %s\n", f->name, f->what);
    for (i = e->edit; i < e->edit + e->n; i++) {
        if (file != (i->kind != POSTFIX_MAIN)) {
            file = i->kind != POSTFIX_MAIN;
            printf("# in %.*s/%s:\n", SES_FMT(dir),
                   file == 0 ? "main.cf" : "master.cf");
        }
        if (i->kind == POSTFIX_OPTION && !ses_str_eq(last, i->service)) {
            last = i->service;
            printf("# at the service %.*s, instead of what it says:\n",
                   SES_FMT(last));
        }
        printf("%.*s\n", SES_FMT(line_of(p, i)));
    }
    putchar('\n');
}

static void
show_json(postfix_t *p, const postfix_feature_t *f, const postfix_edits_t *e)
{
    const postfix_edit_t *i;
    emit_t *out = &p->c->out;

    emit_open(out, NULL);
    emit_c(out, "feature", f->name);
    emit_c(out, "what", f->what);
    emit_list(out, "lines");
    for (i = e->edit; i < e->edit + e->n; i++) {
        emit_open(out, NULL);
        emit_c(out, "file", i->kind == POSTFIX_MAIN ? "main.cf" : "master.cf");
        emit_str(out, "service", i->service);
        emit_str(out, "line", line_of(p, i));
        emit_close(out);
    }
    emit_end(out);
    emit_close(out);
}

/* Say what each chosen feature lacks, and gather it in *all. */
static ses_rc_t
show(postfix_t *p, const char *names, postfix_edits_t *all)
{
    const postfix_feature_t *f;
    ses_rc_t rc;
    size_t i;

    for (f = postfix_features; f->name != NULL; f++) {
        postfix_edits_t e = {0};

        if (!is_chosen(f, names))
            continue;
        if ((rc = f->lines(p, &e)) != SES_OK)
            return rc;
        if (e.n == 0)
            continue;
        if (p->c->json)
            show_json(p, f, &e);
        else
            show_text(p, f, &e);
        if (all->n + e.n > all->cap) {
            all->edit =
                ses_regrow(p->a, all->edit, all->n * sizeof(*all->edit),
                           (all->n + e.n + ALL_MAX) * sizeof(*all->edit));
            all->cap = all->n + e.n + ALL_MAX;
        }
        for (i = 0; i < e.n; i++)
            all->edit[all->n++] = e.edit[i];
    }
    return SES_OK;
}

int
postfix_show(postfix_t *p, const char *features)
{
    postfix_edits_t all = {0};
    ses_rc_t rc;

    if (!known(p, features))
        return 2;
    if (p->c->json)
        emit_list(&p->c->out, NULL);
    if ((rc = show(p, features, &all)) != SES_OK)
        return ctl_failed(p->c, rc);
    if (p->c->json)
        emit_end(&p->c->out);
    else if (all.n == 0)
        puts("Nothing to add: every line is there.");
    return 0;
}

/* --- doing it ---------------------------------------------------------- */

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
    ses_buf_init(&b, a, 1 << 17);
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
            args[n++] = line_of(d->p, e);
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

    if (!known(p, features))
        return 2;
    if (!yes && (p->c->json || !isatty(STDIN_FILENO))) {
        ctl_error(p->c, "nobody is there to ask: --apply needs --yes");
        return 2;
    }
    if (p->c->json)
        emit_list(&p->c->out, NULL);
    if ((rc = show(p, features, &all)) != SES_OK)
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
