/*
 * render - what the files of the renderer share
 *
 * eval.c finds values, render.c goes through programs, helper.c has the
 * blocks that SES knows, partial.c what is called by {{> name}}.
 *
 * A program runs in a surrounding: its context, the contexts around it, block
 * parameters, and the data that @name finds.  All of that lies in the C
 * frames of the programs that run, so that a rendering allocates next to
 * nothing.  Where it is odd, it is as odd as Handlebars.js; the comments say
 * so.
 *
 * Functions that return bool return false when the rendering is over; why is
 * in the context then.
 */
#ifndef SES_TEMPLATE_RENDER_H
#define SES_TEMPLATE_RENDER_H

#include "template/ast.h"
#include "template/value.h"

struct ses_tpl_data_s {
    tpl_value_t root; /* an object */
};

/* The contexts around a program, the innermost first: ../ goes outwards. */
typedef struct tpl_depth_s {
    tpl_value_t context;
    const struct tpl_depth_s *outer;
} tpl_depth_t;

/* Block parameters that one program was given. */
typedef struct tpl_frame_s {
    enum {
        TPL_F_NONE,   /* it was given none: naming one is an error */
        TPL_F_VALUES, /* by each and with */
        TPL_F_OTHER   /* some, but none has a value */
    } kind;
    tpl_value_t values[2];
    const struct tpl_frame_s *outer;
} tpl_frame_t;

/* A program, and what it sees of where it stands in the text. */
typedef struct tpl_def_s tpl_def_t;
typedef struct {
    const tpl_program_t *program; /* NULL prints nothing */
    const tpl_depth_t *depths;
    const tpl_frame_t *frames;
    const tpl_def_t *defs; /* the partials that it defines */
} tpl_closure_t;

/* A partial that a program defines. */
struct tpl_def_s {
    ses_str_t name;
    tpl_closure_t closure;
    bool exists; /* or it hides one of that name */
};

/* The definitions that hold, by program, the innermost first. */
typedef struct tpl_defs_s {
    const tpl_def_t *list;
    uint32_t n;
    const struct tpl_defs_s *outer;
} tpl_defs_t;

/* @partial-block: the block, and what the name meant where it stands. */
typedef struct tpl_partial_block_s {
    tpl_closure_t closure;
    const struct tpl_partial_block_s *previous;
} tpl_partial_block_t;

/* What @name finds.  Inner ones start as copies of their parent. */
typedef struct tpl_data_s {
    const struct tpl_data_s *parent;
    const tpl_partial_block_t *partial_block;
    tpl_value_t root;
    tpl_value_t key;
    tpl_value_t index;
    tpl_value_t first;
    tpl_value_t last;
} tpl_data_t;

typedef struct {
    tpl_value_t context;
    const tpl_depth_t *depths;
    const tpl_frame_t *frames;
    const tpl_data_t *data;
} tpl_env_t;

typedef struct {
    ses_cx_t *cx;
    ses_buf_t *out;
    ses_rc_t rc;   /* why it is over */
    int64_t steps; /* left */
    unsigned depth;
    const ses_tpl_limits_t *limits;
    const tpl_defs_t *defs;
} tpl_run_t;

/* Room for more?  Otherwise says why not. */
bool tpl_run_on(tpl_run_t *r);
bool tpl_run_fail(tpl_run_t *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* --- eval.c ------------------------------------------------------------ */

/* The value of an expression. */
bool tpl_eval(tpl_run_t *r, const tpl_env_t *env, const tpl_expr_t *e,
              tpl_value_t *out);
/* All arguments of a call; the first two parameters in out. */
bool tpl_eval_arguments(tpl_run_t *r, const tpl_env_t *env,
                        const tpl_call_t *call, tpl_value_t out[2]);
/* The value of a path; *missing: it was not in the data to its end. */
bool tpl_eval_path(tpl_run_t *r, const tpl_env_t *env, const tpl_expr_t *e,
                   tpl_value_t *out, bool *missing);
/* What a call comes to when no block is involved. */
bool tpl_eval_call(tpl_run_t *r, const tpl_env_t *env, const tpl_call_t *call,
                   tpl_value_t *out);

/* --- render.c ---------------------------------------------------------- */

/* program as it stands in env: its definitions are made now. */
bool tpl_close(tpl_run_t *r, const tpl_env_t *env, const tpl_program_t *program,
               tpl_closure_t *out);
/* Run it with a context; frame NULL: no block parameters. */
bool tpl_call(tpl_run_t *r, const tpl_closure_t *c, tpl_value_t context,
              const tpl_data_t *data, tpl_frame_t *frame);

/* --- helper.c and partial.c -------------------------------------------- */

bool tpl_block(tpl_run_t *r, const tpl_env_t *env, const tpl_block_t *b);
bool tpl_partial(tpl_run_t *r, const tpl_env_t *env, const tpl_block_t *b);
/* The definitions of program, made where env is. */
bool tpl_define(tpl_run_t *r, const tpl_env_t *env,
                const tpl_program_t *program, const tpl_def_t **out);

#endif
