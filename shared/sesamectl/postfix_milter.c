/*
 * postfix_milter - does mail pass the gate, and is it the last to see it?
 *
 * A list of milters stands in main.cf or with -o at a service.  Its items are
 * unix:PATH, or { unix:PATH, default_action=... }.
 */
#include "base/buf.h"
#include "postfix.h"

#define LIST_MAX (1 << 16)
#define PATIENT_MS 10000 /* the gate may wait for a disk */

/* --- sockets ----------------------------------------------------------- */

/* The path of a socket of sesame.conf. */
static ses_str_t
path_of(const postfix_t *p, ses_str_t socket, const char *fallback)
{
    if (ses_str_starts(socket, SES_STR("unix:")))
        return ses_str_from(socket, 5);
    return ses_str_printf(p->a, "%.*s/%s", SES_FMT(p->queue), fallback);
}

ses_str_t
postfix_socket(const postfix_t *p, ses_str_t socket, const char *fallback)
{
    ses_str_t path = path_of(p, socket, fallback);

    if (ses_str_starts(path, p->queue) && path.n > p->queue.n + 1 &&
        path.p[p->queue.n] == '/')
        path = ses_str_from(path, p->queue.n + 1);
    return path;
}

bool
postfix_same_socket(const postfix_t *p, ses_str_t spelled, ses_str_t socket,
                    const char *fallback)
{
    ses_str_t path = path_of(p, socket, fallback);

    if (spelled.n > 0 && spelled.p[0] != '/')
        spelled = ses_str_printf(p->a, "%.*s/%.*s", SES_FMT(p->queue),
                                 SES_FMT(spelled));
    return ses_str_eq(spelled, path);
}

/* --- lists ------------------------------------------------------------- */

/* What is in an item's braces, or the item. */
static ses_str_t
inside(ses_str_t item)
{
    if (item.n >= 2 && item.p[0] == '{' && item.p[item.n - 1] == '}')
        return ses_str_trim(ses_str_n(item.p + 1, item.n - 2));
    return item;
}

static bool
is_gate(const postfix_t *p, ses_str_t item)
{
    ses_str_t rest = inside(item), where;

    return postfix_item(&rest, &where) &&
           ses_str_starts(where, SES_STR("unix:")) &&
           postfix_same_socket(p, ses_str_from(where, 5),
                               p->conf->milter_socket, "sesame/milter");
}

/* What an item in braces says of itself; "" = nothing. */
static ses_str_t
option_of(ses_str_t item, const char *name)
{
    ses_str_t rest = inside(item), part, key;

    while (ses_str_cut(&rest, ',', &part)) {
        if (ses_str_find(part, '=') < 0)
            continue;
        (void) ses_str_cut(&part, '=', &key);
        if (ses_str_eqc(ses_str_trim(key), name))
            return ses_str_trim(part);
    }
    return SES_STR("");
}

typedef struct {
    unsigned items, gates, last; /* last: where the gate stands, from 1 */
    ses_str_t gate;              /* the item */
} place_t;

static place_t
look(const postfix_t *p, ses_str_t list)
{
    place_t at = {0};
    ses_str_t item;

    while (postfix_item(&list, &item)) {
        at.items++;
        if (!is_gate(p, item))
            continue;
        at.gates++;
        at.last = at.items;
        at.gate = item;
    }
    return at;
}

bool
postfix_has_gate(const postfix_t *p, ses_str_t list)
{
    return look(p, list).gates > 0;
}

/* What happens to mail while the gate is down. */
static ses_str_t
action_of(const postfix_t *p, const postfix_service_t *s, ses_str_t item)
{
    ses_str_t own = option_of(item, "default_action");

    return own.n > 0 ? own : postfix_value(p, s, "milter_default_action");
}

/* Mail waits for it, and a chroot does not hide it? */
static bool
is_good(const postfix_t *p, const postfix_service_t *s, ses_str_t item)
{
    ses_str_t rest = inside(item), where;

    return postfix_item(&rest, &where) &&
           ses_str_caseeqc(action_of(p, s, item), "tempfail") &&
           (ses_str_from(where, 5).p[0] != '/' ||
            postfix_socket(p, p->conf->milter_socket, "sesame/milter").p[0] ==
                '/');
}

ses_str_t
postfix_gate_item(const postfix_t *p, const postfix_service_t *s)
{
    ses_str_t where = ses_str_printf(
        p->a, "unix:%.*s",
        SES_FMT(postfix_socket(p, p->conf->milter_socket, "sesame/milter")));

    if (ses_str_caseeqc(postfix_value(p, s, "milter_default_action"),
                        "tempfail"))
        return where;
    return ses_str_printf(p->a, "{%.*s, default_action=tempfail}",
                          SES_FMT(where));
}

ses_str_t
postfix_with_gate(const postfix_t *p, const postfix_service_t *s,
                  const char *param)
{
    ses_str_t gate = postfix_gate_item(p, s);
    ses_str_t list = postfix_raw(p, s, param), item;
    place_t raw = look(p, list), whole = look(p, postfix_value(p, s, param));
    ses_buf_t b;

    if (raw.gates == 0 && whole.gates > 0)
        list = postfix_value(p, s, param); /* it came in by a $name */
    if (whole.gates > 0 && is_good(p, s, whole.gate))
        gate = whole.gate; /* with what else it says */
    ses_buf_init(&b, p->a, LIST_MAX);
    while (postfix_item(&list, &item)) {
        if (is_gate(p, item))
            continue;
        ses_buf_str(&b, item);
        ses_buf_c(&b, ", ");
    }
    ses_buf_str(&b, gate);
    return ses_buf_get(&b);
}

/* --- checks ------------------------------------------------------------ */

/* Call fn with each list that sees mail: of smtpd services, and sendmail's. */
typedef void (*each_t)(postfix_t *p, const postfix_check_t *k,
                       const postfix_service_t *s, const char *param);

static void
each_list(postfix_t *p, const postfix_check_t *k, each_t fn)
{
    const postfix_service_t *s;

    for (s = p->services; s < p->services + p->nservices; s++)
        if (postfix_is_smtpd(s))
            fn(p, k, s, "smtpd_milters");
    fn(p, k, NULL, "non_smtpd_milters");
}

static const char *
who(const postfix_t *p, const postfix_service_t *s)
{
    return s == NULL ? "mail of sendmail" : postfix_label(p, s);
}

static void
missing(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s;

    for (s = p->services; s < p->services + p->nservices; s++) {
        if (!postfix_relays(p, s) ||
            postfix_has_gate(p, postfix_value(p, s, "smtpd_milters")))
            continue;
        postfix_found(
            p, k,
            postfix_fix_where(p, s, "smtpd_milters",
                              postfix_with_gate(p, s, "smtpd_milters")),
            "%s: mail that it relays does not pass the gate",
            postfix_label(p, s));
    }
}

bool
postfix_sendmail_follows(const postfix_t *p)
{
    ses_str_t raw = postfix_raw(p, NULL, "non_smtpd_milters");

    return postfix_has(raw, "$smtpd_milters") ||
           postfix_has(raw, "${smtpd_milters}") ||
           postfix_has(raw, "$(smtpd_milters)");
}

static void
missing_sendmail(postfix_t *p, const postfix_check_t *k)
{
    const char *param =
        postfix_sendmail_follows(p) ? "smtpd_milters" : "non_smtpd_milters";

    if (!postfix_has_gate(p, postfix_value(p, NULL, "non_smtpd_milters")))
        postfix_found(
            p, k, postfix_fix_main(p, param, postfix_with_gate(p, NULL, param)),
            "what `sendmail` brings does not pass the gate");
}

static void
order_of(postfix_t *p, const postfix_check_t *k, const postfix_service_t *s,
         const char *param)
{
    place_t at = look(p, postfix_value(p, s, param));

    if (at.gates == 0 || (at.gates == 1 && at.last == at.items))
        return;
    postfix_found(
        p, k, postfix_fix_where(p, s, param, postfix_with_gate(p, s, param)),
        at.gates > 1 ? "%s: the gate stands twice in %s"
                     : "%s: another milter comes after the gate in %s, and "
                       "may change what is signed or refuse what is counted",
        who(p, s), param);
}

static void
order(postfix_t *p, const postfix_check_t *k)
{
    each_list(p, k, order_of);
}

static void
action_in(postfix_t *p, const postfix_check_t *k, const postfix_service_t *s,
          const char *param)
{
    place_t at = look(p, postfix_value(p, s, param));
    ses_str_t action = action_of(p, s, at.gate);
    postfix_fix_t fix;

    if (at.gates == 0 || ses_str_caseeqc(action, "tempfail"))
        return;
    /* Other milters keep what their operator chose for them. */
    if (at.items == 1 && option_of(at.gate, "default_action").n == 0)
        fix = postfix_fix_where(p, s, "milter_default_action",
                                SES_STR("tempfail"));
    else
        fix = postfix_fix_where(p, s, param, postfix_with_gate(p, s, param));
    postfix_found(p, k, fix,
                  "%s: while the gate is down, the action is %.*s: mail "
                  "leaves unchecked or is lost",
                  who(p, s), SES_FMT(action));
}

static void
action(postfix_t *p, const postfix_check_t *k)
{
    each_list(p, k, action_in);
}

static void
protocol(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t value = postfix_value(p, NULL, "milter_protocol");
    uint64_t version;

    if (!ses_str_u64(value, 1000, &version) || version < 6)
        postfix_found(p, k,
                      postfix_fix_main(p, "milter_protocol", SES_STR("6")),
                      "milter_protocol = %.*s: the gate speaks version 6",
                      SES_FMT(value));
}

static void
timeout_in(postfix_t *p, const postfix_check_t *k, const postfix_service_t *s,
           const char *param)
{
    place_t at = look(p, postfix_value(p, s, param));
    ses_str_t value = option_of(at.gate, "content_timeout");
    int64_t ms, limit = p->conf->eom_timeout;

    if (at.gates == 0)
        return;
    if (value.n == 0)
        value = postfix_value(p, s, "milter_content_timeout");
    if ((ms = postfix_time(value)) > limit)
        postfix_found(p, k,
                      postfix_fix_conf(
                          p, "eom_timeout",
                          ses_str_printf(p->a, "%llds", (long long) ms / 1000)),
                      "Postfix waits %.*s for the gate's word, but after %lld "
                      "s a message may be taken for lost",
                      SES_FMT(value), (long long) limit / 1000);
    else if (ms >= 0 && ms < PATIENT_MS)
        postfix_found(
            p, k,
            postfix_fix_where(p, s, "milter_content_timeout", SES_STR("300s")),
            "Postfix waits only %.*s for the gate's word", SES_FMT(value));
    value = option_of(at.gate, "command_timeout");
    if (value.n == 0)
        value = postfix_value(p, s, "milter_command_timeout");
    if ((ms = postfix_time(value)) >= 0 && ms < PATIENT_MS)
        postfix_found(
            p, k,
            postfix_fix_where(p, s, "milter_command_timeout", SES_STR("30s")),
            "Postfix waits only %.*s for the gate's answer to MAIL",
            SES_FMT(value));
}

static void
timeouts(postfix_t *p, const postfix_check_t *k)
{
    each_list(p, k, timeout_in);
}

/* Means of leaving out the milters that the service has. */
static void
bypass(postfix_t *p, const postfix_check_t *k)
{
    const postfix_service_t *s;

    for (s = p->services; s < p->services + p->nservices; s++) {
        if (!postfix_is_smtpd(s) ||
            !postfix_has_gate(p, postfix_value(p, s, "smtpd_milters")))
            continue;
        if (postfix_has(postfix_value(p, s, "receive_override_options"),
                        "no_milters"))
            postfix_found(
                p, k,
                postfix_fix_service(
                    p, s, "receive_override_options",
                    postfix_without(
                        p->a, postfix_value(p, s, "receive_override_options"),
                        "no_milters")),
                "%s: receive_override_options has no_milters: its "
                "mail does not pass the gate",
                postfix_label(p, s));
        if (postfix_value(p, s, "smtpd_milter_maps").n > 0)
            postfix_found(
                p, k, postfix_fix_where(p, s, "smtpd_milter_maps", SES_STR("")),
                "%s: smtpd_milter_maps can take clients past the gate",
                postfix_label(p, s));
    }
}

/* A chroot that a path does not lead out of. */
static void
chroot_of(postfix_t *p, const postfix_check_t *k, const postfix_service_t *s,
          const char *param)
{
    ses_str_t rest = inside(look(p, postfix_value(p, s, param)).gate), where;
    ses_str_t right =
        postfix_socket(p, p->conf->milter_socket, "sesame/milter");

    if (s == NULL)
        s = postfix_service(p, "cleanup/unix");
    if (!postfix_item(&rest, &where) || s == NULL || !s->chroot ||
        ses_str_from(where, 5).p[0] != '/')
        return;
    if (right.p[0] != '/')
        postfix_found(p, k,
                      postfix_fix_where(p, postfix_is_smtpd(s) ? s : NULL,
                                        param, postfix_with_gate(p, s, param)),
                      "%s runs in a chroot and cannot reach %.*s",
                      postfix_label(p, s), SES_FMT(where));
    else
        postfix_found(
            p, k,
            postfix_fix_conf(p, "milter_socket",
                             ses_str_printf(p->a, "unix:%.*s/sesame/milter",
                                            SES_FMT(p->queue))),
            "%s runs in a chroot and cannot reach %.*s, which is "
            "not below %.*s",
            postfix_label(p, s), SES_FMT(where), SES_FMT(p->queue));
}

static void
chroots(postfix_t *p, const postfix_check_t *k)
{
    each_list(p, k, chroot_of);
}

const postfix_check_t postfix_checks_milter[] = {
    {.name = "milter-missing", POSTFIX_ERROR, missing},
    {.name = "sendmail-milter", POSTFIX_ERROR, missing_sendmail},
    {.name = "milter-order", POSTFIX_ERROR, order},
    {.name = "milter-action", POSTFIX_ERROR, action},
    {.name = "milter-bypass", POSTFIX_ERROR, bypass},
    {.name = "milter-chroot", POSTFIX_ERROR, chroots},
    {.name = "milter-protocol", POSTFIX_ERROR, protocol},
    {.name = "milter-timeout", POSTFIX_WARNING, timeouts},
    {0},
};
