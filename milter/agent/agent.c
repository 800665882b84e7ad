/*
 * agent - what all workers of sesame-agent share
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

    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&a->changed, &attr);
    pthread_condattr_destroy(&attr);
    return true;
}

void
agent_free(agent_t *a)
{
    if (a->committer != NULL)
        ses_committer_free(a->committer);
    if (a->store != NULL)
        ses_store_close(a->store);
    ses_keyring_wipe(&a->tokens);
    ses_keyring_wipe(&a->site);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    close(a->stop_fd);
}

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

    pthread_mutex_lock(&a->lock);
    while (!a->stopping &&
           pthread_cond_timedwait(&a->changed, &a->lock, &until) == 0)
        ;
    stopping = a->stopping;
    pthread_mutex_unlock(&a->lock);
    return !stopping;
}

bool
agent_stopping(agent_t *a)
{
    bool stopping;

    pthread_mutex_lock(&a->lock);
    stopping = a->stopping;
    pthread_mutex_unlock(&a->lock);
    return stopping;
}

void
agent_stop(agent_t *a)
{
    uint64_t one = 1;

    pthread_mutex_lock(&a->lock);
    a->stopping = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    if (write(a->stop_fd, &one, sizeof(one)) < 0)
        ses_log(SES_LOG_WARN, "stop: %s", strerror(errno));
}

void
agent_log_read(agent_t *a, int64_t when)
{
    pthread_mutex_lock(&a->lock);
    a->log_read = when;
    pthread_mutex_unlock(&a->lock);
}

/* One of the times that workers tell each other. */
static int64_t
time_at(agent_t *a, const int64_t *at)
{
    int64_t when;

    pthread_mutex_lock(&a->lock);
    when = *at;
    pthread_mutex_unlock(&a->lock);
    return when;
}

/* Such a time never goes back. */
static void
time_on(agent_t *a, int64_t *at, int64_t when)
{
    pthread_mutex_lock(&a->lock);
    if (when > *at)
        *at = when;
    pthread_mutex_unlock(&a->lock);
}

int64_t
agent_log_end(agent_t *a)
{
    return time_at(a, &a->log_read);
}

void
agent_log_lost(agent_t *a, int64_t when)
{
    time_on(a, &a->log_gap, when);
    agent_log_doubted(a, when);
}

int64_t
agent_log_gap(agent_t *a)
{
    return time_at(a, &a->log_gap);
}

void
agent_log_doubted(agent_t *a, int64_t when)
{
    time_on(a, &a->log_doubt, when);
}

int64_t
agent_log_doubt(agent_t *a)
{
    return time_at(a, &a->log_doubt);
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
