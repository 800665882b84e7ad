/*
 * overdue - has Postfix give up what may not be delivered any more
 *
 * That we asked is written down before we ask: the bounce that follows then
 * says why (outcome.c), whoever is killed in between.  What is still there
 * some time later, in the middle of a delivery or on hold, is asked for
 * again.
 */

#include "overdue.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "model/deadline.h"
#include "model/message_open.h"
#include "queue.h"
#include "root.h"

#define LOOK_MS 1000
#define AGAIN_MS 30000
#define ANSWER_MS 120000

struct late {
    uint8_t key[SES_MSGID_KEY];
    ses_deadline_t deadline;
};

struct look {
    ses_txn_t *txn;
    uint16_t node;
    unsigned nlate, nover, nids;
    struct late late[EXPIRE_MAX];    /* may be in the queue */
    ses_deadline_t over[EXPIRE_MAX]; /* are at an end */
    expire_t ids[EXPIRE_MAX];        /* are in the queue */
};

/* --- what is overdue ------------------------------------------------------ */

static ses_rc_t
sort_out(ses_cx_t *cx, const ses_deadline_t *d, void *arg)
{
    struct look *l = arg;
    bool undecided;
    ses_rc_t rc;

    if (l->nlate == EXPIRE_MAX || l->nover == EXPIRE_MAX)
        return SES_NOT_FOUND;
    if (d->asked != 0 && d->asked <= cx->now && cx->now - d->asked < AGAIN_MS)
        return SES_OK;
    rc = ses_message_undecided(cx, l->txn, d->id, &undecided);
    if (rc != SES_OK)
        return rc;
    if (undecided) {
        ses_msgid_key(d->id, l->late[l->nlate].key);
        l->late[l->nlate++].deadline = *d;
    } else {
        l->over[l->nover++] = *d;
    }
    return SES_OK;
}

static ses_rc_t
find_late(agent_t *a, ses_cx_t *cx, struct look *l)
{
    ses_rc_t rc;

    l->nlate = l->nover = l->nids = 0;
    if ((rc = ses_txn_read(cx, a->store, &l->txn)) != SES_OK)
        return rc;
    rc = ses_deadline_over(cx, l->txn, cx->now, sort_out, l);
    ses_txn_end(l->txn);
    return rc;
}

/* --- where it is ---------------------------------------------------------- */

static int
by_key(const void *x, const void *y)
{
    return memcmp(((const struct late *) x)->key,
                  ((const struct late *) y)->key, SES_MSGID_KEY);
}

static void
note_id(void *arg, ses_str_t queue_id, const ses_msgid_t *id)
{
    struct look *l = arg;
    expire_t *e = &l->ids[l->nids];
    struct late wanted;
    ses_msgid_t file;

    if (id == NULL || l->nids == EXPIRE_MAX || queue_id.n >= sizeof(e->id) ||
        !ses_queueid_parse(queue_id, l->node, &file))
        return;
    ses_msgid_key(*id, wanted.key);
    if (bsearch(&wanted, l->late, l->nlate, sizeof(wanted), by_key) == NULL)
        return;
    memset(e, 0, sizeof(*e));
    memcpy(e->id, queue_id.p, queue_id.n);
    l->nids++;
}

/* --- what is done --------------------------------------------------------- */

static ses_rc_t
write_down(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    struct look *l = arg;
    ses_rc_t rc = SES_OK;
    unsigned i;

    for (i = 0; i < l->nover && rc == SES_OK; i++)
        rc = ses_deadline_del(cx, t, &l->over[i]);
    for (i = 0; i < l->nlate && rc == SES_OK; i++) {
        l->late[i].deadline.asked = cx->now;
        rc = ses_deadline_ask(cx, t, &l->late[i].deadline);
    }
    return rc;
}

/* Ask the root parent, and wait for its word or for our end. */
static void
give_up(agent_t *a, const struct look *l)
{
    int fd = root_expire(a->root_fd, l->ids, l->nids);
    struct pollfd on[] = {{.fd = fd, .events = POLLIN},
                          {.fd = a->stop_fd, .events = POLLIN}};
    char word[3] = "";

    if (fd >= 0 && poll(on, 2, ANSWER_MS) > 0 && on[1].revents != 0) {
        close(fd);
        return; /* the next process asks for what was not done */
    }
    if (fd < 0 || read(fd, word, 2) != 2 || strcmp(word, "ok") != 0)
        ses_log(SES_LOG_WARN,
                "%u messages whose time is over stay in the queue: postsuper "
                "-e, of Postfix 3.5 or later, did not take them",
                l->nids);
    else
        ses_log(SES_LOG_INFO, "messages=%u: their time is over", l->nids);
    if (fd >= 0)
        close(fd);
}

static bool
step(agent_t *a, ses_cx_t *cx, struct look *l)
{
    ses_rc_t rc = find_late(a, cx, l);

    l->node = a->conf->node;
    if (rc == SES_OK && l->nlate > 0) {
        qsort(l->late, l->nlate, sizeof(l->late[0]), by_key);
        if (!queue_each(a, cx, note_id, l))
            return false;
    }
    if (rc == SES_OK && l->nlate + l->nover > 0)
        rc = ses_commit(a->committer, cx, write_down, l);
    if (rc != SES_OK) {
        agent_warn("overdue messages", rc, cx);
        return false;
    }
    if (l->nids > 0)
        give_up(a, l);
    return l->nlate == EXPIRE_MAX || l->nover == EXPIRE_MAX;
}

bool
overdue_once(agent_t *a, ses_cx_t *cx)
{
    struct look *l = ses_xcalloc(sizeof(*l));
    bool more = step(a, cx, l);

    ses_xfree(l);
    return more;
}

void
overdue_run(agent_t *a)
{
    ses_arena_t *arena = ses_arena_new();
    int64_t pause = LOOK_MS;

    while (agent_wait(a, pause)) {
        ses_cx_t cx = agent_cx(arena);

        pause = overdue_once(a, &cx) ? 0 : LOOK_MS;
    }
    ses_arena_free(arena);
}
