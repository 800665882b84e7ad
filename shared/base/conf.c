/*
 * conf - sesame.conf: the table of options, and the strict parser
 *
 * A row says what an option is called, how its value is read and written,
 * where it goes, its default (none = it must be given) and its bounds.  How
 * each kind of value is spelled is conf_value.c's business.  Everything that
 * is wrong ends as one line, "FILE:LINE: what", in cx->why.
 */
#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/conf_value.h"
#include "base/domain.h"

#define FILE_MAX (1 << 20)
#define LIST_MAX 1000 /* lines of one option */

#define K (INT64_C(1) << 10)
#define M (INT64_C(1) << 20)
#define G (INT64_C(1) << 30)
#define T (INT64_C(1) << 40)

#define SEC INT64_C(1000)
#define MIN (60 * SEC)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)

typedef struct {
    const char *name;
    const ses_conf_kind_t *kind;
    size_t at;        /* member of ses_conf_t */
    const char *dflt; /* as it would stand in the file; NULL = none */
    int64_t min, max; /* of numbers, sizes and durations */
} option_t;

#define AT(member) offsetof(ses_conf_t, member)

/* sesame.conf(5) and conf-examples/sesame.conf have them in this order. */
static const option_t options[] = {
    {"region", &ses_conf_region, AT(region), "us-east-1", 0, 0},
    {"node", &ses_conf_u16, AT(node), "1", 0, 32767},
    {"service_domain", &ses_conf_domain, AT(service_domain), NULL, 0, 0},
    {"bounce_domain", &ses_conf_domain, AT(bounce_domain), NULL, 0, 0},
    {"feedback_host", &ses_conf_domain_or_none, AT(feedback_host), "", 0, 0},
    {"public_address", &ses_conf_ips, AT(public_address), "", 0, 0},
    {"public_url", &ses_conf_url, AT(public_url), NULL, 0, 0},
    {"service_from", &ses_conf_word, AT(service_from), "no-reply", 0, 0},
    {"store", &ses_conf_path, AT(store), "/var/lib/sesame", 0, 0},
    {"map_size", &ses_conf_size, AT(map_size), "64g", 16 * M, 16 * T},
    {"key_directory", &ses_conf_path, AT(key_directory), "/etc/sesame/keys", 0,
     0},
    {"postfix_config", &ses_conf_path, AT(postfix_config), "/etc/postfix", 0,
     0},
    {"maillog", &ses_conf_path, AT(maillog), "/var/log/postfix/maillog", 0, 0},
    {"gate_user", &ses_conf_user, AT(gate_user), "sesame-gate", 0, 0},
    {"agent_user", &ses_conf_user, AT(agent_user), "sesame-agent", 0, 0},
    {"store_group", &ses_conf_user, AT(store_group), "sesame", 0, 0},
    {"postfix_group", &ses_conf_user, AT(postfix_group), "postfix", 0, 0},
    {"milter_socket", &ses_conf_socket, AT(milter_socket),
     "unix:/var/spool/postfix/sesame/milter", 0, 0},
    {"auth_socket", &ses_conf_socket, AT(auth_socket),
     "unix:/var/spool/postfix/sesame/auth", 0, 0},
    {"lmtp_socket", &ses_conf_socket, AT(lmtp_socket),
     "unix:/var/spool/postfix/sesame/lmtp", 0, 0},
    {"inject", &ses_conf_endpoint, AT(inject), "127.0.0.1:10025", 0, 0},
    {"api_daemon_name", &ses_conf_word, AT(api_daemon_name), "SESAME-API", 0,
     0},
    {"smtp_daemon_name", &ses_conf_word, AT(smtp_daemon_name), "SESAME-SMTP", 0,
     0},
    {"pool_label", &ses_conf_label, AT(pool_label), "a1", 0, 0},
    {"pool_map", &ses_conf_path_or_none, AT(pool_map), "", 0, 0},
    {"pool_address", &ses_conf_ip_or_none, AT(pool_address), "", 0, 0},
    {"resolver", &ses_conf_endpoints, AT(resolver), "", 0, 0},
    {"dns_trust_anchor", &ses_conf_path_or_none, AT(dns_trust_anchor), "", 0,
     0},
    {"max_message_size", &ses_conf_size, AT(max_message_size), "41943040",
     64 * K, 1 * G},
    {"max_recipients", &ses_conf_u64, AT(max_recipients), "50", 1, 1000},
    {"simulator_domain", &ses_conf_domain_or_none, AT(simulator_domain), "", 0,
     0},
    {"site_suppression", &ses_conf_site_list, AT(site_suppression_always),
     "fallback", 0, 0},
    {"allow_private_destinations", &ses_conf_yesno,
     AT(allow_private_destinations), "no", 0, 0},
    {"unbound", &ses_conf_unbound, AT(unbound_reject), "pass", 0, 0},
    {"bind", &ses_conf_bind, AT(bind), "", 0, 0},
    {"dkim_ed25519", &ses_conf_yesno, AT(dkim_ed25519), "yes", 0, 0},
    {"dkim_service", &ses_conf_yesno, AT(dkim_service), "no", 0, 0},
    {"dkim_stock", &ses_conf_u64, AT(dkim_stock), "16", 0, 10000},
    {"dkim_rotate_after", &ses_conf_duration, AT(dkim_rotate_after), "0s", 0,
     3650 * DAY},
    {"dkim_settle", &ses_conf_duration, AT(dkim_settle), "10m", 0, 7 * DAY},
    {"dkim_keep", &ses_conf_duration, AT(dkim_keep), "7d", 1 * SEC, 365 * DAY},
    {"dns_port", &ses_conf_u16, AT(dns_port), "53", 1, 65535},
    {"dns_update", &ses_conf_dns_update, AT(dns_update), "", 0, 0},
    {"eom_timeout", &ses_conf_duration, AT(eom_timeout), "300s", 1 * SEC,
     1 * HOUR},
    {"drain_timeout", &ses_conf_duration, AT(drain_timeout), "60s", 0,
     1 * HOUR},
    {"reconcile_grace", &ses_conf_duration, AT(reconcile_grace), "10m", 1 * SEC,
     1 * DAY},
    {"event_retention", &ses_conf_duration, AT(event_retention), "14d", 1 * SEC,
     3650 * DAY},
    {"ledger_retention", &ses_conf_duration, AT(ledger_retention), "35d",
     1 * SEC, 3650 * DAY},
    {"journal_retention", &ses_conf_duration, AT(journal_retention), "90d",
     1 * SEC, 3650 * DAY},
    {"publish_retry_min", &ses_conf_duration, AT(publish_retry_min), "1s", 10,
     1 * HOUR},
    {"publish_retry_max", &ses_conf_duration, AT(publish_retry_max), "10m", 10,
     1 * DAY},
    {"publish_timeout", &ses_conf_duration, AT(publish_timeout), "15s", 100,
     5 * MIN},
    {"publish_window", &ses_conf_u64, AT(publish_window), "16", 1, 1024},
    {"publish_max_tries", &ses_conf_u64, AT(publish_max_tries), "50", 1,
     100000},
    {"publish_max_age", &ses_conf_duration, AT(publish_max_age), "24h", 1 * SEC,
     365 * DAY},
    {"verify_retry_min", &ses_conf_duration, AT(verify_retry_min), "30s", 100,
     1 * DAY},
    {"verify_retry_max", &ses_conf_duration, AT(verify_retry_max), "15m", 100,
     7 * DAY},
    {"verify_link_lifetime", &ses_conf_duration, AT(verify_link_lifetime),
     "24h", 1 * SEC, 30 * DAY},
};

#define NOPTIONS (sizeof(options) / sizeof(options[0]))

/* Pairs of options of which the first may not be the larger. */
static const struct {
    const char *low, *high;
    size_t low_at, high_at;
} ordered[] = {
    {"publish_retry_min", "publish_retry_max", AT(publish_retry_min),
     AT(publish_retry_max)},
    {"verify_retry_min", "verify_retry_max", AT(verify_retry_min),
     AT(verify_retry_max)},
};

static void *
member(ses_conf_t *c, size_t at)
{
    return (char *) c + at;
}

static const option_t *
find(ses_str_t name)
{
    size_t i;

    for (i = 0; i < NOPTIONS; i++)
        if (ses_str_eqc(name, options[i].name))
            return &options[i];
    return NULL;
}

/* The whole file, in the arena. */
static ses_rc_t
slurp(ses_cx_t *cx, const char *file, ses_str_t *out)
{
    struct stat st;
    size_t n = 0;
    ssize_t got;
    char *p;
    int fd;

    fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ses_fail(cx, errno == ENOENT ? SES_NOT_FOUND : SES_DENIED,
                        "%s: %s", file, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
        close(fd);
        return ses_fail(cx, SES_INVALID, "%s: is not a file of at most 1 MB",
                        file);
    }
    p = ses_alloc(cx->arena, (size_t) st.st_size + 1);
    while (n < (size_t) st.st_size) {
        got = read(fd, p + n, (size_t) st.st_size - n);
        if (got <= 0)
            break;
        n += (size_t) got;
    }
    close(fd);
    if (n != (size_t) st.st_size)
        return ses_fail(cx, SES_FAULT, "%s: cannot be read", file);
    *out = ses_str_n(p, n);
    return SES_OK;
}

/* A '#' at the start or after a blank begins a comment. */
static ses_str_t
uncomment(ses_str_t line)
{
    size_t i;

    for (i = 0; i < line.n; i++)
        if (line.p[i] == '#' &&
            (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
            return ses_str_trim(ses_str_head(line, i));
    return ses_str_trim(line);
}

/* Room for one more; the list grows at each power of two. */
static void *
room(ses_arena_t *a, void *v, unsigned n, size_t each)
{
    if ((n & (n - 1)) != 0)
        return v;
    return ses_regrow(a, v, n * each, (n == 0 ? 1 : 2 * n) * each);
}

/* One more element; an empty value adds none. */
static const char *
append(ses_cx_t *cx, const option_t *o, ses_str_t value, unsigned number,
       ses_conf_list_t *l)
{
    const char *wrong;
    char *v;

    if (value.n == 0)
        return NULL;
    if (l->n == LIST_MAX)
        return "too many lines";
    l->v = v = room(cx->arena, l->v, l->n, o->kind->each);
    l->lines = room(cx->arena, l->lines, l->n, sizeof(*l->lines));
    wrong = o->kind->parse(cx->arena, value, o->min, o->max,
                           v + l->n * o->kind->each);
    if (wrong == NULL)
        l->lines[l->n++] = number;
    return wrong;
}

static const char *
set(ses_cx_t *cx, const option_t *o, ses_str_t value, unsigned number,
    ses_conf_t *c)
{
    void *field = member(c, o->at);
    const char *wrong;

    if (o->kind->each > 0)
        wrong = append(cx, o, value, number, field);
    else
        wrong = o->kind->parse(cx->arena, value, o->min, o->max, field);
    if (wrong == NULL)
        return NULL;
    return ses_str_printf(cx->arena, "%s: %s", o->name, wrong).p;
}

/* One line; *line_of[] remembers where each option was set. */
static const char *
parse_line(ses_cx_t *cx, ses_str_t line, unsigned number, unsigned *line_of,
           ses_conf_t *c)
{
    const option_t *o;
    ptrdiff_t eq = ses_str_find(line, '=');
    ses_str_t name;

    if (ses_str_find(line, '\0') >= 0)
        return "a NUL byte";
    if (eq < 0)
        return "missing '=': a line is \"name = value\"";
    name = ses_str_trim(ses_str_head(line, (size_t) eq));
    if ((o = find(name)) == NULL)
        return ses_str_printf(cx->arena, "unknown option \"%.*s\"",
                              SES_FMT(name))
            .p;
    if (line_of[o - options] != 0 && o->kind->each == 0)
        return ses_str_printf(cx->arena, "%s: already set in line %u", o->name,
                              line_of[o - options])
            .p;
    line_of[o - options] = number;
    return set(cx, o, ses_str_trim(ses_str_from(line, (size_t) eq + 1)), number,
               c);
}

/* Services on which something else says whose a session is. */
static ses_rc_t
check_bindings(ses_cx_t *cx, const char *file, const ses_conf_t *c)
{
    const ses_binding_t *b = ses_conf_bindings(c);
    unsigned i;

    for (i = 0; i < c->bind.n; i++) {
        if (ses_binding_names(&b[i], c->api_daemon_name))
            return ses_fail(cx, SES_INVALID,
                            "%s:%u: bind: on %.*s the ticket says whose a "
                            "message is",
                            file, c->bind.lines[i],
                            SES_FMT(c->api_daemon_name));
        if (b[i].nlogins > 0 && ses_binding_names(&b[i], c->smtp_daemon_name))
            return ses_fail(cx, SES_INVALID,
                            "%s:%u: bind: on %.*s a login is an access key",
                            file, c->bind.lines[i],
                            SES_FMT(c->smtp_daemon_name));
    }
    return SES_OK;
}

bool
ses_conf_has_zone(const ses_conf_t *c, ses_str_t zone)
{
    return ses_domain_within(c->service_domain, zone) ||
           ses_domain_within(zone, c->service_domain) ||
           ses_domain_within(c->bounce_domain, zone);
}

/* Each zone has one master, and something of ours in it. */
static ses_rc_t
check_zones(ses_cx_t *cx, const char *file, const ses_conf_t *c)
{
    const ses_dns_update_t *u = ses_conf_dns_updates(c);
    unsigned i, k, x, y;
    ses_str_t zone;

    for (i = 0; i < c->dns_update.n; i++)
        for (x = 0; x < u[i].nzones; x++) {
            zone = u[i].zones[x];
            if (!ses_conf_has_zone(c, zone))
                return ses_fail(cx, SES_INVALID,
                                "%s:%u: dns_update: nothing of ours is in %.*s",
                                file, c->dns_update.lines[i], SES_FMT(zone));
            for (k = 0; k < i; k++)
                for (y = 0; y < u[k].nzones; y++)
                    if (ses_str_eq(u[k].zones[y], zone))
                        return ses_fail(cx, SES_INVALID,
                                        "%s:%u: dns_update: zone %.*s stands "
                                        "in line %u already",
                                        file, c->dns_update.lines[i],
                                        SES_FMT(zone), c->dns_update.lines[k]);
        }
    return SES_OK;
}

/* What no single line can say. */
static ses_rc_t
check_whole(ses_cx_t *cx, const char *file, const unsigned *line_of,
            ses_conf_t *c)
{
    unsigned line;
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < NOPTIONS; i++)
        if (options[i].dflt == NULL && line_of[i] == 0)
            return ses_fail(cx, SES_INVALID, "%s: %s must be set", file,
                            options[i].name);

    for (i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++) {
        if (*(int64_t *) member(c, ordered[i].low_at) <=
            *(int64_t *) member(c, ordered[i].high_at))
            continue;
        line = line_of[find(ses_str(ordered[i].low)) - options];
        if (line == 0)
            line = line_of[find(ses_str(ordered[i].high)) - options];
        return ses_fail(cx, SES_INVALID, "%s:%u: %s is longer than %s", file,
                        line, ordered[i].low, ordered[i].high);
    }
    rc = check_bindings(cx, file, c);
    return rc == SES_OK ? check_zones(cx, file, c) : rc;
}

const ses_dns_update_t *
ses_conf_dns_updates(const ses_conf_t *c)
{
    return c->dns_update.v;
}

const ses_binding_t *
ses_conf_bindings(const ses_conf_t *c)
{
    return c->bind.v;
}

ses_rc_t
ses_conf_load(ses_cx_t *cx, const char *file, ses_conf_t *out)
{
    unsigned number = 0, line_of[NOPTIONS] = {0};
    ses_str_t text, line;
    const char *wrong;
    ses_conf_t c;
    ses_rc_t rc;
    size_t i;

    if ((rc = slurp(cx, file, &text)) != SES_OK)
        return rc;

    memset(&c, 0, sizeof(c));
    for (i = 0; i < NOPTIONS; i++)
        if (options[i].dflt != NULL &&
            (wrong = set(cx, &options[i], ses_str(options[i].dflt), 0, &c)) !=
                NULL)
            return ses_fail(cx, SES_FAULT, "default of %s", wrong);

    while (ses_str_cut(&text, '\n', &line)) {
        number++;
        line = uncomment(line);
        if (line.n == 0)
            continue;
        wrong = parse_line(cx, line, number, line_of, &c);
        if (wrong != NULL)
            return ses_fail(cx, SES_INVALID, "%s:%u: %s", file, number, wrong);
    }
    if ((rc = check_whole(cx, file, line_of, &c)) != SES_OK)
        return rc;

    c.file = ses_str_c(cx->arena, ses_str(file));
    *out = c;
    return SES_OK;
}

void
ses_conf_keep(ses_arena_t *arena, const ses_conf_t *now, ses_conf_t *next,
              const char *const *fixed, void (*told)(const char *name))
{
    const option_t *o;
    ses_str_t value;

    for (; *fixed != NULL; fixed++) {
        o = find(ses_str(*fixed));
        ses_assert(o != NULL && o->kind->each == 0);
        value = o->kind->format(arena, (const char *) now + o->at);
        if (ses_str_eq(value, o->kind->format(arena, member(next, o->at))))
            continue;
        ses_assert(o->kind->parse(arena, value, o->min, o->max,
                                  member(next, o->at)) == NULL);
        told(o->name);
    }
}

const char *
ses_conf_key(ses_cx_t *cx, const ses_conf_t *c, const char *name)
{
    return ses_str_printf(cx->arena, "%.*s/%s", SES_FMT(c->key_directory), name)
        .p;
}

static ses_str_t
option_line(ses_arena_t *a, const option_t *o, const void *field)
{
    ses_str_t value = field ? o->kind->format(a, field) : SES_STR("");

    return ses_str_printf(a, "%s =%s%.*s", o->name, value.n == 0 ? "" : " ",
                          SES_FMT(value));
}

void
ses_conf_print(const ses_conf_t *c,
               void (*line)(const char *text, bool list, void *arg), void *arg)
{
    ses_arena_t *arena = ses_arena_new();
    const ses_conf_list_t *list;
    const option_t *o;
    const char *field;
    unsigned k;

    for (o = options; o < options + NOPTIONS; o++) {
        field = (const char *) c + o->at;
        list = (const ses_conf_list_t *) (const void *) field;
        if (o->kind->each == 0)
            line(option_line(arena, o, field).p, false, arg);
        else if (list->n == 0)
            line(option_line(arena, o, NULL).p, true, arg);
        else
            for (k = 0; k < list->n; k++)
                line(option_line(arena, o,
                                 (const char *) list->v + k * o->kind->each)
                         .p,
                     true, arg);
    }
    ses_arena_free(arena);
}
