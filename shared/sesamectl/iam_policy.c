/*
 * iam_policy - sesamectl iam policy: documents, managed and inline
 */
#include <stdio.h>

#include "iam.h"
#include "policy/iam.h"

bool
iam_read_file(ctl_t *c, const char *path, size_t max, ses_str_t *out)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *p = ses_alloc(c->arena, max + 1);
    size_t n;
    bool bad;

    if (f == NULL) {
        ctl_error(c, "%s: cannot be opened", path);
        return false;
    }
    n = fread(p, 1, max + 1, f);
    bad = ferror(f) != 0;
    if (f != stdin)
        fclose(f);
    if (bad || n > max) {
        ctl_error(c, bad ? "%s: cannot be read" : "%s: is too long", path);
        return false;
    }
    *out = ses_str_trim(ses_str_n(p, n));
    return true;
}

/* --- whose ------------------------------------------------------------- */

typedef struct {
    ses_str_t account, name, text;
    ses_db_t db;     /* of the owner */
    ses_str_t owner; /* "" = a managed policy */
    bool attach;
} policy_t;

static bool
whose(ctl_t *c, policy_t *p)
{
    const char *user = ctl_option(c, "user"), *group = ctl_option(c, "group");

    *p = (policy_t){.account = ctl_arg(c, 0), .name = ctl_arg(c, 1)};
    if (user != NULL && group != NULL) {
        ctl_error(c, "--user and --group exclude each other");
        return false;
    }
    if (!ses_user_name(p->name, SES_MANAGED_NAME_MAX)) {
        ctl_error(c,
                  "a policy is named by 1 to %d letters, digits and "
                  "+=,.@_-",
                  SES_MANAGED_NAME_MAX);
        return false;
    }
    p->db = group != NULL ? SES_DB_GROUP : SES_DB_USER;
    p->owner = ses_str(group != NULL ? group : user);
    return true;
}

static int
change(ctl_t *c, const char *op, ctl_change_fn_t fn, policy_t *p)
{
    ses_rc_t rc = ctl_change(c, p->account, op, fn, p);

    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static ses_rc_t
find_managed(ses_cx_t *cx, ses_txn_t *t, const policy_t *p,
             ses_managed_policy_t *out)
{
    ses_rc_t rc = ses_managed_policy_find(cx, t, p->account, p->name, out);

    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, rc, "policy %.*s does not exist in account %.*s",
                        SES_FMT(p->name), SES_FMT(p->account));
    return rc;
}

/* --- put --------------------------------------------------------------- */

static ses_rc_t
put_managed(ses_cx_t *cx, ses_txn_t *t, ses_change_t *ch, const policy_t *p)
{
    ses_managed_policy_t m;
    ses_rc_t rc;

    if ((rc = iam_account(cx, t, p->account)) != SES_OK)
        return rc;
    rc = ses_managed_policy_find(cx, t, p->account, p->name, &m);
    if (rc == SES_NOT_FOUND)
        m = (ses_managed_policy_t){.account = p->account,
                                   .name = p->name,
                                   .created = cx->now,
                                   .version = SES_VERSION_NONE};
    else if (rc != SES_OK)
        return rc;
    m.text = p->text;
    ses_managed_policy_put(cx, ch, &m);
    return SES_OK;
}

static ses_rc_t
put(ses_cx_t *cx, ses_txn_t *t, ses_change_t *ch, void *arg)
{
    const policy_t *p = arg;
    const ses_policy_t *compiled;
    ses_named_policy_t *v;
    ses_user_t u;
    unsigned at;
    ses_rc_t rc;

    rc = ses_policy_parse(cx, SES_POLICY_CALLER, SES_STR(""), p->text,
                          &compiled);
    if (rc != SES_OK)
        return rc;
    if (p->owner.n == 0)
        return put_managed(cx, t, ch, p);
    if ((rc = iam_find(cx, t, p->db, p->account, p->owner, &u)) != SES_OK)
        return rc;
    at = ses_policies_find(u.inlines, u.ninlines, p->name);
    if (at >= SES_USER_POLICIES_MAX)
        return ses_fail(cx, SES_LIMIT, "at most %d inline policies",
                        SES_USER_POLICIES_MAX);
    v = ses_calloc(cx->arena, (u.ninlines + 1) * sizeof(*v));
    memcpy(v, u.inlines, u.ninlines * sizeof(*v));
    v[at] = (ses_named_policy_t){p->name, p->text};
    u.inlines = v;
    u.ninlines += at == u.ninlines;
    ses_user_put(cx, ch, p->db, &u);
    return SES_OK;
}

int
iam_policy_put(ctl_t *c)
{
    policy_t p;

    if (!whose(c, &p))
        return 2;
    if (!iam_read_file(c, c->args[2], SES_POLICY_MAX + 4096, &p.text))
        return 1;
    return change(c, "iam policy put", put, &p);
}

/* --- delete ------------------------------------------------------------ */

static ses_rc_t
attached(ses_cx_t *cx, const ses_user_t *u, void *arg)
{
    const policy_t *p = arg;

    if (ses_words_find(u->attached, u->nattached, p->name) == u->nattached)
        return SES_OK;
    return ses_fail(cx, SES_CONFLICT, "policy %.*s is attached to %.*s",
                    SES_FMT(p->name), SES_FMT(u->name));
}

static ses_rc_t
drop_inline(ses_cx_t *cx, ses_txn_t *t, ses_change_t *ch, const policy_t *p)
{
    ses_user_t u;
    unsigned at;
    ses_rc_t rc;

    if ((rc = iam_find(cx, t, p->db, p->account, p->owner, &u)) != SES_OK)
        return rc;
    at = ses_policies_find(u.inlines, u.ninlines, p->name);
    if (at == u.ninlines)
        return ses_fail(cx, SES_NOT_FOUND, "%.*s has no inline policy %.*s",
                        SES_FMT(u.name), SES_FMT(p->name));
    u.inlines[at] = u.inlines[--u.ninlines];
    ses_user_put(cx, ch, p->db, &u);
    return SES_OK;
}

static ses_rc_t
drop(ses_cx_t *cx, ses_txn_t *t, ses_change_t *ch, void *arg)
{
    policy_t *p = arg;
    ses_managed_policy_t m;
    ses_rc_t rc;

    if (p->owner.n > 0)
        return drop_inline(cx, t, ch, p);
    if ((rc = find_managed(cx, t, p, &m)) != SES_OK ||
        (rc = ses_user_list(cx, t, SES_DB_USER, p->account, attached, p)) !=
            SES_OK ||
        (rc = ses_user_list(cx, t, SES_DB_GROUP, p->account, attached, p)) !=
            SES_OK)
        return rc;
    ses_managed_policy_del(cx, ch, &m);
    return SES_OK;
}

int
iam_policy_delete(ctl_t *c)
{
    policy_t p;

    return whose(c, &p) ? change(c, "iam policy delete", drop, &p) : 2;
}

/* --- attach and detach ------------------------------------------------- */

static ses_rc_t
set_attached(ses_cx_t *cx, ses_txn_t *t, ses_change_t *ch, void *arg)
{
    const policy_t *p = arg;
    ses_managed_policy_t m;
    ses_user_t u;
    ses_str_t *v;
    unsigned at;
    ses_rc_t rc;

    if ((rc = find_managed(cx, t, p, &m)) != SES_OK ||
        (rc = iam_find(cx, t, p->db, p->account, p->owner, &u)) != SES_OK)
        return rc;
    at = ses_words_find(u.attached, u.nattached, p->name);
    if (p->attach == (at < u.nattached))
        return SES_OK;
    if (p->attach) {
        if (u.nattached >= SES_USER_POLICIES_MAX)
            return ses_fail(cx, SES_LIMIT, "at most %d attached policies",
                            SES_USER_POLICIES_MAX);
        v = ses_calloc(cx->arena, (u.nattached + 1) * sizeof(*v));
        memcpy(v, u.attached, u.nattached * sizeof(*v));
        v[u.nattached++] = p->name;
        u.attached = v;
    } else {
        u.attached[at] = u.attached[--u.nattached];
    }
    ses_user_put(cx, ch, p->db, &u);
    return SES_OK;
}

static int
attach(ctl_t *c, bool on)
{
    policy_t p;

    if (!whose(c, &p))
        return 2;
    if (p.owner.n == 0) {
        ctl_error(c, "it needs --user or --group");
        return 2;
    }
    p.attach = on;
    return change(c, on ? "iam policy attach" : "iam policy detach",
                  set_attached, &p);
}

int
iam_policy_attach(ctl_t *c)
{
    return attach(c, true);
}

int
iam_policy_detach(ctl_t *c)
{
    return attach(c, false);
}

/* --- list and show ----------------------------------------------------- */

static ses_rc_t
row(ses_cx_t *cx, const ses_managed_policy_t *p, void *arg)
{
    emit_t *e = arg;

    (void) cx;
    emit_open(e, NULL);
    emit_str(e, "name", p->name);
    emit_int(e, "bytes", (int64_t) p->text.n);
    emit_time(e, "created", p->created);
    emit_close(e);
    return SES_OK;
}

static ses_rc_t
rows(ctl_t *c, ses_txn_t *t, void *arg)
{
    ses_rc_t rc = iam_account(&c->cx, t, ctl_arg(c, 0));

    (void) arg;
    if (rc != SES_OK)
        return rc;
    return ses_managed_policy_list(&c->cx, t, ctl_arg(c, 0), row, &c->out);
}

int
iam_policy_list(ctl_t *c)
{
    return ctl_list(c, rows, NULL);
}

static ses_rc_t
read_one(ctl_t *c, ses_txn_t *t, void *arg)
{
    policy_t *p = arg;
    ses_managed_policy_t m;
    ses_user_t u;
    unsigned at;
    ses_rc_t rc;

    if (p->owner.n == 0) {
        if ((rc = find_managed(&c->cx, t, p, &m)) == SES_OK)
            p->text = m.text;
        return rc;
    }
    rc = iam_find(&c->cx, t, p->db, p->account, p->owner, &u);
    if (rc != SES_OK)
        return rc;
    at = ses_policies_find(u.inlines, u.ninlines, p->name);
    if (at == u.ninlines)
        return ses_fail(&c->cx, SES_NOT_FOUND, "%.*s has no inline policy %.*s",
                        SES_FMT(u.name), SES_FMT(p->name));
    p->text = u.inlines[at].text;
    return SES_OK;
}

int
iam_policy_show(ctl_t *c)
{
    policy_t p;
    ses_rc_t rc;

    if (!whose(c, &p))
        return 2;
    if ((rc = ctl_read(c, read_one, &p)) != SES_OK)
        return ctl_failed(c, rc);
    printf("%.*s\n", SES_FMT(p.text));
    return 0;
}
