/*
 * postfix_edit - lines that are wanted and not there yet
 */
#include "base/buf.h"
#include "postfix.h"

#define LINE_SIZE (1 << 16)

static void
add(const postfix_t *p, postfix_edits_t *e, postfix_edit_t edit)
{
    size_t i;

    for (i = 0; i < e->n; i++) /* the last word about a line counts */
        if (e->edit[i].kind == edit.kind &&
            ses_str_eq(e->edit[i].service, edit.service) &&
            ses_str_eq(e->edit[i].name, edit.name)) {
            e->edit[i] = edit;
            return;
        }
    if (e->n == e->cap) {
        e->cap = e->cap == 0 ? 16 : 2 * e->cap;
        e->edit = ses_regrow(p->a, e->edit, e->n * sizeof(*e->edit),
                             e->cap * sizeof(*e->edit));
    }
    e->edit[e->n++] = edit;
}

void
postfix_want_main(const postfix_t *p, postfix_edits_t *e, const char *name,
                  ses_str_t value)
{
    if (!ses_str_eq(postfix_raw(p, NULL, name), value))
        add(p, e,
            (postfix_edit_t){POSTFIX_MAIN, SES_STR(""), ses_str(name), value});
}

void
postfix_want_option(const postfix_t *p, postfix_edits_t *e,
                    const postfix_service_t *s, const char *name,
                    ses_str_t value)
{
    ses_str_t word = postfix_word(p->a, value);

    if (!ses_str_eq(postfix_word(p->a, postfix_value(p, s, name)), word))
        add(p, e,
            (postfix_edit_t){POSTFIX_OPTION, s->key, ses_str(name), word});
}

void
postfix_want_service(const postfix_t *p, postfix_edits_t *e,
                     const postfix_service_t *there, ses_str_t key,
                     const char *fields, const postfix_option_t *options)
{
    const postfix_option_t *o;
    ses_str_t type = key, name;
    ses_buf_t b;

    if (there != NULL) {
        for (o = options; o->name != NULL; o++)
            postfix_want_option(p, e, there, o->name, o->value);
        return;
    }
    ses_buf_init(&b, p->a, LINE_SIZE);
    (void) ses_str_cut(&type, '/', &name);
    ses_buf_printf(&b, "%.*s %.*s %s", SES_FMT(name), SES_FMT(type), fields);
    for (o = options; o->name != NULL; o++)
        if (!o->rare ||
            !ses_str_caseeq(postfix_value(p, NULL, o->name), o->value))
            ses_buf_printf(&b, " -o %s=%.*s", o->name,
                           SES_FMT(postfix_word(p->a, o->value)));
    add(p, e,
        (postfix_edit_t){POSTFIX_SERVICE, key, SES_STR(""), ses_buf_get(&b)});
}
