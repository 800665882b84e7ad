/*
 * session - what the gate knows of one connection and of its message
 */
#include "session.h"

#include "base/clock.h"
#include "snapshot.h"
#include "stop.h"

session_t *
session_new(void)
{
    session_t *s = ses_xcalloc(sizeof(*s));

    s->gate = snapshot_hold();
    s->lasting = ses_arena_new();
    s->arena = ses_arena_new();
    s->daemon = s->client = s->tls = SES_STR("");
    s->m.owner = OWNER_NONE;
    stop_connected();
    return s;
}

void
session_connect(session_t *s, ses_str_t daemon)
{
    session_end(s);
    ses_arena_reset(s->lasting);
    s->daemon = ses_str_dup(s->lasting, daemon);
    s->client = s->tls = SES_STR("");
}

void
session_free(session_t *s)
{
    if (s == NULL)
        return;
    session_end(s);
    ses_arena_free(s->arena);
    ses_arena_free(s->lasting);
    snapshot_release(s->gate);
    ses_xfree(s);
    stop_disconnected();
}

void
session_end(session_t *s)
{
    sign_free(s->m.sign);
    s->m = (message_t){.owner = OWNER_NONE};
    if (s->under_way)
        stop_leave();
    s->under_way = false;
}

void
session_begin(session_t *s, ses_str_t mail)
{
    message_t *m = &s->m;
    size_t max;

    session_end(s);
    s->under_way = true;
    stop_enter();
    snapshot_renew(&s->gate);
    max = s->gate->conf.max_recipients + 1;
    ses_arena_reset(s->arena);
    m->cx = ses_cx(s->arena, ses_clock_ms());
    m->began_us = ses_clock_mono_us();
    m->mail = ses_str_dup(s->arena, mail);
    m->paths = ses_alloc(s->arena, max * sizeof(*m->paths));
    ses_headers_init(&m->header, s->arena);
    m->client = s->client;
    m->user = m->access_key = m->narrowed = SES_STR("");
    m->operation = SES_STR("SendSmtpEmail");
    m->id_text = SES_STR("");
}

ses_rc_t
session_refuse(session_t *s, ses_rc_t rc)
{
    if (s->m.refused == SES_OK)
        s->m.refused = rc;
    return rc;
}
