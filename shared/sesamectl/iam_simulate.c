/*
 * iam_simulate - sesamectl iam simulate: a decision, statement by statement
 *
 * The same policies by the same code as in the gate and in nginx.  When the
 * resource is an identity, its own policies are asked, too, as a sending
 * would.  What the request would hold is told by options.
 */
#include "iam.h"
#include "model/credential.h"
#include "policy/iam_send.h"

#define CONTEXT_MAX 65536
#define KEYS_MAX 64 /* of the context */
#define VALUES_MAX 100

typedef struct {
    ses_caller_t caller;
    ses_iam_ask_t ask;
    ses_iam_key_t *keys;
    unsigned nkeys;
    ses_iam_effect_t mine, theirs;
    bool identity, foreign;
} simulate_t;

static void
add_list(ctl_t *c, simulate_t *s, const char *name, const char *text)
{
    ses_str_t *v = ses_calloc(c->arena, VALUES_MAX * sizeof(*v)), rest, part;
    unsigned n = 0;

    if (text == NULL)
        return;
    rest = ses_str(text);
    while (n < VALUES_MAX && ses_str_cut(&rest, ',', &part))
        v[n++] = ses_str_trim(part);
    ses_iam_key_add(s->keys, &s->nkeys, name, v, n);
}

static unsigned
values(ctl_t *c, const cJSON *j, ses_str_t *v)
{
    const cJSON *e = cJSON_IsArray(j) ? j->child : j;
    int left = cJSON_IsArray(j) ? cJSON_GetArraySize(j) : 1;
    unsigned n = 0;

    for (; left > 0 && n < VALUES_MAX; left--, e = e->next) {
        if (cJSON_IsString(e))
            v[n++] = ses_str_dup(c->arena, ses_str(e->valuestring));
        else if (cJSON_IsBool(e))
            v[n++] = cJSON_IsTrue(e) ? SES_STR("true") : SES_STR("false");
        else if (cJSON_IsNumber(e))
            v[n++] = ses_str_printf(c->arena, "%.17g", e->valuedouble);
    }
    return n;
}

/* Keys of a file come first: they win over what is made up. */
static bool
add_context(ctl_t *c, simulate_t *s, const char *path)
{
    unsigned n = 0;
    ses_str_t text, *v;
    const cJSON *e;
    cJSON *j;

    if (path == NULL)
        return true;
    if (!iam_read_file(c, path, CONTEXT_MAX, &text))
        return false;
    if (ses_json_parse(&c->cx, text, &j) != SES_OK || !cJSON_IsObject(j)) {
        ctl_error(c, "%s: is no JSON object", path);
        return false;
    }
    cJSON_ArrayForEach(e, j)
    {
        if (n++ == KEYS_MAX)
            break;
        v = ses_calloc(c->arena, VALUES_MAX * sizeof(*v));
        ses_iam_key_add(s->keys, &s->nkeys,
                        ses_str_c(c->arena, ses_str(e->string)), v,
                        values(c, e, v));
    }
    ses_json_free(j);
    return true;
}

static bool
add_keys(ctl_t *c, simulate_t *s)
{
    ses_iam_key_t *common;
    unsigned n;

    s->keys = ses_calloc(c->arena, (KEYS_MAX + 32) * sizeof(*s->keys));
    if (!add_context(c, s, ctl_option(c, "context")))
        return false;
    add_list(c, s, "ses:FromAddress", ctl_option(c, "from"));
    add_list(c, s, "ses:Recipients", ctl_option(c, "recipients"));
    common = ses_iam_keys(&c->cx, ctl_arg(c, 0), &s->caller, 0, &n);
    memcpy(s->keys + s->nkeys, common, n * sizeof(*common));
    s->nkeys += n;
    return true;
}

/* --- telling ----------------------------------------------------------- */

static void
step(void *arg, const ses_iam_step_t *s)
{
    emit_t *e = arg;

    emit_open(e, NULL);
    emit_str(e, "policy", s->policy);
    emit_int(e, "statement", s->statement);
    emit_str(e, "sid", s->sid);
    emit_c(e, "effect", s->deny ? "Deny" : "Allow");
    emit_c(e, "applies", s->applies ? "yes" : "no");
    emit_str(e, "differs", s->why);
    emit_close(e);
}

static ses_rc_t
read_identity(ctl_t *c, ses_txn_t *t, simulate_t *s)
{
    ses_iam_set_t *set;
    ses_cx_t mine = c->cx; /* another resource is no failure */
    ses_delegate_t d;
    ses_rc_t rc;

    s->identity = ses_delegate_parse(&mine, c->conf.region, s->ask.resource,
                                     &d) == SES_OK &&
                  ses_str_casestarts(s->ask.action, SES_STR("ses:Send"));
    if (!s->identity)
        return SES_OK;
    s->foreign = !ses_str_eq(d.owner, ctl_arg(c, 0));
    rc = ses_iam_set_identity(&c->cx, t, c->conf.region, d.owner, d.name, &set);
    if (rc != SES_OK)
        return rc;
    s->theirs = ses_iam_set_eval(set, &s->ask, step, &c->out);
    ses_iam_set_release(set);
    return SES_OK;
}

static ses_rc_t
read_all(ctl_t *c, ses_txn_t *t, void *arg)
{
    simulate_t *s = arg;
    ses_user_t u;
    ses_rc_t rc;

    rc = iam_find(&c->cx, t, SES_DB_USER, ctl_arg(c, 0), ctl_arg(c, 1), &u);
    if (rc != SES_OK)
        return rc;
    emit_open(&c->out, NULL);
    emit_list(&c->out, "statements");
    rc = ses_iam_caller(&c->cx, t, ctl_arg(c, 0), &s->caller, &s->ask, step,
                        &c->out, &s->mine);
    if (rc == SES_OK)
        rc = read_identity(c, t, s);
    emit_end(&c->out);
    return rc;
}

static ses_iam_effect_t
decision(const simulate_t *s)
{
    if (s->foreign && (s->mine == SES_IAM_NONE || s->theirs == SES_IAM_NONE))
        return s->mine == SES_IAM_DENY || s->theirs == SES_IAM_DENY
                   ? SES_IAM_DENY
                   : SES_IAM_NONE;
    return ses_iam_join(s->mine, s->theirs);
}

int
iam_simulate(ctl_t *c)
{
    const char *client = ctl_option(c, "client");
    simulate_t s = {.caller = {.user = ctl_arg(c, 1),
                               .iam = true,
                               .client = ses_str(client),
                               .tls = true,
                               .agent = SES_STR("")}};
    ses_credential_t k = {.account = ctl_arg(c, 0), .user = ctl_arg(c, 1)};
    ses_str_t resource = ctl_arg(c, 3);
    ses_rc_t rc;

    c->cx.caller = ses_credential_arn(c->arena, &k);
    if (!add_keys(c, &s))
        return 1;
    s.ask =
        (ses_iam_ask_t){.cx = &c->cx,
                        .action = ctl_arg(c, 2),
                        .resource = resource.n > 0 ? resource : SES_STR("*"),
                        .account = ctl_arg(c, 0),
                        .principal = c->cx.caller,
                        .keys = s.keys,
                        .nkeys = s.nkeys};
    if ((rc = ctl_read(c, read_all, &s)) != SES_OK)
        return ctl_failed(c, rc);
    emit_c(&c->out, "user_policies", ses_iam_effect_name(s.mine));
    if (s.identity)
        emit_c(&c->out, "identity_policies", ses_iam_effect_name(s.theirs));
    emit_c(&c->out, "decision", ses_iam_effect_name(decision(&s)));
    emit_close(&c->out);
    return 0;
}
