/*
 * iam_set - compiled policies, kept by the versions of their rows
 *
 * A version is the sequence of the change that wrote the row, so equal
 * versions mean equal rows, also after a deletion.  A row that is absent has
 * version 0: a user's new group, or an identity's first policy, is seen like
 * any other change.
 */
#include "policy/iam_set.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/assert.h"
#include "model/credential.h"
#include "model/identity.h"
#include "model/policy.h"
#include "model/user.h"

#define PLACES 1024
#define ROWS_MAX                                                               \
    (1 + SES_USER_GROUPS_MAX +                                                 \
     (1 + SES_USER_GROUPS_MAX) * SES_USER_POLICIES_MAX)

typedef struct {
    ses_db_t db;
    ses_str_t key;
    uint64_t version;
} row_t;

typedef struct {
    ses_str_t name;
    const ses_policy_t *policy;
} named_t;

struct ses_iam_set_s {
    atomic_uint refs;
    ses_arena_t *arena; /* written while it is built, then only read */
    ses_str_t key;
    row_t rows[ROWS_MAX];
    unsigned nrows;
    named_t *v;
    unsigned n, cap;
};

static struct {
    pthread_mutex_t lock;
    ses_iam_set_t *places[PLACES];
    uint64_t compiled;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

void
ses_iam_set_release(ses_iam_set_t *s)
{
    if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    ses_arena_free(s->arena);
    ses_xfree(s);
}

uint64_t
ses_iam_set_compiled(void)
{
    uint64_t n;

    pthread_mutex_lock(&kept.lock);
    n = kept.compiled;
    pthread_mutex_unlock(&kept.lock);
    return n;
}

/* --- keeping ----------------------------------------------------------- */

static size_t
place_of(ses_str_t key)
{
    uint64_t h = 1469598103934665603u; /* FNV-1a */
    size_t i;

    for (i = 0; i < key.n; i++)
        h = (h ^ (uint8_t) key.p[i]) * 1099511628211u;
    return (size_t) (h % PLACES);
}

static ses_iam_set_t *
take(ses_str_t key)
{
    ses_iam_set_t *s;

    pthread_mutex_lock(&kept.lock);
    s = kept.places[place_of(key)];
    if (s != NULL && ses_str_eq(s->key, key))
        atomic_fetch_add(&s->refs, 1);
    else
        s = NULL;
    pthread_mutex_unlock(&kept.lock);
    return s;
}

static void
keep(ses_iam_set_t *s)
{
    ses_iam_set_t *old;

    atomic_fetch_add(&s->refs, 1);
    pthread_mutex_lock(&kept.lock);
    old = kept.places[place_of(s->key)];
    kept.places[place_of(s->key)] = s;
    kept.compiled++;
    pthread_mutex_unlock(&kept.lock);
    ses_iam_set_release(old);
}

static ses_rc_t
version_of(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t key,
           uint64_t *version)
{
    ses_str_t value;
    ses_rc_t rc = ses_control_get(cx, t, db, key, &value, version);

    if (rc == SES_NOT_FOUND) {
        *version = 0;
        rc = SES_OK;
    }
    return rc;
}

static ses_rc_t
current(ses_cx_t *cx, ses_txn_t *t, const ses_iam_set_t *s, bool *is)
{
    uint64_t version;
    unsigned i;
    ses_rc_t rc;

    *is = true;
    for (i = 0; i < s->nrows && *is; i++) {
        rc = version_of(cx, t, s->rows[i].db, s->rows[i].key, &version);
        if (rc != SES_OK)
            return rc;
        *is = version == s->rows[i].version;
    }
    return SES_OK;
}

/* --- building ---------------------------------------------------------- */

typedef struct {
    ses_cx_t cx; /* on the set's arena */
    ses_txn_t *t;
    ses_iam_set_t *s;
    ses_policy_kind_t kind;
    ses_str_t arn;
} build_t;

static ses_rc_t
depend(build_t *b, ses_db_t db, ses_str_t key)
{
    row_t *row;

    if (b->s->nrows == ROWS_MAX)
        return ses_fail(&b->cx, SES_FAULT, "iam: too many rows");
    row = &b->s->rows[b->s->nrows++];
    row->db = db;
    row->key = key;
    return version_of(&b->cx, b->t, db, key, &row->version);
}

/* A document in the store was checked when it came: it compiles. */
static ses_rc_t
add(build_t *b, ses_str_t name, ses_str_t text)
{
    ses_iam_set_t *s = b->s;
    unsigned cap;
    ses_rc_t rc;

    if (s->n == s->cap) {
        cap = s->cap == 0 ? 8 : 2 * s->cap;
        s->v = ses_regrow(s->arena, s->v, s->n * sizeof(*s->v),
                          cap * sizeof(*s->v));
        s->cap = cap;
    }
    rc = ses_policy_parse(&b->cx, b->kind, b->arn, text, &s->v[s->n].policy);
    if (rc == SES_INVALID) {
        ses_cx_clear(&b->cx);
        return ses_fail(&b->cx, SES_FAULT, "iam: stored policy %.*s is bad",
                        SES_FMT(name));
    }
    if (rc == SES_OK)
        s->v[s->n++].name = name;
    return rc;
}

static ses_str_t
named(const build_t *b, const char *kind, ses_str_t owner, ses_str_t name)
{
    return ses_str_printf(b->s->arena, "%s%.*s/%.*s", kind, SES_FMT(owner),
                          SES_FMT(name));
}

/* Inline and attached policies of a user or group. */
static ses_rc_t
add_owner(build_t *b, const char *kind, const ses_user_t *u)
{
    ses_managed_policy_t p;
    unsigned i;
    ses_rc_t rc;

    for (i = 0; i < u->ninlines; i++) {
        rc = add(b, named(b, kind, u->name, u->inlines[i].name),
                 u->inlines[i].text);
        if (rc != SES_OK)
            return rc;
    }
    for (i = 0; i < u->nattached; i++) {
        rc = depend(
            b, SES_DB_POLICY,
            ses_managed_policy_key(b->s->arena, u->account, u->attached[i]));
        if (rc == SES_OK)
            rc = ses_managed_policy_find(&b->cx, b->t, u->account,
                                         u->attached[i], &p);
        if (rc == SES_OK)
            rc = add(b, named(b, "policy/", SES_STR(""), p.name), p.text);
        if (rc != SES_OK)
            return rc == SES_NOT_FOUND
                       ? ses_fail(&b->cx, SES_FAULT,
                                  "iam: policy %.*s is attached and gone",
                                  SES_FMT(u->attached[i]))
                       : rc;
    }
    return SES_OK;
}

static ses_rc_t
build_user(build_t *b, ses_str_t account, ses_str_t name)
{
    ses_user_t user, group;
    unsigned i;
    ses_rc_t rc;

    b->kind = SES_POLICY_CALLER;
    rc = depend(b, SES_DB_USER, ses_user_key(b->s->arena, account, name));
    if (rc == SES_OK)
        rc = ses_user_find(&b->cx, b->t, SES_DB_USER, account, name, &user);
    if (rc == SES_OK)
        rc = add_owner(b, "user/", &user);
    for (i = 0; rc == SES_OK && i < user.ngroups; i++) {
        rc = depend(b, SES_DB_GROUP,
                    ses_user_key(b->s->arena, account, user.groups[i]));
        if (rc == SES_OK)
            rc = ses_user_find(&b->cx, b->t, SES_DB_GROUP, account,
                               user.groups[i], &group);
        if (rc == SES_NOT_FOUND)
            rc = ses_fail(&b->cx, SES_FAULT, "iam: group %.*s is gone",
                          SES_FMT(user.groups[i]));
        if (rc == SES_OK)
            rc = add_owner(b, "group/", &group);
    }
    return rc;
}

static ses_rc_t
build_identity(build_t *b, ses_str_t account, ses_str_t identity)
{
    ses_identity_policies_t p;
    unsigned i;
    ses_rc_t rc;

    b->kind = SES_POLICY_IDENTITY;
    rc = depend(b, SES_DB_IDENTITY_POLICY,
                ses_identity_policies_key(b->s->arena, account, identity));
    if (rc == SES_OK)
        rc = ses_identity_policies_find(&b->cx, b->t, account, identity, &p);
    for (i = 0; rc == SES_OK && i < p.n; i++)
        rc = add(b, named(b, "identity/", identity, p.v[i].name), p.v[i].text);
    return rc;
}

static ses_rc_t
build_session(build_t *b, ses_str_t id)
{
    ses_credential_t k;
    ses_rc_t rc;

    b->kind = SES_POLICY_CALLER;
    rc = depend(b, SES_DB_CREDENTIAL, id);
    if (rc == SES_OK)
        rc = ses_credential_find(&b->cx, b->t, id, &k);
    return rc == SES_OK ? add(b, named(b, "session", SES_STR(""), id), k.policy)
                        : rc;
}

/* --- asking for one ---------------------------------------------------- */

static ses_rc_t
build(ses_cx_t *cx, ses_txn_t *t, ses_str_t key, ses_str_t arn,
      ses_str_t account, ses_str_t name, ses_iam_set_t **out)
{
    ses_arena_t *arena = ses_arena_new();
    ses_iam_set_t *s = ses_xcalloc(sizeof(*s));
    build_t b = {.cx = *cx, .t = t, .s = s};
    ses_rc_t rc;

    atomic_init(&s->refs, 1);
    b.cx.arena = s->arena = arena;
    ses_cx_clear(&b.cx);
    s->key = ses_str_dup(arena, key);
    b.arn = ses_str_dup(arena, arn);
    account = ses_str_dup(arena, account);
    name = ses_str_dup(arena, name);
    if (account.n == 0)
        rc = build_session(&b, name);
    else
        rc = arn.n == 0 ? build_user(&b, account, name)
                        : build_identity(&b, account, name);
    if (rc == SES_OK) {
        keep(s);
        *out = s;
        return SES_OK;
    }
    if (b.cx.why_rc != SES_OK)
        rc = ses_fail(cx, rc, "%.*s", SES_FMT(b.cx.why));
    ses_iam_set_release(s);
    return rc;
}

static ses_rc_t
find(ses_cx_t *cx, ses_txn_t *t, ses_str_t key, ses_str_t arn,
     ses_str_t account, ses_str_t name, ses_iam_set_t **out)
{
    ses_iam_set_t *s = take(key);
    bool good = false;
    ses_rc_t rc;

    if (s != NULL && (rc = current(cx, t, s, &good)) != SES_OK) {
        ses_iam_set_release(s);
        return rc;
    }
    if (good) {
        *out = s;
        return SES_OK;
    }
    ses_iam_set_release(s);
    return build(cx, t, key, arn, account, name, out);
}

ses_rc_t
ses_iam_set_user(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t user,
                 ses_iam_set_t **out)
{
    ses_str_t key = ses_str_printf(cx->arena, "u%.*s/%.*s", SES_FMT(account),
                                   SES_FMT(user));

    return find(cx, t, key, SES_STR(""), account, user, out);
}

ses_rc_t
ses_iam_set_identity(ses_cx_t *cx, ses_txn_t *t, ses_str_t region,
                     ses_str_t account, ses_str_t identity, ses_iam_set_t **out)
{
    ses_str_t arn = ses_identity_arn(cx->arena, region, account, identity);

    return find(cx, t, ses_str_cat(cx->arena, SES_STR("i"), arn), arn, account,
                identity, out);
}

ses_rc_t
ses_iam_set_session(ses_cx_t *cx, ses_txn_t *t, ses_str_t id,
                    ses_iam_set_t **out)
{
    ses_str_t key = ses_str_cat(cx->arena, SES_STR("s"), id);

    return find(cx, t, key, SES_STR(""), SES_STR(""), id, out);
}

ses_iam_effect_t
ses_iam_set_eval(const ses_iam_set_t *s, ses_iam_ask_t *ask,
                 ses_iam_trace_t trace, void *arg)
{
    ses_iam_effect_t e = SES_IAM_NONE;
    unsigned i;

    for (i = 0; i < s->n; i++)
        e = ses_iam_join(
            e, ses_policy_eval(s->v[i].policy, ask, s->v[i].name, trace, arg));
    return e;
}
