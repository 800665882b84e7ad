/*
 * postfix_pools - by which address, and with which TLS, mail leaves
 *
 * The agent writes a table (pool_map), from labels of envelope senders to
 * transports, and the transports; main.cf has to name the table, first.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "postfix.h"

#define MAPS "sender_dependent_default_transport_maps"
#define TABLE_MAX (1 << 20)

static bool
has_map(const postfix_t *p)
{
    return p->conf->pool_map.n > 0;
}

/* pcre:FILE; its patterns are good for regexp:, too. */
static bool
is_map(const postfix_t *p, ses_str_t item)
{
    ses_str_t type;

    if (!ses_str_cut(&item, ':', &type))
        return false;
    return (ses_str_eqc(type, "pcre") || ses_str_eqc(type, "regexp")) &&
           ses_str_eq(item, p->conf->pool_map);
}

/* --- is it used --------------------------------------------------------- */

/* A table that is not there stops all mail: the agent writes it first. */
static bool
is_written(const postfix_t *p)
{
    return has_map(p) && access(p->conf->pool_map.p, F_OK) == 0;
}

bool
postfix_uses_pools(postfix_t *p)
{
    return is_written(p);
}

static void
conf(postfix_t *p, const postfix_check_t *k)
{
    const postfix_uses_t *u = postfix_uses(p);

    if (!has_map(p) && (u->sources || u->tls))
        postfix_found(
            p, k,
            postfix_fix_conf(p, "pool_map",
                             ses_str_printf(p->a, "%.*s/sesame-addresses.pcre",
                                            SES_FMT(p->conf->postfix_config))),
            "sesame.conf has no pool_map: %s",
            u->tls ? "mail of configuration sets that require TLS waits"
                   : "source addresses of accounts are not used");
}

/* --- the table in main.cf ------------------------------------------------ */

/* The list with the table in front. */
static ses_str_t
in_front(const postfix_t *p)
{
    ses_str_t rest = postfix_raw(p, NULL, MAPS), item;
    ses_buf_t b;

    ses_buf_init(&b, p->a, TABLE_MAX);
    ses_buf_printf(&b, "pcre:%.*s", SES_FMT(p->conf->pool_map));
    while (postfix_item(&rest, &item))
        if (!is_map(p, item))
            ses_buf_printf(&b, ", %.*s", SES_FMT(item));
    return ses_buf_get(&b);
}

static void
map(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t rest = postfix_value(p, NULL, MAPS), item;
    unsigned at = 0, found = 0;

    if (!has_map(p))
        return;
    while (postfix_item(&rest, &item)) {
        at++;
        if (is_map(p, item) && found == 0)
            found = at;
    }
    if (found != 1)
        postfix_found(
            p, k, postfix_fix_main(p, MAPS, in_front(p)),
            found == 0 ? "%s lacks %.*s: mail leaves by the address, and with "
                         "the TLS, of all other mail"
                       : "%s has a table before %.*s, which may take its mail",
            MAPS, SES_FMT(p->conf->pool_map));
}

/* --- the file ------------------------------------------------------------ */

/* Of what postmap says, the line about the table: it warns of main.cf, too. */
static ses_str_t
complaint(const postfix_t *p, ses_str_t said)
{
    static const char *const words[] = {"fatal:", "error:", "unsupported"};
    ses_str_t line;
    size_t i;

    while (ses_str_cut(&said, '\n', &line)) {
        if (ses_str_search(line, p->conf->pool_map) >= 0)
            return line;
        for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (ses_str_search(line, ses_str(words[i])) >= 0)
                return line;
    }
    return SES_STR("");
}

/* As Postfix opens it, in the words of Postfix. */
static void
readable(postfix_t *p, const postfix_check_t *k)
{
    const char *table =
        ses_str_printf(p->a, "pcre:%.*s", SES_FMT(p->conf->pool_map)).p;
    const char *const argv[] = {"/usr/sbin/postmap",
                                "-c",
                                p->conf->postfix_config.p,
                                "-q",
                                "x",
                                table,
                                NULL};
    const char *path = p->conf->pool_map.p;
    ses_str_t line;
    struct stat st;

    if (!has_map(p))
        return;
    if (stat(path, &st) == 0 && (st.st_uid != 0 || (st.st_mode & 022) != 0)) {
        postfix_found(p, k,
                      postfix_fix_command(p, "chown root %s && chmod go-w %s",
                                          path, path),
                      "%s: others than root may say which way mail leaves",
                      path);
        return;
    }
    line = complaint(p, postfix_run(p->a, argv).err);
    if (line.n == 0)
        return;
    postfix_found(
        p, k,
        postfix_fix_command(p, ses_str_search(line, SES_STR("unsupported")) >= 0
                                   ? "apt-get install postfix-pcre"
                                   : "systemctl restart sesame-agent"),
        "Postfix cannot read pool_map, and delivers no mail then: %.*s",
        SES_FMT(line));
}

/* --- the transports ------------------------------------------------------ */

static ses_str_t
text_of(const postfix_t *p, const char *path)
{
    char some[16384];
    ses_buf_t b;
    size_t n;
    FILE *f = fopen(path, "re");

    ses_buf_init(&b, p->a, TABLE_MAX);
    while (f != NULL && (n = fread(some, 1, sizeof(some), f)) > 0)
        ses_buf_add(&b, some, n);
    if (f != NULL)
        fclose(f);
    return ses_buf_get(&b);
}

/* Each line of the table ends in "TRANSPORT:". */
static void
transports(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t rest, line, name;
    ptrdiff_t at;

    if (!has_map(p))
        return;
    rest = text_of(p, p->conf->pool_map.p);
    while (ses_str_cut(&rest, '\n', &line)) {
        line = ses_str_trim(line);
        at = ses_str_rfind(line, ' ');
        if (line.n == 0 || line.p[0] != '/' || at < 0 ||
            line.p[line.n - 1] != ':')
            continue;
        name = ses_str_from(line, (size_t) at + 1);
        name = ses_str_head(name, name.n - 1);
        if (postfix_service(
                p, ses_str_printf(p->a, "%.*s/unix", SES_FMT(name)).p) == NULL)
            postfix_found(
                p, k, postfix_fix_command(p, "systemctl restart sesame-agent"),
                "master.cf has no %.*s, which pool_map names: that mail stays "
                "in the queue",
                SES_FMT(name));
    }
}

/* No client of ours can speak TLS without it. */
static void
tls(postfix_t *p, const postfix_check_t *k)
{
    static const char line[] = "tlsmgr unix - - y 1000? 1 tlsmgr";
    postfix_fix_t fix;

    if (!has_map(p) || postfix_service(p, "tlsmgr/unix") != NULL)
        return;
    fix = postfix_fix_command(p, "postconf -c %s -M -e 'tlsmgr/unix=%s'",
                              p->conf->postfix_config.p, line);
    fix.file = "master.cf";
    fix.line = ses_str(line);
    postfix_found(p, k, fix,
                  "there is no service tlsmgr: mail that requires TLS stays in "
                  "the queue");
}

/* --- a way round --------------------------------------------------------- */

/* Of a recipient anywhere: what a table of transport_maps says. */
static ses_str_t
anywhere(const postfix_t *p, ses_str_t table)
{
    static const char *const keys[] = {"x@sesame-pools.invalid",
                                       "sesame-pools.invalid", "*"};
    ses_str_t found = SES_STR("");
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && found.n == 0; i++)
        found = postfix_lookup(p, table, ses_str(keys[i]));
    return ses_str_eqc(found, ":") ? SES_STR("") : found;
}

/* A default of transport_maps comes before a sender's. */
static void
bypass(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t rest = postfix_value(p, NULL, "transport_maps"), item, found;

    while (has_map(p) && postfix_item(&rest, &item)) {
        if (ses_str_find(item, ':') < 0 || (found = anywhere(p, item)).n == 0)
            continue;
        postfix_found(
            p, k,
            postfix_fix_main(
                p, "transport_maps",
                postfix_without(p->a, postfix_raw(p, NULL, "transport_maps"),
                                ses_str_c(p->a, item))),
            "%.*s of transport_maps sends every recipient by %.*s: no pool is "
            "used; what is for all other mail belongs into relayhost or "
            "default_transport",
            SES_FMT(item), SES_FMT(found));
    }
}

const postfix_check_t postfix_checks_pools[] = {
    {.name = "pool-conf", POSTFIX_ERROR, conf},
    {.name = "pool-map", POSTFIX_ERROR, map},
    {.name = "pool-file", POSTFIX_ERROR, readable},
    {.name = "pool-transports", POSTFIX_ERROR, transports},
    {.name = "pool-tls", POSTFIX_ERROR, tls},
    {.name = "pool-bypass", POSTFIX_ERROR, bypass},
    {0},
};

/* --- the feature --------------------------------------------------------- */

ses_rc_t
postfix_want_pools(postfix_t *p, postfix_edits_t *e)
{
    if (!has_map(p))
        return ses_fail(&p->c->cx, SES_INVALID,
                        "sesame.conf has to name a file first: pool_map = "
                        "%.*s/sesame-addresses.pcre",
                        SES_FMT(p->conf->postfix_config));
    if (!is_written(p))
        return ses_fail(&p->c->cx, SES_INVALID,
                        "%.*s (pool_map) is not there yet: the agent writes it "
                        "when it starts, so restart sesame-agent first",
                        SES_FMT(p->conf->pool_map));
    postfix_want_main(p, e, MAPS, in_front(p));
    return SES_OK;
}
