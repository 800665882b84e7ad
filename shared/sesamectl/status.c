/*
 * status - sesamectl status: the state of the store in numbers
 *
 * Everything from one snapshot, but for the size of the mail log, which is
 * asked for after it.
 */
#include <sys/stat.h>

#include "debt.h"
#include "model/counter.h"
#include "model/identity.h"
#include "model/position.h"
#include "model/topic.h"

typedef struct {
    ses_txn_t *t;
    int64_t pending, keyless, unconfirmed;
} tally_t;

static ses_rc_t
count_identity(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    tally_t *n = arg;

    (void) cx;
    if (i->status == SES_VERIFY_PENDING)
        n->pending++;
    if (i->domain && ses_dkim_wanted(&i->dkim) >= 0)
        n->keyless++;
    return SES_OK;
}

static ses_rc_t
count_identities(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    tally_t *n = arg;

    return ses_identity_list(cx, n->t, a->id, SES_STR(""), count_identity, n);
}

static ses_rc_t
count_subscription(ses_cx_t *cx, const ses_subscription_t *s, void *arg)
{
    tally_t *n = arg;

    (void) cx;
    if (!s->confirmed)
        n->unconfirmed++;
    return SES_OK;
}

static ses_rc_t
count_all(ses_cx_t *cx, ses_txn_t *t, tally_t *n)
{
    ses_rc_t rc;

    n->t = t;
    rc = ses_account_list(cx, t, count_identities, n);
    if (rc == SES_OK)
        rc = ses_subscription_list(cx, t, SES_STR(""), SES_STR(""), SES_STR(""),
                                   count_subscription, n);
    return rc;
}

static ses_rc_t
destination(ses_cx_t *cx, const debt_t *d, void *arg)
{
    emit_t *e = arg;

    (void) cx;
    emit_open(e, NULL);
    emit_str(e, "account", d->key.account);
    emit_str(e, "configuration_set", d->key.set);
    emit_str(e, "destination", d->key.destination);
    emit_str(e, "subscription", d->key.subscription);
    emit_str(e, "endpoint", d->endpoint);
    emit_int(e, "cursor", (int64_t) d->cursor);
    emit_int(e, "lag", (int64_t) d->lag);
    emit_int(e, "dead", (int64_t) d->dead);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
counter(ses_cx_t *cx, ses_str_t name, uint64_t n, void *arg)
{
    emit_int(arg, ses_str_c(cx->arena, name), (int64_t) n);
    return SES_OK;
}

static ses_rc_t
maillog(ctl_t *c, ses_txn_t *t)
{
    const char *path = c->conf.maillog.p;
    ses_position_t pos = {.tail = SES_STR("")};
    struct stat st = {.st_size = 0};
    emit_t *e = &c->out;
    ses_rc_t rc = ses_position_get(&c->cx, t, SES_POSITION_MAILLOG, &pos);

    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    emit_open(e, "maillog");
    emit_c(e, "path", path);
    emit_int(e, "offset", (int64_t) pos.offset);
    emit_int(e, "size", stat(path, &st) == 0 ? (int64_t) st.st_size : 0);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
usage(ctl_t *c)
{
    uint64_t used, size;
    emit_t *e = &c->out;
    ses_rc_t rc = ses_store_usage(&c->cx, c->store, &used, &size);

    if (rc != SES_OK)
        return rc;
    emit_open(e, "store");
    emit_c(e, "path", ses_store_path(c->store));
    emit_int(e, "used", (int64_t) used);
    emit_int(e, "size", (int64_t) size);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
read_status(ctl_t *c, ses_txn_t *t, void *arg)
{
    uint64_t events, messages, prepared, open;
    ses_cx_t *cx = &c->cx;
    emit_t *e = &c->out;
    tally_t n = {0};
    ses_rc_t rc;

    (void) arg;
    if ((rc = ses_event_last(cx, t, &events)) != SES_OK ||
        (rc = ses_store_count(cx, t, SES_DB_MESSAGE, &messages)) != SES_OK ||
        (rc = ses_store_count(cx, t, SES_DB_PREPARED, &prepared)) != SES_OK ||
        (rc = ses_store_count(cx, t, SES_DB_OPEN, &open)) != SES_OK ||
        (rc = count_all(cx, t, &n)) != SES_OK)
        return rc;

    emit_open(e, NULL);
    emit_int(e, "events_end", (int64_t) events);
    emit_int(e, "messages", (int64_t) messages);
    emit_int(e, "prepared", (int64_t) prepared);
    emit_int(e, "open", (int64_t) open);
    emit_int(e, "pending_verification", n.pending);
    emit_int(e, "keyless", n.keyless);
    emit_int(e, "unconfirmed_subscriptions", n.unconfirmed);
    rc = maillog(c, t);
    if (rc == SES_OK)
        rc = usage(c);
    emit_open(e, "counters");
    if (rc == SES_OK)
        rc = ses_counter_list(cx, t, SES_STR(""), counter, e);
    emit_close(e);
    emit_list(e, "destinations");
    if (rc == SES_OK)
        rc = debt_list(cx, t, destination, e);
    emit_end(e);
    emit_close(e);
    return rc;
}

static int
status(ctl_t *c)
{
    ses_rc_t rc = ctl_read(c, read_status, NULL);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

const ctl_command_t ctl_status[] = {
    {"",
     "",
     0,
     0,
     "Print how many events, messages and unfinished things there are, how\n"
     "far the mail log was read, and what each destination is still owed,\n"
     "and each topic that an identity notifies.",
     CTL_STORE,
     status,
     {{0}}},
    {0},
};
