/*
 * pools - keeps Postfix's files in step with the accounts' source addresses
 *
 * An address is used by the gate only when it is live: when Postfix has its
 * transports.  One that was taken away keeps them as long as mail may be in
 * the queue for it.  The root parent writes and reloads.
 */

#include "pools.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/pool.h"
#include "poolfile.h"
#include "root.h"

#define LOOK_MS 500
#define RETRY_MS 5000
#define PURGE_MS (INT64_C(3600) * 1000)
#define DAY_MS (INT64_C(86400) * 1000)
#define ANSWER_MS 30000

/* The table as it was read. */
struct table {
    agent_t *agent;
    uint64_t journal;
    unsigned n;
    poolfile_source_t v[POOLFILE_SOURCES];
    unsigned nmarks;
    ses_source_t marks[POOLFILE_SOURCES]; /* to become live, or to go */
};

static bool
is_over(const agent_t *a, const ses_source_t *s, int64_t now)
{
    return s->retired != 0 && now > s->retired + a->queue_lifetime + DAY_MS;
}

static void
copy(char *to, size_t size, ses_str_t s)
{
    s = ses_str_head(s, size - 1);
    memset(to, 0, size);
    memcpy(to, s.p, s.n);
}

static ses_rc_t
row(ses_cx_t *cx, const ses_source_t *s, void *arg)
{
    struct table *t = arg;
    bool over = is_over(t->agent, s, cx->now);

    if (t->n == POOLFILE_SOURCES)
        return SES_NOT_FOUND;
    if (!over) {
        t->v[t->n].number = s->number;
        copy(t->v[t->n].address, sizeof(t->v[0].address), s->address);
        copy(t->v[t->n].helo, sizeof(t->v[0].helo), s->helo);
        copy(t->v[t->n].mark, sizeof(t->v[0].mark), s->mark);
        t->n++;
    }
    if (t->nmarks < POOLFILE_SOURCES && (over || (!s->live && s->retired == 0)))
        t->marks[t->nmarks++] = *s;
    return SES_OK;
}

static ses_rc_t
read_table(ses_cx_t *cx, struct table *t)
{
    ses_txn_t *txn;
    ses_rc_t rc = ses_txn_read(cx, t->agent->store, &txn);

    if (rc != SES_OK)
        return rc;
    t->n = t->nmarks = 0;
    if ((rc = ses_journal_last(cx, txn, &t->journal)) == SES_OK)
        rc = ses_source_list(cx, txn, SES_STR(""), SES_STR(""), row, t);
    ses_txn_end(txn);
    return rc;
}

/* Say what Postfix has now; an address that changed meanwhile waits. */
static ses_rc_t
mark(ses_cx_t *cx, ses_txn_t *txn, void *arg)
{
    struct table *t = arg;
    ses_change_t change = {.n = 0};
    ses_source_t s;
    ses_rc_t rc = SES_OK;
    unsigned i;

    for (i = 0; i < t->nmarks && rc == SES_OK; i++) {
        s = t->marks[i];
        if (is_over(t->agent, &s, cx->now)) {
            ses_source_del(cx, &change, &s);
        } else {
            s.live = true;
            ses_source_put(cx, &change, &s);
        }
        if (change.n == SES_CHANGE_ROWS || i + 1 == t->nmarks) {
            rc = ses_journal_apply(cx, txn, &change, "addresses");
            change.n = 0;
        }
    }
    return rc;
}

/* Ask the root parent, and wait for its word. */
static bool
write_files(agent_t *a, const struct table *t)
{
    int fd = root_pools(a->root_fd, t->v, t->n);
    struct pollfd on = {.fd = fd, .events = POLLIN};
    char word[3] = "";
    bool ok;

    if (fd < 0)
        return false;
    ok = poll(&on, 1, ANSWER_MS) == 1 && read(fd, word, 2) == 2 &&
         strcmp(word, "ok") == 0;
    close(fd);
    return ok;
}

/* One look; false when it has to be tried again. */
static bool
step(agent_t *a, ses_cx_t *cx, struct table *t, struct table *done)
{
    bool same;
    ses_rc_t rc;

    if ((rc = read_table(cx, t)) != SES_OK) {
        agent_warn("addresses", rc, cx);
        return false;
    }
    same = done->agent != NULL && done->n == t->n &&
           memcmp(done->v, t->v, t->n * sizeof(t->v[0])) == 0;
    if (!same && !write_files(a, t))
        return false;
    if (!same)
        ses_log(SES_LOG_INFO, "addresses: Postfix has %u", t->n);
    memcpy(done, t, sizeof(*t));
    if (t->nmarks == 0)
        return true;
    if ((rc = ses_commit(a->committer, cx, mark, t)) == SES_OK)
        return true;
    if (rc != SES_MODIFIED)
        agent_warn("addresses", rc, cx);
    return false;
}

static bool
changed(agent_t *a, ses_cx_t *cx, uint64_t since)
{
    uint64_t now = since;
    ses_txn_t *txn;

    if (ses_txn_read(cx, a->store, &txn) != SES_OK)
        return false;
    if (ses_journal_last(cx, txn, &now) != SES_OK)
        now = since;
    ses_txn_end(txn);
    return now != since;
}

void
pools_run(agent_t *a)
{
    ses_arena_t *arena = ses_arena_new();
    struct table *t = ses_xcalloc(sizeof(*t));
    struct table *done = ses_xcalloc(sizeof(*done));
    int64_t next = 0, wait = 0;
    bool said = false, ok;
    ses_cx_t cx;

    t->agent = a;
    while (a->conf->pool_map.n > 0 && agent_wait(a, wait)) {
        wait = LOOK_MS;
        cx = agent_cx(arena);
        if (done->agent != NULL && cx.now < next &&
            !changed(a, &cx, done->journal))
            continue;
        next = cx.now + PURGE_MS;
        ok = step(a, &cx, t, done);
        if (!ok && !said && !agent_stopping(a))
            ses_log(SES_LOG_WARN,
                    "addresses: Postfix does not take them yet: is it "
                    "running, and are %s and master.cf in %s writable?",
                    a->conf->pool_map.p, a->conf->postfix_config.p);
        said = !ok;
        if (!ok) {
            wait = RETRY_MS;
            next = 0;
        }
    }
    ses_xfree(t);
    ses_xfree(done);
    ses_arena_free(arena);
}
