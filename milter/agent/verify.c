/*
 * verify - are the records of an identity in DNS?
 *
 * A domain is proved by the key record of the slot that signs:
 * TOKEN._domainkey.DOMAIN, an alias into our zone or the record itself, must
 * give our public key (contract 7.2).  When it is not there, a text will do:
 * that of the identity at _amazonses.DOMAIN, or at DOMAIN after "amazonses:",
 * for those whose DNS takes no name with an underscore.  Checks are taken from
 * the work index in the order they are due, many at a time.  Those that became
 * due a moment ago, and those that did not fail before, have places of their
 * own, so that however many wait for dead servers, new ones or old, the next
 * one does not; whoever wants one at once makes it due now.  What a result
 * does to the state is the model's business (contract 7.3); when to look again
 * is decided here.
 */
#include "verify.h"

#include <stdio.h>

#include "backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/identity.h"
#include "policy/keyrecord.h"
#include "policy/rdata.h"
#include "resolve.h"

#define ROUND_MS 25
#define FRESH_MS (10 * INT64_C(1000))
#define DAY_MS (24 * INT64_C(3600000))
#define SOA_TRIES 3 /* the domain and its parents */

typedef struct verifier_s verifier_t;

/* Which due checks there are places for. */
typedef enum {
    FRESH, /* did not fail before, due for less than FRESH_MS */
    FIRST, /* did not fail before */
    ANY,
    QUEUES
} queue_t;

static const unsigned places[QUEUES] = {32, 96, 96};

/* One identity being looked up. */
typedef struct job_s {
    verifier_t *v;
    ses_arena_t *arena;
    ses_str_t account, name, token, key, proof;
    int64_t due;   /* as which check it was taken */
    queue_t queue; /* whose place it has */
    unsigned left; /* answers to come */
    ses_look_t dkim, text;
    const char *error; /* VerificationError */
    const char *soa_name;
    unsigned soa_tries;
    ses_str_t soa_primary, soa_admin;
    int64_t soa_serial;
    ses_verify_t before, after; /* of the last run of store_all */
    bool changed;
    struct job_s *next;
} job_t;

struct verifier_s {
    agent_t *agent;
    resolve_t *resolve;
    job_t *running, *done;
    unsigned jobs[QUEUES];
    uint64_t journal; /* as of the last look at the index */
    int64_t due_at;   /* when the next check is due */
    int64_t look_at;  /* not before this time */
    queue_t queue;    /* looked at now */
    bool waiting;     /* a check is due, but there was no place */
    bool left;        /* a job has left its place since */
    ses_arena_t *arena;
};

/* --- answers ----------------------------------------------------------- */

static void
finish(job_t *j)
{
    job_t **at = &j->v->running;

    if (--j->left > 0)
        return;
    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
    j->next = j->v->done;
    j->v->done = j;
}

static ses_look_t
look_of(bool found, const resolve_answer_t *answer)
{
    if (found)
        return SES_LOOK_FOUND;
    switch (answer->status) {
    case RESOLVE_FAILED:
        return SES_LOOK_FAILED;
    case RESOLVE_BOGUS:
        return SES_LOOK_BOGUS;
    default:
        return SES_LOOK_MISSING;
    }
}

/* At one of its two places. */
static void
text_seen(job_t *j, const resolve_answer_t *answer, ses_str_t want)
{
    bool found = false;
    ses_str_t txt;
    size_t i;

    for (i = 0; i < answer->n && !found; i++)
        found = ses_keyrecord_txt(j->arena, answer->rdata[i], &txt) &&
                ses_str_eq(ses_str_trim(txt), want);
    j->text = ses_look_either(j->text, look_of(found, answer));
    finish(j);
}

static void
on_text(void *arg, const resolve_answer_t *answer)
{
    job_t *j = arg;

    text_seen(j, answer, j->proof);
}

static void
on_text_of_domain(void *arg, const resolve_answer_t *answer)
{
    job_t *j = arg;

    text_seen(j, answer,
              ses_str_cat(j->arena, SES_STR("amazonses:"), j->proof));
}

/* Both at once: where nobody answers each would take its time. */
static void
ask_text(job_t *j)
{
    ses_str_t name =
        ses_str_printf(j->arena, "_amazonses.%.*s", SES_FMT(j->name));

    j->left += 2;
    resolve_ask(j->v->resolve, name.p, RESOLVE_TXT, on_text, j);
    resolve_ask(j->v->resolve, j->name.p, RESOLVE_TXT, on_text_of_domain, j);
}

static void
on_key(void *arg, const resolve_answer_t *answer)
{
    static const char *const errors[] = {
        [RESOLVE_FOUND] = "INVALID_VALUE",
        [RESOLVE_NO_NAME] = "HOST_NOT_FOUND",
        [RESOLVE_NO_TYPE] = "TYPE_NOT_FOUND",
        [RESOLVE_FAILED] = "DNS_SERVER_ERROR",
        [RESOLVE_BOGUS] = "DNS_SERVER_ERROR",
    };
    job_t *j = arg;
    ses_str_t txt;
    bool found = false;
    size_t i;

    for (i = 0; !found && i < answer->n; i++)
        found = ses_keyrecord_txt(j->arena, answer->rdata[i], &txt) &&
                ses_keyrecord_has(j->arena, txt, "rsa", j->key);
    j->error = answer->unasked ? "SERVICE_ERROR" : errors[answer->status];
    j->dkim = look_of(found, answer);
    j->text = SES_LOOK_MISSING;
    if (!found && j->proof.n > 0)
        ask_text(j);
    finish(j);
}

/* The zone may begin above the domain. */
static void
on_soa(void *arg, const resolve_answer_t *answer)
{
    job_t *j = arg;
    const char *parent;

    if (answer->status == RESOLVE_FOUND && answer->n > 0) {
        if (!ses_rdata_soa(j->arena, answer->rdata[0], &j->soa_primary,
                           &j->soa_admin, &j->soa_serial))
            j->soa_primary = SES_STR("");
    } else if (answer->status == RESOLVE_NO_TYPE ||
               answer->status == RESOLVE_NO_NAME) {
        parent = strchr(j->soa_name, '.');
        if (++j->soa_tries < SOA_TRIES && parent != NULL &&
            strchr(parent + 1, '.') != NULL) {
            j->soa_name = parent + 1;
            resolve_ask(j->v->resolve, j->soa_name, RESOLVE_SOA, on_soa, j);
            return;
        }
    }
    finish(j);
}

/* --- what is due ------------------------------------------------------- */

static void
job_free(job_t *j)
{
    j->v->jobs[j->queue]--;
    j->v->left = true;
    ses_arena_free(j->arena);
    ses_xfree(j);
}

static void
start(verifier_t *v, const ses_identity_t *i)
{
    const ses_dkim_key_t *k = ses_dkim_current(&i->dkim);
    job_t *j = ses_xcalloc(sizeof(*j));

    j->v = v;
    j->arena = ses_arena_new();
    j->account = ses_str_dup(j->arena, i->account);
    j->name = ses_str_dup(j->arena, i->name);
    j->token = ses_str_dup(j->arena, k->selector);
    j->key = ses_str_dup(j->arena, k->public_key);
    j->proof = ses_str_dup(j->arena, i->proof);
    j->due = i->next_check;
    j->queue = v->queue;
    j->soa_name = j->name.p;
    j->left = 2;
    j->next = v->running;
    v->running = j;
    v->jobs[j->queue]++;
    resolve_ask(v->resolve,
                ses_str_printf(j->arena, "%.*s._domainkey.%.*s",
                               SES_FMT(j->token), SES_FMT(j->name))
                    .p,
                RESOLVE_TXT, on_key, j);
    resolve_ask(v->resolve, j->soa_name, RESOLVE_SOA, on_soa, j);
}

/* Asked for again while a look-up is under way, it is another check: what
 * was published in between must be seen. */
static bool
is_running(const verifier_t *v, const ses_identity_t *i)
{
    const job_t *j;

    for (j = v->running; j != NULL; j = j->next)
        if (j->due == i->next_check && ses_str_eq(j->name, i->name) &&
            ses_str_eq(j->account, i->account))
            return true;
    return false;
}

static ses_rc_t
take_due(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    verifier_t *v = arg;

    if (i->next_check > cx->now) {
        if (i->next_check < v->due_at)
            v->due_at = i->next_check;
        return SES_NOT_FOUND;
    }
    /* Without a key there is nothing to look for: the gate makes it, and
     * that changes the journal. */
    if (!i->domain || ses_dkim_current(&i->dkim) == NULL || is_running(v, i))
        return SES_OK;
    if (v->jobs[v->queue] >= places[v->queue]) {
        v->waiting = true;
        return SES_NOT_FOUND;
    }
    start(v, i);
    return SES_OK;
}

static ses_rc_t
take_all(verifier_t *v, ses_cx_t *cx, ses_txn_t *t)
{
    ses_rc_t rc;

    v->queue = FRESH;
    rc = ses_identity_first_due(cx, t, cx->now - FRESH_MS, INT64_MAX, take_due,
                                v);
    v->queue = FIRST;
    if (rc == SES_OK)
        rc = ses_identity_first_due(cx, t, 0, INT64_MAX, take_due, v);
    v->queue = ANY;
    if (rc == SES_OK)
        rc = ses_identity_due(cx, t, INT64_MAX, take_due, v);
    return rc;
}

/* Look at the index when something is due, or may be. */
static void
look(verifier_t *v)
{
    ses_cx_t cx = agent_cx(v->arena);
    int64_t began = ses_clock_mono_us();
    uint64_t seq = 0;
    ses_txn_t *t;
    ses_rc_t rc;

    if (cx.now < v->look_at)
        return;
    if ((rc = ses_txn_read(&cx, v->agent->store, &t)) != SES_OK) {
        agent_warn("verify: due checks", rc, &cx);
        return;
    }
    rc = ses_journal_last(&cx, t, &seq);
    if (rc == SES_OK && (seq + 1 != v->journal || cx.now >= v->due_at ||
                         (v->waiting && v->left))) {
        v->due_at = INT64_MAX;
        v->waiting = v->left = false;
        v->journal = seq + 1;
        rc = take_all(v, &cx, t);
    }
    ses_txn_end(t);
    if (rc != SES_OK) {
        agent_warn("verify: due checks", rc, &cx);
        v->journal = 0;
    }
    /* Never more than a quarter of the time. */
    v->look_at = cx.now + (rc == SES_OK ? ROUND_MS : 1000) +
                 (ses_clock_mono_us() - began) / 1000 * 3;
}

/* --- results ----------------------------------------------------------- */

static int64_t
next_check(const ses_conf_t *conf, const ses_identity_t *i, int64_t now,
           const job_t *j)
{
    if (i->status == SES_VERIFY_FAILED)
        return 0;
    if (j->dkim == SES_LOOK_FOUND || i->dkim_status == SES_VERIFY_FAILED)
        return now + DAY_MS;
    return now +
           backoff_ms(conf->verify_retry_min, conf->verify_retry_max, i->tries);
}

static ses_rc_t
store_one(ses_cx_t *cx, ses_txn_t *t, job_t *j)
{
    const ses_dkim_key_t *k;
    ses_change_t c = {0};
    ses_identity_t i;
    ses_rc_t rc;

    j->changed = false;
    rc = ses_identity_find(cx, t, j->account, j->name, &i);
    if (rc == SES_NOT_FOUND)
        return SES_OK; /* deleted meanwhile */
    if (rc != SES_OK)
        return rc;
    /* Asked for again, made anew, or another slot signs: still due. */
    k = ses_dkim_current(&i.dkim);
    if (i.next_check != j->due || !i.domain || k == NULL ||
        !ses_str_eq(k->public_key, j->key) ||
        !ses_str_eq(k->selector, j->token))
        return SES_OK;
    j->before = i.status;
    i.error = ses_str(j->error);
    ses_identity_looked(&i, cx->now, j->dkim, j->text);
    j->after = i.status;
    j->changed = true;
    if (j->soa_primary.n > 0) {
        i.soa_primary = j->soa_primary;
        i.soa_admin = j->soa_admin;
        i.soa_serial = j->soa_serial;
    }
    i.next_check = next_check(j->v->agent->conf, &i, cx->now, j);
    ses_identity_put(cx, &c, &i);
    return ses_journal_apply(cx, t, &c, "identity verify");
}

static ses_rc_t
store_all(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    ses_rc_t rc = SES_OK;
    job_t *j;

    for (j = arg; rc == SES_OK && j != NULL; j = j->next)
        rc = store_one(cx, t, j);
    return rc;
}

/* Write down what is done, all in one commit. */
static void
store(verifier_t *v)
{
    ses_cx_t cx = agent_cx(v->arena);
    ses_rc_t rc;
    job_t *j;

    if (v->done == NULL)
        return;
    rc = ses_commit(v->agent->committer, &cx, store_all, v->done);
    if (rc != SES_OK) /* they stay due, and are looked up again */
        agent_warn("verify: results", rc, &cx);
    while ((j = v->done) != NULL) {
        v->done = j->next;
        if (rc == SES_OK && j->changed && j->before != j->after)
            ses_log(SES_LOG_INFO, "identity: account=%.*s name=%.*s %s -> %s",
                    SES_FMT(j->account), SES_FMT(j->name),
                    ses_verify_name(j->before), ses_verify_name(j->after));
        job_free(j);
    }
    if (rc != SES_OK) {
        v->journal = 0;
        v->look_at = cx.now + 1000;
    }
}

void
verify_run(agent_t *a)
{
    verifier_t v = {.agent = a, .arena = ses_arena_new()};
    job_t *j;

    v.resolve = resolve_new(a->conf);
    while (!agent_stopping(a)) {
        if (agent_renew(a))
            resolve_use(v.resolve, a->conf);
        look(&v);
        resolve_wait(v.resolve, ROUND_MS);
        store(&v);
    }
    resolve_free(v.resolve);
    while ((j = v.running) != NULL) {
        v.running = j->next;
        job_free(j);
    }
    ses_arena_free(v.arena);
}
