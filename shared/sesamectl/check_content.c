/*
 * check_content - the store's fill, ledger, quotas, identities, the agent's
 * progress and the destinations
 */
#include <sys/stat.h>

#include "base/clock.h"
#include "check.h"
#include "debt.h"
#include "ledger.h"
#include "model/identity.h"
#include "model/position.h"
#include "policy/quota.h"

#define FULL_PERCENT 80
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define DAY (1440 * MINUTE)
#define KEY_LATE MINUTE
#define LOOK_LATE (5 * MINUTE)
#define DEBT_LATE (15 * MINUTE)
#define PROOF_SLACK MINUTE
#define LOG_LATE MINUTE

typedef struct {
    check_t *k;
    ses_txn_t *t;
    const ses_account_t *account; /* being looked at */
    uint64_t charged;
    int64_t minute; /* the first that counts */
    unsigned stale;
    ses_msgid_t first; /* of the stale ones */
    unsigned keyless, unlooked;
} look_t;

static void
check_usage(check_t *k)
{
    uint64_t used, size;
    ses_rc_t rc = ses_store_usage(&k->c->cx, k->c->store, &used, &size);

    if (rc != SES_OK)
        check_failed(k, "store", rc);
    else if (used / (size / 100) >= FULL_PERCENT)
        check_found(k,
                    "Raise map_size and restart the programs, or shorten "
                    "the retentions.",
                    "store: %llu of %llu bytes of the map are used",
                    (unsigned long long) used, (unsigned long long) size);
}

/* --- the ledger -------------------------------------------------------- */

static ses_rc_t
each_prepared(ses_cx_t *cx, const ses_message_t *m, void *arg)
{
    const ses_conf_t *conf;
    look_t *l = arg;

    conf = &l->k->c->conf;
    if (cx->now - m->committed <
        2 * (conf->eom_timeout + conf->reconcile_grace) + PROOF_SLACK)
        return SES_NOT_FOUND; /* the oldest come first */
    if (l->stale++ == 0)
        l->first = m->id;
    return SES_OK;
}

static ses_rc_t
check_prepared(look_t *l)
{
    ses_arena_t *a = l->k->c->arena;
    ses_rc_t rc = ses_message_prepared(&l->k->c->cx, l->t, each_prepared, l);

    if (rc == SES_OK && l->stale > 0)
        check_found(
            l->k,
            ses_str_printf(a,
                           "Is the agent running and reading the log? What "
                           "Postfix did: grep %.*s in the mail log, then "
                           "sesamectl message.",
                           SES_FMT(ses_queueid_format(a, l->first)))
                .p,
            "ledger: %u messages without proof that Postfix has them, the "
            "first %.*s",
            l->stale,
            SES_FMT(ses_msgid_format(a, l->first, l->k->c->conf.region)));
    return rc;
}

static ses_rc_t
add_charge(ses_cx_t *cx, const ses_message_t *m, void *arg)
{
    look_t *l = arg;

    (void) cx;
    if (ses_str_eq(m->account, l->account->id) &&
        m->state != SES_MESSAGE_ABORTED && m->minute >= l->minute)
        l->charged += m->charged;
    return SES_OK;
}

/* Quota used = recipients of entries that were not aborted. */
static ses_rc_t
check_quota(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    look_t *l = arg;
    int64_t now = 0, behind;
    uint64_t used;
    ses_rc_t rc;

    if ((rc = ses_quota_time(cx, l->t, a->id, &now)) != SES_OK)
        return rc;
    l->account = a;
    l->charged = 0;
    l->minute = now / MINUTE - 1440;
    behind = cx->now > now ? cx->now - now : 0; /* the clock was set */
    rc = ledger_walk(cx, l->t, cx->now - behind - DAY - 2 * MINUTE, add_charge,
                     l);
    if (rc == SES_OK)
        rc = ses_quota_used(cx, l->t, a->id, &used);
    if (rc == SES_OK && used != l->charged)
        check_found(l->k,
                    "It is right again 24 hours after its cause; please "
                    "report it.",
                    "quota: account %.*s used %llu, its ledger says %llu",
                    SES_FMT(a->id), (unsigned long long) used,
                    (unsigned long long) l->charged);
    return rc;
}

/* --- identities -------------------------------------------------------- */

static ses_rc_t
each_keyless(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    look_t *l = arg;

    if (cx->now - i->dkim.keys[ses_dkim_wanted(&i->dkim)].since > KEY_LATE)
        l->keyless++;
    return SES_OK;
}

static ses_rc_t
each_due(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    look_t *l = arg;

    (void) cx;
    if (i->domain && ses_dkim_current(&i->dkim) != NULL)
        l->unlooked++;
    return SES_OK;
}

static ses_rc_t
check_identities(look_t *l)
{
    ses_cx_t *cx = &l->k->c->cx;
    ses_rc_t rc = ses_identity_keyless(cx, l->t, each_keyless, l);

    if (rc == SES_OK)
        rc = ses_identity_due(cx, l->t, cx->now - LOOK_LATE, each_due, l);
    if (l->keyless > 0)
        check_found(l->k, "Is sesame-milter running? It makes the keys.",
                    "identities: %u domains have no DKIM key yet", l->keyless);
    if (l->unlooked > 0)
        check_found(l->k,
                    "Is sesame-agent running, and does the resolver answer?",
                    "identities: %u checks of DNS are overdue", l->unlooked);
    return rc;
}

/* --- the agent's progress ---------------------------------------------- */

static ses_rc_t
check_log(look_t *l)
{
    static const char remedy[] =
        "Is sesame-agent running? Does Postfix's maillog_file name this file?";
    const char *path = l->k->c->conf.maillog.p;
    ses_cx_t *cx = &l->k->c->cx;
    ses_position_t pos;
    struct stat st;
    ses_rc_t rc;

    if (stat(path, &st) != 0) {
        check_found(l->k, remedy, "maillog: %s is not there", path);
        return SES_OK;
    }
    rc = ses_position_get(cx, l->t, SES_POSITION_MAILLOG, &pos);
    if (rc == SES_NOT_FOUND && st.st_size == 0)
        return SES_OK;
    if (rc == SES_NOT_FOUND)
        check_found(l->k, remedy, "maillog: nothing of %s was read yet", path);
    else if (rc == SES_OK && pos.offset < (uint64_t) st.st_size &&
             cx->now - pos.when > LOG_LATE)
        check_found(l->k, remedy,
                    "maillog: %lld bytes of %s wait to be read, since %.*s",
                    (long long) st.st_size - (long long) pos.offset, path,
                    SES_FMT(ses_clock_iso(cx->arena, pos.when)));
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

/* Accounts that sesame.conf gives sessions to. */
static ses_rc_t
check_bindings(look_t *l)
{
    const ses_conf_t *conf = &l->k->c->conf;
    const ses_binding_t *b = ses_conf_bindings(conf);
    ses_account_t account;
    ses_rc_t rc;
    unsigned i;

    for (i = 0; i < conf->bind.n; i++) {
        if (b[i].account.n == 0)
            continue;
        rc = ses_account_find(&l->k->c->cx, l->t, b[i].account, &account);
        if (rc == SES_NOT_FOUND)
            check_found(l->k,
                        "Add the account (sesamectl account add), or mend the "
                        "line: the gate does not start with it.",
                        "%s:%u: bind: no account %.*s", conf->file,
                        conf->bind.lines[i], SES_FMT(b[i].account));
        else if (rc != SES_OK)
            return rc;
    }
    return SES_OK;
}

static ses_rc_t
each_debt(ses_cx_t *cx, const debt_t *d, void *arg)
{
    look_t *l = arg;

    if (d->lag == 0 || cx->now - d->oldest < DEBT_LATE)
        return SES_OK;
    check_found(l->k,
                "Does the endpoint answer 2xx? If it is not used any more, "
                "unsubscribe it or disable the destination.",
                "destination %.*s of %.*s: %llu events wait for %.*s, since "
                "%.*s",
                SES_FMT(d->key.destination), SES_FMT(d->key.set),
                (unsigned long long) d->lag, SES_FMT(d->endpoint),
                SES_FMT(ses_clock_iso(cx->arena, d->oldest)));
    return SES_OK;
}

/* ----------------------------------------------------------------------- */

static ses_rc_t
look(ctl_t *c, ses_txn_t *t, void *arg)
{
    look_t l = {.k = arg, .t = t};
    ses_rc_t rc;

    if ((rc = check_bindings(&l)) != SES_OK ||
        (rc = check_prepared(&l)) != SES_OK)
        return rc;
    if (c->conf.ledger_retention > DAY + 10 * MINUTE &&
        (rc = ses_account_list(&c->cx, t, check_quota, &l)) != SES_OK)
        return rc;
    if ((rc = check_identities(&l)) != SES_OK || (rc = check_log(&l)) != SES_OK)
        return rc;
    return debt_list(&c->cx, t, each_debt, &l);
}

void
check_content(check_t *k)
{
    ctl_t *c = k->c;
    ses_rc_t rc = SES_OK;

    if (c->store == NULL) /* an earlier check may have needed it */
        rc = ses_store_open(&c->cx, c->conf.store.p, c->conf.map_size, 0,
                            &c->store);
    if (rc != SES_OK) {
        check_failed(k, "store", rc);
        return;
    }
    c->cx.now = ses_clock_ms();
    check_usage(k);
    if ((rc = ctl_read(c, look, k)) != SES_OK)
        check_failed(k, "store", rc);
}
