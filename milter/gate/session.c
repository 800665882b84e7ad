/*
 * session - what the gate knows of one connection and of its message
 */
#include "session.h"

#include "base/clock.h"

session_t *
session_new(const gate_t *gate, ses_str_t daemon)
{
    session_t *s = ses_xcalloc(sizeof(*s));

    s->gate = gate;
    s->lasting = ses_arena_new();
    s->arena = ses_arena_new();
    s->daemon = ses_str_dup(s->lasting, daemon);
    s->client = s->tls = SES_STR("");
    return s;
}

void
session_free(session_t *s)
{
    if (s == NULL)
        return;
    session_end(s);
    ses_arena_free(s->arena);
    ses_arena_free(s->lasting);
    ses_xfree(s);
}

void
session_end(session_t *s)
{
    sign_free(s->m.sign);
    s->m = (message_t){.owner = OWNER_NONE};
}

void
session_begin(session_t *s, ses_str_t mail)
{
    size_t max = s->gate->conf.max_recipients + 1;
    message_t *m = &s->m;

    session_end(s);
    ses_arena_reset(s->arena);
    m->cx = ses_cx(s->arena, ses_clock_ms());
    m->began_us = ses_clock_mono_us();
    m->mail = ses_str_dup(s->arena, mail);
    m->paths = ses_alloc(s->arena, max * sizeof(*m->paths));
    ses_headers_init(&m->header, s->arena);
    m->client = s->client;
    m->user = m->access_key = SES_STR("");
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
