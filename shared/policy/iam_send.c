/*
 * iam_send - the authorization of one message
 */
#include "policy/iam_send.h"

#include "policy/cover.h"

#define PAIRS_MAX 200 /* identities of one message */

/* An identity that is used, once. */
typedef struct {
    ses_str_t owner, name, arn;
} used_t;

typedef struct {
    ses_cx_t *cx;
    ses_txn_t *t;
    const ses_iam_send_t *send;
    ses_iam_key_t *keys;
    unsigned nkeys;
    used_t used[PAIRS_MAX];
    unsigned nused;
    const used_t *now; /* the one that is asked about */
    uint64_t steps;    /* of all questions so far */
} state_t;

/* --- which identities -------------------------------------------------- */

static ses_rc_t
use(state_t *s, ses_str_t owner, ses_str_t name)
{
    ses_str_t arn =
        ses_identity_arn(s->cx->arena, s->send->region, owner, name);
    unsigned i;

    for (i = 0; i < s->nused; i++)
        if (ses_str_eq(s->used[i].arn, arn))
            return SES_OK;
    if (s->nused == PAIRS_MAX)
        return ses_fail(s->cx, SES_INVALID, "Too many sender addresses.");
    s->used[s->nused++] = (used_t){owner, name, arn};
    return SES_OK;
}

/* The one that is named, or the account's most specific one, or else the
 * one that there would have to be. */
static ses_rc_t
use_address(state_t *s, const ses_delegate_t *d, const ses_address_t *a)
{
    ses_cover_t c;
    ses_rc_t rc;

    if (d->arn.n > 0 && ses_delegate_covers(s->cx->arena, d, a))
        return use(s, d->owner, d->name);
    rc = ses_cover_find(s->cx, s->t, s->send->account, a, &c);
    if (rc != SES_OK)
        return rc;
    return use(s, s->send->account, c.exists ? c.best.name : a->addr);
}

static ses_rc_t
use_all(state_t *s)
{
    const ses_iam_send_t *q = s->send;
    unsigned i;
    ses_rc_t rc;

    for (i = 0; i < q->nfrom + q->nsender; i++)
        if ((rc = use_address(s, &q->delegates->from, &q->from[i])) != SES_OK)
            return rc;
    for (i = 0; i < q->nback; i++)
        if ((rc = use_address(s, &q->delegates->back, &q->back[i])) != SES_OK)
            return rc;
    return use_address(s, &q->delegates->source, q->source);
}

/* --- what is known of the message -------------------------------------- */

static void
add_from(state_t *s)
{
    const ses_iam_send_t *q = s->send;
    ses_str_t *addr = ses_calloc(s->cx->arena, (q->nfrom + 1) * sizeof(*addr));
    ses_str_t *name = ses_calloc(s->cx->arena, (q->nfrom + 1) * sizeof(*name));
    unsigned i, n = 0;

    for (i = 0; i < q->nfrom; i++) {
        addr[i] = q->from[i].addr;
        if (q->from[i].display.n > 0)
            name[n++] = q->from[i].display;
    }
    ses_iam_key_add(s->keys, &s->nkeys, "ses:FromAddress", addr, q->nfrom);
    ses_iam_key_add(s->keys, &s->nkeys, "ses:FromDisplayName", name, n);
}

static void
add_keys(state_t *s)
{
    const ses_iam_send_t *q = s->send;

    s->keys = ses_iam_keys(s->cx, q->account, q->caller, 4, &s->nkeys);
    add_from(s);
    ses_iam_key_add(s->keys, &s->nkeys, "ses:Recipients", q->rcpts, q->nrcpts);
    ses_iam_key_add(s->keys, &s->nkeys, "ses:FeedbackAddress", &q->source->addr,
                    1);
}

/* aws:ResourceTag/KEY of the identity that is asked about. */
static bool
resource_tag(void *arg, ses_str_t name, ses_iam_key_t *out)
{
    const ses_str_t prefix = SES_STR("aws:ResourceTag/");
    state_t *s = arg;
    ses_cx_t mine = *s->cx;
    ses_identity_t i;
    ses_str_t *v;
    unsigned k;

    if (s->now == NULL || !ses_str_casestarts(name, prefix) ||
        ses_identity_find(&mine, s->t, s->now->owner, s->now->name, &i) !=
            SES_OK)
        return false;
    for (k = 0; k < i.ntags; k++)
        if (ses_str_eq(i.tags[k].key, ses_str_from(name, prefix.n))) {
            v = ses_alloc(mine.arena, sizeof(*v));
            *v = i.tags[k].value;
            *out = (ses_iam_key_t){name, v, 1};
            return true;
        }
    return false;
}

/* --- the decision ------------------------------------------------------ */

static ses_iam_ask_t
question(state_t *s, ses_str_t resource)
{
    const char *action = s->send->caller->action;

    return (ses_iam_ask_t){
        .cx = s->cx,
        .action = ses_str(action == NULL ? "ses:SendRawEmail" : action),
        .resource = resource,
        .account = s->send->account,
        .principal = s->cx->caller,
        .keys = s->keys,
        .nkeys = s->nkeys,
        .more = resource_tag,
        .arg = s,
        .steps = s->steps}; /* of the whole message */
}

static ses_rc_t
denied(state_t *s, const ses_iam_ask_t *ask)
{
    return ses_fail(s->cx, SES_DENIED,
                    "User `%.*s' is not authorized to perform `%.*s' on "
                    "resource `%.*s'",
                    SES_FMT(s->cx->caller), SES_FMT(ask->action),
                    SES_FMT(ask->resource));
}

static ses_rc_t
check_identity(state_t *s, const used_t *u)
{
    ses_iam_ask_t ask = question(s, u->arn);
    ses_iam_effect_t mine, theirs;
    ses_iam_set_t *set;
    bool good;
    ses_rc_t rc;

    s->now = u;
    rc = ses_iam_caller(s->cx, s->t, s->send->account, s->send->caller, &ask,
                        NULL, NULL, &mine);
    if (rc == SES_OK)
        rc = ses_iam_set_identity(s->cx, s->t, s->send->region, u->owner,
                                  u->name, &set);
    if (rc != SES_OK)
        return rc;
    theirs = ses_iam_set_eval(set, &ask, NULL, NULL);
    ses_iam_set_release(set);
    s->steps = ask.steps;
    if (ses_str_eq(u->owner, s->send->account))
        good = ses_iam_join(mine, theirs) == SES_IAM_ALLOW;
    else
        good = mine == SES_IAM_ALLOW && theirs == SES_IAM_ALLOW;
    return good ? SES_OK : denied(s, &ask);
}

static bool
is_used(const state_t *s, ses_str_t arn)
{
    unsigned i;

    for (i = 0; i < s->nused; i++)
        if (ses_str_eq(s->used[i].arn, arn))
            return true;
    return false;
}

static ses_rc_t
check_recipients(state_t *s)
{
    const ses_iam_send_t *q = s->send;
    ses_str_t arn, last = SES_STR("");
    used_t recipient;
    ses_address_t a;
    ses_cover_t c;
    unsigned i;
    ses_rc_t rc;

    for (i = 0; i < q->nrcpts; i++) {
        if ((rc = ses_address_path(s->cx, q->rcpts[i], &a)) != SES_OK ||
            (rc = ses_cover_find(s->cx, s->t, q->account, &a, &c)) != SES_OK)
            return rc;
        if (!c.verified)
            continue;
        arn = ses_identity_arn(s->cx->arena, q->region, q->account, c.by);
        if (is_used(s, arn) || ses_str_eq(arn, last))
            continue;
        recipient = (used_t){q->account, c.by, arn};
        if ((rc = check_identity(s, &recipient)) != SES_OK)
            return rc;
        last = arn;
    }
    return SES_OK;
}

static ses_rc_t
check_set(state_t *s)
{
    const ses_iam_send_t *q = s->send;
    ses_iam_effect_t e;
    ses_iam_ask_t ask;
    ses_rc_t rc;

    if (q->set.n == 0)
        return SES_OK;
    s->now = NULL;
    ask = question(s, ses_str_printf(s->cx->arena,
                                     "arn:aws:ses:%.*s:%.*s:"
                                     "configuration-set/%.*s",
                                     SES_FMT(q->region), SES_FMT(q->account),
                                     SES_FMT(q->set)));
    rc = ses_iam_caller(s->cx, s->t, q->account, q->caller, &ask, NULL, NULL,
                        &e);
    if (rc != SES_OK)
        return rc;
    return e == SES_IAM_ALLOW ? SES_OK : denied(s, &ask);
}

ses_rc_t
ses_iam_send(ses_cx_t *cx, ses_txn_t *t, const ses_iam_send_t *send)
{
    state_t *s = ses_calloc(cx->arena, sizeof(*s));
    unsigned i;
    ses_rc_t rc;

    s->cx = cx;
    s->t = t;
    s->send = send;
    add_keys(s);
    if ((rc = use_all(s)) != SES_OK)
        return rc;
    for (i = 0; i < s->nused; i++)
        if ((rc = check_identity(s, &s->used[i])) != SES_OK)
            return rc;
    if (!send->caller->iam && send->caller->session.n == 0)
        return SES_OK; /* the account itself */
    if ((rc = check_recipients(s)) != SES_OK)
        return rc;
    return check_set(s);
}
