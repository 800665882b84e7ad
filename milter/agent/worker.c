/*
 * worker - the threads of sesame-agent
 */

#include "worker.h"

#include <time.h>

#include "base/log.h"
#include "confirm.h"
#include "follow.h"
#include "janitor.h"
#include "lmtp.h"
#include "mail_from.h"
#include "overdue.h"
#include "pools.h"
#include "post.h"
#include "publish.h"
#include "reconcile.h"
#include "rotate.h"
#include "verify.h"
#include "zonekeep.h"

#define THREADS_MAX 64
#define JOIN_SECONDS 10

static const worker_t workers[] = {
    {"follow", follow_run, 1},       {"lmtp", lmtp_run, 8},
    {"reconcile", reconcile_run, 1}, {"janitor", janitor_run, 1},
    {"publish", publish_run, 1},     {"confirm", confirm_run, 1},
    {"verify", verify_run, 1},       {"mail_from", mail_from_run, 1},
    {"post", post_run, 1},           {"rotate", rotate_run, ROTATE_THREADS},
    {"pools", pools_run, 1},         {"zonekeep", zonekeep_run, 1},
    {"overdue", overdue_run, 1},
};

struct thread {
    pthread_t id;
    const worker_t *worker;
    agent_t agent; /* its own */
};

static struct thread threads[THREADS_MAX];
static unsigned nthreads;

static void *
begin(void *arg)
{
    struct thread *t = arg;

    (void) agent_renew(&t->agent);
    t->worker->run(&t->agent);
    agent_release(&t->agent);
    return NULL;
}

static bool
start(agent_t *a, const worker_t *w)
{
    struct thread *t = &threads[nthreads];
    int err;

    if (nthreads == THREADS_MAX) {
        ses_log(SES_LOG_ERROR, "more than %d threads", THREADS_MAX);
        return false;
    }
    t->worker = w;
    t->agent = *a;
    t->agent.settings = NULL; /* what a holds is not ours to release */
    err = pthread_create(&t->id, NULL, begin, t);
    if (err != 0) {
        ses_log(SES_LOG_ERROR, "thread %s: %s", w->name, strerror(err));
        return false;
    }
    pthread_setname_np(t->id, w->name);
    nthreads++;
    return true;
}

bool
workers_start(agent_t *a)
{
    for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++)
        for (unsigned n = 0; n < workers[i].threads; n++)
            if (!start(a, &workers[i]))
                return false;
    return true;
}

bool
workers_join(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += JOIN_SECONDS;

    while (nthreads > 0) {
        struct thread *t = &threads[nthreads - 1];

        if (pthread_timedjoin_np(t->id, NULL, &until) != 0) {
            ses_log(SES_LOG_WARN, "%s does not end within %d s",
                    t->worker->name, JOIN_SECONDS);
            return false;
        }
        nthreads--;
    }
    return true;
}
