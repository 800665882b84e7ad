/*
 * config - sesamectl config: every option and its value, defaults too
 *
 * An option that may be given again has a line for each value, and is a list
 * of the same name in JSON.
 */
#include "ctl.h"

#define REPEATED "bind"

typedef struct {
    ctl_t *c;
    bool in_list;
} printed_t;

static void
line(const char *text, void *arg)
{
    printed_t *p = arg;
    emit_t *out = &p->c->out;
    ses_str_t rest = ses_str(text), name;
    bool repeated;

    if (!ses_str_cut(&rest, '=', &name))
        return;
    name = ses_str_trim(name);
    rest = ses_str_trim(rest);
    repeated = p->c->out.json && ses_str_eqc(name, REPEATED);
    if (p->in_list != repeated) {
        if (repeated)
            emit_list(out, REPEATED);
        else
            emit_end(out);
    }
    p->in_list = repeated;
    if (!repeated)
        emit_str(out, ses_str_c(p->c->arena, name), rest);
    else if (rest.n > 0)
        emit_str(out, NULL, rest);
}

static int
config(ctl_t *c)
{
    printed_t p = {.c = c};

    emit_open(&c->out, NULL);
    ses_conf_print(&c->conf, line, &p);
    if (p.in_list)
        emit_end(&c->out);
    emit_close(&c->out);
    return 0;
}

const ctl_command_t ctl_config[] = {
    {"",
     "",
     0,
     0,
     "Print sesame.conf as it is understood, defaults too.",
     CTL_CONF,
     config,
     {{0}}},
    {0},
};
