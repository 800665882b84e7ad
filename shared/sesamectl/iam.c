/*
 * iam - sesamectl iam: users and groups
 *
 * A user that still has keys, a group that still has users, and a policy
 * that is still attached are not deleted: nobody's rights change by accident.
 */
#include "iam.h"

ses_rc_t
iam_account(ses_cx_t *cx, ses_txn_t *t, ses_str_t id)
{
    ses_account_t a;
    ses_rc_t rc = ses_account_find(cx, t, id, &a);

    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "account %.*s does not exist", SES_FMT(id));
    return rc;
}

static const char *
what(ses_db_t db)
{
    return db == SES_DB_USER ? "user" : "group";
}

ses_rc_t
iam_find(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t account,
         ses_str_t name, ses_user_t *out)
{
    ses_rc_t rc = ses_user_find(cx, t, db, account, name, out);

    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "%s %.*s does not exist in account %.*s",
                        what(db), SES_FMT(name), SES_FMT(account));
    return rc;
}

/* --- add and delete ---------------------------------------------------- */

typedef struct {
    ses_db_t db;
    ses_str_t account, name;
} subject_t;

static ses_rc_t
insert(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const subject_t *s = arg;
    ses_user_t u;
    ses_rc_t rc;

    if ((rc = iam_account(cx, t, s->account)) != SES_OK)
        return rc;
    rc = ses_user_find(cx, t, s->db, s->account, s->name, &u);
    if (rc == SES_OK)
        return ses_fail(cx, SES_EXISTS, "%s %.*s already exists", what(s->db),
                        SES_FMT(s->name));
    if (rc != SES_NOT_FOUND)
        return rc;
    u = (ses_user_t){.account = s->account,
                     .name = s->name,
                     .created = cx->now,
                     .version = SES_VERSION_NONE};
    ses_user_put(cx, change, s->db, &u);
    return SES_OK;
}

static int
add(ctl_t *c, ses_db_t db, size_t max)
{
    subject_t s = {db, ctl_arg(c, 0), ctl_arg(c, 1)};
    ses_rc_t rc;

    if (!ses_user_name(s.name, max)) {
        ctl_error(c, "a %s is 1 to %zu letters, digits and +=,.@_-", what(db),
                  max);
        return 2;
    }
    rc = ctl_change(c, s.account,
                    db == SES_DB_USER ? "iam user add" : "iam group add",
                    insert, &s);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static int
user_add(ctl_t *c)
{
    return add(c, SES_DB_USER, SES_USER_NAME_MAX);
}

static int
group_add(ctl_t *c)
{
    return add(c, SES_DB_GROUP, SES_GROUP_NAME_MAX);
}

static ses_rc_t
in_group(ses_cx_t *cx, const ses_user_t *u, void *arg)
{
    const subject_t *s = arg;

    if (ses_words_find(u->groups, u->ngroups, s->name) == u->ngroups)
        return SES_OK;
    return ses_fail(cx, SES_CONFLICT, "user %.*s is in group %.*s",
                    SES_FMT(u->name), SES_FMT(s->name));
}

static ses_rc_t
unused(ses_cx_t *cx, ses_txn_t *t, subject_t *s)
{
    unsigned n;
    ses_rc_t rc;

    if (s->db == SES_DB_GROUP)
        return ses_user_list(cx, t, SES_DB_USER, s->account, in_group, s);
    rc = iam_key_count(cx, t, s->account, s->name, &n);
    if (rc == SES_OK && n > 0)
        return ses_fail(cx, SES_CONFLICT,
                        "user %.*s has access keys: sesamectl iam key delete",
                        SES_FMT(s->name));
    return rc;
}

static ses_rc_t
drop(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    subject_t *s = arg;
    ses_user_t u;
    ses_rc_t rc = iam_find(cx, t, s->db, s->account, s->name, &u);

    if (rc != SES_OK || (rc = unused(cx, t, s)) != SES_OK)
        return rc;
    ses_user_del(cx, change, s->db, &u);
    return SES_OK;
}

static int
remove_one(ctl_t *c, ses_db_t db)
{
    subject_t s = {db, ctl_arg(c, 0), ctl_arg(c, 1)};
    ses_rc_t rc = ctl_change(
        c, s.account,
        db == SES_DB_USER ? "iam user delete" : "iam group delete", drop, &s);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static int
user_delete(ctl_t *c)
{
    return remove_one(c, SES_DB_USER);
}

static int
group_delete(ctl_t *c)
{
    return remove_one(c, SES_DB_GROUP);
}

/* --- join and leave ---------------------------------------------------- */

typedef struct {
    ses_str_t account, group, user;
    bool join;
} member_t;

static ses_rc_t
set_member(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const member_t *m = arg;
    ses_user_t u, g;
    ses_str_t *v;
    unsigned at;
    ses_rc_t rc;

    if ((rc = iam_find(cx, t, SES_DB_GROUP, m->account, m->group, &g)) !=
            SES_OK ||
        (rc = iam_find(cx, t, SES_DB_USER, m->account, m->user, &u)) != SES_OK)
        return rc;
    at = ses_words_find(u.groups, u.ngroups, m->group);
    if (m->join == (at < u.ngroups))
        return SES_OK;
    if (m->join) {
        if (u.ngroups >= SES_USER_GROUPS_MAX)
            return ses_fail(cx, SES_LIMIT, "a user is in at most %d groups",
                            SES_USER_GROUPS_MAX);
        v = ses_calloc(cx->arena, (u.ngroups + 1) * sizeof(*v));
        memcpy(v, u.groups, u.ngroups * sizeof(*v));
        v[u.ngroups++] = m->group;
        u.groups = v;
    } else {
        u.groups[at] = u.groups[--u.ngroups];
    }
    ses_user_put(cx, change, SES_DB_USER, &u);
    return SES_OK;
}

static int
member(ctl_t *c, bool join)
{
    member_t m = {ctl_arg(c, 0), ctl_arg(c, 1), ctl_arg(c, 2), join};
    ses_rc_t rc =
        ctl_change(c, m.account, join ? "iam group join" : "iam group leave",
                   set_member, &m);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static int
group_join(ctl_t *c)
{
    return member(c, true);
}

static int
group_leave(ctl_t *c)
{
    return member(c, false);
}

/* --- list -------------------------------------------------------------- */

static ses_str_t
words(ses_cx_t *cx, const ses_str_t *v, unsigned n)
{
    ses_str_t s = SES_STR("");
    unsigned i;

    for (i = 0; i < n; i++)
        s = ses_str_printf(cx->arena, "%.*s%s%.*s", SES_FMT(s),
                           i > 0 ? " " : "", SES_FMT(v[i]));
    return s;
}

static ses_str_t
names(ses_cx_t *cx, const ses_named_policy_t *v, unsigned n)
{
    ses_str_t *list = ses_calloc(cx->arena, (n + 1) * sizeof(*list));
    unsigned i;

    for (i = 0; i < n; i++)
        list[i] = v[i].name;
    return words(cx, list, n);
}

typedef struct {
    emit_t *e;
    ses_db_t db;
} list_t;

static ses_rc_t
row(ses_cx_t *cx, const ses_user_t *u, void *arg)
{
    const list_t *l = arg;
    emit_t *e = l->e;

    emit_open(e, NULL);
    emit_str(e, "name", u->name);
    if (l->db == SES_DB_USER)
        emit_str(e, "groups", words(cx, u->groups, u->ngroups));
    emit_str(e, "attached", words(cx, u->attached, u->nattached));
    emit_str(e, "inline", names(cx, u->inlines, u->ninlines));
    emit_time(e, "created", u->created);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    list_t *l = arg;
    ses_rc_t rc = iam_account(&c->cx, t, ctl_arg(c, 0));

    if (rc != SES_OK)
        return rc;
    return ses_user_list(&c->cx, t, l->db, ctl_arg(c, 0), row, l);
}

static int
list(ctl_t *c, ses_db_t db)
{
    list_t l = {&c->out, db};

    return ctl_list(c, rows, &l);
}

static int
user_list(ctl_t *c)
{
    return list(c, SES_DB_USER);
}

static int
group_list(ctl_t *c)
{
    return list(c, SES_DB_GROUP);
}

#define WHOSE                                                                  \
    {"user", "NAME", "of this user"},                                          \
    {                                                                          \
        "group", "NAME", "of this group"                                       \
    }

const ctl_command_t ctl_iam[] = {
    {"user add",
     "ACCOUNT NAME",
     2,
     2,
     "Make a user, who may do nothing yet.",
     CTL_STORE,
     user_add,
     {{0}}},
    {"user list",
     "ACCOUNT",
     1,
     1,
     "List users, their groups and policies.",
     CTL_STORE,
     user_list,
     {{0}}},
    {"user delete",
     "ACCOUNT NAME",
     2,
     2,
     "Delete a user without keys.",
     CTL_STORE,
     user_delete,
     {{0}}},
    {"group add",
     "ACCOUNT NAME",
     2,
     2,
     "Make a group of users.",
     CTL_STORE,
     group_add,
     {{0}}},
    {"group list",
     "ACCOUNT",
     1,
     1,
     "List groups and their policies.",
     CTL_STORE,
     group_list,
     {{0}}},
    {"group delete",
     "ACCOUNT NAME",
     2,
     2,
     "Delete a group without users.",
     CTL_STORE,
     group_delete,
     {{0}}},
    {"group join",
     "ACCOUNT GROUP USER",
     3,
     3,
     "Put a user into a group.",
     CTL_STORE,
     group_join,
     {{0}}},
    {"group leave",
     "ACCOUNT GROUP USER",
     3,
     3,
     "Take a user out of a group.",
     CTL_STORE,
     group_leave,
     {{0}}},
    {"policy put",
     "ACCOUNT NAME FILE",
     3,
     3,
     "Store a policy document: a managed one, or inline in a user or group.",
     CTL_STORE,
     iam_policy_put,
     {WHOSE}},
    {"policy list",
     "ACCOUNT",
     1,
     1,
     "List managed policies.",
     CTL_STORE,
     iam_policy_list,
     {{0}}},
    {"policy show",
     "ACCOUNT NAME",
     2,
     2,
     "Print a policy document.",
     CTL_STORE,
     iam_policy_show,
     {WHOSE}},
    {"policy delete",
     "ACCOUNT NAME",
     2,
     2,
     "Delete a policy that is attached nowhere, or an inline one.",
     CTL_STORE,
     iam_policy_delete,
     {WHOSE}},
    {"policy attach",
     "ACCOUNT NAME",
     2,
     2,
     "Attach a managed policy to a user or group.",
     CTL_STORE,
     iam_policy_attach,
     {WHOSE}},
    {"policy detach",
     "ACCOUNT NAME",
     2,
     2,
     "Detach it again.",
     CTL_STORE,
     iam_policy_detach,
     {WHOSE}},
    {"key add",
     "ACCOUNT USER",
     2,
     2,
     "Make an access key of the user (at most two) and show its secret and "
     "SMTP password, once.",
     CTL_STORE,
     iam_key_add,
     {{0}}},
    {"key list",
     "ACCOUNT USER",
     2,
     2,
     "List the user's keys and when each was used last.",
     CTL_STORE,
     iam_key_list,
     {{0}}},
    {"key delete",
     "KEYID",
     1,
     1,
     "Delete an inactive key.",
     CTL_STORE,
     iam_key_delete,
     {{0}}},
    {"session add",
     "ACCOUNT",
     1,
     1,
     "Make temporary credentials of the account, or of a user, and show them,\n"
     "once.  A policy narrows what they may do.",
     CTL_STORE,
     iam_session_add,
     {{"user", "NAME", "of this user; else of the account itself"},
      {"duration", "TIME", "how long they are good: 15m to 36h (12h)"},
      {"policy", "FILE", "what they may do at most"}}},
    {"session list",
     "ACCOUNT",
     1,
     1,
     "List temporary credentials.",
     CTL_STORE,
     iam_session_list,
     {{0}}},
    {"session delete",
     "KEYID",
     1,
     1,
     "End temporary credentials at once.",
     CTL_STORE,
     iam_session_delete,
     {{0}}},
    {"simulate",
     "ACCOUNT USER ACTION [RESOURCE]",
     3,
     4,
     "Say what the policies say, statement by statement.",
     CTL_STORE,
     iam_simulate,
     {{"from", "ADDRESS", "ses:FromAddress"},
      {"recipients", "A,B,...", "ses:Recipients"},
      {"client", "IP", "aws:SourceIp"},
      {"context", "FILE", "JSON: condition keys and their values"}}},
    {0},
};
