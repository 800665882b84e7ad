/*
 * postfix_conf - Postfix's configuration, as postconf tells it
 *
 * Parameters as they are written and expanded, the lines of master.cf by
 * field, and their -o options, expanded.  Later questions need no other run;
 * only look-up tables are asked through postmap.
 */
#include "postfix.h"

#define POSTCONF "/usr/sbin/postconf"
#define POSTMAP "/usr/sbin/postmap"
#define MANY 16384 /* more lines than any configuration has */

typedef void (*take_t)(postfix_t *p, ses_str_t name, ses_str_t value);

/* One run of postconf; each "name = value" line goes to
 * take. */
static ses_rc_t
postconf(postfix_t *p, const char *how, take_t take)
{
    const char *dir = ses_str_c(p->a, p->conf->postfix_config);
    const char *const argv[] = {POSTCONF, "-c", dir, how, NULL};
    ses_str_t rest, line, why = SES_STR("");
    postfix_ran_t ran = postfix_run(p->a, argv);
    ptrdiff_t at;

    if (ran.status != 0) {
        rest = ran.err;
        while (ses_str_cut(&rest, '\n', &line))
            if (line.n > 0)
                why = line;
        return ses_fail(&p->c->cx, SES_FAULT, "%s -c %s: %.*s", POSTCONF, dir,
                        SES_FMT(why.n > 0 ? why : SES_STR("cannot be run")));
    }
    rest = ran.out;
    while (ses_str_cut(&rest, '\n', &line)) {
        at = ses_str_search(line, SES_STR(" ="));
        if (at > 0)
            take(p, ses_str_head(line, (size_t) at),
                 ses_str_trim(ses_str_from(line, (size_t) at + 2)));
    }
    return SES_OK;
}

/* --- main.cf ----------------------------------------------------------- */

static postfix_param_t *
find(postfix_param_t *list, size_t n, ses_str_t name)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (ses_str_eq(list[i].name, name))
            return &list[i];
    return NULL;
}

/* The parameter called name of a list that grows. */
static postfix_param_t *
param(postfix_t *p, postfix_param_t **list, size_t *n, size_t *cap,
      ses_str_t name)
{
    postfix_param_t *known = find(*list, *n, name);

    if (known != NULL)
        return known;
    if (*n == *cap) {
        *cap = *cap == 0 ? 16 : 2 * *cap;
        *list =
            ses_regrow(p->a, *list, *n * sizeof(**list), *cap * sizeof(**list));
    }
    (*list)[*n] = (postfix_param_t){name, {NULL, 0}, SES_STR("")};
    return &(*list)[(*n)++];
}

static void
take_raw(postfix_t *p, ses_str_t name, ses_str_t value)
{
    if (p->nmain < MANY)
        param(p, &p->main, &p->nmain, &p->cap_main, name)->raw = value;
}

static void
take_value(postfix_t *p, ses_str_t name, ses_str_t value)
{
    if (p->nmain < MANY)
        param(p, &p->main, &p->nmain, &p->cap_main, name)->value = value;
}

void
postfix_set_raw(postfix_t *p, ses_str_t name, ses_str_t value)
{
    take_raw(p, name, value);
}

/* --- master.cf --------------------------------------------------------- */

static postfix_service_t *
service(postfix_t *p, ses_str_t key, bool make)
{
    size_t i;

    for (i = 0; i < p->nservices; i++)
        if (ses_str_eq(p->services[i].key, key))
            return &p->services[i];
    if (!make || p->nservices == MANY)
        return NULL;
    if (p->nservices == p->cap_services) {
        p->cap_services = p->cap_services == 0 ? 32 : 2 * p->cap_services;
        p->services =
            ses_regrow(p->a, p->services, p->nservices * sizeof(*p->services),
                       p->cap_services * sizeof(*p->services));
    }
    p->services[p->nservices] = (postfix_service_t){.key = key};
    return &p->services[p->nservices++];
}

/* "submission/inet/chroot": the service, and what stands behind it. */
static postfix_service_t *
split(postfix_t *p, ses_str_t name, bool make, ses_str_t *last)
{
    ptrdiff_t slash = ses_str_rfind(name, '/');

    if (slash <= 0)
        return NULL;
    *last = ses_str_from(name, (size_t) slash + 1);
    return service(p, ses_str_head(name, (size_t) slash), make);
}

static void
take_field(postfix_t *p, ses_str_t name, ses_str_t value)
{
    ses_str_t field, rest = value;
    postfix_service_t *s = split(p, name, true, &field);

    if (s == NULL)
        return;
    if (ses_str_eqc(field, "service"))
        s->name = value;
    else if (ses_str_eqc(field, "type"))
        s->type = value;
    else if (ses_str_eqc(field, "chroot"))
        s->chroot = ses_str_eqc(value, "y");
    else if (ses_str_eqc(field, "process_limit"))
        s->limit = value;
    else if (ses_str_eqc(field, "command"))
        (void) postfix_item(&rest, &s->command);
}

static void
take_own(postfix_t *p, ses_str_t name, ses_str_t value)
{
    ses_str_t what;
    postfix_service_t *s = split(p, name, false, &what);

    if (s != NULL && s->nown < MANY)
        *param(p, &s->own, &s->nown, &s->cap, what) =
            (postfix_param_t){what, value, value};
}

/* --- asking ------------------------------------------------------------ */

const postfix_param_t *
postfix_own(const postfix_service_t *s, const char *name)
{
    return s == NULL ? NULL : find(s->own, s->nown, ses_str(name));
}

static const postfix_param_t *
ask(const postfix_t *p, const postfix_service_t *s, const char *name)
{
    static const postfix_param_t none = {SES_STR_INIT(""), SES_STR_INIT(""),
                                         SES_STR_INIT("")};
    const postfix_param_t *found = postfix_own(s, name);

    if (found == NULL)
        found = find(p->main, p->nmain, ses_str(name));
    return found == NULL ? &none : found;
}

ses_str_t
postfix_value(const postfix_t *p, const postfix_service_t *s, const char *name)
{
    return ask(p, s, name)->value;
}

ses_str_t
postfix_raw(const postfix_t *p, const postfix_service_t *s, const char *name)
{
    return ask(p, s, name)->raw;
}

bool
postfix_yes(const postfix_t *p, const postfix_service_t *s, const char *name)
{
    return ses_str_caseeqc(postfix_value(p, s, name), "yes");
}

const postfix_service_t *
postfix_service(const postfix_t *p, const char *key)
{
    size_t i;

    for (i = 0; i < p->nservices; i++)
        if (ses_str_eqc(p->services[i].key, key))
            return &p->services[i];
    return NULL;
}

const char *
postfix_label(const postfix_t *p, const postfix_service_t *s)
{
    if (s == NULL)
        return "main.cf";
    return ses_str_printf(p->a, "%.*s %.*s", SES_FMT(s->name), SES_FMT(s->type))
        .p;
}

ses_str_t
postfix_lookup(const postfix_t *p, ses_str_t tables, ses_str_t key)
{
    const char *argv[] = {POSTMAP,
                          "-c",
                          ses_str_c(p->a, p->conf->postfix_config),
                          "-q",
                          ses_str_c(p->a, key),
                          NULL,
                          NULL};
    postfix_ran_t ran;
    ses_str_t item;

    while (postfix_item(&tables, &item)) {
        if (ses_str_find(item, ':') < 0)
            continue; /* a name or a file of names */
        argv[5] = ses_str_c(p->a, item);
        ran = postfix_run(p->a, argv);
        if (ran.status == 0 && ses_str_trim(ran.out).n > 0)
            return ses_str_trim(ran.out);
    }
    return SES_STR("");
}

/* --- reading ----------------------------------------------------------- */

ses_rc_t
postfix_load(ctl_t *c, postfix_t *out)
{
    postfix_t p = {.c = c, .a = c->arena, .conf = &c->conf};
    ses_rc_t rc;
    size_t i;

    if ((rc = postconf(&p, "-n", take_raw)) != SES_OK ||
        (rc = postconf(&p, "-x", take_value)) != SES_OK ||
        (rc = postconf(&p, "-F", take_field)) != SES_OK ||
        (rc = postconf(&p, "-Px", take_own)) != SES_OK)
        return rc;
    for (i = 0; i < p.nmain; i++) /* not written: the default counts */
        if (p.main[i].raw.p == NULL)
            p.main[i].raw = p.main[i].value;
    p.queue = postfix_value(&p, NULL, "queue_directory");
    *out = p;
    return SES_OK;
}
