/*
 * callbacks - what the gate does at each stage of the milter protocol
 *
 * One short function a stage; each calls the file that knows.  Answers are
 * given at MAIL and at end of message only: the other stages were negotiated
 * as no-reply.
 *
 * At end of message: the last words of the verdict, the signatures, the
 * commit, then the edits.  An edit that fails leaves a committed entry
 * without a message: the client gets a temporary failure, and the agent
 * closes the entry and gives its quota back.
 */
#include "callbacks.h"

#include <libmilter/mfapi.h> /* names of the protocol only */

#include "base/log.h"
#include "commit.h"
#include "judge.h"
#include "logline.h"
#include "policy/token.h"
#include "recipient.h"
#include "reply.h"
#include "sender.h"
#include "server.h"
#include "stop.h"

/* --- answers ----------------------------------------------------------- */

static milter_answer_t
refuse(milter_t *ctx, session_t *s, ses_rc_t rc, ses_str_t queue_id)
{
    reply_t r = reply_make(s->m.cx.arena, rc, s->m.cx.why);

    logline_message(s, rc, queue_id);
    milter_refuse(ctx, r.code, r.dsn, r.text);
    return MILTER_REFUSED;
}

/* --- connection -------------------------------------------------------- */

/* The address alone: Postfix writes "IPv6:" before one. */
static ses_str_t
client_address(ses_arena_t *a, ses_str_t given)
{
    ses_ip_t ip;

    return ses_ip_parse(given, &ip) ? ses_ip_format(a, &ip)
                                    : ses_str_dup(a, given);
}

static void *
on_begin(void)
{
    return session_new();
}

static void
on_connect(milter_t *ctx, void *it, ses_str_t host, ses_str_t address)
{
    ses_str_t client = milter_macro(ctx, "{client_addr}");
    session_t *s = it;

    (void) host;
    session_connect(s, milter_macro(ctx, "{daemon_name}"));
    s->client = client_address(s->lasting, client.n > 0 ? client : address);
    s->portless = ses_str_eqc(milter_macro(ctx, "{client_port}"), "0");
}

static void
on_end(void *it)
{
    session_free(it);
}

static void
on_abort(milter_t *ctx, void *it)
{
    (void) ctx;
    session_end(it);
}

/* --- message ----------------------------------------------------------- */

/* Too late for a new message.  421 ends the client's session, so that its
 * next one is with the next process. */
static milter_answer_t
come_again(milter_t *ctx, session_t *s)
{
    session_end(s);
    milter_refuse(ctx, "421", "4.3.2", "Service restarts, connect again");
    return MILTER_REFUSED;
}

static milter_answer_t
on_mail(milter_t *ctx, void *it, ses_str_t path)
{
    session_t *s = it;
    sender_macros_t say = {.rewritten = milter_macro(ctx, "{mail_addr}"),
                           .type = milter_macro(ctx, "{auth_type}"),
                           .login = milter_macro(ctx, "{auth_authen}"),
                           .queue_id = milter_macro(ctx, "i")};
    milter_answer_t answer;

    if (stop_closing())
        return come_again(ctx, s);
    session_begin(s, path);
    s->tls = ses_str_dup(s->arena, milter_macro(ctx, "{tls_version}"));
    switch (sender_mail(s, &say)) {
    case SENDER_OURS:
        return MILTER_CONTINUE;
    case SENDER_PASS:
        session_end(s);
        return MILTER_ACCEPT;
    case SENDER_REFUSE:
        break;
    }
    answer = refuse(ctx, s, s->m.refused, say.queue_id);
    session_end(s);
    return answer;
}

static void
on_rcpt(milter_t *ctx, void *it, ses_str_t path)
{
    session_t *s = it;

    (void) ctx;
    if (s->m.owner != OWNER_NONE)
        recipient_add(s, path);
}

static void
on_header(milter_t *ctx, void *it, ses_str_t name, ses_str_t value)
{
    session_t *s = it;

    (void) ctx;
    if (s->m.owner != OWNER_NONE)
        judge_header(s, name, value);
}

static void
on_eoh(milter_t *ctx, void *it)
{
    session_t *s = it;

    if (s->m.owner != OWNER_NONE)
        judge_eoh(s, milter_macro(ctx, "i"));
}

static void
on_body(milter_t *ctx, void *it, const void *p, size_t n)
{
    session_t *s = it;

    (void) ctx;
    if (s->m.owner != OWNER_NONE)
        judge_body(s, p, n);
}

/* --- end of message ---------------------------------------------------- */

static bool
make_edit(milter_t *ctx, const edit_t *e)
{
    if (e->kind == EDIT_APPEND)
        return milter_add_header(ctx, e->name, e->value);
    return milter_change_header(ctx, e->name, (unsigned) e->nth, e->value);
}

static bool
edit_header(milter_t *ctx, session_t *s)
{
    message_t *m = &s->m;
    ses_str_t value;
    edit_t *edits;
    unsigned n, i;

    rewrite_edits(m->cx.arena, &m->header, &m->stamp, &edits, &n);
    for (i = 0; i < n; i++)
        if (!make_edit(ctx, &edits[i]))
            return false;
    for (i = m->nsignatures; i-- > 0;) { /* the first comes on top */
        value = ses_str_cat(m->cx.arena, SES_STR(" "), m->signatures[i]);
        if (!milter_insert_header(ctx, 0, "DKIM-Signature",
                                  ses_str_c(m->cx.arena, value)))
            return false;
    }
    return true;
}

static bool
edit_envelope(milter_t *ctx, session_t *s)
{
    ses_arena_t *a = s->m.cx.arena;
    const char *path;
    unsigned at = 0;
    ses_str_t from;

    from = ses_str_printf(a, "<%.*s@%.*s>",
                          SES_FMT(ses_token_format(
                              a, &s->gate->token, s->m.verdict.label, s->m.id)),
                          SES_FMT(s->m.verdict.return_domain));
    if (!milter_change_from(ctx, ses_str_c(a, from)))
        return false;
    while ((path = recipient_removed(s, &at)) != NULL)
        if (!milter_delete_rcpt(ctx, path))
            return false;
    return true;
}

static milter_answer_t
end_message(milter_t *ctx, session_t *s)
{
    ses_str_t queue_id = milter_macro(ctx, "i");
    milter_answer_t answer;
    ses_rc_t rc;

    if ((rc = judge_end(s)) == SES_OK)
        rc = commit_message(s);
    if (rc == SES_OK && (!edit_header(ctx, s) || !edit_envelope(ctx, s)))
        rc = ses_fail(&s->m.cx, SES_FAULT, "%.*s: an edit failed",
                      SES_FMT(queue_id));
    if (rc != SES_OK) {
        answer = refuse(ctx, s, rc, queue_id);
    } else {
        logline_message(s, rc, queue_id);
        answer = MILTER_CONTINUE;
    }
    session_end(s);
    return answer;
}

static milter_answer_t
on_eom(milter_t *ctx, void *it)
{
    session_t *s = it;

    if (s->m.owner == OWNER_NONE) /* no MAIL before it: tempfail */
        return MILTER_REFUSED;
    return end_message(ctx, s);
}

/* --- table ------------------------------------------------------------- */

static const milter_calls_t table = {
    .actions = SMFIF_CHGFROM | SMFIF_CHGHDRS | SMFIF_ADDHDRS | SMFIF_DELRCPT |
               SMFIF_SETSYMLIST,
    .steps = SMFIP_NOHELO | SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC |
             SMFIP_NR_CONN | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH |
             SMFIP_NR_BODY,
    .macros = {[MILTER_CONNECT] = "{daemon_name} {client_addr} {client_port}",
               [MILTER_HELO] = "{tls_version}",
               [MILTER_MAIL] = "i {auth_type} {auth_authen} {mail_addr}",
               [MILTER_EOH] = "i"},
    .begin = on_begin,
    .connect = on_connect,
    .mail = on_mail,
    .rcpt = on_rcpt,
    .header = on_header,
    .eoh = on_eoh,
    .body = on_body,
    .eom = on_eom,
    .abort = on_abort,
    .end = on_end,
};

ses_rc_t
callbacks_run(ses_cx_t *cx, int fd)
{
    return server_run(cx, fd, &table);
}
