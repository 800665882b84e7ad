/*
 * postfix_show - the lines of the features, printed
 */
#include <stdio.h>

#include "base/buf.h"
#include "postfix.h"

#define LINE_SIZE (1 << 16)
#define SOME 64

/* --- which ------------------------------------------------------------- */

/* "all" has what is used, and what nobody can see whether it is. */
static bool
is_chosen(postfix_t *p, const postfix_feature_t *f, const char *names)
{
    if (names != NULL && postfix_has(ses_str(names), f->name))
        return true;
    if (names != NULL && !postfix_has(ses_str(names), "all"))
        return false;
    return f->used == NULL ? names != NULL : f->used(p);
}

bool
postfix_features_known(postfix_t *p, const char *names)
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

    ses_buf_init(&b, p->a, LINE_SIZE);
    while ((at = ses_str_search(line, SES_STR(" -o "))) >= 0) {
        ses_buf_str(&b, ses_str_head(line, (size_t) at));
        ses_buf_c(&b, "\n  -o ");
        line = ses_str_from(line, (size_t) at + 4);
    }
    ses_buf_str(&b, line);
    return ses_buf_get(&b);
}

ses_str_t
postfix_edit_line(const postfix_t *p, const postfix_edit_t *e)
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
        printf("%.*s\n", SES_FMT(postfix_edit_line(p, i)));
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
        emit_str(out, "line", postfix_edit_line(p, i));
        emit_close(out);
    }
    emit_end(out);
    emit_close(out);
}

/* One line more; a later one for the same parameter has all of it. */
static void
gather(postfix_t *p, postfix_edits_t *all, const postfix_edit_t *e)
{
    size_t i;

    if (e->kind == POSTFIX_MAIN)
        postfix_set_raw(p, e->name, e->value);
    for (i = 0; i < all->n; i++)
        if (all->edit[i].kind == POSTFIX_MAIN && e->kind == POSTFIX_MAIN &&
            ses_str_eq(all->edit[i].name, e->name)) {
            all->edit[i] = *e;
            return;
        }
    if (all->n == all->cap) {
        all->edit = ses_regrow(p->a, all->edit, all->n * sizeof(*all->edit),
                               (all->n + SOME) * sizeof(*all->edit));
        all->cap = all->n + SOME;
    }
    all->edit[all->n++] = *e;
}

ses_rc_t
postfix_print(postfix_t *p, const char *names, postfix_edits_t *all)
{
    const postfix_feature_t *f;
    ses_rc_t rc;
    size_t i;

    for (f = postfix_features; f->name != NULL; f++) {
        postfix_edits_t e = {0};

        if (!is_chosen(p, f, names))
            continue;
        if ((rc = f->lines(p, &e)) != SES_OK)
            return rc;
        if (e.n == 0)
            continue;
        if (p->c->json)
            show_json(p, f, &e);
        else
            show_text(p, f, &e);
        for (i = 0; i < e.n; i++)
            gather(p, all, &e.edit[i]);
    }
    return SES_OK;
}

int
postfix_show(postfix_t *p, const char *features)
{
    postfix_edits_t all = {0};
    ses_rc_t rc;

    if (!postfix_features_known(p, features))
        return 2;
    if (p->c->json)
        emit_list(&p->c->out, NULL);
    if ((rc = postfix_print(p, features, &all)) != SES_OK)
        return ctl_failed(p->c, rc);
    if (p->c->json)
        emit_end(&p->c->out);
    else if (all.n == 0)
        puts("Nothing to add: every line is there.");
    return 0;
}
