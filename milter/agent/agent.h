/*
 * agent - what a worker of sesame-agent has in hand
 *
 * Made by main.c before any thread starts; each thread has a copy, which is
 * its own.  What changes while they run is behind it, shared, with a lock.
 * A worker loops
 *
 *     while (agent_wait(agent, ms)) { agent_renew; look; do what is due; }
 *
 * and returns as soon as agent_wait or agent_stopping says so.
 */
#ifndef SES_AGENT_H
#define SES_AGENT_H

#include <pthread.h>

#include "base/conf.h"
#include "store/commit.h"
#include "store/keyring.h"

/* sesame.conf and key files as they were at one time: never changed once it
 * is in use, gone with its last user. */
typedef struct {
    ses_conf_t conf;
    ses_keyring_t tokens; /* token.key */
    ses_keyring_t site;   /* site.key */
    ses_arena_t *arena;   /* conf's strings */
    unsigned users;       /* under the agent's lock */
} settings_t;

typedef struct agent_shared_s agent_shared_t;

typedef struct {
    const ses_conf_t *conf; /* this and the keys: until agent_renew */
    const ses_keyring_t *tokens, *site;
    settings_t *settings; /* where they are; NULL = not settings.c's */
    ses_store_t *store;
    ses_committer_t *committer; /* yields: ses_committer_new(store, true) */
    ses_str_t hostname;         /* Postfix's myhostname */
    int64_t queue_lifetime;     /* Postfix's maximal_queue_lifetime, ms */
    int lmtp_fd;                /* listening, non-blocking; -1 = none */
    int root_fd;                /* to the root parent (root.h) */
    int stop_fd;                /* readable once the agent is stopping */
    agent_shared_t *shared;
} agent_t;

struct agent_shared_s {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    settings_t *newest;
    int64_t log_gap;   /* lines from before this may be lost (ms) */
    int64_t log_doubt; /* a line or two from before this may be (ms) */
    int64_t log_read;  /* the log was read to its end, and all of it */
                       /* committed, at this time (ms); 0 = not yet */
};

/* Zero everything and make what is shared and stop_fd; false without. */
bool agent_init(agent_t *a);
/* After all workers returned. */
void agent_free(agent_t *a);

/*
 * Take the newest settings instead of those in hand; true when they are
 * other ones, for what was made of the old to be made anew.  Where nothing
 * of the old is pointed to any more: between two jobs.
 */
bool agent_renew(agent_t *a);
/* Hold none any more, at a thread's end. */
void agent_release(agent_t *a);
/* Of settings that no worker has, or has any more. */
void agent_settings_free(settings_t *s);
/* Put s, whose one user this becomes, in place of the newest.  Main thread. */
void agent_settle(agent_t *a, settings_t *s);

/* Wait ms, or less when the agent stops: false = stop now. */
bool agent_wait(agent_t *a, int64_t ms);
bool agent_stopping(agent_t *a);
/* Ask every worker to return.  Any thread. */
void agent_stop(agent_t *a);

/* The follower's word about the log (see log_read), and the reconciler's
 * question. */
void agent_log_read(agent_t *a, int64_t when);
int64_t agent_log_end(agent_t *a);
void agent_log_lost(agent_t *a, int64_t when);
int64_t agent_log_gap(agent_t *a);
void agent_log_doubted(agent_t *a, int64_t when);
int64_t agent_log_doubt(agent_t *a);

/* A context for a daemon's job: arena is reset, the time is now. */
ses_cx_t agent_cx(ses_arena_t *arena);
/* Log a failure, "WHAT: RC: why", unless ses_fail has (SES_FAULT). */
void agent_warn(const char *what, ses_rc_t rc, const ses_cx_t *cx);

#endif
