/*
 * sesamectl - create, configure, inspect and check a Sesame host
 *
 * The words of the command line choose a group and a command of the tables;
 * options may stand anywhere after the word that they belong to.  Exit
 * status: 0 done, 1 failed or something was found, 2 not understood.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "ctl.h"
#include "model/model.h"

#define DEFAULT_CONFIG "/etc/sesame/sesame.conf"

static const ctl_group_t groups[] = {
    {"init", "create the store, the key files, the first account and key",
     ctl_init},
    {"account", "accounts: add, list, show, pause and resume", ctl_accounts},
    {"key", "access keys: add, list, disable, enable, rotate; key files",
     ctl_keys},
    {"iam", "users, groups, policies and what they allow", ctl_iam},
    {"identity", "sender domains and addresses, and their DNS records",
     ctl_identities},
    {"dns", "our own zone, as a file for a name server", ctl_dns},
    {"gate-key", "the key that DKIM keys are sealed to", ctl_gate_keys},
    {"production", "requests to leave the sandbox: list, grant, deny, revoke",
     ctl_production},
    {"quota", "how much an account may send", ctl_quota},
    {"address", "source addresses that accounts send from", ctl_addresses},
    {"suppression", "addresses an account does not send to", ctl_suppression},
    {"events", "what became of messages", ctl_events},
    {"message", "all that is known of a message", ctl_message},
    {"id", "message id to queue id, and back", ctl_id},
    {"audit", "who changed what", ctl_audit},
    {"status", "the state of the store in numbers", ctl_status},
    {"postfix", "join a Postfix: show, apply or check its configuration",
     ctl_postfix},
    {"check", "look for anything wrong, and say what helps", ctl_check},
    {"backup", "a consistent copy of the store while it is used", ctl_backup},
    {"coverage", "which operations of the service are there", ctl_coverage},
    {"config", "the options in force", ctl_config},
};

#define NGROUPS (sizeof(groups) / sizeof(groups[0]))

/* --- help -------------------------------------------------------------- */

static const char common[] =
    "\nOptions of every command:\n"
    "  -c, --config FILE     sesame.conf (else $SESAME_CONFIG, else\n"
    "                        " DEFAULT_CONFIG ")\n"
    "  --json                answer in JSON\n"
    "  --help                explain the command\n"
    "  --version             say which version this is\n";

static void
help_top(FILE *f)
{
    size_t i;

    fprintf(f, "usage: sesamectl [-c FILE] [--json] COMMAND ...\n\n"
               "Commands:\n");
    for (i = 0; i < NGROUPS; i++)
        fprintf(f, "  %-12s %s\n", groups[i].name, groups[i].help);
    fputs(common, f);
    fputs("\nsesamectl COMMAND --help says more.  "
          "Exit status: 0 done, 1 failed, 2 usage.\n",
          f);
}

/* Pieces that are there, with one blank between them. */
static void
usage_line(FILE *f, const ctl_group_t *g, const ctl_command_t *cmd)
{
    const ctl_option_t *o;

    fprintf(f, "sesamectl %s", g->name);
    if (cmd->verb[0] != '\0')
        fprintf(f, " %s", cmd->verb);
    if (cmd->args[0] != '\0')
        fprintf(f, " %s", cmd->args);
    for (o = cmd->options; o < cmd->options + CTL_OPTIONS && o->name != NULL;
         o++)
        fprintf(f, " [--%s%s%s]", o->name, o->value == NULL ? "" : " ",
                o->value == NULL ? "" : o->value);
    fputc('\n', f);
}

static void
help_group(FILE *f, const ctl_group_t *g)
{
    const ctl_command_t *cmd;

    fprintf(f, "sesamectl %s - %s\n", g->name, g->help);
    for (cmd = g->commands; cmd->verb != NULL; cmd++) {
        fputs("\n  ", f);
        usage_line(f, g, cmd);
        fprintf(f, "      %s\n", cmd->help);
    }
    fputs(common, f);
}

static void
help_command(FILE *f, const ctl_group_t *g, const ctl_command_t *cmd)
{
    const ctl_option_t *o;
    char left[40];

    fputs("usage: ", f);
    usage_line(f, g, cmd);
    fprintf(f, "\n%s\n", cmd->help);
    if (cmd->options[0].name != NULL)
        fputs("\nOptions:\n", f);
    for (o = cmd->options; o < cmd->options + CTL_OPTIONS && o->name != NULL;
         o++) {
        snprintf(left, sizeof(left), "--%s %s", o->name,
                 o->value == NULL ? "" : o->value);
        fprintf(f, "  %-21s %s\n", left, o->help);
    }
    fputs(common, f);
}

/* --- the command line -------------------------------------------------- */

typedef struct {
    char **argv;
    int argc, at;
    const ctl_group_t *group;
    const char *noun; /* first word of a command of two */
    const ctl_command_t *command;
    bool help;
} line_t;

static int
usage(const line_t *l, const char *fmt, const char *what)
{
    fputs("sesamectl: ", stderr);
    fprintf(stderr, fmt, what);
    fprintf(stderr, " (sesamectl%s%s%s%s --help explains)\n",
            l->group == NULL ? "" : " ", l->group == NULL ? "" : l->group->name,
            l->command == NULL || l->command->verb[0] == '\0' ? "" : " ",
            l->command == NULL ? "" : l->command->verb);
    return 2;
}

/* The value of an option: after '=', or the next word. */
static const char *
value_of(line_t *l, const char *word)
{
    const char *eq = strchr(word, '=');

    if (eq != NULL)
        return eq + 1;
    return l->at < l->argc ? l->argv[l->at++] : NULL;
}

static bool
named(const char *word, const char *name)
{
    size_t n = strlen(name);

    return strncmp(word, name, n) == 0 && (word[n] == '\0' || word[n] == '=');
}

static int
command_option(ctl_t *c, line_t *l, const char *word)
{
    const ctl_option_t *o;
    unsigned i;

    for (i = 0; l->command != NULL && i < CTL_OPTIONS; i++) {
        o = &l->command->options[i];
        if (o->name == NULL)
            break;
        if (!named(word + 2, o->name))
            continue;
        if (c->options[i] != NULL)
            return usage(l, "%s is given twice", word);
        if (o->value == NULL && strchr(word, '=') != NULL)
            return usage(l, "%s: takes no value", word);
        c->options[i] = o->value == NULL ? "" : value_of(l, word);
        return c->options[i] == NULL ? usage(l, "%s needs a value", word) : 0;
    }
    return usage(l, "unknown option %s", word);
}

static int
option(ctl_t *c, line_t *l, const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        l->help = true;
    } else if (strcmp(word, "--json") == 0) {
        c->json = true;
    } else if (strcmp(word, "--version") == 0) {
        printf("sesamectl %s\n", SESAME_VERSION);
        exit(0);
    } else if (strcmp(word, "-c") == 0 || named(word, "--config")) {
        c->config = value_of(l, word);
        return c->config == NULL ? usage(l, "%s needs a value", word) : 0;
    } else if (strncmp(word, "--", 2) == 0) {
        return command_option(c, l, word);
    } else {
        return usage(l, "unknown option %s", word);
    }
    return 0;
}

/* A command by its word, or by its two words. */
static const ctl_command_t *
find_command(const ctl_group_t *g, const char *noun, const char *verb)
{
    const ctl_command_t *cmd;
    size_t n = noun == NULL ? 0 : strlen(noun);

    for (cmd = g->commands; cmd->verb != NULL; cmd++) {
        if (noun == NULL && strcmp(cmd->verb, verb) == 0)
            return cmd;
        if (noun != NULL && strncmp(cmd->verb, noun, n) == 0 &&
            cmd->verb[n] == ' ' && strcmp(cmd->verb + n + 1, verb) == 0)
            return cmd;
    }
    return NULL;
}

static bool
is_noun(const ctl_group_t *g, const char *w)
{
    const ctl_command_t *cmd;
    size_t n = strlen(w);

    for (cmd = g->commands; cmd->verb != NULL; cmd++)
        if (strncmp(cmd->verb, w, n) == 0 && cmd->verb[n] == ' ')
            return true;
    return false;
}

static int
word(ctl_t *c, line_t *l, const char *w)
{
    size_t i;

    if (l->group == NULL) {
        for (i = 0; i < NGROUPS; i++)
            if (strcmp(groups[i].name, w) == 0)
                l->group = &groups[i];
        if (l->group == NULL)
            return usage(l, "unknown command \"%s\"", w);
        l->command = find_command(l->group, NULL, "");
        return 0;
    }
    if (l->command == NULL) {
        if (l->noun == NULL && is_noun(l->group, w)) {
            l->noun = w;
            return 0;
        }
        l->command = find_command(l->group, l->noun, w);
        return l->command == NULL ? usage(l, "unknown command \"%s\"", w) : 0;
    }
    if (c->nargs == l->command->max)
        return usage(l, "\"%s\" is one argument too many", w);
    c->args[c->nargs++] = w;
    return 0;
}

static int
parse(ctl_t *c, line_t *l)
{
    bool only_words = false;
    const char *w;
    int status;

    for (l->at = 1; l->at < l->argc;) {
        w = l->argv[l->at++];
        if (!only_words && strcmp(w, "--") == 0) {
            only_words = true;
            continue;
        }
        status = !only_words && w[0] == '-' && w[1] != '\0' ? option(c, l, w)
                                                            : word(c, l, w);
        if (status != 0)
            return status;
    }
    if (l->help)
        return 0;
    if (l->group == NULL) {
        help_top(stderr);
        return 2;
    }
    if (l->command == NULL) {
        help_group(stderr, l->group);
        return 2;
    }
    if (c->nargs < l->command->min)
        return usage(l, "it needs %s", l->command->args);
    return 0;
}

/* --- running ----------------------------------------------------------- */

static int
prepare(ctl_t *c)
{
    ses_rc_t rc;

    if (c->command->needs == CTL_BARE)
        return 0;
    if ((rc = ses_conf_load(&c->cx, c->config, &c->conf)) != SES_OK)
        return ctl_failed(c, rc);
    if (c->command->needs == CTL_CONF)
        return 0;
    rc =
        ses_store_open(&c->cx, c->conf.store.p, c->conf.map_size, 0, &c->store);
    if (rc != SES_OK)
        return ctl_failed(c, rc);
    c->committer = ses_committer_new(c->store, true);
    return 0;
}

static int
run(ctl_t *c)
{
    int status = prepare(c);

    if (status == 0)
        status = c->command->run(c);
    if (status != 2 && !emit_finish(&c->out))
        status = ctl_error(c, "standard output: cannot be written");
    if (c->committer != NULL)
        ses_committer_free(c->committer);
    if (c->store != NULL)
        ses_store_close(c->store);
    return status;
}

/* Faults are also in cx->why, which the command says; the rest is for us. */
static void
log_line(ses_log_level_t level, const char *text)
{
    if (level == SES_LOG_WARN)
        fprintf(stderr, "sesamectl: %s\n", text);
}

int
main(int argc, char **argv)
{
    const char *config = getenv("SESAME_CONFIG");
    ses_arena_t *arena = ses_arena_new();
    line_t line = {.argv = argv, .argc = argc};
    ctl_t c = {.arena = arena,
               .config = config != NULL ? config : DEFAULT_CONFIG};
    int status;

    umask(007); /* what we make, the daemons can use */
    ses_log_open("sesamectl", log_line);
    ses_model_init();
    c.cx = ses_cx(arena, ses_clock_ms());
    c.cx.caller = SES_STR("operator");
    c.cx.request_id = ses_uuid(arena);

    status = parse(&c, &line);
    if (status == 0 && line.help) {
        if (line.command != NULL)
            help_command(stdout, line.group, line.command);
        else if (line.group != NULL)
            help_group(stdout, line.group);
        else
            help_top(stdout);
    } else if (status == 0) {
        c.command = line.command;
        emit_init(&c.out, arena, stdout, c.json);
        status = run(&c);
    }
    ses_arena_free(arena);
    return status;
}
