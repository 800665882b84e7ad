/*
 * config - sesamectl config: every option and its value, defaults too
 */
#include "ctl.h"

static void
line(const char *text, void *arg)
{
    ctl_t *c = arg;
    ses_str_t rest = ses_str(text), name;

    if (ses_str_cut(&rest, '=', &name))
        emit_str(&c->out, ses_str_c(c->arena, ses_str_trim(name)),
                 ses_str_trim(rest));
}

static int
config(ctl_t *c)
{
    emit_open(&c->out, NULL);
    ses_conf_print(&c->conf, line, c);
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
