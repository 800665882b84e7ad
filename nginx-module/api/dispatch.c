/*
 * dispatch - route, authenticate, decode, check, run
 *
 * The order is the service's (contract 1.6, 3.3): an unknown path is told
 * from its method and path alone; then who signed; then what is asked.  No
 * key that a handler forms takes its account from anywhere but cx->account,
 * which is set here, once, from the verified access key.
 */
#include "api/dispatch.h"

#include <openssl/crypto.h>

#include "api/authorize.h"
#include "base/clock.h"
#include "api/verify_page.h"
#include "model/account.h"
#include "model/session.h"

#define RESPONSE_MAX ((size_t) 32 << 20)
#define CERTIFICATE_PATH "/SimpleNotificationService.pem"

api_call_t *
api_call_new(const api_env_t *env)
{
    api_call_t *c = ses_xcalloc(sizeof(*c));

    c->env = env;
    c->arena = ses_arena_new();
    c->cx = ses_cx(c->arena, ses_clock_ms());
    c->cx.request_id = ses_uuid(c->arena);
    c->started_us = ses_clock_mono_us();
    c->req.query = SES_STR("");
    return c;
}

/* The input's strings: a private key is among them. */
static void
wipe(cJSON *j)
{
    for (; j != NULL; j = j->next) {
        if (cJSON_IsString(j))
            OPENSSL_cleanse(j->valuestring, strlen(j->valuestring));
        wipe(j->child);
    }
}

void
api_call_free(api_call_t *c)
{
    if (c == NULL)
        return;
    if (c->in != NULL && c->def != NULL && (c->def->flags & OP_SECRET))
        wipe(c->in);
    ses_json_free(c->in);
    ses_arena_free(c->arena);
    ses_xfree(c);
}

/* --- what is asked ----------------------------------------------------- */

static bool
is_query(const api_request_t *r)
{
    return ses_str_eqc(r->path, "/") &&
           (ses_str_eqc(r->method, "POST") || ses_str_eqc(r->method, "GET"));
}

/* Query protocol: by Action and Version of the form. */
static ses_rc_t
find_action(api_call_t *c, form_t *form)
{
    bool get = ses_str_eqc(c->req.method, "GET");
    ses_str_t action, version;
    ses_rc_t rc;

    if (get && c->req.query.n == 0)
        return SES_NO_OPERATION;
    c->protocol = OP_QUERY;
    rc = form_parse(&c->cx, get ? c->req.query : c->req.body, form);
    if (rc != SES_OK)
        return rc;

    action = form_get(form, "Action");
    version = form_get(form, "Version");
    c->protocol = route_protocol(version);
    c->def = route_action(action, version);
    if (c->def != NULL) {
        c->protocol = c->def->protocol;
        return SES_OK;
    }
    if (action.n == 0) {
        c->op.about = OP_ABOUT_ACTION;
        return ses_fail(&c->cx, SES_NO_OPERATION,
                        "The request must contain the parameter Action.");
    }
    return ses_fail(&c->cx, SES_NO_OPERATION,
                    "Could not find operation %.*s for version %.*s.",
                    SES_FMT(ses_str_head(action, 128)),
                    SES_FMT(version.n == 0 ? SES_STR("NO_VERSION_SPECIFIED")
                                           : ses_str_head(version, 32)));
}

static ses_rc_t
find_route(api_call_t *c, api_labels_t *labels, form_t *form)
{
    c->protocol = OP_REST;
    if (is_query(&c->req))
        return find_action(c, form);
    c->def = route_rest(c->req.method, c->req.path, labels);
    if (c->def == NULL)
        return SES_NO_OPERATION;
    return SES_OK;
}

/* --- who asks ---------------------------------------------------------- */

static ses_rc_t
unknown_key(ses_cx_t *cx)
{
    return ses_fail(cx, SES_UNKNOWN_KEY,
                    "The security token included in the request is invalid.");
}

static bool
is_key_id(ses_str_t id)
{
    size_t i;

    for (i = 0; i < id.n; i++)
        if (!((id.p[i] >= 'A' && id.p[i] <= 'Z') ||
              (id.p[i] >= '0' && id.p[i] <= '9')))
            return false;
    return id.n >= 1 && id.n <= 128;
}

/* An active key of an account that exists; a session's, with its token. */
static ses_rc_t
find_key(api_call_t *c, ses_txn_t *t, const sigv4_t *s)
{
    ses_account_t account;
    ses_rc_t rc;

    if (!is_key_id(s->access_key))
        return unknown_key(&c->cx);
    rc = ses_credential_find(&c->cx, t, s->access_key, &c->key);
    if (rc == SES_OK && !ses_session_token(&c->key, s->token))
        rc = SES_NOT_FOUND;
    if (rc == SES_OK)
        rc = ses_session_live(&c->cx, t, &c->key, c->cx.now);
    if (rc == SES_OK)
        rc = ses_account_find(&c->cx, t, c->key.account, &account);
    if (rc == SES_NOT_FOUND) {
        ses_cx_clear(&c->cx);
        return unknown_key(&c->cx);
    }
    return rc;
}

static ses_rc_t
check_signature(api_call_t *c, const sigv4_t *s, sigv4_cache_t *cache)
{
    sigv4_key_t *key = NULL;
    ses_str_t secret;
    ses_rc_t rc;

    if (cache != NULL)
        key = sigv4_cache_find(cache, s, c->key.version);
    if (key != NULL)
        return sigv4_check(&c->cx, &c->req, s, key, c->body_hash);

    rc = ses_credential_secret(&c->cx, &c->env->site, &c->key, &secret);
    if (rc != SES_OK)
        return rc;
    key = sigv4_key_new(s, secret);
    rc = sigv4_check(&c->cx, &c->req, s, key, c->body_hash);
    if (cache != NULL)
        sigv4_cache_put(cache, s, c->key.version, key);
    else
        sigv4_key_free(key);
    return rc;
}

static ses_rc_t
authenticate(api_call_t *c, ses_txn_t *t, sigv4_cache_t *cache)
{
    const char *service = c->protocol == OP_SNS ? "sns" : "ses";
    sigv4_t s;
    ses_rc_t rc;

    if ((c->def->flags & OP_ANONYMOUS) && !sigv4_is_signed(&c->req))
        return SES_OK;

    if ((rc = sigv4_parse(&c->cx, &c->req, &s)) != SES_OK ||
        (rc = find_key(c, t, &s)) != SES_OK ||
        (rc = sigv4_scope(&c->cx, &s, c->env->conf.region, service)) != SES_OK)
        return rc;
    ses_sha256(c->req.body, c->body_hash);
    if ((rc = check_signature(c, &s, cache)) != SES_OK)
        return rc;

    c->cx.account = c->key.account;
    c->cx.caller = ses_credential_arn(c->arena, &c->key);
    return SES_OK;
}

/* --- running it -------------------------------------------------------- */

static out_format_t
format(const api_call_t *c)
{
    return c->protocol == OP_REST ? OUT_JSON : OUT_XML;
}

/* Is the response a message id, which is not known yet? */
static bool
sends(const api_call_t *c)
{
    return c->def->kind == OP_SEND || c->def->kind == OP_WRITE_SEND;
}

static ses_rc_t
run(api_call_t *c, ses_txn_t *t)
{
    ses_rc_t rc;

    out_init(&c->out, c->arena, format(c), RESPONSE_MAX);
    out_open(&c->out, NULL);
    c->change.n = 0;
    c->page.status = 0;
    c->op.about = OP_ABOUT_NOTHING;
    c->op.txn = t;
    rc = c->def->run(&c->op);
    c->op.txn = NULL;
    if (rc == SES_OK && !sends(c))
        out_close(&c->out);
    return rc;
}

static ses_rc_t
prepare(api_call_t *c, ses_txn_t *t, sigv4_cache_t *cache)
{
    api_labels_t labels = {.n = 0};
    form_t form = {NULL, 0};
    ses_rc_t rc;

    if ((rc = find_route(c, &labels, &form)) != SES_OK)
        return rc;
    if (t == NULL)
        return ses_fail(&c->cx, SES_BUSY, "The store is not open.");
    if ((rc = authenticate(c, t, cache)) != SES_OK)
        return rc;

    rc = c->protocol == OP_REST
             ? params_rest(&c->cx, &c->req, c->def, &labels, &c->in)
             : params_form(&c->cx, &form, c->def, &c->in);
    if (rc == SES_OK && (rc = authorize(c, t)) != SES_OK)
        return rc;
    if (rc == SES_OK)
        rc = ses_shape_check(&c->cx, c->def->input, c->in);
    if (rc != SES_OK)
        c->op.about = OP_ABOUT_INPUT;
    return rc;
}

static void
fill_op(api_call_t *c)
{
    c->op = (op_t){.cx = &c->cx,
                   .env = c->env,
                   .def = c->def,
                   .in = c->in,
                   .out = &c->out,
                   .change = &c->change,
                   .send = &c->message,
                   .page = &c->page,
                   .user_agent = api_request_header(&c->req, "user-agent"),
                   .client = c->req.client};
}

/* Not an operation: the certificate that every webhook names. */
static bool
is_certificate(const api_call_t *c)
{
    return c->env->certificate.n > 0 &&
           ses_str_eqc(c->req.path, CERTIFICATE_PATH) &&
           (ses_str_eqc(c->req.method, "GET") ||
            ses_str_eqc(c->req.method, "HEAD"));
}

/* A link in a mail: no signature of the caller, but one in the link. */
static ses_rc_t
prepare_page(api_call_t *c, ses_txn_t *t)
{
    c->protocol = OP_PAGE;
    if (t == NULL)
        return ses_fail(&c->cx, SES_BUSY, "The store is not open.");
    return verify_page_params(&c->cx, &c->req, &c->in);
}

static api_next_t
begin(api_call_t *c, ses_txn_t *t, sigv4_cache_t *cache)
{
    if (is_certificate(c)) {
        c->pem = c->env->certificate;
        return API_DONE;
    }
    c->def = verify_page_find(&c->req);
    c->rc = c->def != NULL ? prepare_page(c, t) : prepare(c, t, cache);
    if (c->rc != SES_OK)
        return API_DONE;
    fill_op(c);
    if (c->def->kind == OP_WRITE || c->def->kind == OP_WRITE_SEND)
        return API_COMMIT;
    if ((c->rc = run(c, t)) != SES_OK || c->def->kind == OP_READ)
        return API_DONE;

    ses_json_free(c->in); /* the message is in the arena */
    c->in = NULL;
    c->op.in = NULL;
    return API_SEND;
}

api_next_t
api_begin(api_call_t *c, ses_txn_t *t, sigv4_cache_t *cache)
{
    api_next_t next = begin(c, t, cache);

    if (next == API_SEND) {
        c->rc = send_prepare(c);
        if (c->rc != SES_OK)
            next = API_DONE;
    }
    c->req.body = SES_STR(""); /* may be gone from now on */
    return next;
}

api_next_t
api_committed(api_call_t *c)
{
    if (c->rc == SES_OK && c->def->kind == OP_WRITE_SEND) {
        c->rc = send_prepare(c);
        if (c->rc == SES_OK)
            return API_SEND;
    }
    return API_DONE;
}

ses_rc_t
api_write(ses_cx_t *cx, ses_txn_t *t, void *call)
{
    api_call_t *c = call;
    ses_rc_t rc;

    ses_cx_clear(cx); /* a batch that failed runs its operations again */
    if ((rc = run(c, t)) != SES_OK)
        return rc;
    if (c->key.id.n > 0 &&
        (rc = ses_credential_used(cx, t, c->key.id)) != SES_OK)
        return rc;
    return ses_journal_apply(cx, t, &c->change, c->def->name);
}
