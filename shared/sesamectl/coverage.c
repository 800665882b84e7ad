/*
 * coverage - sesamectl coverage: which operations of the service are there
 */
#include "policy/coverage.h"

#include "ctl.h"

static void
later(void *arg, const char *path, const char *harmless)
{
    emit_t *e = arg;

    emit_str(e, NULL,
             harmless == NULL
                 ? ses_str_dup(e->arena, ses_str(path))
                 : ses_str_printf(e->arena, "%s(but %s)", path, harmless));
}

static void
count(void *arg, const char *path, const char *harmless)
{
    (void) path;
    (void) harmless;
    ++*(unsigned *) arg;
}

/* Is there nothing to say about it? */
static bool
complete(ctl_t *c, const ses_coverage_t *o)
{
    unsigned n = 0;

    if (o->done && o->input != NULL)
        ses_shape_laters(c->arena, o->input, count, &n);
    return o->done && n == 0;
}

static int
coverage(ctl_t *c)
{
    const char *api = ctl_option(c, "api");
    bool all = ctl_option(c, "all") != NULL;
    const ses_coverage_t *o;

    emit_list(&c->out, NULL);
    for (o = ses_coverage; o->name != NULL; o++) {
        if (api != NULL && strcmp(api, o->api) != 0)
            continue;
        if (!all && complete(c, o))
            continue;
        emit_open(&c->out, NULL);
        emit_c(&c->out, "api", o->api);
        emit_c(&c->out, "operation", o->name);
        emit_bool(&c->out, "there", o->done);
        emit_list(&c->out, "refused_members");
        if (o->done && o->input != NULL)
            ses_shape_laters(c->arena, o->input, later, &c->out);
        emit_end(&c->out);
        emit_close(&c->out);
    }
    emit_end(&c->out);
    return 0;
}

const ctl_command_t ctl_coverage[] = {
    {"",
     "",
     0,
     0,
     "List the operations that are not there yet, and of those that are, the\n"
     "members that are refused by name because their feature comes later.",
     CTL_BARE,
     coverage,
     {{"api", "API", "v2, v1 or sns only"},
      {"all", NULL, "operations without any gap, too"}}},
    {0},
};
