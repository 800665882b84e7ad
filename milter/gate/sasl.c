/*
 * sasl - SMTP logins: Dovecot's authentication protocol, line by line
 *
 * Postfix asks, we answer; fields are separated by tabs (reference
 * postfix.md section 7).  The user name is an access key id, the password is
 * derived from its secret (contract 6); that of a session is none.  An unknown
 * key costs the same work as a known one.  A failure of ours closes the
 * connection, which Postfix tells its client as 454; FAIL would be told as a
 * wrong password.
 */
#include "sasl.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "model/account.h"
#include "model/counter.h"
#include "model/session.h"

#define ASK_USER "VXNlcm5hbWU6"     /* Username: */
#define ASK_PASSWORD "UGFzc3dvcmQ6" /* Password: */
#define ANSWER_MAX 1024
#define REFUSED "Authentication Credentials Invalid"
#define NO_ACCOUNT "Account not subscribed to SES"

ses_str_t
sasl_greeting(ses_arena_t *a, uint64_t connection)
{
    uint8_t cookie[16];

    ses_random(cookie, sizeof(cookie));
    return ses_str_printf(a,
                          "VERSION\t1\t1\n"
                          "MECH\tPLAIN\tplaintext\n"
                          "MECH\tLOGIN\tplaintext\n"
                          "SPID\t%ld\n"
                          "CUID\t%llu\n"
                          "COOKIE\t%.*s\n"
                          "DONE\n",
                          (long) getpid(), (unsigned long long) connection,
                          SES_FMT(ses_hex(a, ses_str_n(cookie, 16))));
}

/* --- the decision ------------------------------------------------------ */

static bool
is_key_id(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') ||
              (s.p[i] >= '0' && s.p[i] <= '9')))
            return false;
    return s.n >= 16 && s.n <= 128;
}

/* Key and account, as one transaction shows them. */
static ses_rc_t
find(ses_cx_t *cx, ses_txn_t *t, ses_str_t user, ses_credential_t *key)
{
    ses_account_t account;
    ses_rc_t rc;

    if (!is_key_id(user))
        return SES_NOT_FOUND;
    if ((rc = ses_credential_find(cx, t, user, key)) != SES_OK)
        return rc;
    rc = ses_account_find(cx, t, key->account, &account);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, SES_UNKNOWN_KEY, NO_ACCOUNT);
    return rc;
}

/* SES_UNKNOWN_KEY with the text for the client; anything else is ours. */
static ses_rc_t
check_password(ses_cx_t *cx, const gate_t *gate, ses_str_t user,
               ses_str_t password)
{
    ses_credential_t key;
    ses_str_t secret = SES_STR("no secret is as long as this one is !!!!");
    ses_txn_t *t;
    ses_rc_t rc, found;
    bool same;

    if ((rc = ses_txn_read(cx, gate->store, &t)) != SES_OK)
        return rc;
    found = find(cx, t, user, &key);
    ses_txn_end(t);
    if (found != SES_OK && found != SES_NOT_FOUND)
        return found;
    if (found == SES_OK &&
        (rc = ses_credential_secret(cx, &gate->site, &key, &secret)) != SES_OK)
        return ses_fail(cx, SES_FAULT, "secret of %.*s does not open",
                        SES_FMT(user));

    same = ses_str_eq_secret(
        ses_credential_smtp(cx->arena, secret, gate->conf.region), password);
    if (!same || found != SES_OK || !key.active || ses_session_is(&key))
        return ses_fail(cx, SES_UNKNOWN_KEY, REFUSED);
    return SES_OK;
}

/* --- answers ----------------------------------------------------------- */

static ses_str_t
answer_fail(sasl_t *s, ses_str_t user, ses_str_t reason)
{
    ses_tally(SES_LOGIN_REFUSED);
    if (!is_key_id(user))
        user = SES_STR("");
    ses_log(SES_LOG_INFO, "login: user=%.*s client=%s rc=refused",
            SES_FMT(user.n > 0 ? user : SES_STR("-")), s->from);
    return ses_str_printf(
        s->arena, "FAIL\t%llu%s%.*s\treason=%.*s\n", (unsigned long long) s->id,
        user.n > 0 ? "\tuser=" : "", SES_FMT(user), SES_FMT(reason));
}

static bool
finish(sasl_t *s, ses_str_t user, ses_str_t password, ses_str_t *answer)
{
    ses_cx_t cx = ses_cx(s->arena, ses_clock_ms());
    ses_rc_t rc;

    s->waiting = SASL_IDLE;
    rc = check_password(&cx, s->gate, user, password);
    if (rc == SES_OK)
        *answer = ses_str_printf(s->arena, "OK\t%llu\tuser=%.*s\n",
                                 (unsigned long long) s->id, SES_FMT(user));
    else if (rc == SES_UNKNOWN_KEY)
        *answer = answer_fail(s, user, cx.why);
    else
        return false; /* not our client's fault */
    return true;
}

/* authorization id, user, password, with a NUL between */
static bool
plain(sasl_t *s, ses_str_t response, ses_str_t *answer)
{
    ses_str_t raw, acting, user;

    if (!ses_base64_parse(s->arena, response, &raw) ||
        !ses_str_cut(&raw, '\0', &acting) || !ses_str_cut(&raw, '\0', &user) ||
        raw.p == NULL || ses_str_find(raw, '\0') >= 0 ||
        (acting.n > 0 && !ses_str_eq(acting, user))) {
        s->waiting = SASL_IDLE;
        *answer = answer_fail(s, SES_STR(""), SES_STR(REFUSED));
        return true;
    }
    return finish(s, user, raw, answer);
}

static ses_str_t
ask(sasl_t *s, const char *what)
{
    return ses_str_printf(s->arena, "CONT\t%llu\t%s\n",
                          (unsigned long long) s->id, what);
}

/* --- lines ------------------------------------------------------------- */

/* AUTH id mechanism name=value ... resp=base64 (always the last) */
static bool
auth(sasl_t *s, ses_str_t rest, ses_str_t *answer)
{
    ses_str_t mechanism, field, response = {NULL, 0};

    if (!ses_str_cut(&rest, '\t', &mechanism))
        return false;
    snprintf(s->from, sizeof(s->from), "-");
    while (ses_str_cut(&rest, '\t', &field)) {
        if (ses_str_starts(field, SES_STR("rip=")))
            snprintf(s->from, sizeof(s->from), "%.*s",
                     SES_FMT(ses_str_from(field, 4)));
        else if (ses_str_starts(field, SES_STR("resp=")))
            response = ses_str_from(field, 5);
    }
    if (ses_str_caseeqc(mechanism, "PLAIN")) {
        if (response.p != NULL)
            return plain(s, response, answer);
        s->waiting = SASL_RESPONSE;
        *answer = ask(s, "");
    } else if (ses_str_caseeqc(mechanism, "LOGIN")) {
        s->waiting = SASL_USER;
        *answer = ask(s, ASK_USER);
    } else {
        *answer = answer_fail(s, SES_STR(""), SES_STR(REFUSED));
    }
    return true;
}

/* CONT id base64 */
static bool
cont(sasl_t *s, ses_str_t data, ses_str_t *answer)
{
    ses_str_t raw;

    if (s->waiting == SASL_RESPONSE)
        return plain(s, data, answer);
    if (!ses_base64_parse(s->arena, data, &raw) ||
        (s->waiting == SASL_USER &&
         (raw.n >= sizeof(s->user) || ses_str_find(raw, '\0') >= 0))) {
        s->waiting = SASL_IDLE;
        *answer = answer_fail(s, SES_STR(""), SES_STR(REFUSED));
        return true;
    }
    if (s->waiting == SASL_PASSWORD)
        return finish(s, ses_str_dup(s->arena, ses_str(s->user)), raw, answer);
    memcpy(s->user, raw.p, raw.n);
    s->user[raw.n] = '\0';
    s->waiting = SASL_PASSWORD;
    *answer = ask(s, ASK_PASSWORD);
    return true;
}

bool
sasl_line(sasl_t *s, ses_str_t line, ses_str_t *answer)
{
    ses_str_t rest = line, command, id, part;
    uint64_t n;

    *answer = SES_STR("");
    ses_arena_reset(s->arena);
    if (!ses_str_cut(&rest, '\t', &command))
        return false;
    if (ses_str_eqc(command, "VERSION"))
        return ses_str_cut(&rest, '\t', &part) && ses_str_eqc(part, "1");
    if (ses_str_eqc(command, "CPID")) {
        s->started = true;
        return true;
    }
    if (!s->started || !ses_str_cut(&rest, '\t', &id) ||
        !ses_str_u64(id, UINT32_MAX, &n))
        return false;
    if (ses_str_eqc(command, "AUTH")) {
        s->id = n;
        s->waiting = SASL_IDLE;
        return auth(s, rest, answer);
    }
    if (ses_str_eqc(command, "CONT")) /* an answer to what we asked? */
        return s->waiting != SASL_IDLE && s->id == n &&
               cont(s, rest.p == NULL ? SES_STR("") : rest, answer);
    if (ses_str_eqc(command, "CANCEL")) {
        s->waiting = SASL_IDLE;
        return true;
    }
    return false;
}
