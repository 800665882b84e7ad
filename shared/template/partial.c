/*
 * partial - {{> name}}, its block, and the definitions it finds
 *
 * A name is looked for among the definitions of the programs that run, the
 * innermost first.  A partial sees the contexts around the program that
 * defines it, not those around its call.
 */
#include "template/render.h"

/* --- definitions ------------------------------------------------------- */

/* They are made in the surrounding of the program that has them. */
bool
tpl_define(tpl_run_t *r, const tpl_env_t *env, const tpl_program_t *program,
           const tpl_def_t **out)
{
    tpl_env_t around = {.context = env->depths == NULL ? tpl_undefined()
                                                       : env->depths->context,
                        .depths = env->depths,
                        .frames = env->frames,
                        .data = env->data};
    tpl_value_t args[2];
    tpl_def_t *list;
    uint32_t i;

    r->steps -= 8 * (int64_t) program->ninlines;
    if (!tpl_run_on(r))
        return false;
    list = ses_alloc(r->cx->arena, program->ninlines * sizeof(*list));
    for (i = 0; i < program->ninlines; i++) {
        const tpl_block_t *b = program->inlines[i];

        if (!tpl_eval_arguments(r, &around, &b->call, args) ||
            !tpl_close(r, &around, b->body, &list[i].closure))
            return false;
        list[i].exists = b->body != NULL;
        list[i].name =
            tpl_text(r->cx->arena, args[0], SES_TPL_TEXT_MAX, &r->steps);
    }
    *out = list;
    return true;
}

static const tpl_closure_t *
find(tpl_run_t *r, ses_str_t name)
{
    const tpl_defs_t *d;
    uint32_t i;

    for (d = r->defs; d != NULL; d = d->outer) {
        for (i = d->n; i-- > 0;) {
            r->steps -= 1 + (int64_t) (name.n / 64);
            if (ses_str_eq(d->list[i].name, name))
                return d->list[i].exists ? &d->list[i].closure : NULL;
        }
    }
    return NULL;
}

/* --- the call ---------------------------------------------------------- */

/* The name; one that is worked out is a name whatever it is. */
static bool
name_of(tpl_run_t *r, const tpl_env_t *env, const tpl_expr_t *e, ses_str_t *out)
{
    tpl_value_t v;

    *out = e->text;
    if (e->kind != TPL_CALL)
        return true;
    if (!tpl_eval(r, env, e, &v))
        return false;
    *out = !tpl_is_true(v)
               ? SES_STR("undefined")
               : tpl_text(r->cx->arena, v, SES_TPL_TEXT_MAX, &r->steps);
    return true;
}

/* key=value over the context */
static bool
with_pairs(tpl_run_t *r, const tpl_env_t *env, const tpl_call_t *call,
           tpl_value_t *context)
{
    tpl_member_t *m = ses_alloc(r->cx->arena, call->npairs * sizeof(*m));
    uint32_t i;

    for (i = 0; i < call->npairs; i++) {
        m[i].key = call->pairs[i].key.p;
        m[i].nkey = call->pairs[i].key.n;
        if (!tpl_eval(r, env, &call->pairs[i].value, &m[i].value))
            return false;
    }
    *context = tpl_object(
        tpl_object_over(r->cx->arena, *context, m, call->npairs, &r->steps));
    return true;
}

/* Each line of what was printed since from gets the indent, but an empty
 * last one. */
static bool
indent(tpl_run_t *r, size_t from, ses_str_t by)
{
    ses_buf_t *b = r->out;
    size_t n = b->n - from, lines = 0, i, to;

    if (by.n == 0 || n == 0 || !tpl_run_on(r))
        return tpl_run_on(r);
    r->steps -= (int64_t) (n / 64);
    for (i = from; i + 1 < b->n; i++)
        lines += b->p[i] == '\n';
    lines++; /* the first */
    if (ses_buf_room(b, lines * by.n) == NULL)
        return tpl_run_on(r);
    to = b->n;
    for (i = from + n; i-- > from;) {
        if (b->p[i] == '\n' && i + 1 < from + n) {
            to -= by.n;
            memcpy(b->p + to, by.p, by.n);
        }
        b->p[--to] = b->p[i];
    }
    memcpy(b->p + from, by.p, by.n);
    return true;
}

/* Runs a block that a partial was given, where @partial-block means what it
 * meant outside. */
static bool
run_block(tpl_run_t *r, const tpl_partial_block_t *block, tpl_value_t context,
          const tpl_data_t *outer)
{
    tpl_frame_t frame = {.kind = TPL_F_OTHER};
    tpl_data_t data = *outer;

    data.parent = outer;
    data.partial_block = block->previous;
    return tpl_call(r, &block->closure, context, &data, &frame);
}

static bool
run(tpl_run_t *r, const tpl_env_t *env, const tpl_block_t *b, ses_str_t name,
    tpl_value_t context)
{
    tpl_partial_block_t block = {.previous = env->data->partial_block};
    const tpl_partial_block_t *called = NULL;
    const tpl_closure_t *partial = find(r, name);
    tpl_frame_t frame = {.kind = TPL_F_OTHER};
    const tpl_data_t *data = env->data;
    tpl_data_t own;

    if (partial == NULL && b->call.path.kind != TPL_CALL &&
        ses_str_eqc(name, "@partial-block"))
        called = env->data->partial_block;
    if (b->body != NULL) {
        if (!tpl_close(r, env, b->body, &block.closure))
            return false;
        own = *env->data;
        own.parent = env->data;
        own.partial_block = &block;
        data = &own;
        if (partial == NULL && called == NULL)
            called = &block; /* what to print when there is none */
    }
    if (called != NULL)
        return run_block(r, called, context, data);
    if (partial != NULL)
        return tpl_call(r, partial, context, data, &frame);
    return tpl_run_fail(r, "The partial %.*s could not be found",
                        (int) (name.n < 80 ? name.n : 80), name.p);
}

bool
tpl_partial(tpl_run_t *r, const tpl_env_t *env, const tpl_block_t *b)
{
    tpl_value_t context = env->context;
    size_t from = r->out->n;
    ses_str_t name;

    if (!name_of(r, env, &b->call.path, &name) ||
        (b->call.nparams > 0 &&
         !tpl_eval(r, env, &b->call.params[0], &context)) ||
        (b->call.hash && !with_pairs(r, env, &b->call, &context)))
        return false;
    return run(r, env, b, name, context) && indent(r, from, b->indent);
}
