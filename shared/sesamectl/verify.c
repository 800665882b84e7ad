/*
 * verify - sesamectl identity verify: have the DNS looked at, now
 *
 * The agent looks; we make the check due and wait until its result is in the
 * store.  Records were often published a moment ago, and a look that was
 * under way when we asked may have seen the DNS without them: so a failure
 * is asked for again, twice, half a second later.  A server that failed said
 * nothing about the records, and a resolver remembers that for some seconds
 * (RFC 9520): it is asked until time is over.
 */
#include <time.h>

#include "base/clock.h"
#include "identity.h"
#include "policy/confirm.h"

#define TIMEOUT_DEFAULT 30
#define TIMEOUT_MAX 86400
#define ANSWERS 3
#define PAUSE_MS 500
#define POLL_MS 20

typedef struct {
    const ses_conf_t *conf;
    ses_str_t account, given;
    bool ask;
    ses_identity_t identity; /* as it was read or written last */
} target_t;

static void
pause_ms(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&ts, NULL);
}

static ses_rc_t
refresh(ctl_t *c, ses_txn_t *t, void *arg)
{
    target_t *g = arg;

    return ctl_identity_find(&c->cx, t, g->account, g->given, &g->identity);
}

static ses_rc_t
choose(ctl_t *c, ses_txn_t *t, void *arg)
{
    target_t *g = arg;

    return ctl_identity_choose(c, t, g->given, &g->identity);
}

/* A check is due at once; an address is asked, or the operator's word is the
 * check. */
static ses_rc_t
request(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    target_t *g = arg;
    ses_identity_t *i = &g->identity;
    ses_rc_t rc = ctl_identity_find(cx, t, g->account, g->given, i);

    if (rc != SES_OK)
        return rc;
    if (i->domain) {
        i->next_check = cx->now;
        i->tries = 0; /* before those that wait for dead servers */
    } else if (g->ask) {
        rc = ses_confirm_ask(cx, t, g->conf, i);
    } else {
        ses_confirm_done(i, cx->now);
    }
    if (rc == SES_OK)
        ses_identity_put(cx, change, i);
    return rc;
}

/* Poll the store until ready(before, identity); false when time is over. */
static bool
wait_for(ctl_t *c, target_t *g, int64_t end,
         bool (*ready)(const ses_identity_t *i, int64_t before), int64_t before,
         ses_rc_t *rc)
{
    for (;;) {
        *rc = ctl_read(c, refresh, g);
        if (*rc != SES_OK || ready(&g->identity, before))
            return true;
        if (ses_clock_ms() >= end)
            return false;
        pause_ms(POLL_MS);
    }
}

static bool
has_key(const ses_identity_t *i, int64_t unused)
{
    (void) unused;
    return !i->domain || ses_dkim_current(&i->dkim) != NULL;
}

static bool
was_checked(const ses_identity_t *i, int64_t before)
{
    return i->last_check > before;
}

static int
look(ctl_t *c, target_t *g, int64_t end, int64_t seconds)
{
    ses_rc_t rc;

    c->cx.now = ses_clock_ms();
    rc = ctl_change(c, g->account, "identity verify", request, g);
    if (rc != SES_OK)
        return ctl_failed(c, rc);
    if (!g->identity.domain)
        return 0;
    if (!wait_for(c, g, end, was_checked, g->identity.last_check, &rc))
        return ctl_error(c,
                         "the agent did not look within %lld s: is "
                         "sesame-agent running?",
                         (long long) seconds);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static bool
server_failed(const ses_identity_t *i)
{
    return ses_str_eq(i->error, SES_STR("DNS_SERVER_ERROR"));
}

static int
verify(ctl_t *c, target_t *g, int64_t seconds)
{
    int64_t end = ses_clock_ms() + seconds * 1000;
    int answers = 0, status;
    ses_rc_t rc;

    if (!wait_for(c, g, end, has_key, 0, &rc))
        return ctl_error(c,
                         "the gate made no DKIM key within %lld s: is "
                         "sesame-milter running?",
                         (long long) seconds);
    if (rc != SES_OK)
        return ctl_failed(c, rc);
    for (;;) {
        if ((status = look(c, g, end, seconds)) != 0)
            return status;
        if (!server_failed(&g->identity))
            answers++;
        if (!g->identity.domain || g->identity.status == SES_VERIFY_SUCCESS ||
            answers == ANSWERS || ses_clock_ms() + PAUSE_MS >= end)
            return 0;
        pause_ms(PAUSE_MS);
    }
}

static void
result(emit_t *e, const ses_identity_t *i)
{
    emit_open(e, NULL);
    emit_str(e, "account", i->account);
    emit_str(e, "identity", i->name);
    emit_c(e, "status", ses_verify_name(i->status));
    emit_str(e, "error", i->error);
    emit_time(e, "last_check", i->last_check);
    emit_close(e);
}

int
ctl_identity_verify(ctl_t *c)
{
    const char *timeout = ctl_option(c, "timeout");
    target_t g = {.conf = &c->conf,
                  .given = ctl_arg(c, 0),
                  .ask = ctl_option(c, "ask") != NULL};
    uint64_t seconds = TIMEOUT_DEFAULT;
    ses_rc_t rc;
    int status;

    if (timeout != NULL &&
        !ses_str_u64(ses_str(timeout), TIMEOUT_MAX, &seconds)) {
        ctl_error(c, "--timeout is a number of seconds");
        return 2;
    }
    if ((rc = ctl_read(c, choose, &g)) != SES_OK)
        return ctl_failed(c, rc);
    g.account = g.identity.account;
    if (g.ask && g.identity.domain) {
        ctl_error(c, "--ask is for addresses: a domain is looked for in DNS");
        return 2;
    }

    if ((status = verify(c, &g, (int64_t) seconds)) != 0)
        return status;
    result(&c->out, &g.identity);
    return g.ask || g.identity.status == SES_VERIFY_SUCCESS ? 0 : 1;
}
