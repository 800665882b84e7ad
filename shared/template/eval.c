/*
 * eval - names, literals and sub-expressions to values
 */
#include "template/render.h"

/* --- paths ------------------------------------------------------------- */

/* The context that ../ reaches; undefined beyond the outermost. */
static tpl_value_t
context_at(const tpl_env_t *env, uint32_t depth)
{
    const tpl_depth_t *d = env->depths;

    if (depth == 0)
        return env->context;
    for (; d != NULL && depth > 0; depth--)
        d = d->outer;
    return d == NULL ? tpl_undefined() : d->context;
}

static tpl_value_t
data_named(const tpl_data_t *d, ses_str_t name)
{
    switch (name.n) {
    case 3:
        return ses_str_eqc(name, "key") ? d->key : tpl_undefined();
    case 4:
        return ses_str_eqc(name, "root")   ? d->root
               : ses_str_eqc(name, "last") ? d->last
                                           : tpl_undefined();
    case 5:
        return ses_str_eqc(name, "index")   ? d->index
               : ses_str_eqc(name, "first") ? d->first
                                            : tpl_undefined();
    default:
        return tpl_undefined();
    }
}

/* @name: a value that is false ends the path, and is what it comes to. */
static tpl_value_t
from_data(tpl_run_t *r, const tpl_env_t *env, const tpl_expr_t *e,
          bool *missing)
{
    const tpl_data_t *d = env->data;
    uint32_t i, depth = e->depth;
    tpl_value_t v;

    for (; d != NULL && depth > 0; depth--)
        d = d->parent;
    v = d == NULL ? tpl_undefined() : data_named(d, e->u.parts[0]);
    for (i = 1; i < e->nparts && tpl_is_true(v); i++)
        v = tpl_get(v, e->u.parts[i], &r->steps);
    *missing = e->nparts > 1 && (i < e->nparts || v.type == TPL_V_UNDEFINED);
    return v;
}

static bool
block_parameter(tpl_run_t *r, const tpl_env_t *env, const tpl_expr_t *e,
                tpl_value_t *out)
{
    const tpl_frame_t *f = env->frames;
    int16_t i;

    for (i = 0; f != NULL && i < e->frame; i++)
        f = f->outer;
    if (f == NULL || f->kind == TPL_F_NONE)
        return tpl_run_fail(r, "the block parameter %.*s has no value",
                            (int) (e->u.parts[0].n < 80 ? e->u.parts[0].n : 80),
                            e->u.parts[0].p);
    *out = f->kind == TPL_F_VALUES && e->param < 2 ? f->values[e->param]
                                                   : tpl_undefined();
    return true;
}

bool
tpl_eval_path(tpl_run_t *r, const tpl_env_t *env, const tpl_expr_t *e,
              tpl_value_t *out, bool *missing)
{
    uint32_t i = 0;
    tpl_value_t v;

    *missing = false;
    if (e->frame >= 0) {
        if (!block_parameter(r, env, e, &v))
            return false;
        i = 1;
    } else if (e->nparts == 0 || e->u.parts[0].n == 0) {
        *out = context_at(env, e->depth);
        return true;
    } else if (e->data) {
        *out = from_data(r, env, e, missing);
        return true;
    } else {
        v = context_at(env, e->depth);
    }
    for (; i < e->nparts && !tpl_is_null(v); i++)
        v = tpl_get(v, e->u.parts[i], &r->steps);
    *missing = i < e->nparts || v.type == TPL_V_UNDEFINED;
    *out = v;
    return true;
}

/* --- calls ------------------------------------------------------------- */

bool
tpl_eval_arguments(tpl_run_t *r, const tpl_env_t *env, const tpl_call_t *call,
                   tpl_value_t out[2])
{
    tpl_value_t v;
    uint32_t i;

    out[0] = out[1] = tpl_undefined();
    for (i = 0; i < call->nparams; i++)
        if (!tpl_eval(r, env, &call->params[i], i < 2 ? &out[i] : &v))
            return false;
    for (i = 0; i < call->npairs; i++)
        if (!tpl_eval(r, env, &call->pairs[i].value, &v))
            return false;
    return true;
}

/* lookup: nothing but a value that is false is looked up without a name. */
static bool
lookup(tpl_run_t *r, const tpl_call_t *call, const tpl_value_t args[2],
       tpl_value_t *out)
{
    if (call->nparams > 0 && !tpl_is_true(args[0])) {
        *out = args[0];
        return true;
    }
    if (call->nparams != 2)
        return tpl_run_fail(r, "lookup takes a value and a name");
    *out = tpl_get(args[0],
                   tpl_text(r->cx->arena, args[1], SES_TPL_TEXT_MAX, &r->steps),
                   &r->steps);
    return true;
}

/* A name that is no helper, called like one. */
static bool
unknown(tpl_run_t *r, const tpl_env_t *env, const tpl_call_t *call,
        tpl_value_t *out)
{
    bool missing;

    if (!tpl_eval_path(r, env, &call->path, out, &missing))
        return false;
    if (tpl_is_true(*out) || call->nparams > 0)
        return tpl_run_fail(
            r, "Missing helper: \"%.*s\"",
            (int) (call->path.text.n < 80 ? call->path.text.n : 80),
            call->path.text.p);
    *out = tpl_undefined();
    return true;
}

bool
tpl_eval_call(tpl_run_t *r, const tpl_env_t *env, const tpl_call_t *call,
              tpl_value_t *out)
{
    tpl_value_t args[2];
    bool missing;

    if (call->kind != TPL_HELPER)
        return tpl_eval_path(r, env, &call->path, out, &missing);
    if (!tpl_eval_arguments(r, env, call, args))
        return false;
    switch (call->helper) {
    case TPL_LOOKUP:
        return lookup(r, call, args, out);
    case TPL_LOG:
        *out = tpl_undefined();
        return true;
    case TPL_NO_HELPER:
        return unknown(r, env, call, out);
    default:
        return tpl_run_fail(r, "%.*s stands without a block",
                            SES_FMT(call->path.u.parts[0]));
    }
}

bool
tpl_eval(tpl_run_t *r, const tpl_env_t *env, const tpl_expr_t *e,
         tpl_value_t *out)
{
    bool missing;

    r->steps--;
    switch (e->kind) {
    case TPL_PATH:
        return tpl_eval_path(r, env, e, out, &missing);
    case TPL_STRING:
        *out = tpl_string(e->text);
        return true;
    case TPL_NUMBER:
        *out = tpl_number(e->u.number);
        return true;
    case TPL_BOOLEAN:
        *out = tpl_boolean(e->truth);
        return true;
    case TPL_NULL:
        *out = (tpl_value_t){.type = TPL_V_NULL};
        return true;
    case TPL_CALL:
        return tpl_run_on(r) && tpl_eval_call(r, env, e->u.call, out);
    default:
        *out = tpl_undefined();
        return true;
    }
}
