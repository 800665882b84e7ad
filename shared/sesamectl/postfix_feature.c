/*
 * postfix_feature - what belongs into Postfix's configuration, by purpose
 *
 * A feature names its own lines, and only those that are not there yet; what
 * the administrator has in a list stays there.  A new feature is a function
 * and a row of the table at the end.
 */
#include "postfix.h"

/* --- from findings ----------------------------------------------------- */

/* Take over the lines of main.cf that mend what these checks find. */
static void
mend(postfix_t *p, postfix_edits_t *e, const postfix_check_t *table,
     const char *const names[])
{
    const postfix_check_t *k;
    const postfix_finding_t *f;
    ses_str_t value, name;
    size_t i;

    p->nfound = 0;
    for (k = table; k->name != NULL; k++)
        for (i = 0; names[i] != NULL; i++)
            if (strcmp(k->name, names[i]) == 0)
                k->find(p, k);
    for (f = p->found; f < p->found + p->nfound; f++) {
        if (strcmp(f->fix.file, "main.cf") != 0)
            continue;
        value = f->fix.line;
        (void) ses_str_cut(&value, '=', &name);
        postfix_want_main(p, e, ses_str_c(p->a, ses_str_trim(name)),
                          ses_str_trim(value));
    }
}

/* --- the features ------------------------------------------------------ */

/* Long ids, the log, the gate in every list that must have it. */
static ses_rc_t
gate(postfix_t *p, postfix_edits_t *e)
{
    static const char *const main_checks[] = {"long-queue-ids", NULL},
                             *const milter_checks[] = {"milter-protocol", NULL};
    ses_str_t log = p->conf->maillog;
    const postfix_service_t *s;

    mend(p, e, postfix_checks_main, main_checks);
    postfix_want_main(p, e, "maillog_file", log);
    if (!postfix_may_log(p, log))
        postfix_want_main(p, e, "maillog_file_prefixes",
                          postfix_log_prefixes(p, log));
    mend(p, e, postfix_checks_milter, milter_checks);
    postfix_want_main(p, e, "smtpd_milters",
                      postfix_with_gate(p, NULL, "smtpd_milters"));
    if (!postfix_sendmail_follows(p))
        postfix_want_main(p, e, "non_smtpd_milters",
                          postfix_with_gate(p, NULL, "non_smtpd_milters"));
    for (s = p->services; s < p->services + p->nservices; s++)
        if (postfix_own(s, "smtpd_milters") != NULL && postfix_relays(p, s) &&
            !postfix_is_inject(p, s))
            postfix_want_option(p, e, s, "smtpd_milters",
                                postfix_with_gate(p, s, "smtpd_milters"));
    return postfix_want_inject(p, e);
}

static ses_rc_t
bounces(postfix_t *p, postfix_edits_t *e)
{
    static const char *const checks[] = {"bounce-domain", "bounce-class",
                                         "bounce-recipients",
                                         "bounce-transport", NULL};

    mend(p, e, postfix_checks_transport, checks);
    return SES_OK;
}

static ses_rc_t
exact(postfix_t *p, postfix_edits_t *e)
{
    static const char *const main_checks[] = {"nul-bytes", "recipient-rewrite",
                                              NULL},
                             *const out_checks[] = {"mime-conversion",
                                                    "dsn-leak", NULL};

    mend(p, e, postfix_checks_main, main_checks);
    mend(p, e, postfix_checks_transport, out_checks);
    return SES_OK;
}

static ses_rc_t
size(postfix_t *p, postfix_edits_t *e)
{
    static const char *const checks[] = {"message-size", NULL};
    static const char *const boxes[] = {"mailbox_size_limit",
                                        "virtual_mailbox_limit"};
    uint64_t limit, box;
    size_t i;

    mend(p, e, postfix_checks_main, checks);
    if (e->n == 0 || !ses_str_u64(e->edit[e->n - 1].value, UINT64_MAX, &limit))
        return SES_OK;
    for (i = 0; i < 2; i++)
        if (ses_str_u64(postfix_value(p, NULL, boxes[i]), UINT64_MAX, &box) &&
            box != 0 && box < limit)
            postfix_want_main(p, e, boxes[i], SES_STR("0"));
    return SES_OK;
}

static bool
always(postfix_t *p)
{
    (void) p;
    return true;
}

const postfix_feature_t postfix_features[] = {
    {"gate", "rules and signing: every message passes the gate", always, gate},
    {"bounces", "bounces come back to the bounce domain, and to the agent",
     always, bounces},
    {"exact", "what the gate judged and signed is what leaves", always, exact},
    {"size", "messages as large as sesame.conf allows", always, size},
    {"pools", "source addresses of accounts, and mail that requires TLS",
     postfix_uses_pools, postfix_want_pools},
    {"mail-from", "bounces come back to customers' own MAIL FROM domains",
     postfix_uses_mail_from, postfix_want_mail_from},
    {"smtp", "a service where SES credentials log in", NULL, postfix_want_smtp},
    {0},
};
