/*
 * helper - blocks: each, if, unless, with, and sections
 */
#include "template/render.h"

/* A block's two programs, and where it stands. */
typedef struct {
    const tpl_env_t *env;
    tpl_closure_t body;
    tpl_closure_t inverse;
    tpl_value_t self; /* the context, {} when it is null */
} section_t;

static bool
run_inverse(tpl_run_t *r, const section_t *s, tpl_value_t context)
{
    return tpl_call(r, &s->inverse, context, s->env->data, NULL);
}

/* --- each -------------------------------------------------------------- */

static bool
iteration(tpl_run_t *r, const section_t *s, tpl_data_t *data, tpl_value_t key,
          uint32_t i, uint32_t n, tpl_value_t v)
{
    tpl_frame_t frame = {.kind = TPL_F_VALUES, .values = {v, key}};

    data->key = key;
    data->index = tpl_number(i);
    data->first = tpl_boolean(i == 0);
    data->last = tpl_boolean(i + 1 == n);
    return tpl_call(r, &s->body, v, data, &frame);
}

static bool
each_member(tpl_run_t *r, const section_t *s, const tpl_object_t *o,
            tpl_data_t *data)
{
    const tpl_member_t *m;
    uint32_t i;

    for (i = 0; i < o->n; i++) {
        m = &o->members[i];
        if (!iteration(r, s, data, tpl_string(ses_str_n(m->key, m->nkey)), i,
                       o->n, m->value))
            return false;
    }
    return true;
}

static bool
each(tpl_run_t *r, const section_t *s, tpl_value_t v)
{
    tpl_data_t data = *s->env->data;
    const tpl_object_t *o;
    uint32_t i;

    data.parent = s->env->data;
    if (v.type == TPL_V_OBJECT) {
        o = tpl_object_flat(r->cx->arena, v.u.object, &r->steps);
        if (!tpl_run_on(r))
            return false;
        return o->n == 0 ? run_inverse(r, s, s->self)
                         : each_member(r, s, o, &data);
    }
    if (v.type != TPL_V_ARRAY || v.n == 0)
        return run_inverse(r, s, s->self);
    for (i = 0; i < v.n; i++)
        if (!iteration(r, s, &data, tpl_number(i), i, v.n, v.u.array[i]))
            return false;
    return true;
}

/* --- the others -------------------------------------------------------- */

/* The value of the pair of that name. */
static bool
pair_named(tpl_run_t *r, const section_t *s, const tpl_call_t *call,
           const char *name, tpl_value_t *out)
{
    uint32_t i;

    *out = tpl_undefined();
    for (i = 0; i < call->npairs; i++)
        if (ses_str_eqc(call->pairs[i].key, name))
            return tpl_eval(r, s->env, &call->pairs[i].value, out);
    return true;
}

static bool
condition(tpl_run_t *r, const section_t *s, const tpl_call_t *call,
          tpl_value_t v)
{
    tpl_value_t zero;
    bool holds;

    if (!pair_named(r, s, call, "includeZero", &zero))
        return false;
    holds = (tpl_is_true(zero) || tpl_is_true(v)) && !tpl_is_empty(v);
    if (call->helper == TPL_UNLESS)
        holds = !holds;
    return tpl_call(r, holds ? &s->body : &s->inverse, s->self, s->env->data,
                    NULL);
}

static bool
with(tpl_run_t *r, const section_t *s, tpl_value_t v)
{
    tpl_frame_t frame = {.kind = TPL_F_VALUES, .values = {v}};

    if (tpl_is_empty(v))
        return run_inverse(r, s, s->self);
    return tpl_call(r, &s->body, v, s->env->data, &frame);
}

static bool
helper(tpl_run_t *r, const section_t *s, const tpl_call_t *call)
{
    tpl_value_t args[2];

    if (call->helper == TPL_NO_HELPER || call->helper == TPL_LOOKUP ||
        call->helper == TPL_LOG || call->helper == TPL_HOOK) {
        if (!tpl_eval_call(r, s->env, call, args))
            return false;
        tpl_print(r->out, args[0], &r->steps);
        return true;
    }
    if (!tpl_eval_arguments(r, s->env, call, args))
        return false;
    if (call->nparams != 1)
        return tpl_run_fail(r, "#%.*s requires exactly one argument",
                            SES_FMT(call->path.u.parts[0]));
    switch (call->helper) {
    case TPL_EACH:
        return each(r, s, args[0]);
    case TPL_WITH:
        return with(r, s, args[0]);
    default:
        return condition(r, s, call, args[0]);
    }
}

/*
 * {{#name}}: true runs the body here; what is not there, null, false and []
 * run the inverse; a list is gone through; anything else becomes the context.
 * Block parameters of that have no value.
 */
static bool
plain(tpl_run_t *r, const section_t *s, tpl_value_t v)
{
    tpl_frame_t frame = {.kind = TPL_F_OTHER};

    if (tpl_is_null(v) || (v.type == TPL_V_ARRAY && v.n == 0) ||
        (v.type == TPL_V_BOOLEAN && !v.u.truth))
        return run_inverse(r, s, s->env->context);
    if (v.type == TPL_V_BOOLEAN)
        return tpl_call(r, &s->body, s->env->context, s->env->data, NULL);
    if (v.type == TPL_V_ARRAY)
        return each(r, s, v);
    return tpl_call(r, &s->body, v, s->env->data, &frame);
}

bool
tpl_block(tpl_run_t *r, const tpl_env_t *env, const tpl_block_t *b)
{
    section_t s = {.env = env, .self = env->context};
    tpl_value_t v;
    bool missing;

    if (tpl_is_null(s.self))
        s.self = tpl_object(&tpl_nothing);
    if (!tpl_close(r, env, b->body, &s.body) ||
        !tpl_close(r, env, b->inverse, &s.inverse))
        return false;
    if (b->call.kind == TPL_HELPER)
        return helper(r, &s, &b->call);
    if (!tpl_eval_path(r, env, &b->call.path, &v, &missing))
        return false;
    return plain(r, &s, v);
}
