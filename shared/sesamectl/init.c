/*
 * init - sesamectl init: from a sesame.conf to a host that can be started
 *
 * Directories, key files, store, first account and first access key.  What
 * an earlier, interrupted init left is used; a store that has an account is
 * refused, and no key file is ever replaced.
 */
#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "key.h"
#include "keyfile.h"
#include "model/service.h"

/* Make a directory and those above it (0755), like mkdir -p. */
static ses_rc_t
make_directory(ses_cx_t *cx, ses_str_t path)
{
    char *p = ses_str_c(cx->arena, path), *slash;
    mode_t mask = umask(022);
    int err = 0;

    for (slash = strchr(p + 1, '/'); err == 0; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(p, 0755) != 0 && errno != EEXIST)
            err = errno;
        if (slash == NULL)
            break;
        *slash = '/';
    }
    umask(mask);
    if (err != 0)
        return ses_fail(cx, SES_FAULT, "%s: %s", p, strerror(err));
    return SES_OK;
}

static ses_rc_t
own(ses_cx_t *cx, const char *path, gid_t gid, mode_t mode)
{
    if (chown(path, 0, gid) != 0 || chmod(path, mode) != 0)
        return ses_fail(cx, SES_FAULT, "%s: %s", path, strerror(errno));
    return SES_OK;
}

ses_rc_t
ctl_make_keys(ctl_t *c)
{
    keyfile_t files[KEYFILES];
    ses_rc_t rc;
    size_t i;

    if ((rc = keyfile_list(&c->cx, &c->conf, files)) != SES_OK ||
        (rc = make_directory(&c->cx, c->conf.key_directory)) != SES_OK)
        return rc;
    for (i = 0; i < KEYFILES && rc == SES_OK; i++)
        rc = keyfile_create(&c->cx, &c->conf, &files[i]);
    return rc;
}

/* Files that the store's directory holds; whoever made them may be root. */
static ses_rc_t
own_files(ses_cx_t *cx, const char *dir, gid_t gid)
{
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    ses_rc_t rc = SES_OK;
    size_t i;

    for (i = 0; i < 2 && rc == SES_OK; i++)
        rc = own(cx, ses_str_printf(cx->arena, "%s/%s", dir, names[i]).p, gid,
                 0660);
    return rc;
}

static ses_rc_t
make_store(ctl_t *c)
{
    const char *dir = c->conf.store.p;
    const struct group *gr = getgrnam(ses_str_c(c->arena, c->conf.store_group));
    gid_t gid;
    ses_rc_t rc;

    if (gr == NULL)
        return ses_fail(&c->cx, SES_NOT_FOUND,
                        "store_group: there is no group \"%s\"",
                        c->conf.store_group.p);
    gid = gr->gr_gid;
    if ((rc = make_directory(&c->cx, c->conf.store)) != SES_OK ||
        (rc = own(&c->cx, dir, gid, 02770)) != SES_OK)
        return rc;
    rc = ses_store_open(&c->cx, dir, c->conf.map_size, SES_STORE_CREATE,
                        &c->store);
    if (rc != SES_OK)
        return rc;
    c->committer = ses_committer_new(c->store, true);
    return own_files(&c->cx, dir, gid);
}

static ses_rc_t
any_account(ses_cx_t *cx, const ses_account_t *a, void *arg)
{
    (void) cx;
    (void) a;
    *(bool *) arg = true;
    return SES_NOT_FOUND;
}

typedef struct {
    const ses_conf_t *conf;
    const ses_credential_t *key;
} first_t;

static ses_rc_t
first(ses_cx_t *cx, ses_txn_t *t, ses_change_t *change, void *arg)
{
    const first_t *f = arg;
    bool exists = false;
    ses_account_t a;
    ses_rc_t rc;

    if ((rc = ses_account_list(cx, t, any_account, &exists)) != SES_OK)
        return rc;
    if (exists)
        return ses_fail(cx, SES_EXISTS, "the store exists already");
    ses_account_init(&a, f->key->account, cx->now);
    ses_account_put(cx, change, &a);
    ses_credential_put(cx, change, f->key);
    return ses_service_identity(cx, t, f->conf, change);
}

/* 12 digits that do not begin with 0. */
static ses_str_t
draw_account(ses_arena_t *a)
{
    uint64_t r;

    ses_random(&r, sizeof(r));
    return ses_str_printf(a, "%llu",
                          100000000000ull +
                              (unsigned long long) (r % 900000000000ull));
}

/* Is there a store with something in it? */
static bool
store_exists(ctl_t *c)
{
    struct stat st;
    const char *data =
        ses_str_printf(c->arena, "%s/data.mdb", c->conf.store.p).p;
    bool exists = false;
    ses_store_t *s;
    ses_txn_t *t;

    if (stat(data, &st) != 0)
        return false;
    if (ses_store_open(&c->cx, c->conf.store.p, c->conf.map_size, 0, &s) !=
        SES_OK)
        return true;
    if (ses_txn_read(&c->cx, s, &t) == SES_OK) {
        if (ses_account_list(&c->cx, t, any_account, &exists) != SES_OK)
            exists = true;
        ses_txn_end(t);
    }
    ses_store_close(s);
    return exists;
}

static int
init(ctl_t *c)
{
    const char *user = ctl_option(c, "user");
    const char *account = ctl_option(c, "account");
    ses_str_t id = account != NULL ? ses_str(account) : draw_account(c->arena);
    ses_str_t name = ses_str(user != NULL ? user : CTL_USER), secret;
    ses_keyring_t site;
    ses_credential_t k;
    first_t made = {&c->conf, &k};
    ses_rc_t rc;

    if (!ses_account_valid(id) || !ctl_user_valid(name)) {
        ctl_error(c, "an account is 12 digits, a user 1 to 64 letters, digits "
                     "and +=,.@_-");
        return 2;
    }
    if (store_exists(c))
        return ctl_error(c, "%s: the store exists already", c->conf.store.p);
    ses_cx_clear(&c->cx);

    if ((rc = ctl_make_keys(c)) != SES_OK || (rc = make_store(c)) != SES_OK)
        return ctl_failed(c, rc);
    if ((rc = ctl_site_key(c, &site)) == SES_OK)
        rc = ses_credential_new(&c->cx, &site, id, name, &k, &secret);
    ses_keyring_wipe(&site);
    if (rc == SES_OK)
        rc = ctl_change(c, id, "init", first, &made);
    if (rc != SES_OK)
        return ctl_failed(c, rc);
    ctl_key_emit(c, &k, secret);
    return 0;
}

const ctl_command_t ctl_init[] = {
    {"",
     "",
     0,
     0,
     "Make the store, the key files, an account and an access key, and show\n"
     "the key's secret and SMTP password, once.  Needs root.",
     CTL_CONF,
     init,
     {{"account", "ACCOUNT", "its 12 digits (else drawn)"},
      {"user", "NAME", "the IAM user of the key (" CTL_USER ")"}}},
    {0},
};
