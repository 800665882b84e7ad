/*
 * render - programs, node by node
 */
#include "template/render.h"

#include <stdarg.h>
#include <stdio.h>

static const ses_tpl_limits_t usual = {.steps = SES_TPL_STEPS,
                                       .depth = SES_TPL_RENDER_DEPTH};

/* Why the rendering ends; the first reason counts. */
static bool
stop(tpl_run_t *r, ses_rc_t rc, const char *text)
{
    if (r->rc == SES_OK)
        r->rc = ses_fail(r->cx, rc, "%s", text);
    return false;
}

bool
tpl_run_fail(tpl_run_t *r, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return stop(r, SES_INVALID, text);
}

bool
tpl_run_on(tpl_run_t *r)
{
    if (r->steps < 0)
        return stop(r, SES_LIMIT, "Rendering the template takes too long.");
    if (r->out->overflow)
        return stop(r, SES_LIMIT, "The rendered template is too large.");
    return true;
}

/* --- nodes ------------------------------------------------------------- */

/* Attribute 'a.b' is not present: the names of the path, from the data on. */
static bool
missing_attribute(tpl_run_t *r, const tpl_expr_t *e)
{
    uint32_t i = e->data ? 1 : 0;
    ses_buf_t name;

    ses_buf_init(&name, r->cx->arena, 4096);
    for (; i < e->nparts && name.n < 256; i++) {
        if (name.n > 0)
            ses_buf_char(&name, '.');
        ses_buf_str(&name, ses_str_head(e->u.parts[i], 256));
    }
    return stop(r, SES_NOT_FOUND,
                ses_str_printf(r->cx->arena,
                               "Attribute '%.*s' is not present in the "
                               "rendering data.",
                               SES_FMT(ses_buf_get(&name)))
                    .p);
}

static bool
print(tpl_run_t *r, const tpl_env_t *env, const tpl_call_t *call)
{
    bool missing = false;
    tpl_value_t v;

    if (call->kind == TPL_HELPER) {
        if (!tpl_eval_call(r, env, call, &v))
            return false;
    } else {
        if (!tpl_eval_path(r, env, &call->path, &v, &missing))
            return false;
        if (missing && !r->limits->missing_ok)
            return missing_attribute(r, &call->path);
    }
    if (v.type == TPL_V_STRING)
        ses_buf_add(r->out, v.u.string, v.n);
    else
        tpl_print(r->out, v, &r->steps);
    return true;
}

/* Its arguments are worked out, as a helper's would be. */
static bool
raw(tpl_run_t *r, const tpl_env_t *env, const tpl_block_t *b)
{
    tpl_value_t args[2];
    uint32_t i;

    if (!tpl_eval_arguments(r, env, &b->call, args))
        return false;
    for (i = 0; i < b->body->n; i++)
        ses_buf_str(r->out, b->body->nodes[i].u.text->text);
    r->steps -= b->body->n;
    return true;
}

static bool
node(tpl_run_t *r, const tpl_env_t *env, const tpl_node_t *n)
{
    switch (n->kind) {
    case TPL_N_TEXT:
        ses_buf_add(r->out, n->u.text->text.p, n->u.text->text.n);
        return true;
    case TPL_N_RESERVED:
        ses_buf_str(r->out, n->u.reserved);
        return true;
    case TPL_N_PRINT:
        return print(r, env, n->u.print);
    case TPL_N_BLOCK:
        return tpl_block(r, env, n->u.block);
    case TPL_N_RAW:
        return raw(r, env, n->u.block);
    default:
        return tpl_partial(r, env, n->u.block);
    }
}

static bool
nodes(tpl_run_t *r, const tpl_env_t *env, const tpl_program_t *g)
{
    uint32_t i;

    for (i = 0; i < g->n; i++) {
        r->steps--;
        if (!tpl_run_on(r) || !node(r, env, &g->nodes[i]))
            return false;
    }
    return true;
}

/* --- programs ---------------------------------------------------------- */

bool
tpl_close(tpl_run_t *r, const tpl_env_t *env, const tpl_program_t *program,
          tpl_closure_t *out)
{
    *out = (tpl_closure_t){program, env->depths, env->frames, NULL};
    if (program == NULL || program->ninlines == 0)
        return true;
    return tpl_define(r, env, program, &out->defs);
}

/* A context that equals the one around it is not a depth of its own. */
static bool
is_new_depth(tpl_run_t *r, tpl_value_t context, const tpl_depth_t *depths)
{
    tpl_value_t outer = depths == NULL ? tpl_undefined() : depths->context;

    if (context.type == TPL_V_OBJECT && context.u.object == &tpl_nothing &&
        outer.type == TPL_V_NULL)
        return false;
    return !tpl_equal(context, outer, &r->steps);
}

bool
tpl_call(tpl_run_t *r, const tpl_closure_t *c, tpl_value_t context,
         const tpl_data_t *data, tpl_frame_t *frame)
{
    tpl_depth_t depth = {context, c->depths};
    tpl_frame_t none = {.kind = TPL_F_NONE, .outer = c->frames};
    const tpl_defs_t *outer = r->defs;
    tpl_env_t env = {context, c->depths, &none, data};
    tpl_defs_t defs;
    bool good;

    r->steps--;
    if (c->program == NULL || c->program->n == 0)
        return tpl_run_on(r);
    if (r->depth >= r->limits->depth)
        return stop(r, SES_LIMIT,
                    "The template's blocks and partials are nested too deep.");
    if (is_new_depth(r, context, c->depths))
        env.depths = &depth;
    if (frame != NULL) {
        frame->outer = c->frames;
        env.frames = frame;
    }
    if (c->defs != NULL) {
        defs = (tpl_defs_t){c->defs, c->program->ninlines, outer};
        r->defs = &defs;
    }
    r->depth++;
    good = nodes(r, &env, c->program);
    r->depth--;
    r->defs = outer;
    return good;
}

/* The outermost program: it is its own surrounding, but what it defines is
 * made where nothing is. */
static bool
root(tpl_run_t *r, const ses_tpl_t *t, tpl_value_t context)
{
    tpl_data_t data = {.root = context};
    tpl_depth_t depth = {context, NULL};
    tpl_env_t nowhere = {.data = &data};
    tpl_env_t env = {context, &depth, NULL, &data};
    tpl_closure_t c;
    tpl_defs_t defs;

    if (!tpl_close(r, &nowhere, t->root, &c))
        return false;
    defs = (tpl_defs_t){c.defs, t->root->ninlines, NULL};
    if (c.defs != NULL)
        r->defs = &defs;
    return nodes(r, &env, t->root) && tpl_run_on(r);
}

/* Room for as much as the template is long, so that it need not move. */
static void
make_room(ses_buf_t *out, size_t n)
{
    n += n / 8 + 256;
    if (out->max > out->n && n > out->max - out->n)
        n = out->max - out->n;
    if (ses_buf_room(out, n) != NULL)
        out->n -= n;
}

ses_rc_t
ses_tpl_render(ses_cx_t *cx, const ses_tpl_t *t, const ses_tpl_data_t *data,
               const ses_tpl_limits_t *limits, ses_buf_t *out)
{
    tpl_run_t r = {.cx = cx, .out = out};

    r.limits = limits == NULL ? &usual : limits;
    r.steps = r.limits->steps;
    if (out->max - out->n > 0)
        make_room(out, t->text);
    return root(&r, t, data->root) ? SES_OK : r.rc;
}
