/*
 * compile - a template's text, once
 */
#include "template/ast.h"

ses_rc_t
tpl_compile(ses_cx_t *cx, ses_arena_t *arena, ses_str_t text, ses_tpl_t **out,
            ses_tpl_error_t *error)
{
    ses_tpl_error_t own;
    ses_tpl_t *t = ses_calloc(arena, sizeof(*t));

    if (error == NULL)
        error = &own;
    /* Names and text point into the copy. */
    if (text.n <= SES_TPL_TEXT_MAX)
        text = ses_str_dup(arena, text);
    if (!tpl_parse(cx, arena, text, &t->root, error))
        return ses_fail(cx, SES_INVALID, "line %u, column %u: %.*s",
                        error->line, error->column, SES_FMT(error->text));
    tpl_strip(arena, t->root);
    t->text = text.n;
    *out = t;
    return SES_OK;
}

ses_rc_t
ses_tpl_compile(ses_cx_t *cx, ses_arena_t *arena, ses_str_t text,
                const ses_tpl_t **out, ses_tpl_error_t *error)
{
    ses_tpl_t *t;
    ses_rc_t rc = tpl_compile(cx, arena, text, &t, error);

    if (rc == SES_OK)
        *out = t;
    return rc;
}
