/*
 * check_files - users, key files and the files of the store
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "keyfile.h"
#include "store/keyring.h"

/* --- users ------------------------------------------------------------- */

/*
 * Groups are given by programs when they start, never by membership: whoever
 * is a member has the store, or can speak to the gate as Postfix does.
 */
static void
check_members(check_t *k, const char *option, ses_str_t group,
              const char *danger)
{
    const struct group *gr = getgrnam(ses_str_c(k->c->arena, group));
    char **m;

    for (m = gr == NULL ? NULL : gr->gr_mem; m != NULL && *m != NULL; m++)
        check_found(
            k,
            ses_str_printf(k->c->arena, "gpasswd -d %s %s", *m, gr->gr_name).p,
            "%s: %s is a member of %s: all its programs %s", option, *m,
            gr->gr_name, danger);
}

void
check_users(check_t *k)
{
    const ses_conf_t *conf = &k->c->conf;
    const struct {
        const char *option;
        ses_str_t name;
        bool user;
    } names[] = {
        {"gate_user", conf->gate_user, true},
        {"agent_user", conf->agent_user, true},
        {"store_group", conf->store_group, false},
        {"postfix_group", conf->postfix_group, false},
    };
    const char *name;
    size_t i;

    if (geteuid() != 0)
        check_found(k, "Run it again as root.",
                    "not run as root: some checks below will fail");
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        name = ses_str_c(k->c->arena, names[i].name);
        if (names[i].user ? getpwnam(name) == NULL : getgrnam(name) == NULL)
            check_found(k,
                        "Create it (adduser --system, addgroup --system), "
                        "or correct sesame.conf.",
                        "%s: there is no %s %s", names[i].option,
                        names[i].user ? "user" : "group", name);
    }
    check_members(k, "store_group", conf->store_group, "have the store");
}

/* --- one file or directory --------------------------------------------- */

#define ANY_GROUP ((gid_t) -1)

static void
check_path(check_t *k, const char *path, uid_t uid, gid_t gid, mode_t mode)
{
    struct stat st;
    const char *remedy;

    if (lstat(path, &st) != 0) {
        check_found(k,
                    "Restore it from a backup; sesamectl key files makes "
                    "key files that never were, sesamectl init all.",
                    "%s: %s", path, strerror(errno));
        return;
    }
    if (st.st_uid == uid && (gid == ANY_GROUP || st.st_gid == gid) &&
        (st.st_mode & 07777) == mode)
        return;
    remedy =
        gid == ANY_GROUP
            ? ses_str_printf(k->c->arena, "chown %u %s && chmod %04o %s",
                             (unsigned) uid, path, (unsigned) mode, path)
                  .p
            : ses_str_printf(k->c->arena, "chown %u:%u %s && chmod %04o %s",
                             (unsigned) uid, (unsigned) gid, path,
                             (unsigned) mode, path)
                  .p;
    check_found(k, remedy, "%s: owner %u:%u, mode %04o", path,
                (unsigned) st.st_uid, (unsigned) st.st_gid,
                (unsigned) (st.st_mode & 07777));
}

/* --- key files --------------------------------------------------------- */

void
check_key_files(check_t *k)
{
    const ses_conf_t *conf = &k->c->conf;
    ses_cx_t *cx = &k->c->cx;
    keyfile_t files[KEYFILES];
    ses_keyring_t ring;
    struct stat st;
    const char *path;
    ses_rc_t rc;
    size_t i;

    if (stat(conf->key_directory.p, &st) == 0 &&
        (st.st_uid != 0 || (st.st_mode & 022) != 0))
        check_found(k, "chown root, and chmod go-w.",
                    "%s: others than root may replace key files",
                    conf->key_directory.p);
    if (keyfile_list(cx, conf, files) != SES_OK) {
        ses_cx_clear(cx); /* a missing user, which was found already */
        return;
    }
    for (i = 0; i < KEYFILES; i++) {
        path = ses_conf_key(cx, conf, files[i].name);
        check_path(k, path, files[i].uid,
                   (files[i].mode & 070) == 0 ? ANY_GROUP : files[i].gid,
                   files[i].mode);
        if (strncmp(files[i].name, "sns.", 4) == 0 || access(path, R_OK) != 0)
            continue;
        if ((rc = ses_keyring_load(cx, path, &ring)) != SES_OK)
            check_failed(k, files[i].name, rc);
        ses_keyring_wipe(&ring);
    }
}

/* --- the store --------------------------------------------------------- */

static void
check_store_file(check_t *k, const char *name, gid_t gid)
{
    const char *path =
        ses_str_printf(k->c->arena, "%s/%s", k->c->conf.store.p, name).p;
    struct stat st;

    if (lstat(path, &st) != 0) {
        check_found(k,
                    "sesamectl init makes a new store; a backup is copied "
                    "into its place.",
                    "%s: %s", path, strerror(errno));
        return;
    }
    if (st.st_gid != gid || (st.st_mode & 0777) != 0660)
        check_found(k,
                    ses_str_printf(k->c->arena, "chgrp %u %s && chmod 0660 %s",
                                   (unsigned) gid, path, path)
                        .p,
                    "%s: group %u, mode %04o", path, (unsigned) st.st_gid,
                    (unsigned) (st.st_mode & 07777));
}

void
check_store_files(check_t *k)
{
    const struct group *gr =
        getgrnam(ses_str_c(k->c->arena, k->c->conf.store_group));

    if (gr == NULL)
        return;
    check_path(k, k->c->conf.store.p, 0, gr->gr_gid, 02770);
    check_store_file(k, "data.mdb", gr->gr_gid);
    check_store_file(k, "lock.mdb", gr->gr_gid);
}
