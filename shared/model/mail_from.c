/*
 * mail_from - an owner's own domain for envelope senders (contract 7.5)
 *
 * It is a part of an identity's row.  Its MX points at our feedback host, so
 * that bounces come back, and its SPF includes ours; the agent looks at both
 * and the gate uses the domain while its state is SUCCESS.
 */
#include "model/identity.h"

#include "base/domain.h"
#include "model/object.h"

#define REJECT "REJECT_MESSAGE"
#define DEFAULT "USE_DEFAULT_VALUE"

void
ses_mail_from_decode(ses_cx_t *cx, const cJSON *row, ses_mail_from_t *out)
{
    const cJSON *j = ses_json_get(row, "mail_from");

    *out = (ses_mail_from_t){.domain = SES_STR(""), .error = SES_STR("")};
    if (j == NULL)
        return;
    out->domain = ses_object_str(cx, j, "domain");
    out->reject = ses_json_bool(j, "reject", false);
    if (!ses_verify_parse(ses_json_str(j, "status"), &out->status))
        out->status = SES_VERIFY_PENDING;
    out->since = ses_json_int(j, "since", 0);
    out->check = ses_json_int(j, "check", 0);
    out->last_check = ses_json_int(j, "last_check", 0);
    out->tries = (unsigned) ses_json_int(j, "tries", 0);
    out->error = ses_object_str(cx, j, "error");
}

void
ses_mail_from_encode(ses_jsonw_t *w, const ses_mail_from_t *m)
{
    if (m->domain.n == 0)
        return;
    ses_jsonw_open(w, "mail_from");
    ses_jsonw_str(w, "domain", m->domain);
    ses_jsonw_bool(w, "reject", m->reject);
    ses_jsonw_c(w, "status", ses_verify_name(m->status));
    ses_jsonw_int(w, "since", m->since);
    ses_jsonw_int(w, "check", m->check);
    ses_jsonw_int(w, "last_check", m->last_check);
    ses_jsonw_int(w, "tries", m->tries);
    ses_jsonw_str(w, "error", m->error);
    ses_jsonw_close(w);
}

ses_rc_t
ses_mail_from_set(ses_cx_t *cx, ses_identity_t *i, ses_str_t domain,
                  bool reject)
{
    ses_str_t own = i->name;
    ptrdiff_t at = ses_str_rfind(i->name, '@');

    if (at >= 0)
        own = ses_str_from(own, (size_t) at + 1);
    if (domain.n > 0 &&
        (ses_str_eq(domain, own) || !ses_domain_within(domain, own)))
        return ses_fail(cx, SES_INVALID,
                        "Provided MAIL-FROM domain <%.*s> is not subdomain of "
                        "the domain of the identity <%.*s>.",
                        SES_FMT(domain), SES_FMT(i->name));
    i->mail_from = (ses_mail_from_t){.domain = domain, .error = SES_STR("")};
    if (domain.n == 0)
        return SES_OK;
    i->mail_from.reject = reject;
    i->mail_from.status = SES_VERIFY_PENDING;
    i->mail_from.since = i->mail_from.check = cx->now;
    return SES_OK;
}

const char *
ses_mail_from_behavior(const ses_mail_from_t *m)
{
    return m->reject ? REJECT : DEFAULT;
}

ses_str_t
ses_mail_from_host(ses_arena_t *a, const ses_conf_t *conf)
{
    if (conf->feedback_host.n > 0)
        return conf->feedback_host;
    return ses_str_printf(a, "feedback-smtp.%.*s.%.*s", SES_FMT(conf->region),
                          SES_FMT(conf->service_domain));
}
