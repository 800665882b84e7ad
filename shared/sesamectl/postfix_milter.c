/*
 * postfix_milter - does mail pass the gate, and is it the last to see it?
 */
#include "postfix.h"

#define PATIENT_MS 10000 /* the gate may wait for a disk */

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
    postfix_place_t at = postfix_place(p, postfix_value(p, s, param));

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
    postfix_place_t at = postfix_place(p, postfix_value(p, s, param));
    ses_str_t action = postfix_milter_action(p, s, at.gate);
    postfix_fix_t fix;

    if (at.gates == 0 || ses_str_caseeqc(action, "tempfail"))
        return;
    /* Other milters keep what their operator chose for them. */
    if (at.items == 1 &&
        postfix_milter_option(at.gate, "default_action").n == 0)
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
    postfix_place_t at = postfix_place(p, postfix_value(p, s, param));
    ses_str_t value = postfix_milter_option(at.gate, "content_timeout");
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
    value = postfix_milter_option(at.gate, "command_timeout");
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

/* A chroot that a path does not lead out of, or a path meant for one. */
static void
chroot_of(postfix_t *p, const postfix_check_t *k, const postfix_service_t *s,
          const char *param)
{
    ses_str_t path =
        postfix_milter_path(postfix_place(p, postfix_value(p, s, param)).gate);
    ses_str_t right =
        postfix_socket(p, p->conf->milter_socket, "sesame/milter");
    const postfix_service_t *who_asks =
        s != NULL ? s : postfix_service(p, "cleanup/unix");

    if (who_asks == NULL ||
        postfix_reaches(p, who_asks, path, p->conf->milter_socket,
                        "sesame/milter"))
        return;
    postfix_found(
        p, k,
        right.p[0] != '/'
            ? postfix_fix_where(p, s, param, postfix_with_gate(p, s, param))
            : postfix_fix_conf(
                  p, "milter_socket",
                  ses_str_printf(
                      p->a, "unix:%.*s",
                      SES_FMT(postfix_below(p, SES_STR("sesame/milter"))))),
        "%s runs %s chroot and cannot reach %.*s", postfix_label(p, who_asks),
        who_asks->chroot ? "in a" : "without a", SES_FMT(path));
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
