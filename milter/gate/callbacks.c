/*
 * callbacks - the milter protocol, by libmilter
 *
 * One short function a stage; each calls the file that knows.  Answers are
 * given at MAIL and at end of message only.  The other stages were
 * negotiated as no-reply: their callbacks return through no_reply(), because
 * any other answer leaves the client hanging.
 *
 * At end of message: the last words of the verdict, the signature, the
 * commit, then the edits.  An edit that fails leaves a committed entry
 * without a message: the client gets a temporary failure, and the agent
 * closes the entry and gives its quota back.
 */
#include "callbacks.h"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <stdio.h>

#include "base/log.h"
#include "commit.h"
#include "judge.h"
#include "logline.h"
#include "policy/token.h"
#include "recipient.h"
#include "reply.h"
#include "sender.h"
#include "stop.h"

#define ACTIONS                                                                \
    (SMFIF_CHGFROM | SMFIF_CHGHDRS | SMFIF_ADDHDRS | SMFIF_DELRCPT |           \
     SMFIF_SETSYMLIST)
#define SILENT                                                                 \
    (SMFIP_NR_CONN | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH |             \
     SMFIP_NR_BODY)
#define STEPS                                                                  \
    (SMFIP_NOHELO | SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC | SILENT)

static sfsistat
no_reply(void)
{
    return SMFIS_NOREPLY;
}

static session_t *
session_of(SMFICTX *ctx)
{
    return smfi_getpriv(ctx);
}

static ses_str_t
macro(SMFICTX *ctx, const char *name)
{
    return ses_str(smfi_getsymval(ctx, (char *) (uintptr_t) name));
}

/* --- answers ----------------------------------------------------------- */

static sfsistat
refuse(SMFICTX *ctx, session_t *s, ses_rc_t rc, ses_str_t queue_id)
{
    reply_t r = reply_make(s->m.cx.arena, rc, s->m.cx.why);

    logline_message(s, rc, queue_id);
    if (smfi_setreply(ctx, r.code, r.dsn, r.text) != MI_SUCCESS)
        return SMFIS_TEMPFAIL;
    return r.temporary ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

/* --- connection -------------------------------------------------------- */

/* What is looked at; the other stages keep their lists. */
static void
ask_macros(SMFICTX *ctx)
{
    static const struct {
        int stage;
        const char *names;
    } lists[] = {
        {SMFIM_CONNECT, "{daemon_name} {client_addr} {client_port}"},
        {SMFIM_HELO, "{tls_version}"},
        {SMFIM_ENVFROM, "i {auth_type} {auth_authen} {mail_addr}"},
        {SMFIM_EOH, "i"},
    };
    size_t k;

    for (k = 0; k < sizeof(lists) / sizeof(lists[0]); k++)
        smfi_setsymlist(ctx, lists[k].stage,
                        (char *) (uintptr_t) lists[k].names);
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
             unsigned long f2, unsigned long f3, unsigned long *want_actions,
             unsigned long *want_steps, unsigned long *want2,
             unsigned long *want3)
{
    (void) f2;
    (void) f3;
    if ((actions & ACTIONS) != ACTIONS || (steps & STEPS) != STEPS) {
        ses_log(SES_LOG_ERROR,
                "milter: actions %#lx and steps %#lx are too few: Postfix "
                "needs milter_protocol = 6",
                actions, steps);
        return SMFIS_REJECT;
    }
    session_free(session_of(ctx));
    smfi_setpriv(ctx, session_new());
    ask_macros(ctx);
    *want_actions = ACTIONS;
    *want_steps = STEPS;
    *want2 = *want3 = 0;
    return SMFIS_CONTINUE;
}

/* The address alone: Postfix writes "IPv6:" before one. */
static ses_str_t
client_address(ses_arena_t *a, ses_str_t given, const _SOCK_ADDR *addr)
{
    const void *raw;
    char text[64];
    ses_ip_t ip;

    if (given.n == 0 && addr != NULL) {
        if (addr->sa_family == AF_INET)
            raw = &((const struct sockaddr_in *) (const void *) addr)->sin_addr;
        else if (addr->sa_family == AF_INET6)
            raw =
                &((const struct sockaddr_in6 *) (const void *) addr)->sin6_addr;
        else
            return given;
        given = ses_str(inet_ntop(addr->sa_family, raw, text, sizeof(text)));
    }
    return ses_ip_parse(given, &ip) ? ses_ip_format(a, &ip)
                                    : ses_str_dup(a, given);
}

static sfsistat
on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *addr)
{
    session_t *s = session_of(ctx);

    (void) host;
    if (s != NULL) {
        session_connect(s, macro(ctx, "{daemon_name}"));
        s->client =
            client_address(s->lasting, macro(ctx, "{client_addr}"), addr);
        s->portless = ses_str_eqc(macro(ctx, "{client_port}"), "0");
    }
    return no_reply();
}

static sfsistat
on_close(SMFICTX *ctx)
{
    session_free(session_of(ctx));
    smfi_setpriv(ctx, NULL);
    return SMFIS_CONTINUE;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
    session_t *s = session_of(ctx);

    if (s != NULL)
        session_end(s);
    return SMFIS_CONTINUE;
}

/* --- message ----------------------------------------------------------- */

/* Too late for a new message.  421 ends the client's session, so that its
 * next one is with the next process. */
static sfsistat
come_again(SMFICTX *ctx, session_t *s)
{
    session_end(s);
    smfi_setreply(ctx, "421", "4.3.2", "Service restarts, connect again");
    return SMFIS_TEMPFAIL;
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
    session_t *s = session_of(ctx);
    sender_macros_t say = {.rewritten = macro(ctx, "{mail_addr}"),
                           .type = macro(ctx, "{auth_type}"),
                           .login = macro(ctx, "{auth_authen}"),
                           .queue_id = macro(ctx, "i")};
    sfsistat answer;

    if (s == NULL)
        return SMFIS_TEMPFAIL;
    if (stop_closing())
        return come_again(ctx, s);
    session_begin(s, ses_str(argv[0]));
    s->tls = ses_str_dup(s->arena, macro(ctx, "{tls_version}"));
    switch (sender_mail(s, &say)) {
    case SENDER_OURS:
        return SMFIS_CONTINUE;
    case SENDER_PASS:
        session_end(s);
        return SMFIS_ACCEPT;
    case SENDER_REFUSE:
        break;
    }
    answer = refuse(ctx, s, s->m.refused, say.queue_id);
    session_end(s);
    return answer;
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
    session_t *s = session_of(ctx);

    if (s != NULL && s->m.owner != OWNER_NONE)
        recipient_add(s, ses_str(argv[0]));
    return no_reply();
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
    session_t *s = session_of(ctx);

    if (s != NULL && s->m.owner != OWNER_NONE)
        judge_header(s, ses_str(name), ses_str(value));
    return no_reply();
}

static sfsistat
on_eoh(SMFICTX *ctx)
{
    session_t *s = session_of(ctx);

    if (s != NULL && s->m.owner != OWNER_NONE)
        judge_eoh(s, macro(ctx, "i"));
    return no_reply();
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *p, size_t n)
{
    session_t *s = session_of(ctx);

    if (s != NULL && s->m.owner != OWNER_NONE)
        judge_body(s, p, n);
    return no_reply();
}

/* --- end of message ---------------------------------------------------- */

static bool
make_edit(SMFICTX *ctx, const edit_t *e)
{
    if (e->kind == EDIT_APPEND)
        return smfi_addheader(ctx, e->name, e->value) == MI_SUCCESS;
    return smfi_chgheader(ctx, e->name, e->nth, e->value) == MI_SUCCESS;
}

static bool
edit_header(SMFICTX *ctx, session_t *s)
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
        if (smfi_insheader(ctx, 0, "DKIM-Signature",
                           ses_str_c(m->cx.arena, value)) != MI_SUCCESS)
            return false;
    }
    return true;
}

static bool
edit_envelope(SMFICTX *ctx, session_t *s)
{
    ses_arena_t *a = s->m.cx.arena;
    const char *path;
    unsigned at = 0;
    ses_str_t from;

    from = ses_str_printf(
        a, "<%.*s@%.*s>",
        SES_FMT(ses_token_format(a, &s->gate->token, s->gate->conf.pool_label,
                                 s->m.id)),
        SES_FMT(s->gate->conf.bounce_domain));
    if (smfi_chgfrom(ctx, ses_str_c(a, from), NULL) != MI_SUCCESS)
        return false;
    while ((path = recipient_removed(s, &at)) != NULL)
        if (smfi_delrcpt(ctx, (char *) (uintptr_t) path) != MI_SUCCESS)
            return false;
    return true;
}

static sfsistat
end_message(SMFICTX *ctx, session_t *s)
{
    ses_str_t queue_id = macro(ctx, "i");
    sfsistat answer;
    ses_rc_t rc;

    if ((rc = judge_end(s)) == SES_OK) {
        smfi_progress(ctx);
        rc = commit_message(s);
    }
    if (rc == SES_OK && (!edit_header(ctx, s) || !edit_envelope(ctx, s)))
        rc = ses_fail(&s->m.cx, SES_FAULT, "%.*s: an edit failed",
                      SES_FMT(queue_id));
    if (rc != SES_OK) {
        answer = refuse(ctx, s, rc, queue_id);
    } else {
        logline_message(s, rc, queue_id);
        answer = SMFIS_CONTINUE;
    }
    session_end(s);
    return answer;
}

static sfsistat
on_eom(SMFICTX *ctx)
{
    session_t *s = session_of(ctx);

    if (s == NULL || s->m.owner == OWNER_NONE)
        return SMFIS_TEMPFAIL;
    return end_message(ctx, s);
}

/* --- table ------------------------------------------------------------- */

static struct smfiDesc table = {
    .xxfi_name = "sesame",
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = ACTIONS,
    .xxfi_connect = on_connect,
    .xxfi_envfrom = on_mail,
    .xxfi_envrcpt = on_rcpt,
    .xxfi_header = on_header,
    .xxfi_eoh = on_eoh,
    .xxfi_body = on_body,
    .xxfi_eom = on_eom,
    .xxfi_abort = on_abort,
    .xxfi_close = on_close,
    .xxfi_negotiate = on_negotiate,
};

ses_rc_t
callbacks_run(ses_cx_t *cx, int fd)
{
    ses_str_t where = ses_str_printf(cx->arena, "fd:%d", fd);

    if (smfi_setconn(ses_str_c(cx->arena, where)) != MI_SUCCESS ||
        smfi_register(table) != MI_SUCCESS)
        return ses_fail(cx, SES_FAULT, "libmilter does not start");
    if (smfi_main() != MI_SUCCESS)
        return ses_fail(cx, SES_FAULT, "libmilter has failed");
    return SES_OK;
}
