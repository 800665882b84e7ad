/*
 * resolve - DNS look-ups, side by side, without waiting for any
 *
 * libunbound, asynchronous.  A context keeps, beside the cache (switched
 * off), its opinion of servers that did not answer, so it is used for two
 * seconds only; the next question makes a new one and the old one goes when
 * its last answer came.
 */
#include "resolve.h"

#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "resolve/context.h"

#define TIMEOUT_US (5 * INT64_C(1000000))
#define CONTEXT_US (2 * INT64_C(1000000))
#define CONTEXTS_MAX 8

typedef struct query_s query_t;
typedef struct context_s context_t;

struct context_s {
    struct ub_ctx *ub;
    int64_t made;
    query_t *queries;
    context_t *next;
};

struct query_s {
    resolve_fn_t fn;
    void *arg;
    context_t *context; /* NULL = it could not be asked */
    int id;
    int64_t asked;
    query_t *prev, *next;
};

struct resolve_s {
    const ses_conf_t *conf;
    context_t *contexts; /* the first is the one in use */
    query_t *failed;     /* could not be asked: told at the next wait */
    bool warned;
};

resolve_t *
resolve_new(const ses_conf_t *conf)
{
    resolve_t *r = ses_xcalloc(sizeof(*r));

    r->conf = conf;
    return r;
}

static void
context_free(context_t *c)
{
    if (c->ub != NULL)
        ub_ctx_delete(c->ub);
    ses_xfree(c);
}

void
resolve_use(resolve_t *r, const ses_conf_t *conf)
{
    r->conf = conf;
    if (r->contexts != NULL)
        r->contexts->made -= CONTEXT_US; /* the next question needs another */
}

/* The context for the next question, or NULL. */
static context_t *
context_get(resolve_t *r)
{
    int64_t now = ses_clock_mono_us();
    context_t *c;
    int e, n = 0;

    for (c = r->contexts; c != NULL; c = c->next)
        n++;
    c = r->contexts;
    if (c != NULL && (now - c->made < CONTEXT_US || n >= CONTEXTS_MAX))
        return c;
    c = ses_xcalloc(sizeof(*c));
    c->made = now;
    if ((c->ub = ses_resolve_context(r->conf, true, &e)) == NULL) {
        if (!r->warned)
            ses_log(SES_LOG_ERROR, "resolve: no DNS: %s", ub_strerror(e));
        r->warned = true;
        context_free(c);
        return NULL;
    }
    r->warned = false;
    c->next = r->contexts;
    r->contexts = c;
    return c;
}

static void
query_unlink(query_t **list, query_t *q)
{
    *(q->prev != NULL ? &q->prev->next : list) = q->next;
    if (q->next != NULL)
        q->next->prev = q->prev;
}

static void
query_link(query_t **list, query_t *q)
{
    q->prev = NULL;
    if ((q->next = *list) != NULL)
        q->next->prev = q;
    *list = q;
}

/* Tell and forget; the query is in no list any more. */
static void
tell(query_t *q, resolve_status_t status, const ses_str_t *rdata, size_t n)
{
    resolve_answer_t a = {status, rdata, n, q->context == NULL};

    q->fn(q->arg, &a);
    ses_xfree(q);
}

static resolve_status_t
status_of(const struct ub_result *res)
{
    if (res->bogus)
        return RESOLVE_BOGUS;
    if (res->havedata)
        return RESOLVE_FOUND;
    if (res->nxdomain)
        return RESOLVE_NO_NAME;
    return res->rcode == 0 ? RESOLVE_NO_TYPE : RESOLVE_FAILED;
}

/* All there are; a message of 64 KB bounds them. */
static ses_str_t *
records(const struct ub_result *res, size_t *n)
{
    ses_str_t *list;
    size_t i, count = 0;

    while (res->data[count] != NULL)
        count++;
    list = ses_xcalloc((count + 1) * sizeof(*list));
    for (i = 0; i < count; i++)
        list[i] = ses_str_n(res->data[i], (size_t) res->len[i]);
    *n = count;
    return list;
}

static void
on_answer(void *arg, int error, struct ub_result *res)
{
    resolve_status_t status = RESOLVE_FAILED;
    ses_str_t *rdata = NULL;
    query_t *q = arg;
    size_t n = 0;

    query_unlink(&q->context->queries, q);
    if (error == 0 && res != NULL)
        status = status_of(res);
    if (status == RESOLVE_FOUND)
        rdata = records(res, &n);
    tell(q, status, rdata, n);
    ses_xfree(rdata);
    ub_resolve_free(res);
}

void
resolve_ask(resolve_t *r, const char *name, resolve_type_t type,
            resolve_fn_t fn, void *arg)
{
    query_t *q = ses_xcalloc(sizeof(*q));

    q->fn = fn;
    q->arg = arg;
    q->asked = ses_clock_mono_us();
    q->context = context_get(r);
    if (q->context != NULL && ub_resolve_async(q->context->ub, name, (int) type,
                                               1, q, on_answer, &q->id) != 0)
        q->context = NULL;
    query_link(q->context != NULL ? &q->context->queries : &r->failed, q);
}

static void
expire(context_t *c)
{
    int64_t now = ses_clock_mono_us();
    query_t *q, *next;

    for (q = c->queries; q != NULL; q = next) {
        next = q->next;
        if (now - q->asked < TIMEOUT_US)
            continue;
        ub_cancel(c->ub, q->id);
        query_unlink(&c->queries, q);
        tell(q, RESOLVE_FAILED, NULL, 0);
        next = c->queries; /* the callback may have asked */
    }
}

/* Contexts that are old and have nothing under way. */
static void
retire(resolve_t *r)
{
    int64_t now = ses_clock_mono_us();
    context_t **at = &r->contexts, *c;

    while ((c = *at) != NULL) {
        if (c->queries == NULL && now - c->made >= CONTEXT_US) {
            *at = c->next;
            context_free(c);
        } else {
            at = &c->next;
        }
    }
}

void
resolve_wait(resolve_t *r, int ms)
{
    struct pollfd fds[CONTEXTS_MAX];
    context_t *c;
    query_t *q;
    nfds_t n = 0;

    for (c = r->contexts; c != NULL && n < CONTEXTS_MAX; c = c->next)
        fds[n++] = (struct pollfd){ub_fd(c->ub), POLLIN, 0};
    poll(fds, n, r->failed != NULL ? 0 : ms);

    while ((q = r->failed) != NULL) {
        query_unlink(&r->failed, q);
        tell(q, RESOLVE_FAILED, NULL, 0);
    }
    for (c = r->contexts; c != NULL; c = c->next) {
        if (c->queries != NULL && ub_poll(c->ub))
            ub_process(c->ub);
        expire(c);
    }
    retire(r);
}

void
resolve_free(resolve_t *r)
{
    context_t *c;
    query_t *q;

    while ((c = r->contexts) != NULL) {
        r->contexts = c->next;
        while ((q = c->queries) != NULL) {
            ub_cancel(c->ub, q->id);
            query_unlink(&c->queries, q);
            ses_xfree(q);
        }
        context_free(c);
    }
    while ((q = r->failed) != NULL) {
        query_unlink(&r->failed, q);
        ses_xfree(q);
    }
    ses_xfree(r);
}
