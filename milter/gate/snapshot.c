/*
 * snapshot - the configuration and keys of this moment
 *
 * Counted under one lock, which is taken once a message and held for an
 * increment.  The newest has a reference of its own; an older one goes, its
 * keys wiped, with its last user.
 */
#include "snapshot.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "bind.h"

typedef struct {
    gate_t gate; /* first: what users hold points here */
    ses_arena_t *arena;
    unsigned users;
} snapshot_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static snapshot_t *newest;

static void
discard(snapshot_t *s)
{
    ses_keyring_wipe(&s->gate.ticket);
    ses_keyring_wipe(&s->gate.agent);
    ses_keyring_wipe(&s->gate.token);
    ses_keyring_wipe(&s->gate.site);
    ses_arena_free(s->arena);
    ses_xfree(s);
}

static ses_rc_t
load_keys(ses_cx_t *cx, gate_t *gate)
{
    const struct {
        const char *name;
        ses_keyring_t *ring;
    } files[] = {
        {"ticket.key", &gate->ticket},
        {"token.key", &gate->token},
        {"site.key", &gate->site},
    };
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        rc = ses_keyring_load(cx, ses_conf_key(cx, &gate->conf, files[i].name),
                              files[i].ring);
        if (rc != SES_OK)
            return rc;
    }
    /* A host that was set up before there was one: all but the service's own
     * mail goes on. */
    rc = ses_keyring_load(cx, ses_conf_key(cx, &gate->conf, "agent-ticket.key"),
                          &gate->agent);
    if (rc == SES_NOT_FOUND) {
        ses_log(SES_LOG_WARN,
                "%.*s: Sesame's own mail is refused; run sesamectl key files",
                SES_FMT(cx->why));
        ses_cx_clear(cx);
        rc = SES_OK;
    }
    return rc;
}

/* A failure's text goes to the caller's arena: ours does not live on. */
static ses_rc_t
load(ses_cx_t *cx, const char *file, snapshot_t **out)
{
    snapshot_t *s = ses_xcalloc(sizeof(*s));
    ses_cx_t mine;
    ses_rc_t rc;

    s->arena = ses_arena_new();
    s->users = 1;
    mine = ses_cx(s->arena, ses_clock_ms());
    if ((rc = ses_conf_load(&mine, file, &s->gate.conf)) == SES_OK)
        rc = load_keys(&mine, &s->gate);
    if (rc == SES_OK) {
        *out = s;
        return SES_OK;
    }
    rc = ses_fail(cx, rc, "%.*s", SES_FMT(mine.why));
    discard(s);
    return rc;
}

ses_rc_t
snapshot_first(ses_cx_t *cx, const char *file, gate_t **out)
{
    ses_rc_t rc = load(cx, file, &newest);

    if (rc == SES_OK)
        *out = &newest->gate;
    return rc;
}

ses_rc_t
snapshot_check(ses_cx_t *cx, const gate_t *gate)
{
    ses_txn_t *t;
    ses_rc_t rc;

    if ((rc = ses_txn_read(cx, gate->store, &t)) != SES_OK)
        return rc;
    rc = bind_check(cx, t, &gate->conf);
    ses_txn_end(t);
    return rc;
}

/* Opened, or become, before the first message. */
static const char *const fixed[] = {
    "store",         "map_size",
    "key_directory", "gate_user",
    "store_group",   "postfix_group",
    "milter_socket", "auth_socket",
    "dkim_stock",    NULL,
};

static void
tell_kept(const char *name)
{
    ses_log(SES_LOG_WARN, "reload: %s needs a restart; it stays as it was",
            name);
}

ses_rc_t
snapshot_reload(ses_cx_t *cx)
{
    snapshot_t *old = newest, *s; /* only this thread replaces it */
    ses_rc_t rc;

    if ((rc = load(cx, old->gate.conf.file, &s)) != SES_OK)
        return rc;
    s->gate.store = old->gate.store;
    s->gate.committer = old->gate.committer;
    if ((rc = snapshot_check(cx, &s->gate)) != SES_OK) {
        discard(s);
        return rc;
    }
    ses_conf_keep(s->arena, &old->gate.conf, &s->gate.conf, fixed, tell_kept);

    pthread_mutex_lock(&lock);
    newest = s;
    pthread_mutex_unlock(&lock);
    snapshot_release(&old->gate);
    return SES_OK;
}

const gate_t *
snapshot_hold(void)
{
    snapshot_t *s;

    pthread_mutex_lock(&lock);
    s = newest;
    s->users++;
    pthread_mutex_unlock(&lock);
    return &s->gate;
}

void
snapshot_release(const gate_t *gate)
{
    snapshot_t *s = (snapshot_t *) (uintptr_t) gate;
    bool last;

    pthread_mutex_lock(&lock);
    last = --s->users == 0;
    pthread_mutex_unlock(&lock);
    if (last)
        discard(s);
}

void
snapshot_renew(const gate_t **gate)
{
    const gate_t *old = *gate;

    *gate = snapshot_hold();
    if (old != NULL)
        snapshot_release(old);
}
