/*
 * mail_from - are the records of owners' MAIL FROM domains in DNS?
 *
 * There must be one MX, our feedback host, so that bounces come to us, and
 * one SPF record that includes the service's (contract 7.2).  What is due is
 * looked at in rounds: all look-ups of a round go out together and its
 * results are one commit.  A round ends with its slowest answer, a few seconds
 * at most.  Those that were asked for a moment ago have a round of their own
 * between two of all, and those that did not fail before have places in it,
 * so that however many wait for dead servers, a new one does not.
 */
#include "mail_from.h"

#include "backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/identity.h"
#include "policy/keyrecord.h"
#include "policy/rdata.h"
#include "policy/spf.h"
#include "resolve.h"

#define ROUND_MAX 64u
#define FIRST_MAX 48u /* of those that did not fail before */
#define FRESH_MS (10 * INT64_C(1000))
#define LOOK_MS 250 /* between two looks at the index */
#define WAIT_MS 50
#define DAY_MS (24 * INT64_C(3600000))

typedef struct checker_s checker_t;

typedef struct {
    checker_t *c;
    ses_str_t account, name, domain;
    int64_t due;
    ses_look_t mx, spf;
    const char *wrong_mx, *wrong_spf;
    ses_verify_t before, after; /* of the last run of store_all */
} job_t;

struct checker_s {
    agent_t *agent;
    resolve_t *resolve;
    ses_arena_t *arena;
    ses_str_t host; /* where the MX should point */
    job_t jobs[ROUND_MAX];
    unsigned n, room; /* how many there are, and may be */
    unsigned left;    /* answers to come */
    bool fresh;       /* it is a round of fresh ones only */
};

/* --- answers ----------------------------------------------------------- */

static const char *
error_of(const resolve_answer_t *answer)
{
    static const char *const errors[] = {
        [RESOLVE_FOUND] = "INVALID_VALUE",
        [RESOLVE_NO_NAME] = "HOST_NOT_FOUND",
        [RESOLVE_NO_TYPE] = "TYPE_NOT_FOUND",
        [RESOLVE_FAILED] = "DNS_SERVER_ERROR",
        [RESOLVE_BOGUS] = "DNS_SERVER_ERROR",
    };

    return answer->unasked ? "SERVICE_ERROR" : errors[answer->status];
}

static ses_look_t
look_of(bool found, const resolve_answer_t *answer)
{
    if (found)
        return SES_LOOK_FOUND;
    /* What DNSSEC refutes proves nothing either: mail goes on as before. */
    return answer->status == RESOLVE_FAILED || answer->status == RESOLVE_BOGUS
               ? SES_LOOK_FAILED
               : SES_LOOK_MISSING;
}

static void
on_mx(void *arg, const resolve_answer_t *answer)
{
    job_t *j = arg;
    ses_str_t exchange = SES_STR("");

    j->mx =
        look_of(answer->n == 1 &&
                    ses_rdata_mx(j->c->arena, answer->rdata[0], &exchange) &&
                    ses_str_eq(exchange, j->c->host),
                answer);
    j->wrong_mx = error_of(answer);
    j->c->left--;
}

static void
on_txt(void *arg, const resolve_answer_t *answer)
{
    job_t *j = arg;
    unsigned records = 0;
    bool good = false;
    ses_str_t txt;
    size_t i;

    for (i = 0; i < answer->n; i++) {
        if (!ses_keyrecord_txt(j->c->arena, answer->rdata[i], &txt) ||
            !ses_spf_is(txt))
            continue;
        records++;
        good = ses_spf_includes(txt, j->c->agent->conf->service_domain);
    }
    /* More than one is an error to whoever checks SPF. */
    j->spf = look_of(good && records == 1, answer);
    j->wrong_spf = error_of(answer);
    j->c->left--;
}

/* --- a round ----------------------------------------------------------- */

static ses_rc_t
take(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    checker_t *c = arg;
    job_t *j;

    (void) cx;
    for (j = c->jobs; j < c->jobs + c->n; j++)
        if (ses_str_eq(j->name, i->name) && ses_str_eq(j->account, i->account))
            return SES_OK; /* in another walk */
    if (c->n == c->room)
        return SES_NOT_FOUND;
    j = &c->jobs[c->n++];
    *j = (job_t){.c = c,
                 .account = ses_str_dup(c->arena, i->account),
                 .name = ses_str_dup(c->arena, i->name),
                 .domain = ses_str_dup(c->arena, i->mail_from.domain),
                 .due = i->mail_from.check};
    return SES_OK;
}

static ses_rc_t
due(checker_t *c, ses_cx_t *cx)
{
    ses_txn_t *t;
    ses_rc_t rc;

    c->n = 0;
    if ((rc = ses_txn_read(cx, c->agent->store, &t)) != SES_OK)
        return rc;
    c->room = FIRST_MAX;
    rc = ses_identity_mail_from_first_due(cx, t, cx->now - FRESH_MS, cx->now,
                                          take, c);
    c->fresh = c->n > 0 && !c->fresh;
    if (rc == SES_OK && !c->fresh)
        rc = ses_identity_mail_from_first_due(cx, t, 0, cx->now, take, c);
    c->room = ROUND_MAX;
    if (rc == SES_OK && !c->fresh)
        rc = ses_identity_mail_from_due(cx, t, cx->now, take, c);
    ses_txn_end(t);
    return rc;
}

static ses_rc_t
store_one(ses_cx_t *cx, ses_txn_t *t, job_t *j)
{
    const ses_conf_t *conf = j->c->agent->conf;
    ses_change_t change = {0};
    ses_mail_from_t *m;
    ses_identity_t i;
    ses_look_t look = j->mx;
    ses_rc_t rc;

    j->before = j->after = SES_VERIFY_NOT_STARTED;
    rc = ses_identity_find(cx, t, j->account, j->name, &i);
    if (rc != SES_OK)
        return rc == SES_NOT_FOUND ? SES_OK : rc; /* deleted meanwhile */
    m = &i.mail_from;
    if (m->check != j->due || !ses_str_eq(m->domain, j->domain))
        return SES_OK; /* asked for anew */
    if (look == SES_LOOK_FOUND ||
        (look == SES_LOOK_FAILED && j->spf == SES_LOOK_MISSING))
        look = j->spf;
    j->before = m->status;
    ses_mail_from_looked(&i, cx->now, look);
    j->after = m->status;
    m->error = ses_str(look == SES_LOOK_FOUND    ? ""
                       : j->mx != SES_LOOK_FOUND ? j->wrong_mx
                                                 : j->wrong_spf);
    m->check = look == SES_LOOK_FOUND ? cx->now + DAY_MS
               : m->status == SES_VERIFY_FAILED
                   ? 0
                   : cx->now + backoff_ms(conf->verify_retry_min,
                                          conf->verify_retry_max, m->tries);
    ses_identity_put(cx, &change, &i);
    return ses_journal_apply(cx, t, &change, "MAIL FROM check");
}

static ses_rc_t
store_all(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    checker_t *c = arg;
    ses_rc_t rc = SES_OK;
    unsigned n;

    for (n = 0; rc == SES_OK && n < c->n; n++)
        rc = store_one(cx, t, &c->jobs[n]);
    return rc;
}

static void
report(const checker_t *c)
{
    const job_t *j;

    for (j = c->jobs; j < c->jobs + c->n; j++)
        if (j->before != j->after)
            ses_log(SES_LOG_INFO,
                    "mail-from: account=%.*s name=%.*s domain=%.*s %s -> %s",
                    SES_FMT(j->account), SES_FMT(j->name), SES_FMT(j->domain),
                    ses_verify_name(j->before), ses_verify_name(j->after));
}

static void
ask(checker_t *c)
{
    job_t *j;

    c->left = 2 * c->n;
    for (j = c->jobs; j < c->jobs + c->n; j++) {
        resolve_ask(c->resolve, j->domain.p, RESOLVE_MX, on_mx, j);
        resolve_ask(c->resolve, j->domain.p, RESOLVE_TXT, on_txt, j);
    }
    while (c->left > 0 && !agent_stopping(c->agent))
        resolve_wait(c->resolve, WAIT_MS);
}

static void
round_of(checker_t *c)
{
    ses_cx_t cx = agent_cx(c->arena);
    ses_rc_t rc;

    if ((rc = due(c, &cx)) == SES_OK && c->n > 0) {
        c->host = ses_mail_from_host(c->arena, c->agent->conf);
        ask(c);
        if (c->left > 0)
            return;
        cx.now = ses_clock_ms();
        if ((rc = ses_commit(c->agent->committer, &cx, store_all, c)) == SES_OK)
            report(c);
    }
    if (rc != SES_OK) /* they stay due */
        agent_warn("mail-from: checks", rc, &cx);
}

void
mail_from_run(agent_t *a)
{
    checker_t *c = ses_xcalloc(sizeof(*c));

    c->agent = a;
    c->arena = ses_arena_new();
    c->resolve = resolve_new(a->conf);
    do {
        if (agent_renew(a))
            resolve_use(c->resolve, a->conf);
        round_of(c);
    } while (agent_wait(a, LOOK_MS));
    resolve_free(c->resolve);
    ses_arena_free(c->arena);
    ses_xfree(c);
}
