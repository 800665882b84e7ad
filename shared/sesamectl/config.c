/*
 * config - sesamectl config: every option and its value, defaults too
 *
 * An option that may be given again has a line for each value, and is a list
 * of the same name in JSON.
 */
#include "ctl.h"

typedef struct {
    ctl_t *c;
    const char *list; /* that is open, in JSON; NULL = none */
} printed_t;

static void
close_list(printed_t *p)
{
    if (p->list != NULL)
        emit_end(&p->c->out);
    p->list = NULL;
}

static void
line(const char *text, bool list, void *arg)
{
    printed_t *p = arg;
    emit_t *out = &p->c->out;
    ses_str_t rest = ses_str(text), name;

    if (!ses_str_cut(&rest, '=', &name))
        return;
    name = ses_str_trim(name);
    rest = ses_str_trim(rest);
    if (p->list != NULL && !(list && ses_str_eqc(name, p->list)))
        close_list(p);
    if (!list || !out->json) {
        emit_str(out, ses_str_c(p->c->arena, name), rest);
        return;
    }
    if (p->list == NULL) {
        p->list = ses_str_c(p->c->arena, name);
        emit_list(out, p->list);
    }
    if (rest.n > 0)
        emit_str(out, NULL, rest);
}

static int
config(ctl_t *c)
{
    printed_t p = {.c = c};

    emit_open(&c->out, NULL);
    ses_conf_print(&c->conf, line, &p);
    close_list(&p);
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
