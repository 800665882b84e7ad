/*
 * events - sesamectl events: the event log, from a sequence on
 *
 * Read in slices, each with a transaction and an arena of its own, so that
 * a long log neither fills the memory nor keeps pages of the store busy.
 */
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "ledger.h"
#include "stream.h"

#define SLICE 1000
#define FOLLOW_NS (200 * 1000000L)

typedef struct {
    ctl_t *c;
    stream_t stream;
    ses_str_t account;
    uint64_t seq; /* of the last one that was read */
    unsigned slice;
} log_t;

static void
put_json(log_t *l, ses_cx_t *cx, const ses_event_t *e, ses_str_t id,
         const ses_str_t *rcpts, unsigned n)
{
    emit_t item = stream_item(cx->arena);
    bool notice = e->type == SES_EVENT_NOTICE;
    unsigned i;

    emit_open(&item, NULL);
    emit_int(&item, "sequence", (int64_t) e->seq);
    emit_time(&item, "time", e->when);
    emit_c(&item, "type", notice ? "Notice" : ses_event_name(e->type));
    emit_str(&item, "account", e->account);
    emit_str(&item, "configuration_set", e->set);
    emit_str(&item, "message_id", id);
    emit_list(&item, "recipients");
    for (i = 0; i < n; i++)
        emit_str(&item, NULL, rcpts[i]);
    emit_end(&item);
    if (notice)
        emit_str(&item, "text", e->body);
    else
        emit_raw(&item, "event", e->body);
    emit_close(&item);
    stream_put(&l->stream, &item);
}

static void
put_text(ses_cx_t *cx, const ses_event_t *e, ses_str_t id,
         const ses_str_t *rcpts, unsigned n)
{
    unsigned i;

    printf("%llu %.*s %.*s %s %.*s", (unsigned long long) e->seq,
           SES_FMT(ses_clock_iso(cx->arena, e->when)), SES_FMT(e->account),
           e->type == SES_EVENT_NOTICE ? "Notice" : ses_event_name(e->type),
           SES_FMT(id));
    for (i = 0; i < n; i++)
        printf("%c%.*s", i == 0 ? ' ' : ',', SES_FMT(rcpts[i]));
    putchar('\n');
}

static ses_rc_t
each(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    ses_str_t id = SES_STR(""), *rcpts;
    log_t *l = arg;
    unsigned n;

    if (l->slice == SLICE)
        return SES_NOT_FOUND;
    l->slice++;
    if (e->type != SES_EVENT_NOTICE)
        id = ses_msgid_format(cx->arena, e->id, l->c->conf.region);
    ledger_recipients(cx, e, &rcpts, &n);
    if (l->stream.json)
        put_json(l, cx, e, id, rcpts, n);
    else
        put_text(cx, e, id, rcpts, n);
    l->seq = e->seq;
    return SES_OK;
}

/* The next slice; l->slice tells how many came. */
static ses_rc_t
slice(log_t *l)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, l->c->cx.now);
    ses_txn_t *t;
    ses_rc_t rc;

    l->slice = 0;
    if ((rc = ses_txn_read(&cx, l->c->store, &t)) == SES_OK) {
        rc = ses_event_walk(&cx, t, l->account, l->seq, each, l);
        ses_txn_end(t);
    }
    if (rc != SES_OK)
        rc = ses_fail(&l->c->cx, rc, "%.*s", SES_FMT(cx.why));
    ses_arena_free(arena);
    return rc;
}

static int
events(ctl_t *c)
{
    const struct timespec pause = {0, FOLLOW_NS};
    const char *since = ctl_option(c, "since");
    const char *account = ctl_option(c, "account");
    bool follow = ctl_option(c, "follow") != NULL;
    log_t l = {.c = c, .account = ses_str(account)};
    ses_account_t a;
    ses_rc_t rc = SES_OK;

    if (since != NULL && !ses_str_u64(ses_str(since), INT64_MAX, &l.seq)) {
        ctl_error(c, "--since is the sequence of an event");
        return 2;
    }
    if (account != NULL)
        rc = ctl_find_account(c, l.account, &a);
    if (rc != SES_OK)
        return ctl_failed(c, rc);

    stream_begin(&l.stream, c, follow);
    for (;;) {
        if ((rc = slice(&l)) != SES_OK)
            break;
        if (follow && (fflush(stdout) != 0 || ferror(stdout)))
            break; /* whoever read us has gone */
        if (l.slice == SLICE)
            continue;
        if (!follow)
            break;
        nanosleep(&pause, NULL);
    }
    stream_end(&l.stream);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

const ctl_command_t ctl_events[] = {
    {"",
     "",
     0,
     0,
     "List events, oldest first: sequence, time, account, type, message and\n"
     "recipients; with --json the event itself, too.",
     CTL_STORE,
     events,
     {{"follow", NULL, "go on with what comes (one JSON object a line)"},
      {"account", "ACCOUNT", "of one account only"},
      {"since", "SEQUENCE", "those after it"}}},
    {0},
};
