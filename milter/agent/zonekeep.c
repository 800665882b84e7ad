/*
 * zonekeep - our records at the name servers of dns_update
 *
 * Each zone has a keeper.  It reads the journal for what changed, and puts
 * the records of that into the zone, a batch an update.  When it starts, and
 * once a day, it goes over everything again: first what was published before
 * (published.h), so that records come back that the server has lost and
 * those go that nobody wants, then all identities.  Which names are about to
 * be published is written down before they are, so that none is forgotten
 * when the agent dies in between.  A server that fails or refuses is asked
 * again later, and the journal is read on only after it has taken the batch.
 */
#include "zonekeep.h"

#include "backoff.h"
#include "base/clock.h"
#include "base/domain.h"
#include "base/log.h"
#include "published.h"
#include "store/record.h"

#define LOOK_MS 100
#define BATCH 24u    /* identities: an update is under 64 KB */
#define CHANGES 256u /* journal records read at once */
#define SLICE 512u   /* identities looked at, at once, in a pass */
#define DAY_MS (24 * INT64_C(3600000))
#define REMIND_MS (INT64_C(3600000)) /* of the same failure */

/* So no change is ever larger than an empty batch. */
_Static_assert(SES_CHANGE_ROWS <= BATCH, "a change fits into a batch");

typedef enum { PASS_NONE, PASS_SITE, PASS_ROWS, PASS_IDENTITIES } pass_t;

typedef struct keeper_s keeper_t;

struct keeper_s {
    agent_t *agent;
    const ses_dns_update_t *to;
    ses_str_t zone;
    ses_arena_t *arena;
    const keeper_t *all; /* the zones' keepers */
    unsigned nall;
    uint64_t seq; /* of the journal, done */
    pass_t pass;
    ses_str_t after; /* where the pass is, in at */
    char at[SES_KEY_MAX];
    int64_t next_pass, retry_at, told_at;
    unsigned tries;
    ses_str_t complaint; /* the last one, in told */
    char told[256];
    /* this round */
    published_t units[BATCH];
    unsigned n, seen;
    bool again;        /* part of a pass: all of it once more */
    uint64_t seq_next; /* when it is done */
    ses_str_t after_next;
    bool more; /* the pass goes on with after_next */
    ses_txn_t *t;
    bool names; /* store: what is about to be published */
};

/* --- what belongs in the zone ------------------------------------------ */

/* A name belongs to the longest of the zones that it is in. */
static bool
is_ours(const keeper_t *k, ses_str_t name)
{
    unsigned i;

    if (!ses_domain_within(name, k->zone))
        return false;
    for (i = 0; i < k->nall; i++)
        if (k->all[i].zone.n > k->zone.n &&
            ses_domain_within(name, k->all[i].zone))
            return false;
    return true;
}

typedef struct {
    const keeper_t *k;
    published_t *unit;
} wanted_t;

static void
want(void *arg, const ses_zone_record_t *r)
{
    wanted_t *w = arg;

    if (is_ours(w->k, r->name))
        published_want(w->k->arena, w->unit, r);
}

/* What is there and what should be of unit->key. */
static ses_rc_t
fill(keeper_t *k, ses_cx_t *cx, published_t *unit)
{
    const ses_conf_t *conf = k->agent->conf;
    ses_str_t rest = unit->key, account = SES_STR("");
    wanted_t w = {k, unit};
    ses_identity_t i;
    ses_rc_t rc;

    if (unit->key.n == 0) {
        rc = ses_zone_site(cx, k->t, conf, want, &w);
    } else {
        ses_str_cut(&rest, '\0', &account);
        rc = ses_identity_find(cx, k->t, account, rest, &i);
        if (rc == SES_OK)
            ses_zone_identity(cx->arena, conf, &i, want, &w);
    }
    if (rc != SES_OK && rc != SES_NOT_FOUND) /* it is gone */
        return rc;
    if ((rc = published_get(cx, k->t, k->zone, unit->key, &unit->old)) !=
        SES_OK)
        return rc;
    published_plan(cx->arena, unit);
    return SES_OK;
}

/* Take key up into the batch, unless nothing is to be done. */
static ses_rc_t
take(keeper_t *k, ses_cx_t *cx, ses_str_t key)
{
    published_t *unit = &k->units[k->n];
    ses_rc_t rc;
    unsigned i;

    for (i = 0; i < k->n; i++)
        if (ses_str_eq(k->units[i].key, key))
            return SES_OK;
    *unit = (published_t){.key = ses_str_dup(cx->arena, key)};
    rc = fill(k, cx, unit);
    if (rc == SES_OK && (k->again || !ses_str_eq(unit->old, unit->text)))
        k->n++;
    return rc;
}

/* --- changes, from the journal ----------------------------------------- */

static ses_rc_t
changes(keeper_t *k, ses_cx_t *cx)
{
    ses_journal_rec_t rec;
    ses_rc_t rc = SES_OK;
    unsigned i, n;

    k->again = false;
    for (n = 0; n < CHANGES && k->n < BATCH; n++) {
        rc = ses_journal_read(cx, k->t, k->seq_next + 1, &rec);
        if (rc != SES_OK)
            break;
        if (k->n + rec.change.n > BATCH) /* it is the next one's */
            break;
        if (rec.seq != k->seq_next + 1) /* purged: only a pass can know */
            k->next_pass = 0;
        for (i = 0; rc == SES_OK && i < rec.change.n; i++)
            if (rec.change.rows[i].kind == SES_ROW_CHECK)
                continue;
            else if (rec.change.rows[i].db == SES_DB_IDENTITY)
                rc = take(k, cx, rec.change.rows[i].key);
            else if (rec.change.rows[i].db == SES_DB_ADDRESS)
                rc = take(k, cx, SES_STR(""));
        if (rc != SES_OK)
            break;
        k->seq_next = rec.seq;
    }
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

/* --- a pass ------------------------------------------------------------ */

static ses_rc_t
take_row(ses_cx_t *cx, ses_str_t key, void *arg)
{
    keeper_t *k = arg;
    ses_rc_t rc = key.n == 0 ? SES_OK : take(k, cx, key);

    k->after_next = key;
    if (rc != SES_OK)
        return rc;
    k->more = k->n == BATCH;
    return k->more ? SES_NOT_FOUND : SES_OK;
}

static ses_rc_t
take_identity(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    keeper_t *k = arg;
    ses_str_t key = ses_identity_key(cx->arena, i->account, i->name);
    ses_rc_t rc = take(k, cx, key);

    k->after_next = key;
    if (rc != SES_OK)
        return rc;
    k->more = k->n == BATCH || ++k->seen == SLICE;
    return k->more ? SES_NOT_FOUND : SES_OK;
}

static ses_rc_t
slice(keeper_t *k, ses_cx_t *cx)
{
    k->again = k->pass != PASS_IDENTITIES;
    k->seen = 0;
    k->more = false;
    if (k->pass == PASS_SITE)
        return take(k, cx, SES_STR(""));
    if (k->pass == PASS_ROWS)
        return published_walk(cx, k->t, k->zone, k->after, take_row, k);
    return ses_identity_each(cx, k->t, k->after, take_identity, k);
}

/* The slice is done. */
static void
go_on(keeper_t *k, int64_t now)
{
    if (k->more) {
        memcpy(k->at, k->after_next.p, k->after_next.n);
        k->after = ses_str_n(k->at, k->after_next.n);
        return;
    }
    k->after = SES_STR("");
    if (k->pass++ != PASS_IDENTITIES)
        return;
    k->pass = PASS_NONE;
    k->next_pass = now + DAY_MS; /* whatever was missed meanwhile */
    ses_log(SES_LOG_INFO, "dns_update: zone=%.*s server=%.*s is complete",
            SES_FMT(k->zone), SES_FMT(k->to->server));
}

/* --- a round ----------------------------------------------------------- */

static ses_rc_t
gather(keeper_t *k, ses_cx_t *cx, bool *pass)
{
    ses_rc_t rc;

    k->n = 0;
    k->seq_next = k->seq;
    if (k->seq == 0) /* a pass begins with what is there */
        rc = ses_journal_last(cx, k->t, &k->seq_next);
    else
        rc = changes(k, cx);
    *pass = k->n == 0 && k->pass != PASS_NONE;
    if (rc == SES_OK && *pass)
        rc = slice(k, cx);
    return rc;
}

static ses_rc_t
store(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    const keeper_t *k = arg;
    const published_t *unit;
    ses_rc_t rc = SES_OK;

    for (unit = k->units; unit < k->units + k->n && rc == SES_OK; unit++)
        if (!k->names || !ses_str_eq(unit->names, unit->old))
            rc = published_put(cx, t, k->zone, unit->key,
                               k->names ? unit->names : unit->text);
    return rc;
}

static bool
has_new_names(const keeper_t *k)
{
    unsigned i;

    for (i = 0; i < k->n; i++)
        if (!ses_str_eq(k->units[i].names, k->units[i].old))
            return true;
    return false;
}

static ses_rc_t
send(keeper_t *k, ses_cx_t *cx)
{
    update_t *u = update_new(k->zone);
    unsigned i, records = 0;
    ses_rc_t rc = SES_OK;
    tsig_t key;

    for (i = 0; i < k->n; i++)
        records += published_steps(k->arena, &k->units[i], k->again, u);
    if (records > 0 &&
        (rc = tsig_load(cx, k->to->key_file.p, &key)) == SES_OK) {
        rc = update_send(cx, u, k->to->server, &key);
        tsig_wipe(&key);
    }
    update_free(u);
    if (rc == SES_OK && records > 0 && !k->again)
        ses_log(SES_LOG_INFO, "dns_update: zone=%.*s records=%u",
                SES_FMT(k->zone), records);
    return rc;
}

static ses_rc_t
publish(keeper_t *k, ses_cx_t *cx)
{
    ses_rc_t rc = SES_OK;

    if (k->n == 0)
        return rc;
    k->names = true;
    if (has_new_names(k))
        rc = ses_commit(k->agent->committer, cx, store, k);
    if (rc == SES_OK)
        rc = send(k, cx);
    k->names = false;
    if (rc == SES_OK)
        rc = ses_commit(k->agent->committer, cx, store, k);
    return rc;
}

/* Say so once, and from time to time. */
static void
failed(keeper_t *k, ses_rc_t rc, const ses_cx_t *cx)
{
    const ses_conf_t *conf = k->agent->conf;
    int64_t now = ses_clock_ms(), wait;
    ses_str_t why = cx->why.n > 0 ? cx->why : ses_str(ses_rc_name(rc));

    wait =
        backoff_ms(conf->verify_retry_min, conf->verify_retry_max, ++k->tries);
    k->retry_at = now + wait;
    why = ses_str_head(why, sizeof(k->told));
    if (ses_str_eq(why, k->complaint) && now < k->told_at + REMIND_MS)
        return;
    memcpy(k->told, why.p, why.n);
    k->complaint = ses_str_n(k->told, why.n);
    k->told_at = now;
    ses_log(SES_LOG_ERROR, "dns_update: zone=%.*s: %.*s", SES_FMT(k->zone),
            SES_FMT(why));
}

/* True when there is more to do at once. */
static bool
round_of(keeper_t *k)
{
    ses_cx_t cx = agent_cx(k->arena);
    bool pass = false;
    ses_rc_t rc;

    if (cx.now < k->retry_at)
        return false;
    if (k->pass == PASS_NONE && cx.now >= k->next_pass)
        k->pass = PASS_SITE;
    if ((rc = ses_txn_read(&cx, k->agent->store, &k->t)) == SES_OK) {
        rc = gather(k, &cx, &pass);
        ses_txn_end(k->t);
    }
    if (rc == SES_OK)
        rc = publish(k, &cx);
    if (rc != SES_OK) {
        failed(k, rc, &cx);
        return false;
    }
    if (k->tries > 0 && k->n > 0) {
        ses_log(SES_LOG_INFO, "dns_update: zone=%.*s: goes on",
                SES_FMT(k->zone));
        k->complaint = SES_STR("");
        k->tries = 0;
    }
    k->seq = k->seq_next;
    if (pass)
        go_on(k, cx.now);
    return k->n > 0 || k->pass != PASS_NONE;
}

/* One keeper for each zone of the settings in hand; NULL without zones. */
static keeper_t *
make_keepers(agent_t *a, unsigned *all)
{
    const ses_dns_update_t *u = ses_conf_dns_updates(a->conf);
    unsigned i, z, n = 0;
    keeper_t *keepers;

    for (*all = i = 0; i < a->conf->dns_update.n; i++)
        *all += u[i].nzones;
    if (*all == 0)
        return NULL;
    keepers = ses_xcalloc(*all * sizeof(*keepers));
    for (i = 0; i < a->conf->dns_update.n; i++)
        for (z = 0; z < u[i].nzones; z++)
            keepers[n++] = (keeper_t){.agent = a,
                                      .to = &u[i],
                                      .zone = u[i].zones[z],
                                      .all = keepers,
                                      .nall = *all,
                                      .arena = ses_arena_new()};
    return keepers;
}

static void
free_keepers(keeper_t *keepers, unsigned all)
{
    unsigned i;

    for (i = 0; i < all; i++)
        ses_arena_free(keepers[i].arena);
    ses_xfree(keepers);
}

/* New settings, new keepers: they begin by going over everything. */
void
zonekeep_run(agent_t *a)
{
    unsigned i, all;
    keeper_t *keepers = make_keepers(a, &all);
    bool busy = false;

    while (agent_wait(a, busy ? 0 : LOOK_MS)) {
        if (agent_renew(a)) {
            free_keepers(keepers, all);
            keepers = make_keepers(a, &all);
        }
        busy = false;
        for (i = 0; i < all && !agent_stopping(a); i++)
            busy = round_of(&keepers[i]) || busy;
    }
    free_keepers(keepers, all);
}
