/*
 * agent - what a worker of sesame-agent has in hand
 */

#include "agent.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

bool
agent_init(agent_t *a)
{
    pthread_condattr_t attr;

    memset(a, 0, sizeof(*a));
    a->lmtp_fd = a->root_fd = -1;
    a->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (a->stop_fd < 0)
        return false;

    a->shared = ses_xcalloc(sizeof(*a->shared));
    pthread_mutex_init(&a->shared->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&a->shared->changed, &attr);
    pthread_condattr_destroy(&attr);
    return true;
}

void
agent_settings_free(settings_t *s)
{
    ses_keyring_wipe(&s->tokens);
    ses_keyring_wipe(&s->site);
    ses_arena_free(s->arena);
    ses_xfree(s);
}

void
agent_free(agent_t *a)
{
    if (a->committer != NULL)
        ses_committer_free(a->committer);
    if (a->store != NULL)
        ses_store_close(a->store);
    agent_release(a);
    if (a->shared->newest != NULL)
        agent_settings_free(a->shared->newest);
    pthread_cond_destroy(&a->shared->changed);
    pthread_mutex_destroy(&a->shared->lock);
    ses_xfree(a->shared);
    close(a->stop_fd);
}

/* --- settings ------------------------------------------------------------ */

/* Under the lock: one user less; true when it was the last. */
static bool
settings_left(settings_t *s)
{
    return s != NULL && --s->users == 0;
}

bool
agent_renew(agent_t *a)
{
    settings_t *old = a->settings, *s;
    bool last = false;

    pthread_mutex_lock(&a->shared->lock);
    s = a->shared->newest;
    if (s != old && s != NULL) {
        s->users++;
        last = settings_left(old);
    }
    pthread_mutex_unlock(&a->shared->lock);
    if (s == old || s == NULL)
        return false;

    a->settings = s;
    a->conf = &s->conf;
    a->tokens = &s->tokens;
    a->site = &s->site;
    if (last)
        agent_settings_free(old);
    return true;
}

void
agent_release(agent_t *a)
{
    bool last;

    pthread_mutex_lock(&a->shared->lock);
    last = settings_left(a->settings);
    pthread_mutex_unlock(&a->shared->lock);
    if (last)
        agent_settings_free(a->settings);
    a->settings = NULL;
}

void
agent_settle(agent_t *a, settings_t *s)
{
    settings_t *old;
    bool last;

    s->users = 1;
    pthread_mutex_lock(&a->shared->lock);
    old = a->shared->newest;
    a->shared->newest = s;
    last = settings_left(old);
    pthread_mutex_unlock(&a->shared->lock);
    if (last)
        agent_settings_free(old);
}

/* --- the end ------------------------------------------------------------- */

bool
agent_wait(agent_t *a, int64_t ms)
{
    struct timespec until;
    bool stopping;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t) (ms / 1000);
    until.tv_nsec += (long) (ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }

    pthread_mutex_lock(&a->shared->lock);
    while (!a->shared->stopping &&
           pthread_cond_timedwait(&a->shared->changed, &a->shared->lock,
                                  &until) == 0)
        ;
    stopping = a->shared->stopping;
    pthread_mutex_unlock(&a->shared->lock);
    return !stopping;
}

bool
agent_stopping(agent_t *a)
{
    bool stopping;

    pthread_mutex_lock(&a->shared->lock);
    stopping = a->shared->stopping;
    pthread_mutex_unlock(&a->shared->lock);
    return stopping;
}

void
agent_stop(agent_t *a)
{
    uint64_t one = 1;

    pthread_mutex_lock(&a->shared->lock);
    a->shared->stopping = true;
    pthread_cond_broadcast(&a->shared->changed);
    pthread_mutex_unlock(&a->shared->lock);
    if (write(a->stop_fd, &one, sizeof(one)) < 0)
        ses_log(SES_LOG_WARN, "stop: %s", strerror(errno));
}

void
agent_log_read(agent_t *a, int64_t when)
{
    pthread_mutex_lock(&a->shared->lock);
    a->shared->log_read = when;
    pthread_mutex_unlock(&a->shared->lock);
}

/* --- the log ------------------------------------------------------------- */

/* One of the times that workers tell each other. */
static int64_t
time_at(agent_t *a, const int64_t *at)
{
    int64_t when;

    pthread_mutex_lock(&a->shared->lock);
    when = *at;
    pthread_mutex_unlock(&a->shared->lock);
    return when;
}

/* Such a time never goes back. */
static void
time_on(agent_t *a, int64_t *at, int64_t when)
{
    pthread_mutex_lock(&a->shared->lock);
    if (when > *at)
        *at = when;
    pthread_mutex_unlock(&a->shared->lock);
}

int64_t
agent_log_end(agent_t *a)
{
    return time_at(a, &a->shared->log_read);
}

void
agent_log_lost(agent_t *a, int64_t when)
{
    time_on(a, &a->shared->log_gap, when);
    agent_log_doubted(a, when);
}

int64_t
agent_log_gap(agent_t *a)
{
    return time_at(a, &a->shared->log_gap);
}

void
agent_log_doubted(agent_t *a, int64_t when)
{
    time_on(a, &a->shared->log_doubt, when);
}

int64_t
agent_log_doubt(agent_t *a)
{
    return time_at(a, &a->shared->log_doubt);
}

ses_cx_t
agent_cx(ses_arena_t *arena)
{
    ses_arena_reset(arena);
    return ses_cx(arena, ses_clock_ms());
}

void
agent_warn(const char *what, ses_rc_t rc, const ses_cx_t *cx)
{
    if (rc != SES_FAULT) /* that was logged where it happened */
        ses_log(SES_LOG_WARN, "%s: %s: %.*s", what, ses_rc_name(rc),
                SES_FMT(cx->why));
}
